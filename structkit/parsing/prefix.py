"""The complete part of a truncated text: everything before the element that was truncated."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Literal

from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.limits import MAX_REPAIRED_CHARS
from structkit.parsing.thinking import MARK, without_thinking
from structkit.values import JSONPath, JSONValue, value_at

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
    expected: Literal["key", ":", "value", ","]
    ends: list[int] = field(default_factory=list)
    """The ends of its complete elements."""
    last_end: int = 0
    """The end of the last element, of which only what follows it shows that it is complete; 0 if it is among `ends`."""

    def add(self, mark: str, end: int) -> bool:
        """Add a token that is no bracket; return False where JSON has no such token."""
        if mark == ":":
            self.expected = "value"
            return True
        if mark == ",":
            return self._add_comma()
        if self.expected == "key":
            return mark.startswith('"') and self._add_key(mark)
        return self.add_value(end)

    def add_value(self, end: int) -> bool:
        """Add the end of an element; return False where none is expected."""
        is_expected = self.expected == "value"
        if is_expected:
            self.last_end, self.expected = end, ","
        return is_expected

    def _add_key(self, token: str) -> bool:
        """Add a key, before which the last element is complete; return False where it is none."""
        self.complete_last()
        self.key, self.expected = token, ":"
        return True

    def _add_comma(self) -> bool:
        """Add a comma, before which an item is complete; the value of a property may be a number with digit groups."""
        if self.expected != ",":
            return False
        if isinstance(self.key, int):
            self.complete_last()
            self.key += 1
        self.expected = "value" if isinstance(self.key, int) else "key"
        return True

    def complete_last(self) -> None:
        """Count the last element as complete."""
        self.ends += [self.last_end] if self.last_end else []
        self.last_end = 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """The complete part of a truncated text.

    Args:
        value: The JSON value, truncated after the last complete element of the list or object at `path`.
        path: The outermost list that was truncated; without one, the innermost object.
        text: The text of the value, and what is before it: the value of a whole reply.
        unfinished: The text after the last complete element.
        key: The last key of the object at `path`, whose value may be unfinished; of a list, the index of the item.
        ends: Where the list or object at `path` begins in the text, and where each of its complete elements ends.
    """

    value: JSONValue
    path: JSONPath
    text: str = field(default="", compare=False, repr=False)
    unfinished: str = field(default="", compare=False, repr=False)
    key: str | int = field(default="", compare=False, repr=False)
    ends: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def part(self) -> JSONValue:
        """What is complete of the list or object at `path`."""
        return value_at(self.value, self.path)

    def first_items(self, count: int) -> Prefix:
        """Return the prefix with only the first items of the list at its path."""
        value = copy.deepcopy(self.value)
        del value_at(value, self.path)[count:]
        text = self.text[: self.ends[count]] + self.text[self.ends[-1] :]
        return replace(self, value=value, text=text, ends=self.ends[: count + 1])


def read_prefix(text: str) -> Prefix | None:
    """Return the complete part of a text truncated inside a list; None if no list is open, or none of it is complete.

    >>> read_prefix('{"day": 3, "rows": [{"a": 1}, {"a": 2}, {"a": 3, "b": "unfini')
    Prefix(value={'day': 3, 'rows': [{'a': 1}, {'a': 2}]}, path=('rows',))
    """
    head, text, containers = _read_containers(text)
    depth = next((number for number, each in enumerate(containers) if each.closing == "]"), None)
    if depth is None or not containers[depth].ends:
        return None
    return _close(head, text, containers[: depth + 1])


def read_record_prefix(text: str) -> Prefix | None:
    """Return the complete properties of a text truncated in an object; None if it is truncated in the list at its root.

    A list that was truncated is not among them.

    >>> read_record_prefix('{"day": 3, "seat": {"row": 1, "side": "le')
    Prefix(value={'day': 3, 'seat': {'row': 1}}, path=('seat',))
    """
    head, text, containers = _read_containers(text)
    objects = [*takewhile(lambda container: container.closing == "}", containers)]
    return _close(head, text, objects) if objects else None


def _read_containers(text: str) -> tuple[str, str, list[_OpenContainer]]:
    """Return the thinking before an answer, the text after it, and its open containers."""
    answer = text if text.lstrip()[:1] in {"{", "["} else without_thinking(text)[0]
    head = text[: len(text) - len(answer)] if text.endswith(answer) else ""
    containers = _open_containers(answer) if len(text) <= MAX_REPAIRED_CHARS else []
    is_thinking = containers and MARK.search(answer, 0, containers[0].start) is not None
    return head, answer, [] if is_thinking else containers


def _close(head: str, text: str, containers: list[_OpenContainer]) -> Prefix | None:
    """Return a text up to the last complete element of the innermost of some containers, with all of them closed."""
    closing = "".join(each.closing for each in reversed(containers))
    ends = [containers[-1].start, *containers[-1].ends]
    try:
        *path, key = (each.key if isinstance(each.key, int) else read_json(each.key or '""') for each in containers)
        value = read_json(text[containers[0].start - 1 : ends[-1]] + closing)
    except NotJSON:
        return None
    complete_text = f"{head}{text[: ends[-1]]}{closing}"
    return Prefix(value, tuple(path), complete_text, text[ends[-1] :], key, tuple(len(head) + end for end in ends))


def _open_containers(text: str) -> list[_OpenContainer]:
    """Return the containers that are open where the text ends, or where it is no longer JSON; outermost first."""
    containers: list[_OpenContainer] = []
    for token in TOKEN.finditer(text):
        if token["unclosed"] is not None:
            if containers and containers[-1].expected == "key":
                containers[-1].complete_last()
            return containers
        if _is_misplaced(token[0], containers):
            return []
        if not _add_token(containers, token):
            return containers
    if containers and (text[-1:].isspace() or text[containers[-1].last_end - 1] in '"}]'):
        containers[-1].complete_last()  # a number at the end of the text may lack digits
    return containers


def _add_token(containers: list[_OpenContainer], token: re.Match[str]) -> bool:
    """Add a token to the innermost container; return False where JSON has no such token."""
    mark, container = token[0], containers[-1] if containers else None
    if mark in CLOSING_BRACKETS:
        if container is not None and not container.add_value(0):
            return False
        is_list = mark == "["
        containers.append(
            _OpenContainer(CLOSING_BRACKETS[mark], 0 if is_list else "", token.end(), "value" if is_list else "key")
        )
    elif mark in {"}", "]"}:
        containers.pop()
        if containers:
            containers[-1].last_end = token.end()
    elif container is not None:  # and not in the text before the answer
        return container.add(mark, token.end())
    return True


def _is_misplaced(mark: str, containers: list[_OpenContainer]) -> bool:
    """Return whether a closing bracket is not that of the innermost container, or a colon is not after a key."""
    container = containers[-1] if containers else None
    if mark in {"}", "]"}:
        return container is None or mark != container.closing
    return mark == ":" and container is not None and container.expected != ":"
