"""Values in a JSON Schema that pydantic would take for schemas, such as the default `{"$ref": "x"}`, hidden from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from structkit.schema.json_schema.child_schemas import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS
from structkit.values import JSON, JSONValue

CONTAINERS = SCHEMA_KEYWORDS | SCHEMA_LIST_KEYWORDS | SCHEMA_MAP_KEYWORDS
"""Keywords whose values contain schemas."""

REFERENCES = frozenset({"$ref", "$defs"})
"""The keys that pydantic looks for, wherever they are."""


@dataclass(frozen=True, slots=True)
class _HiddenValue:
    """A value that is neither a dict nor a list to pydantic."""

    value: JSONValue


def hide_values(part: JSON) -> bool:
    """Hide the values in a part of a schema, in place, that contain references; return whether there are any."""
    names = [key for key, value in part.items() if key not in CONTAINERS and _has_reference(value)]
    part |= {key: _HiddenValue(part[key]) for key in names}
    return bool(names)


def with_values(schema: Any) -> Any:
    """Return a schema with its hidden values.

    >>> part = {"type": "object", "default": {"$ref": "x"}}
    >>> hide_values(part), with_values(part)
    (True, {'type': 'object', 'default': {'$ref': 'x'}})
    """
    if isinstance(schema, _HiddenValue):
        return schema.value
    if isinstance(schema, list):
        return [with_values(item) for item in schema]
    return {key: with_values(value) for key, value in schema.items()} if isinstance(schema, dict) else schema


def _has_reference(value: JSONValue) -> bool:
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if not REFERENCES.isdisjoint(part):
                return True
            stack += part.values()
        elif isinstance(part, list):
            stack += part
    return False
