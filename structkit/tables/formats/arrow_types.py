"""Natural JSON as Arrow: the type of a column, and its values in the form that Arrow takes.

Texts, numbers and truth values are what they are; objects are structs, lists are lists, maps are maps. What Arrow has
no one type for (a union, a tuple, any value, a recursion) is JSON text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from structkit.tables.columns import Column, is_record, kinds, meaning
from structkit.tables.records import as_json, plain
from structkit.values import ABSENT, JSON, JSONValue

Convert = Callable[[Any], Any]

SCALARS = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool_"}
"""By JSON type, pyarrow's name for the type of a column."""

KEPT = (
    "null boolean int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 string large_string binary "
    "large_binary fixed_size_binary decimal128 decimal256 date32 date64 time32 timestamp"
)
"""pyarrow's checks for the types of the input that are written as they were."""

STANDINS = {"string_view": "large_string", "binary_view": "large_binary"}
"""Types that not every file can have, and those that say the same."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How values of a schema are stored: an Arrow type, and the way into it.

    Args:
        type: The type, pyarrow's.
        convert: Makes of a natural value what pyarrow takes for one of the type.
        is_text: Whether that is JSON text.
    """

    type: Any
    convert: Convert
    is_text: bool = False


def shape_of(column: Column, arrow: Any) -> Shape:
    """How the cells of a column are stored; *arrow* is pyarrow."""
    if column.arrow is not None:
        found = storable(column.arrow, arrow)
        return _text(arrow) if found is None else Shape(found, _unchanged)
    return _shape(column.schema, column, arrow, ())


def _shape(schema: JSONValue, column: Column, arrow: Any, trail: tuple[int, ...]) -> Shape:
    found = meaning(schema, column.document)
    if id(found) in trail:
        return _text(arrow)
    trail = (*trail, id(found))
    if is_record(found, is_open=column.is_open):
        parts = {name: _shape(part, column, arrow, trail) for name, part in found["properties"].items()}
        return Shape(arrow.struct([(name, part.type) for name, part in parts.items()]), _struct(parts))
    kind = kinds(found)
    if kind == {"array"} and found.get("items") and "prefixItems" not in found:
        item = _shape(found["items"], column, arrow, trail)
        return Shape(arrow.list_(item.type), _list(item.convert))
    if kind == {"object"} and found.get("additionalProperties") and not found.keys() & {"properties", "anyOf", "allOf"}:
        item = _shape(found["additionalProperties"], column, arrow, trail)
        return Shape(arrow.map_(arrow.string(), item.type), _map(item.convert))
    return _scalar(kind, found, arrow)


def _scalar(kind: set[str], schema: JSON, arrow: Any) -> Shape:
    name = SCALARS.get(*kind) if len(kind) == 1 else None
    if name is None or schema.keys() & {"anyOf", "oneOf", "allOf", "not"}:
        return _text(arrow)
    return Shape(getattr(arrow, name)(), _whole if name == "int64" else _known)


def _text(arrow: Any) -> Shape:
    return Shape(arrow.string(), lambda value: None if value is None else as_json(value), is_text=True)


def _unchanged(value: Any) -> Any:
    return value


def _known(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else plain(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _struct(parts: dict[str, Shape]) -> Convert:
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


def storable(type: Any, arrow: Any) -> Any:
    """The type that a column of the input is written in; None where there is none that every file can have."""
    types = arrow.types
    if types.is_dictionary(type):
        return storable(type.value_type, arrow)
    for name, standin in STANDINS.items():
        if getattr(types, f"is_{name}")(type):
            return getattr(arrow, standin)()
    if types.is_list(type) or types.is_large_list(type):
        inner = None if _is_fine(type.value_type, arrow) else storable(type.value_type, arrow)
        return None if inner is None else arrow.list_(inner)
    if types.is_struct(type):
        parts = [(field.name, storable(field.type, arrow)) for field in type]
        fits = parts and all(part is not None for _, part in parts) and not any(_is_fine(f.type, arrow) for f in type)
        return arrow.struct(parts) if fits else None
    return type if any(getattr(types, f"is_{name}")(type) for name in KEPT.split()) else None


def _is_fine(type: Any, arrow: Any) -> bool:
    """Whether values have nanoseconds, which Python's own do not."""
    return getattr(type, "unit", None) == "ns" and arrow.types.is_temporal(type)


def is_fine(type: Any, arrow: Any) -> bool:
    """Whether values have nanoseconds, so that they are read as text."""
    return _is_fine(type, arrow)
