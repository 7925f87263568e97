"""Whether a document is a JSON Schema: each part of it checked once, however often it stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError as BadSchema

from structkit.errors import SchemaError
from structkit.values import JSON, JSONPath, JSONValue

ONE = frozenset(
    {"additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains"}
    | {"propertyNames", "not", "if", "then", "else", "items"}
)
"""Keywords whose value is a schema."""

SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
"""Keywords whose value is a list of schemas."""

NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"})
"""Keywords whose value holds schemas by name."""


def check_document(document: JSON, validator: Any) -> None:
    """Check a document against the metaschema of its draft.

    A metaschema says of each part what may stand in it and nothing of two parts together, so that a part can be
    checked with empty schemas in place of those inside it, and equal parts once: on schemas as they are written, that
    is most of the work saved.

    Args:
        document: The schema.
        validator: The class of `jsonschema` for its draft.

    Raises:
        SchemaError: Some part is no JSON Schema; with the path.
    """
    seen: set[str] = set()
    waiting: list[tuple[JSONPath, JSON]] = [((), document)]
    while waiting:
        path, part = waiting.pop()
        shallow = {key: _shallow(key, value) for key, value in part.items()}
        if (shape := json.dumps(shallow, default=repr)) not in seen:
            seen.add(shape)
            _check(shallow, path, validator)
        waiting += ((path + step, inner) for step, inner in inside(part) if isinstance(inner, dict))


def _check(part: JSON, path: JSONPath, validator: Any) -> None:
    try:
        validator.check_schema(part, format_checker=FormatChecker(formats=()))
    except BadSchema as error:
        raise SchemaError(f"not a JSON Schema: {error.message}", path=(*path, *error.absolute_path)) from None


def _shallow(key: str, value: JSONValue) -> JSONValue:
    """A keyword's value with the schemas in it emptied, and of several empty ones only the first."""
    if key in ONE and isinstance(value, dict):
        return {}
    if key in SEVERAL and isinstance(value, list):
        return [*([{}] if any(isinstance(item, dict) for item in value) else ()), *_others(value)]
    if key in NAMED and isinstance(value, dict):
        first = next((name for name, item in value.items() if isinstance(item, dict)), None)
        return {name: {} if name == first else item for name, item in value.items() if _stays(name, item, first)}
    return value


def _others(value: list[JSONValue]) -> list[JSONValue]:
    return [item for item in value if not isinstance(item, dict)]


def _stays(name: str, item: JSONValue, first: str | None) -> bool:
    return name == first or not isinstance(item, dict)


def inside(part: JSON) -> Iterator[tuple[JSONPath, JSONValue]]:
    """The schemas right inside a part, each with the way to it."""
    for key, value in part.items():
        if key in ONE and isinstance(value, dict):
            yield (key,), value
        elif key in SEVERAL and isinstance(value, list):
            yield from (((key, number), item) for number, item in enumerate(value))
        elif key in NAMED and isinstance(value, dict):
            yield from (((key, name), item) for name, item in value.items())
