"""What of a text cut in the middle is complete: everything before the element that the cut went through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from structkit.parsing.exact import NotJSON, read_json
from structkit.values import JSONPath, JSONValue

TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"|[{}\[\],:]|[^\s{}\[\],:"]+|(?P<cut>".*)', re.DOTALL)
"""A string, a mark, a literal, or the string that the text ends in, to its end: no character is looked at twice."""


@dataclass
class _Open:
    """A container that the text has not closed."""

    closes: str
    key: str | int
    """Where the element stands in it that is being read; of an object, the key as it is written."""
    ends: int = 0
    """Where its last complete element ends; 0 where it has none."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The complete part of a cut text.

    Args:
        value: The JSON value up to the cut, in which the list at `path` ends with its last complete element.
        path: The outermost list that was cut.
    """

    value: JSONValue
    path: JSONPath


def read_prefix(text: str) -> Prefix | None:
    """The complete part of a text that was cut inside a list; None where no list was open, or none of it is complete.

    >>> read_prefix('{"day": 3, "rows": [{"a": 1}, {"a": 2}, {"a": 3, "b": "unfini')
    Prefix(value={'day': 3, 'rows': [{'a': 1}, {'a': 2}]}, path=('rows',))
    """
    text = text[len(text) - len(text.lstrip("` \n\tjson")) :]  # the beginning of a code fence
    left = _left_open(text)
    cut = next((number for number, each in enumerate(left) if each.closes == "]"), None)
    if cut is None or not left[cut].ends:
        return None
    closing = "".join(each.closes for each in reversed(left[: cut + 1]))
    try:
        path = tuple(each.key if isinstance(each.key, int) else read_json(each.key) for each in left[:cut])
        return Prefix(read_json(text[: left[cut].ends] + closing), path)
    except NotJSON:
        return None


def _left_open(text: str) -> list[_Open]:
    """The containers that are open where the text ends, outermost first."""
    left: list[_Open] = []
    last = ""
    for token in takewhile(lambda token: token["cut"] is None, TOKEN.finditer(text)):
        mark = token[0]
        if mark in _CLOSING:
            left.append(_Open(_CLOSING[mark], 0 if mark == "[" else ""))
            continue
        if mark in {"}", "]"} and (not left or left.pop().closes != mark):
            return []
        if not left:
            continue
        if mark == "," and left[-1].closes == "]":
            left[-1].ends, left[-1].key = token.start(), int(left[-1].key) + 1
        elif mark == ":":
            left[-1].key = last
        elif mark in {"}", "]"} or mark.startswith('"') or text[token.end() : token.end() + 1].isspace():
            left[-1].ends = token.end()  # a number without anything behind it may go on
        last = mark
    return left


_CLOSING = {"{": "}", "[": "]"}
