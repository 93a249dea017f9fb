"""YAML as resource files have it: block and flow collections, plain and quoted scalars, several documents.

No anchors, tags or block scalars: they are refused, so that nothing is misread.
"""

import json
import re

PLAIN_REFUSED = tuple("&*!|>%@`")
KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{},#&*!|>%@`][^#]*?)\s*:(?=\s|$)""")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")


class YamlError(ValueError):
    """The text is no YAML, or more of it than is read here."""


def load_all(text: str) -> list:
    """The documents that are not empty."""
    found = []
    for part in re.split(r"(?m)^---(?:[ \t].*)?$", text):
        stripped = part.strip()
        if stripped[:1] in ("{", "["):
            found.append(load_flow(stripped))
        elif lines := content_lines(part):
            value, rest = block(lines, lines[0][0])
            if rest:
                raise YamlError(f"line {rest[0][2]}: did not find expected key")
            found.append(value)
    return found


def load_flow(text: str):
    try:
        return json.loads(text)
    except ValueError:
        value, rest = flow(text)
        if rest.strip():
            raise YamlError("did not find expected end of document") from None
        return value


def content_lines(text: str) -> list[tuple[int, str, int]]:
    """Indentation, text and number of each line that has something on it."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = uncommented(line).rstrip()
        if not bare.strip() or bare == "...":
            continue
        if "\t" in bare[: len(bare) - len(bare.lstrip())]:
            raise YamlError(f"line {number}: found character that cannot start any token")
        found.append((len(bare) - len(bare.lstrip()), bare.strip(), number))
    return found


def uncommented(line: str) -> str:
    quote = ""
    for place, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (place == 0 or line[place - 1] in " \t"):
            return line[:place]
    return line


def block(lines: list, indent: int):
    """The collection or scalar that begins at the first line, and the lines behind it."""
    _, text, number = lines[0]
    if text == "-" or text.startswith("- "):
        return sequence(lines, indent)
    if KEY.match(text):
        return mapping(lines, indent)
    if len(lines) > 1:
        raise YamlError(f"line {number}: could not find expected ':'")
    return scalar(text, number), []


def sequence(lines: list, indent: int):
    found = []
    while lines and lines[0][0] == indent and (lines[0][1] == "-" or lines[0][1].startswith("- ")):
        _, text, number = lines[0]
        rest = text[1:].lstrip()
        if rest:
            inner = indent + len(text) - len(rest)
            value, lines = block_or_flow([(inner, rest, number), *lines[1:]], inner)
        else:
            value, lines = nested(lines[1:], indent)
        found.append(value)
    return found, lines


def block_or_flow(lines: list, indent: int):
    """What stands behind a dash: a mapping that goes on below, or a value on this one line."""
    text, number = lines[0][1], lines[0][2]
    if text[0] not in "{[" and (KEY.match(text) or text == "-" or text.startswith("- ")):
        return block(lines, indent)
    return scalar(text, number), lines[1:]


def mapping(lines: list, indent: int):
    found: dict = {}
    while lines and lines[0][0] == indent:
        _, text, number = lines[0]
        match = KEY.match(text)
        if not match:
            raise YamlError(f"line {number}: could not find expected ':'")
        key = str(unquoted(match[1], number))
        if key in found:
            raise YamlError(f'line {number}: key "{key}" already set in map')
        rest = text[match.end() :].strip()
        if rest:
            found[key], lines = scalar(rest, number), lines[1:]
        elif lines[1:] and lines[1][0] == indent and lines[1][1].startswith("-"):
            found[key], lines = sequence(lines[1:], indent)
        else:
            found[key], lines = nested(lines[1:], indent)
    if lines and lines[0][0] > indent:
        raise YamlError(f"line {lines[0][2]}: mapping values are not allowed in this context")
    return found, lines


def nested(lines: list, indent: int):
    if lines and lines[0][0] > indent:
        return block(lines, lines[0][0])
    return None, lines


def scalar(text: str, number: int):
    """One line's value: flow collections too."""
    if text[0] in "{[":
        value, rest = flow(text)
        if rest.strip():
            raise YamlError(f"line {number}: did not find expected ',' or '}}'")
        return value
    return unquoted(text, number)


def unquoted(text: str, number: int = 0):
    if text[0] == '"':
        try:
            return json.loads(text)
        except ValueError:
            raise YamlError(f"line {number}: found unexpected end of stream") from None
    if text[0] == "'":
        if len(text) < 2 or text[-1] != "'":
            raise YamlError(f"line {number}: found unexpected end of stream")
        return text[1:-1].replace("''", "'")
    if text.startswith(PLAIN_REFUSED):
        raise YamlError(f"line {number}: not read by this stand-in: {text}")
    if text in ("null", "~", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    return text


def flow(text: str):
    """A flow collection or scalar at the beginning of the text, and the text behind it."""
    text = text.lstrip()
    if text[:1] == "{":
        return flow_items(text[1:], "}", {})
    if text[:1] == "[":
        return flow_items(text[1:], "]", [])
    match = re.match(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:[^,\[\]{}:]|:(?=\S))+)""", text)
    if not match or not match[1].strip():
        raise YamlError("did not find expected node content")
    return unquoted(match[1].strip()), text[match.end() :]


def flow_items(text: str, end: str, found):
    text = text.lstrip()
    while text[:1] != end:
        value, text = flow(text)
        text = text.lstrip()
        if isinstance(found, dict):
            if text[:1] != ":":
                raise YamlError("could not find expected ':'")
            key, text = str(value), text[1:].lstrip()
            value = None
            if text[:1] not in (",", end):
                value, text = flow(text)
            found[key] = value
        else:
            found.append(value)
        text = text.lstrip()
        if text[:1] == ",":
            text = text[1:].lstrip()
        elif text[:1] != end:
            raise YamlError(f"did not find expected ',' or '{end}'")
    return found, text[1:]


def dump(value, indent: int = 0) -> str:
    """Block style, keys in order; ends with a newline."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, inner in value.items():
            lines.append(f"{pad}{key}:" + behind(inner, indent + (0 if isinstance(inner, list) else 2)))
        return "".join(lines)
    if isinstance(value, list) and value:
        return "".join(f"{pad}- {dump(inner, indent + 2).lstrip()}" for inner in value)
    return f"{pad}{plain(value)}\n"


def behind(value, indent: int) -> str:
    return "\n" + dump(value, indent) if isinstance(value, (dict, list)) and value else f" {plain(value)}\n"


def plain(value) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][-A-Za-z0-9_./()]*", value) and unquoted(value) == value:
        return value
    return json.dumps(value)
