"""Calico's selectors: `has(x) && role in {'db'}` as a function of labels."""

import re
from collections.abc import Callable

Match = Callable[[dict[str, str]], bool]
TOKEN = re.compile(
    r"\s*(?:(?P<quoted>'[^']*'|\"[^\"]*\")|(?P<op>&&|\|\||==|!=|!|[(){},])|(?P<word>[A-Za-z0-9_./-]+))"
)


class SelectorError(ValueError):
    """The text is no selector."""


def parse(text: str) -> Match:
    """An empty selector selects all."""
    tokens = scan(text)
    if not tokens:
        return lambda labels: True
    match = either(tokens)
    if tokens:
        raise SelectorError(f"unexpected content at end of selector {tokens}")
    return match


def scan(text: str) -> list[str]:
    tokens, place = [], 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if not found:
            raise SelectorError(f"unexpected character in selector {text[place:]}")
        tokens.append(found[0].strip())
        place = found.end()
    return tokens


def take(tokens: list[str], wanted: str = "") -> str:
    if not tokens or (wanted and tokens[0] != wanted):
        raise SelectorError(f"expected {wanted or 'more'} in selector")
    return tokens.pop(0)


def either(tokens: list[str]) -> Match:
    parts = [both(tokens)]
    while tokens[:1] == ["||"]:
        tokens.pop(0)
        parts.append(both(tokens))
    return lambda labels: any(p(labels) for p in parts)


def both(tokens: list[str]) -> Match:
    parts = [one(tokens)]
    while tokens[:1] == ["&&"]:
        tokens.pop(0)
        parts.append(one(tokens))
    return lambda labels: all(p(labels) for p in parts)


def one(tokens: list[str]) -> Match:
    word = take(tokens)
    if word == "!":
        inner = one(tokens)
        return lambda labels: not inner(labels)
    if word == "(":
        inner = either(tokens)
        take(tokens, ")")
        return inner
    if word in ("all", "global", "has") and tokens[:1] == ["("]:
        tokens.pop(0)
        key = take(tokens) if word == "has" else ""
        take(tokens, ")")
        if word == "global":
            return lambda labels: False
        return (lambda labels: key in labels) if key else (lambda labels: True)
    if not re.fullmatch(r"[A-Za-z0-9_./-]+", word):
        raise SelectorError(f"expected a label and not {word}")
    return compared(word, tokens)


def compared(key: str, tokens: list[str]) -> Match:
    op = take(tokens)
    if op in ("==", "!="):
        value = quoted(tokens)
        return (lambda labels: labels.get(key) == value) if op == "==" else (lambda labels: labels.get(key) != value)
    if op == "not":
        take(tokens, "in")
        values = listed(tokens)
        return lambda labels: labels.get(key) not in values
    if op == "in":
        values = listed(tokens)
        return lambda labels: labels.get(key) in values
    raise SelectorError(f"expected an operator and not {op}")


def listed(tokens: list[str]) -> set[str]:
    take(tokens, "{")
    found = set()
    while tokens[:1] != ["}"]:
        found.add(quoted(tokens))
        if tokens[:1] == [","]:
            tokens.pop(0)
    tokens.pop(0)
    return found


def quoted(tokens: list[str]) -> str:
    word = take(tokens)
    if word[0] not in "'\"":
        raise SelectorError(f"expected a quoted value and not {word}")
    return word[1:-1]
