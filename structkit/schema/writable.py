"""Whether a schema can be written as JSON text: it is JSON, contains no loop, and no number is too long."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from structkit.errors import SchemaError
from structkit.values import JSON, JSONPath, JSONValue

Place: TypeAlias = "tuple[Place, str | int] | None"
"""The place that contains a value, and the step from there; a path would be copied at each level."""

JSON_ADVICE: Mapping[Any, str] = {
    (tuple, set, frozenset): "; write a list",
    (dt.date, dt.time): "; write it as a text (in YAML, in quotes)",
    type: "; pass the class itself as the type, or write the name of a JSON type",
}
"""What to write instead of values that no JSON text has."""

SURROGATE = re.compile("[\ud800-\udfff]")
MISSING = object()


def validate_json(document: JSON) -> None:
    """Validate that a document of the caller's is JSON, and has a JSON text.

    Raises:
        SchemaError: As of `validate_writable`, or a part is not JSON, as a date that YAML has read.
    """
    for value, place in _parts(document):
        if reason := _why_not_json(value):
            raise SchemaError(f"not a JSON Schema: {reason}", path=_path(place))


def validate_writable(schema: JSON) -> None:
    """Validate that a schema has a JSON text.

    Raises:
        SchemaError: A part contains itself, or a number has more digits than Python writes; with its path.
    """
    for _ in _parts(schema):
        pass


def _parts(schema: JSON) -> Iterator[tuple[JSONValue, Place]]:
    open_ids, finished_ids = set[int](), set[int]()
    stack: list[tuple[JSONValue, Place, bool]] = [(schema, None, False)]
    while stack:
        value, place, is_finished = stack.pop()
        if isinstance(value, int) and not isinstance(value, bool) and _has_too_many_digits(value):
            raise SchemaError(f"a number of more than {_max_digits():,} digits has no JSON text", path=_path(place))
        if is_finished:
            open_ids.discard(id(value))
            finished_ids.add(id(value))
            continue
        is_container = isinstance(value, dict | list)
        if is_container and id(value) in open_ids:
            reason = "this part of the schema contains itself; name it under $defs, and refer to it by $ref"
            raise SchemaError(reason, path=_path(place))
        if is_container and id(value) in finished_ids:
            continue
        yield value, place
        if isinstance(value, dict | list):
            open_ids.add(id(value))
            stack.append((value, place, True))
            members = value.items() if isinstance(value, dict) else enumerate(value)
            stack += [(member, (place, step), False) for step, member in members]


def _why_not_json(value: Any) -> str:
    """Return why a value, its members aside, is not JSON; an empty text if it is.

    >>> _why_not_json({"a": {1}}), _why_not_json({1: 2}), _why_not_json((1,))
    ('', 'the key 1 is not a text', 'a tuple is not JSON; write a list')
    """
    if isinstance(value, dict):
        texts = [*value]
    elif isinstance(value, str):
        texts = [value]
    elif value is None or isinstance(value, list | int | float):  # a bool is an int
        return ""
    else:
        advice = next((text for types, text in JSON_ADVICE.items() if isinstance(value, types)), "")
        return f"a {type(value).__name__} is not JSON{advice}"
    if (key := next((text for text in texts if not isinstance(text, str)), MISSING)) is not MISSING:
        return f"the key {key!r} is not a text"
    has_half_pair = any(not text.isascii() and SURROGATE.search(text) for text in texts)
    return "a text has half of a surrogate pair" if has_half_pair else ""


def _has_too_many_digits(number: int) -> bool:
    return number.bit_length() > 3 * _max_digits() > 0 and abs(number) >= 10 ** _max_digits()


def _max_digits() -> int:
    """Return how many digits of a number Python writes as text; 0 for any number."""
    return sys.get_int_max_str_digits()


def _path(place: Place) -> JSONPath:
    steps: list[str | int] = []
    while place is not None:
        place, step = place
        steps.append(step)
    return tuple(reversed(steps))
