"""Tables of `get`, of `node status` and of `ipam show`; JSON as Go prints it."""

import json


def columns(heading: list[str], rows: list[list[str]]) -> str:
    """Each cell is followed by at least 3 blanks, at line ends too; then an empty line."""
    widths = [max(len(str(row[i])) for row in [heading, *rows]) + 3 for i in range(len(heading))]
    lines = ["".join(str(cell).ljust(width) for cell, width in zip(row, widths)) for row in [heading, *rows]]
    return "\n".join(lines) + "\n\n"


def frame(heading: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> str:
    """A table in lines of + and |; its heading is in the middle, its cells are at the left or right."""
    widths = [max(len(str(row[i])) for row in [heading, *rows]) for i in range(len(heading))]
    border = "+" + "+".join("-" * (w + 2) for w in widths) + "+"
    lines = [border, "|" + "|".join(f" {middle(c, w)} " for c, w in zip(heading, widths)) + "|", border]
    for row in rows:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths))]
        lines.append("|" + "|".join(f" {c} " for c in cells) + "|")
    return "\n".join([*lines, border]) + "\n"


def middle(text: str, width: int) -> str:
    left = (width - len(text)) // 2
    return " " * left + text + " " * (width - len(text) - left)


def indented(value: object) -> str:
    """Two blanks deep, without a final newline."""
    return json.dumps(value, indent=2)
