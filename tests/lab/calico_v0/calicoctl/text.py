"""How the program prints: paragraphs wrapped at 80 columns, tables, and its ways to end."""

import sys
import textwrap


class Exit(Exception):
    """Ends the command with a return code, after what it printed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def say(text: str = "") -> None:
    print(text)


def paragraph(text: str) -> None:
    """Wrapped at 80 columns, breaking at blanks and after hyphens, then an empty line."""
    print("\n".join(textwrap.wrap(text, 80, break_on_hyphens=True, break_long_words=True)) + "\n")


def fail(text: str, code: int = 1) -> Exit:
    say(text)
    return Exit(code)


def fail_paragraph(text: str, code: int = 1) -> Exit:
    paragraph(text)
    return Exit(code)


def complain(text: str) -> None:
    print(text, file=sys.stderr)


def table(header: list[str], rows: list[list[str]]) -> str:
    """Centred cells; a cell with newlines makes further physical lines, the others blank there."""
    cells = [[str(c).split("\n") for c in row] for row in [header, *sorted(rows)]]
    widths = [max(len(line) for row in cells for line in row[i]) for i in range(len(header))]
    border = "+" + "+".join("-" * (w + 2) for w in widths) + "+"
    lines = [border]
    for number, row in enumerate(cells):
        for i in range(max(len(cell) for cell in row)):
            parts = [centre(cell[i] if i < len(cell) else "", widths[k]) for k, cell in enumerate(row)]
            lines.append("|" + "|".join(f" {p} " for p in parts) + "|")
        if number == 0:
            lines.append(border)
    lines.append(border)
    return "\n".join(lines)


def centre(text: str, width: int) -> str:
    """An odd blank goes to the right of a text of odd length and to the left of one of even length."""
    excess = width - len(text)
    left = excess // 2 + (1 if excess % 2 and len(text) % 2 == 0 else 0)
    return " " * left + text + " " * (excess - left)
