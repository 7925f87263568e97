"""How many different values a schema has: a set or a map that needs more of them cannot be written."""

from __future__ import annotations

from collections.abc import Callable

from structkit.schema.json_equality import unique_values
from structkit.schema.json_types import enumerated_values, type_names
from structkit.values import JSON, JSONValue

COUNTS_BY_TYPE = {"null": 1, "boolean": 2}
"""The number of values of the types that have few."""

MAX_DEPTH = 10
"""Nested unions and references that are followed."""


def max_values(schema: JSONValue, resolve: Callable[[JSONValue], JSON], depth: int = MAX_DEPTH) -> int | None:
    """Return how many values a schema has at most; None where they are not counted.

    >>> max_values({"anyOf": [{"type": "boolean"}, {"enum": ["a", "b"]}]}, lambda part: part)
    4
    """
    if schema is False:
        return 0
    resolved = resolve(schema)
    values = enumerated_values(resolved)
    if isinstance(values, list):
        return len(unique_values(values))
    if depth > 0 and isinstance(resolved.get("anyOf"), list):
        return _total([max_values(part, resolve, depth - 1) for part in resolved["anyOf"]])
    return _total([COUNTS_BY_TYPE.get(name) for name in type_names(resolved.get("type"))])


def _total(counts: list[int | None]) -> int | None:
    """Return the sum of some numbers; None if one of them is unknown, or there are none."""
    return sum(count or 0 for count in counts) if counts and None not in counts else None
