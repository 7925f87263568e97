"""Natural JSON as Arrow: the type of a column, and its values in the form that pyarrow takes.

Texts, numbers and booleans keep their types; objects are structs, lists are lists, maps are maps. A type that Arrow
cannot express (a union, a tuple, any value, a recursion) is JSON text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from structkit.tables.columns import Column, is_closed_object, resolve_schema, schema_types
from structkit.tables.formats.arrow_cells import has_nanoseconds
from structkit.tables.formats.arrow_json import JSON_TEXT
from structkit.values import ABSENT, JSON, JSONValue
from structkit.values.source_cell import to_json_text, to_json_value

Convert = Callable[[Any], Any]

SCALARS = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool_"}
"""By JSON type, pyarrow's name for the type of a column."""

STORABLE_TYPES = (
    "null boolean int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 string large_string binary "
    "large_binary fixed_size_binary date32 date64 time32 timestamp"
)
"""The types of the input that are written unchanged, by the names of pyarrow's `is_*` checks."""

TEXT_EXTENSIONS = frozenset({"arrow.uuid", "arrow.json"})
"""Extension types whose cells read as text."""

SUBSTITUTES = {"string_view": "large_string", "binary_view": "large_binary"}
"""Types that not every file format has, and the equivalent that is written."""


MAX_SMALL_DECIMAL_BITS = 64
"""Decimals of at most so many bits are written with 128, which every file format has."""


@dataclass(frozen=True, slots=True)
class ArrowEncoding:
    """How values of a schema are stored: an Arrow type, and the conversion to it.

    Args:
        type: A pyarrow data type.
        convert: Converts a natural value to what pyarrow takes for that type.
        schema: Of the values, with `JSON_TEXT` for those that are stored as JSON text.
    """

    type: Any
    convert: Convert
    schema: JSON = field(default_factory=dict)


def encoding_of(column: Column, arrow: Any) -> ArrowEncoding:
    """Return how the cells of a column are stored; *arrow* is pyarrow."""
    if column.arrow is not None:
        arrow_type = storable(column.arrow, arrow)
        if arrow_type is not None:
            return ArrowEncoding(arrow_type, _unchanged)
        return ArrowEncoding(arrow.string(), to_json_value) if _is_read_as_text(column.arrow, arrow) else _text(arrow)
    return _encoding(column.schema, column, arrow, ())


def _encoding(schema: JSONValue, column: Column, arrow: Any, trail: tuple[int, ...]) -> ArrowEncoding:
    resolved = resolve_schema(schema, column.document)
    if id(resolved) in trail:
        return _text(arrow)
    trail = (*trail, id(resolved))
    if is_closed_object(resolved, is_open=column.is_open):
        parts = {name: _encoding(part, column, arrow, trail) for name, part in resolved["properties"].items()}
        fields = {"properties": {name: part.schema for name, part in parts.items()}, "additionalProperties": False}
        arrow_type = arrow.struct([(name, part.type) for name, part in parts.items()])
        return ArrowEncoding(arrow_type, _struct(parts), {"type": "object", **fields})
    types = schema_types(resolved)
    if types == {"array"} and resolved.get("items") and "prefixItems" not in resolved:
        item = _encoding(resolved["items"], column, arrow, trail)
        return ArrowEncoding(arrow.list_(item.type), _list(item.convert), {"type": "array", "items": item.schema})
    is_map = types == {"object"} and not resolved.keys() & {"properties", "anyOf", "allOf"}
    if is_map and resolved.get("additionalProperties"):
        item = _encoding(resolved["additionalProperties"], column, arrow, trail)
        map_schema = {"type": "object", "additionalProperties": item.schema}
        return ArrowEncoding(arrow.map_(arrow.string(), item.type), _map(item.convert), map_schema)
    return _scalar(types, resolved, arrow)


def _scalar(types: set[str], schema: JSON, arrow: Any) -> ArrowEncoding:
    name = SCALARS.get(*types) if len(types) == 1 else None
    if name is None or schema.keys() & {"anyOf", "oneOf", "allOf", "not"}:
        return _text(arrow)
    converts = {"int64": _to_integer, "string": _to_scalar}
    return ArrowEncoding(getattr(arrow, name)(), converts.get(name, _to_number), {"type": [*types]})


def _text(arrow: Any) -> ArrowEncoding:
    return ArrowEncoding(arrow.string(), lambda value: None if value is None else to_json_text(value), JSON_TEXT)


def _unchanged(value: Any) -> Any:
    return value


def _to_scalar(value: Any) -> Any:
    if isinstance(value, float) and value != value:  # noqa: PLR0124 (NaN is a missing value)
        return None
    return value if isinstance(value, str | int | float | None) else to_json_value(value)


def _to_number(value: Any) -> Any:
    """Return a number or a boolean; None for an empty text, as sheets have for an empty cell."""
    return None if value == "" else _to_scalar(value)


def _to_integer(value: Any) -> Any:
    value = _to_number(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _struct(parts: dict[str, ArrowEncoding]) -> Convert:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        cells = {name: value.get(name, ABSENT) for name in parts}
        return {name: None if cell is ABSENT else parts[name].convert(cell) for name, cell in cells.items()}

    return convert


def _list(item: Convert) -> Convert:
    return lambda value: None if value is None else [item(part) for part in value]


def _map(item: Convert) -> Convert:
    return lambda value: None if value is None else [(name, item(part)) for name, part in value.items()]


def _is_read_as_text(type: Any, arrow: Any) -> bool:
    """Return whether the cells of a column that is not written unchanged are texts, which need no quotes."""
    is_text = arrow.types.is_duration(type) or arrow.types.is_interval(type) or has_nanoseconds(type, arrow)
    return is_text or getattr(type, "extension_name", None) in TEXT_EXTENSIONS


def storable(type: Any, arrow: Any) -> Any:  # noqa: C901, PLR0911 (a case for each kind of type)
    """Return the type that a column of the input is written with; None if not every file format has one."""
    types = arrow.types
    if types.is_dictionary(type) or types.is_run_end_encoded(type):
        return storable(type.value_type, arrow)
    if types.is_decimal(type):
        return type if type.bit_width > MAX_SMALL_DECIMAL_BITS else arrow.decimal128(type.precision, type.scale)
    if types.is_time64(type):
        return None if has_nanoseconds(type, arrow) else type  # Arrow does not convert text to it
    if getattr(type, "extension_name", None) == "arrow.bool8":
        return arrow.bool_()
    for name, substitute in SUBSTITUTES.items():
        if getattr(types, f"is_{name}")(type):
            return getattr(arrow, substitute)()
    if types.is_list(type) or types.is_large_list(type):
        inner = None if has_nanoseconds(type.value_type, arrow) else storable(type.value_type, arrow)
        return None if inner is None else arrow.list_(inner)
    if types.is_struct(type):
        parts = [(field.name, storable(field.type, arrow)) for field in type]
        fits = (
            parts
            and all(part is not None for _, part in parts)
            and not any(has_nanoseconds(f.type, arrow) for f in type)
        )
        return arrow.struct(parts) if fits else None
    return type if any(getattr(types, f"is_{name}")(type) for name in STORABLE_TYPES.split()) else None
