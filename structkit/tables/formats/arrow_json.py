"""JSON text in the columns of Arrow: which parts of a column it is in, by the column's metadata, and its values.

Each column with JSON text has its natural schema as metadata, in which `JSON_TEXT` stands for such a part.
"""

from __future__ import annotations

import json
from typing import Any

from structkit.parsing import NotJSON, read_json
from structkit.tables.formats.format import depth_error
from structkit.values import JSON

JSON_TEXT: JSON = {"type": ["array", "boolean", "null", "number", "object", "string"]}
"""The schema of values that are stored as JSON text."""

METADATA_KEY = b"structkit"
WHOLE_COLUMN = b"json"
"""The metadata of a column whose cells are JSON text."""


def has_json_text(schema: JSON) -> bool:
    """Return whether values of a schema have JSON text in them.

    >>> has_json_text({"type": "array", "items": JSON_TEXT}), has_json_text({"type": "string"})
    (True, False)
    """
    parts = (*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties"))
    return schema == JSON_TEXT or any(isinstance(part, dict) and has_json_text(part) for part in parts)


def column_metadata(schema: JSON) -> dict[bytes, bytes] | None:
    """Return the metadata of a column; None if it has no JSON text."""
    if not has_json_text(schema):
        return None
    return {METADATA_KEY: WHOLE_COLUMN if schema == JSON_TEXT else json.dumps(schema).encode()}


def column_schema(field: Any) -> JSON | None:
    """Return the schema of a column with JSON text; None if it has none."""
    value = (field.metadata or {}).get(METADATA_KEY)
    if value == WHOLE_COLUMN:
        return JSON_TEXT
    try:
        schema = None if value is None else json.loads(value)
    except (ValueError, RecursionError):  # of another program
        return None
    return schema if schema is not None and _is_schema(schema) and has_json_text(schema) else None


def _is_schema(schema: Any) -> bool:
    """Return whether a schema is one that `column_metadata` writes."""
    if schema == JSON_TEXT:
        return True
    if not isinstance(schema, dict) or not schema.keys() <= {"type", "properties", "additionalProperties", "items"}:
        return False
    fields, items = schema.get("properties", {}), schema.get("items", JSON_TEXT)
    other = schema.get("additionalProperties") or JSON_TEXT
    return isinstance(fields, dict) and all(_is_schema(part) for part in (*fields.values(), items, other))


def read_json_text(cell: Any, schema: Any) -> Any:
    """Return a cell with the values of its JSON text; what another program has put there is as it is.

    >>> read_json_text('"a"', JSON_TEXT), read_json_text("a", JSON_TEXT), read_json_text(None, JSON_TEXT)
    ('a', 'a', None)
    >>> read_json_text(["1", '"a"'], {"items": JSON_TEXT}), read_json_text({"k": "1"}, {"properties": {"k": JSON_TEXT}})
    ([1, 'a'], {'k': 1})
    """
    if schema == JSON_TEXT:
        return _read_text(cell) if isinstance(cell, str) else cell
    if not isinstance(schema, dict):
        return cell
    if isinstance(cell, list):
        return [read_json_text(part, schema.get("items")) for part in cell]
    if not isinstance(cell, dict):
        return cell
    fields, other = schema.get("properties", {}), schema.get("additionalProperties")
    return {name: read_json_text(part, fields.get(name, other)) for name, part in cell.items()}


def _read_text(text: str) -> Any:
    try:
        value = read_json(text)
    except NotJSON:
        return text
    return text if isinstance(value, dict | list) and depth_error(text, {"": value}) else value
