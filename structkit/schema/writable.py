"""Whether a schema can be written as JSON text: nothing in it contains itself, and no number is too long."""

from __future__ import annotations

import sys
from typing import TypeAlias

from structkit.errors import SchemaError
from structkit.values import JSON, JSONPath, JSONValue

Place: TypeAlias = "tuple[Place, str | int] | None"
"""The place that contains a value, and the step from there; a path would be copied at each level."""


def validate_writable(schema: JSON) -> None:
    """Validate that a schema has a JSON text.

    Raises:
        SchemaError: A part contains itself, or a number has more digits than Python writes; with its path.
    """
    open_ids, finished_ids = set[int](), set[int]()
    stack: list[tuple[JSONValue, Place, bool]] = [(schema, None, False)]
    while stack:
        value, place, is_finished = stack.pop()
        if isinstance(value, int) and not isinstance(value, bool) and _has_too_many_digits(value):
            raise SchemaError(f"a number of more than {_max_digits():,} digits has no JSON text", path=_path(place))
        if not isinstance(value, dict | list) or id(value) in finished_ids:
            continue
        if is_finished:
            open_ids.discard(id(value))
            finished_ids.add(id(value))
            continue
        if id(value) in open_ids:
            reason = "this part of the schema contains itself; name it under $defs, and refer to it by $ref"
            raise SchemaError(reason, path=_path(place))
        open_ids.add(id(value))
        stack.append((value, place, True))
        members = value.items() if isinstance(value, dict) else enumerate(value)
        stack += [(member, (place, step), False) for step, member in members]


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
