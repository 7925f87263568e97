"""Validate that a document is a JSON Schema: equal parts of it are validated once."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError as BadSchema

from structkit.errors import SchemaError
from structkit.schema.json_schema.child_schemas import (
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    child_schemas,
)
from structkit.schema.json_schema.vocabulary import ASSERTIONS
from structkit.values import JSON, JSONPath, JSONValue


def validate_document(document: JSON, validator: Any) -> None:
    """Validate a document against the metaschema of its draft.

    A metaschema constrains each part alone, never two parts together. So a part can be validated with empty schemas in
    place of its children, and equal parts once, which saves most of the work on schemas as people write them.

    Args:
        document: The schema.
        validator: The class of `jsonschema` for its draft.

    Raises:
        SchemaError: A part is not a JSON Schema; with its path.
    """
    validated: set[str] = set()
    stack: list[tuple[JSONPath, JSON]] = [((), document)]
    while stack:
        path, part = stack.pop()
        emptied = {key: _emptied(key, value) for key, value in part.items()}
        if (text := json.dumps(emptied, default=repr)) not in validated:
            validated.add(text)
            _validate_numbers(emptied, path)
            _validate_part(emptied, path, validator)
        stack += ((path + step, inner) for step, inner in child_schemas(part) if isinstance(inner, dict))


def _validate_numbers(part: JSON, path: JSONPath) -> None:
    """Raise where a keyword has a number that JSON has not: Python's `json` writes it in the request."""
    for key, value in part.items():
        try:
            json.dumps(value if key in ASSERTIONS else None, default=repr, allow_nan=False)
        except ValueError:
            reason = "not a JSON Schema: infinities and NaN are not numbers of JSON"
            raise SchemaError(reason, path=(*path, key)) from None


def _validate_part(part: JSON, path: JSONPath, validator: Any) -> None:
    if not isinstance(part.get("$ref", ""), str):  # the metaschemas of drafts 3 and 4 do not say so
        raise SchemaError("not a JSON Schema: a $ref must be a text", path=(*path, "$ref"))
    try:
        validator.check_schema(part, format_checker=FormatChecker(formats=()))
    except BadSchema as error:
        raise SchemaError(f"not a JSON Schema: {error.message}", path=(*path, *error.absolute_path)) from None


def _emptied(key: str, value: JSONValue) -> JSONValue:
    """Return a keyword's value with its schemas emptied, and of several empty ones only the first."""
    if key in SCHEMA_KEYWORDS and isinstance(value, dict):
        return {}
    if key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
        return [*([{}] if any(isinstance(item, dict) for item in value) else ()), *_non_schemas(value)]
    if key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
        first = next((name for name, item in value.items() if isinstance(item, dict)), None)
        return {name: {} if name == first else item for name, item in value.items() if _is_kept(name, item, first)}
    return value


def _non_schemas(value: list[JSONValue]) -> list[JSONValue]:
    return [item for item in value if not isinstance(item, dict)]


def _is_kept(name: str, item: JSONValue, first: str | None) -> bool:
    return name == first or not isinstance(item, dict)
