"""Cells of a table as natural JSON, by the field of the type that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from structkit.evaluation.comparators import is_absent
from structkit.parsing import NotJSON, read_json
from structkit.schema.json_types import is_of_type
from structkit.tables.columns import Column, resolve_schema, schema_types
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.source_cell import to_json_text, to_json_value

PLAIN_CELLS = (int, bool, type(None))
"""Types of cells that are natural JSON as they are."""


class CellPlace(NamedTuple):
    """Where a cell belongs in the value of its row.

    Args:
        name: Its column.
        path: Its path in the value.
        types: The JSON types of its field; empty if any.
        is_nullable: Whether the field may be null.
        is_optional: Whether the field of the type that it is a part of may be null.
        choices: The texts that its field may be; None if any.
        is_untyped: Whether the table has every value as a text, as CSV does.
    """

    name: str
    path: JSONPath
    types: frozenset[str] = frozenset()
    is_nullable: bool = False
    is_optional: bool = True
    choices: frozenset[str] | None = None
    is_untyped: bool = False

    @classmethod
    def of(cls, name: str, column: Column, field: Column, *, is_untyped: bool) -> CellPlace:
        """Return the place of a column of the type, in a table that calls it by a name."""
        branches = union_branches(column)
        types = frozenset(name for branch in branches for name in schema_types(branch))
        nullable, optional = (accepts_null(each.schema, each.document) for each in (column, field))
        return cls(name, column.path[1:], types, nullable, optional, text_choices(branches), is_untyped)


def read_value(cells: Mapping[str, Any], places: list[CellPlace], is_root: bool) -> JSONValue:
    """Return the value of a row as natural JSON, which nothing has validated; None if all its cells are empty."""
    value: JSON = {}
    for place in places:
        cell = read_cell(cells.get(place.name), place)
        if is_root and not place.path:
            return cell
        if cell is None and not place.is_nullable:
            if place.is_optional and len(place.path) > 1:
                value.setdefault(str(place.path[0]), {})  # becomes null below, and not the default of the field
            continue
        parent = value
        for key in place.path[:-1]:
            parent = parent.setdefault(str(key), {})
        parent[str(place.path[-1])] = cell
    if all(map(is_empty_value, value.values())):
        return None
    optional = {place.path[0] for place in places if place.is_optional}
    return {
        key: None if key in optional and isinstance(part, dict) and is_empty_value(part) else part
        for key, part in value.items()
    }


def is_empty_value(value: JSONValue) -> bool:
    """Return whether a value has no scalar.

    >>> is_empty_value({"a": {"b": None}, "c": []}), is_empty_value({"a": 0})
    (True, False)
    """
    if isinstance(value, dict):
        return all(map(is_empty_value, value.values()))
    return is_absent(value)


def read_cell(cell: Any, place: CellPlace) -> JSONValue:
    """Return a cell as natural JSON: in a table of texts, numbers and lists are JSON, and an empty cell has no value.

    >>> integers, texts = CellPlace("n", ("n",), frozenset({"integer"})), CellPlace("t", ("t",), frozenset({"string"}))
    >>> read_cell("12", integers), read_cell("", integers), read_cell("12", texts)
    (12, None, '12')
    """
    if not isinstance(cell, str):
        value = cell if type(cell) in PLAIN_CELLS else to_json_value(cell)
        return None if isinstance(value, float) and is_absent(value) else value
    if "string" in place.types:
        if not cell:
            return None if place.is_nullable else ""
        return read_union_cell(cell, place)
    if not cell or cell.isspace():
        return None
    with suppress(NotJSON):
        value = read_json(cell)
        if place.types or isinstance(value, dict | list):
            return value
    return cell


def read_union_cell(cell: str, place: CellPlace) -> JSONValue:
    """Return a text of a field that may be a text: as JSON of another branch, if it is hardly the text itself.

    >>> rating = CellPlace("n", ("n",), frozenset({"string", "integer"}), choices=frozenset({"unknown"}))
    >>> read_union_cell("3", rating), read_union_cell("unknown", rating)
    (3, 'unknown')
    """
    if len(place.types) == 1 or cell in (place.choices or ()):
        return cell
    with suppress(NotJSON):
        value = read_json(cell)
        is_written_so = to_json_text(value) == cell and (type(value) is not float or "number" in place.types)
        is_plain = place.is_untyped and is_written_so  # 5 and true, but not 007, nor 1.0 if it may be an integer
        if any(is_of_type(value, name) for name in place.types - {"string"}) and (
            is_plain or place.choices is not None or isinstance(value, dict | list)
        ):
            return value
    return cell


def union_branches(column: Column) -> list[JSON]:
    """Return the schemas of the branches of a union, and of any other column its own."""
    resolved = resolve_schema(column.schema, column.document)
    if schema_types(resolved):
        return [resolved]
    branches = [part for key in ("anyOf", "oneOf") for part in resolved.get(key, ())]
    return [resolve_schema(part, column.document) for part in branches]


def text_choices(branches: Sequence[JSON]) -> frozenset[str] | None:
    """Return the texts that a value of these branches may be; None if any.

    >>> text_choices([{"type": "integer"}, {"const": "n/a"}]), text_choices([{"type": "integer"}, {"type": "string"}])
    (frozenset({'n/a'}), None)
    """
    of_texts = [branch for branch in branches if "string" in schema_types(branch)]
    if not all({"enum", "const"} & branch.keys() for branch in of_texts):
        return None
    values = [value for branch in of_texts for value in branch.get("enum", [branch.get("const")])]
    return frozenset(value for value in values if isinstance(value, str))


def accepts_null(schema: JSON, document: JSON) -> bool:
    """Return whether a field may be null.

    >>> accepts_null({"anyOf": [{"type": "string"}, {"type": "null"}]}, {}), accepts_null({"type": "string"}, {})
    (True, False)
    """
    parts = [schema, *(part for key in ("anyOf", "oneOf") for part in schema.get(key, ()))]
    return any("null" in _types(part) for part in parts) or _is_null_reference(schema, document)


def _types(schema: Any) -> list[str]:
    declared = schema.get("type", []) if isinstance(schema, dict) else []
    return declared if isinstance(declared, list) else [declared]


def _is_null_reference(schema: JSON, document: JSON) -> bool:
    return "$ref" in schema and "null" in _types(resolve_schema(schema, document))
