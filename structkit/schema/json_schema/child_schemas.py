"""Which JSON Schema keywords contain subschemas."""

from __future__ import annotations

from collections.abc import Iterator

from structkit.values import JSON, JSONPath, JSONValue

SCHEMA_KEYWORDS = frozenset(
    {"additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains"}
    | {"propertyNames", "not", "if", "then", "else", "items"}
)
"""Keywords whose value is a schema."""

SCHEMA_LIST_KEYWORDS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
"""Keywords whose value is a list of schemas."""

SCHEMA_MAP_KEYWORDS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
"""Keywords whose value holds schemas by name."""


def child_schemas(part: JSON) -> Iterator[tuple[JSONPath, JSONValue]]:
    """Yield the schemas directly inside a part, each with the path to it."""
    for key, value in part.items():
        if key in SCHEMA_KEYWORDS and isinstance(value, dict):
            yield (key,), value
        elif key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            yield from (((key, number), item) for number, item in enumerate(value))
        elif key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            yield from (((key, name), item) for name, item in value.items())
