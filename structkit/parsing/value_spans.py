"""Where each scalar of a JSON text is: its path and its range of characters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

from structkit.values import JSONPath

ValueSpan: TypeAlias = tuple[JSONPath, int, int]
"""A path, and the start and end of its value in the text; of a text without its quotes, unless it is empty."""

SPACE = re.compile(r"[ \t\n\r]*")
CLOSERS = {"[": "]", "{": "}"}
read_value = json.JSONDecoder().raw_decode
"""Returns the value at a position of a text, and the position after it."""


def value_spans(text: str) -> Iterator[ValueSpan]:
    r"""Yield the span of each scalar of a JSON text, in order; an empty list or object counts as one.

    What follows the JSON text is ignored, and so is what precedes its first bracket, unless all of it is a scalar. Of a
    truncated text, the spans of all complete scalars are yielded.

    >>> text = '{"name": "Zo\\u00e9", "tags": [], "age": 41}'
    >>> [(path, text[start:end]) for path, start, end in value_spans(text)]
    [(('name',), 'Zo\\u00e9'), (('tags',), '[]'), (('age',), '41')]
    """
    start = re.search(r"[\[{]", text)
    try:
        yield from _spans(text, start.start() if start else SPACE.match(text).end())  # type: ignore[union-attr]
    except (ValueError, IndexError):  # the end of a truncated text, or of its JSON
        return


def _spans(text: str, at: int) -> Iterator[ValueSpan]:
    """Yield the spans of the value at a position, without recursion.

    Raises:
        ValueError, IndexError: The text ends, or is not JSON from there on.
    """
    path: list[str | int] = []  # the last step is that of the value at the position
    closers: list[str] = []
    while True:
        if text[at] in "[{" and (first := _space_end(text, at + 1)) < len(text) and text[first] not in "]}":
            closers.append(CLOSERS[text[at]])
            step, at = _key(text, first) if text[at] == "{" else (0, first)
            path.append(step)
            continue
        start, end, after = _scalar(text, at)
        at = _space_end(text, after)
        if closers and text[at] not in "]},":
            raise ValueError("the text ends within a number")
        yield tuple(path), start, end
        at = _close(text, at, path, closers)
        if not closers:
            return
        path[-1], at = _key(text, at) if closers[-1] == "}" else (int(path[-1]) + 1, at)


def _close(text: str, at: int, path: list[str | int], closers: list[str]) -> int:
    """Remove what is closed at a position from a path and its brackets, and return where the next value or key is."""
    while closers and text[at] == closers[-1]:
        closers.pop()
        path.pop()
        at = _space_end(text, at + 1)
    if closers and text[at] != ",":
        raise ValueError(text[at])
    return _space_end(text, at + 1)


def _space_end(text: str, at: int) -> int:
    return SPACE.match(text, at).end()  # type: ignore[union-attr]


def _key(text: str, at: int) -> tuple[str, int]:
    """Return the key at a position, and the position of its value."""
    if text[at] != '"':
        raise ValueError(text[at])
    key, end = read_value(text, at)
    colon = _space_end(text, end)
    if text[colon] != ":":
        raise ValueError(text[colon])
    return key, _space_end(text, colon + 1)


def _scalar(text: str, at: int) -> tuple[int, int, int]:
    """Return the span of the scalar at a position, and the position after it."""
    if text[at] in "[{":
        closer = _space_end(text, at + 1)
        if closer == len(text):
            raise ValueError("the text ends within an empty list or object")
        return at, closer + 1, closer + 1
    _, end = read_value(text, at)
    return (at + 1, end - 1, end) if text[at] == '"' and end - at > len('""') else (at, end, end)
