"""The complete part of a truncated text: everything before the element that was truncated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile

from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.limits import MAX_REPAIRED_CHARS
from structkit.parsing.thinking import without_thinking
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
    start: int
    """The position after its opening bracket."""
    complete_end: int = 0
    """The end of its last complete element; 0 if it has none."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The complete part of a truncated text.

    Args:
        value: The JSON value, truncated after the last complete element of the list or object at `path`.
        path: The outermost list that was truncated; without one, the innermost object.
        unfinished: The text after the last complete element.
        key: The last key of the object at `path`, whose value may be unfinished; of a list, the index of the item.
    """

    value: JSONValue
    path: JSONPath
    unfinished: str = field(default="", compare=False, repr=False)
    key: str | int = field(default="", compare=False, repr=False)


def read_prefix(text: str) -> Prefix | None:
    """Return the complete part of a text truncated inside a list; None if no list is open, or none of it is complete.

    >>> read_prefix('{"day": 3, "rows": [{"a": 1}, {"a": 2}, {"a": 3, "b": "unfini')
    Prefix(value={'day': 3, 'rows': [{'a': 1}, {'a': 2}]}, path=('rows',))
    """
    text, containers = _read_containers(text)
    depth = next((number for number, each in enumerate(containers) if each.closing == "]"), None)
    if depth is None or not containers[depth].complete_end:
        return None
    return _close(text, containers[: depth + 1])


def read_record_prefix(text: str) -> Prefix | None:
    """Return the complete properties of a text truncated in an object; None if it is truncated in the list at its root.

    A list that was truncated is not among them.

    >>> read_record_prefix('{"day": 3, "seat": {"row": 1, "side": "le')
    Prefix(value={'day': 3, 'seat': {'row': 1}}, path=('seat',))
    """
    text, containers = _read_containers(text)
    objects = [*takewhile(lambda container: container.closing == "}", containers)]
    return _close(text, objects) if objects else None


def _read_containers(text: str) -> tuple[str, list[_OpenContainer]]:
    """Return a text without thinking and the opening of a code fence, and its open containers."""
    text = without_thinking(text)[0] if text.lstrip()[:1] not in {"{", "["} else text
    text = text[len(text) - len(text.lstrip("` \n\tjson")) :]
    return text, _open_containers(text) if len(text) <= MAX_REPAIRED_CHARS else []


def _close(text: str, containers: list[_OpenContainer]) -> Prefix | None:
    """Return a text up to the last complete element of the innermost of some containers, with all of them closed."""
    closing = "".join(each.closing for each in reversed(containers))
    end = containers[-1].complete_end or containers[-1].start
    try:
        *path, key = (each.key if isinstance(each.key, int) else read_json(each.key or '""') for each in containers)
        return Prefix(read_json(text[:end] + closing), tuple(path), text[end:], key)
    except NotJSON:
        return None


def _open_containers(text: str) -> list[_OpenContainer]:
    """Return the containers that are open where the text ends, outermost first."""
    containers: list[_OpenContainer] = []
    last = ""
    for token in takewhile(lambda token: token["unclosed"] is None, TOKEN.finditer(text)):
        mark = token[0]
        if _is_misplaced(mark, containers):
            return []
        if mark in CLOSING_BRACKETS:
            containers.append(_OpenContainer(CLOSING_BRACKETS[mark], 0 if mark == "[" else "", token.end()))
            continue
        if mark in {"}", "]"}:
            containers.pop()
        if containers:
            _add_token(containers[-1], token, last)
        last = mark
    return containers


def _add_token(container: _OpenContainer, token: re.Match[str], last: str) -> None:
    """Add a token to the innermost container; *last* is the one before it."""
    mark, text = token[0], token.string
    is_key = container.closing == "}" and last != ":" and mark not in CLOSING_BRACKETS.values()
    if mark == "," and container.closing == "]":
        container.complete_end, container.key = token.start(), int(container.key) + 1
    elif mark == ":":
        container.key = last
    elif mark == "," or is_key:
        return
    elif mark in {"}", "]"} or mark.startswith('"') or text[token.end() : token.end() + 1].isspace():
        container.complete_end = token.end()  # a number at the end of the text may lack digits
    elif container.closing == "}" and text[token.end() : token.end() + 1] == ",":
        container.complete_end = token.end()


def _is_misplaced(mark: str, containers: list[_OpenContainer]) -> bool:
    """Return whether a closing bracket is not that of the innermost container, or a colon is in a list."""
    closing = containers[-1].closing if containers else ""
    return mark != closing if mark in {"}", "]"} else mark == ":" and closing == "]"
