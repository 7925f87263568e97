"""The cells of Arrow columns, also of types that Python has not: nanoseconds, intervals, maps, floats of 32 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from structkit.values.iso_time import iso_duration, iso_interval, iso_time

Read = Callable[[Any], Any]


def has_nanoseconds(type: Any, arrow: Any) -> bool:
    """Return whether a type has nanoseconds; they are read as text, because Python's own types cannot hold them."""
    return getattr(type, "unit", None) == "ns" and arrow.types.is_temporal(type)


def read_cells(column: Any, arrow: Any) -> list[Any]:
    """Return the cells of a column as Python values."""
    column = _with_short_floats(column, arrow)
    plan = _plan(column.type, arrow)
    if plan is None:
        cells: list[Any] = column.to_pylist()
        return cells
    cast_type, read = plan
    return [*map(read, column.cast(cast_type).to_pylist())]


def _with_short_floats(column: Any, arrow: Any) -> Any:
    """Return a column with floats of 64 bits for those of 32, each with the shortest digits of the latter.

    As text, a float of 32 bits has these, 0.1; cast to 64 bits it has others, 0.10000000149011612.
    """
    texts = _with_floats_as(arrow.string(), column.type, arrow)
    if texts == column.type:
        return column
    return column.cast(texts).cast(_with_floats_as(arrow.float64(), column.type, arrow))


def _with_floats_as(replacement: Any, type: Any, arrow: Any) -> Any:
    """Return a type with another one for its floats of 32 bits; a dictionary of them is decoded."""
    types = arrow.types

    def replace(field: Any) -> Any:
        return field.with_type(_with_floats_as(replacement, field.type, arrow))

    if types.is_dictionary(type):
        item = _with_floats_as(replacement, type.value_type, arrow)
        return type if item == type.value_type else item
    if types.is_fixed_size_list(type):
        return arrow.list_(replace(type.value_field), type.list_size)
    if types.is_list(type) or types.is_large_list(type):
        return (arrow.list_ if types.is_list(type) else arrow.large_list)(replace(type.value_field))
    if types.is_struct(type):
        return arrow.struct([replace(field) for field in type])
    if types.is_map(type):
        return arrow.map_(replace(type.key_field), replace(type.item_field), keys_sorted=type.keys_sorted)
    return replacement if types.is_float32(type) else type


def _plan(type: Any, arrow: Any) -> tuple[Any, Read] | None:
    """Return the type that a column is read as, and what reads its cells; None if pyarrow reads them."""
    types = arrow.types
    if types.is_dictionary(type) or types.is_list(type) or types.is_large_list(type) or types.is_fixed_size_list(type):
        item = _plan(type.value_type, arrow)
        return item if types.is_dictionary(type) else _list_plan(item, arrow)
    if types.is_struct(type):
        return _struct_plan({field.name: (field.type, _plan(field.type, arrow)) for field in type}, arrow)
    if types.is_map(type):
        return _map_plan(type, _plan(type.item_type, arrow), arrow)
    return _scalar_plan(type, arrow)


def _scalar_plan(type: Any, arrow: Any) -> tuple[Any, Read] | None:
    if has_nanoseconds(type, arrow):
        is_duration = arrow.types.is_duration(type)
        return (arrow.int64(), _or_none(iso_duration)) if is_duration else (arrow.string(), _or_none(iso_time))
    if arrow.types.is_interval(type):
        return type, _or_none(lambda cell: iso_interval(*cell))
    return None


def _map_plan(type: Any, item: tuple[Any, Read] | None, arrow: Any) -> tuple[Any, Read]:
    if item is None:
        return type, _or_none(_to_dict)
    cast_type, read = item
    return arrow.map_(type.key_type, cast_type), _or_none(
        lambda pairs: _to_dict([(key, read(cell)) for key, cell in pairs])
    )


def _to_dict(pairs: list[tuple[Any, Any]]) -> dict[str, Any] | list[tuple[Any, Any]]:
    """Return the pairs of a map as a dict, as JSON has it; unchanged if a key is not a text, or there twice.

    >>> _to_dict([("a", 1)]), _to_dict([("a", 1), ("a", 2)]), _to_dict([(1, 2)])
    ({'a': 1}, [('a', 1), ('a', 2)], [(1, 2)])
    """
    cell = dict(pairs)
    return cell if len(cell) == len(pairs) and all(isinstance(key, str) for key in cell) else pairs


def _list_plan(item: tuple[Any, Read] | None, arrow: Any) -> tuple[Any, Read] | None:
    if item is None:
        return None
    cast_type, read = item
    return arrow.list_(cast_type), _or_none(lambda cells: [*map(read, cells)])


def _struct_plan(parts: dict[str, tuple[Any, tuple[Any, Read] | None]], arrow: Any) -> tuple[Any, Read] | None:
    plans = {name: plan for name, (_, plan) in parts.items() if plan}
    if not plans:
        return None
    cast_type = arrow.struct([(name, plan[0] if plan else own_type) for name, (own_type, plan) in parts.items()])
    reads = {name: read for name, (_, read) in plans.items()}
    return cast_type, _or_none(lambda cell: cell | {name: read(cell[name]) for name, read in reads.items()})


def _or_none(read: Read) -> Read:
    return lambda cell: None if cell is None else read(cell)
