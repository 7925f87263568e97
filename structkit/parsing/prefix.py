"""The complete part of a truncated text: everything before the element that was truncated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from structkit.parsing.exact import NotJSON, read_json
from structkit.values import JSONPath, JSONValue

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"|[{}\[\],:]|[^\s{}\[\],:"]+|(?P<unclosed>".*)', re.DOTALL)
"""A string, a mark, a literal, or an unclosed string at the end of the text; no character is matched twice."""

CLOSING_BRACKETS = {"{": "}", "[": "]"}


@dataclass
class _OpenContainer:
    """A container that the text has not closed."""

    closing: str
    """Its closing bracket."""
    key: str | int
    """For a list, the index of the current item; for an object, the current key as quoted JSON text."""
    complete_end: int = 0
    """The end of its last complete element; 0 if it has none."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The complete part of a truncated text.

    Args:
        value: The JSON value, truncated after the last complete item of the list at `path`.
        path: The outermost list that was truncated.
    """

    value: JSONValue
    path: JSONPath


def read_prefix(text: str) -> Prefix | None:
    """Return the complete part of a text truncated inside a list; None if no list is open, or none of it is complete.

    >>> read_prefix('{"day": 3, "rows": [{"a": 1}, {"a": 2}, {"a": 3, "b": "unfini')
    Prefix(value={'day': 3, 'rows': [{'a': 1}, {'a': 2}]}, path=('rows',))
    """
    text = text[len(text) - len(text.lstrip("` \n\tjson")) :]  # skips the opening of a code fence
    containers = _open_containers(text)
    depth = next((number for number, each in enumerate(containers) if each.closing == "]"), None)
    if depth is None or not containers[depth].complete_end:
        return None
    closing = "".join(each.closing for each in reversed(containers[: depth + 1]))
    try:
        path = tuple(each.key if isinstance(each.key, int) else read_json(each.key) for each in containers[:depth])
        return Prefix(read_json(text[: containers[depth].complete_end] + closing), path)
    except NotJSON:
        return None


def _open_containers(text: str) -> list[_OpenContainer]:
    """Return the containers that are open where the text ends, outermost first."""
    containers: list[_OpenContainer] = []
    last = ""
    for token in takewhile(lambda token: token["unclosed"] is None, TOKEN.finditer(text)):
        mark = token[0]
        if mark in CLOSING_BRACKETS:
            containers.append(_OpenContainer(CLOSING_BRACKETS[mark], 0 if mark == "[" else ""))
            continue
        if mark in {"}", "]"} and (not containers or containers.pop().closing != mark):
            return []
        if mark == ":" and containers and containers[-1].closing == "]":
            return []
        if not containers:
            continue
        if mark == "," and containers[-1].closing == "]":
            containers[-1].complete_end, containers[-1].key = token.start(), int(containers[-1].key) + 1
        elif mark == ":":
            containers[-1].key = last
        elif mark in {"}", "]"} or mark.startswith('"') or text[token.end() : token.end() + 1].isspace():
            containers[-1].complete_end = token.end()  # a number at the end of the text may lack digits
        last = mark
    return containers
