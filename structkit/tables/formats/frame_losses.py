"""Columns of data frames that Arrow would read as other values, without an error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from structkit.values.source_cell import is_missing

DUCKDB_LOSSES = frozenset({"bit", "time with time zone", "uhugeint"})
"""Types of DuckDB that it exports as bytes, without the zone, and with overflow (duckdb.org/docs, Arrow export)."""

Place = tuple[str, ...]


def find_loss(frame: Any) -> str:
    """Return which column would lose something, and what; empty if none would."""
    losses = (*_polars_losses(frame), *_duckdb_losses(frame), *_pandas_losses(frame))
    return next((f"the column {name!r} has {loss}" for name, loss in losses if loss), "")


def is_query(frame: Any) -> bool:
    """Return whether a frame is a query of DuckDB, which runs again each time that its rows are read."""
    return type(frame).__name__ == "DuckDBPyRelation"


def _polars_losses(frame: Any) -> Iterator[tuple[str, str]]:
    """Yield the columns whose values are addresses in Arrow."""
    schema = getattr(frame, "schema", None)
    for name, kind in schema.items() if isinstance(schema, Mapping) else ():
        yield name, "Python objects" if str(kind) == "Object" else ""


def _duckdb_losses(frame: Any) -> Iterator[tuple[str, str]]:
    if is_query(frame):
        for name, kind in zip(frame.columns, frame.types, strict=True):
            types = DUCKDB_LOSSES & {*_duckdb_types(kind)}
            yield name, f"the type {min(types).upper()}" if types else ""


def _duckdb_types(kind: Any) -> Iterator[str]:
    """Yield the name of a type of DuckDB, and of all types within it."""
    yield kind.id
    if kind.id in {"list", "array", "struct", "map", "union"}:
        for _, part in kind.children:
            if hasattr(part, "id"):  # the size of an array is a number
                yield from _duckdb_types(part)


def _pandas_losses(frame: Any) -> Iterator[tuple[str, str]]:
    kinds = getattr(getattr(frame, "dtypes", None), "items", None)  # of pandas only
    for name in (name for name, kind in kinds() if kind == "object") if kinds else ():
        cells = frame[name]
        if getattr(cells, "ndim", 1) == 1:  # two columns of one name are a frame
            yield name, _object_loss(cells)


def _object_loss(cells: Iterable[Any]) -> str:
    try:
        return _mixture(cells)
    except RecursionError:
        return "a cell that contains itself, or is nested too deep"


def _mixture(cells: Iterable[Any]) -> str:
    """Return what a column of Python objects has that one type of Arrow has not; empty if it has it all.

    >>> _mixture([date(2026, 1, 5), datetime(2026, 1, 5, 8)]), _mixture([[b"a"], ["a"]]), _mixture([1, 2.5, None])
    ('dates and datetimes', 'bytes and texts', '')
    """
    kinds = defaultdict[Place, set[str]](set)
    if {*map(type, cells)} <= LOSSLESS_TYPES:
        return ""
    for cell in cells:
        for place, kind in _leaves(cell, ()):
            kinds[place].add(kind)
    lossy = (LOSSES & each or (each if len(each) > 1 else ()) for each in kinds.values())
    return next((" and ".join(sorted(each)) for each in lossy if each), "")


KINDS: dict[str, Any] = {"texts": str, "bytes": (bytes, bytearray), "dates": date}
LOSSLESS_TYPES = {str, int, float, bool, type(None)}
NANOSECONDS, ZONED_TIMES = "nanoseconds", "times of a day with a time zone"
LOSSES = frozenset({NANOSECONDS, ZONED_TIMES})
"""What Arrow drops from a Python object even if all of the column are of its kind."""


def _leaves(cell: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the kind of each value in a cell that Arrow may confuse with another kind, and where it is."""
    if isinstance(cell, dict):
        for name, part in cell.items():
            yield from _leaves(part, (*place, str(name)))
    elif isinstance(cell, list | tuple) or getattr(cell, "dtype", None) == "object":
        for part in cell:
            yield from _leaves(part, (*place, "[]"))
    elif kind := _kind(cell):
        yield place, kind


def _kind(cell: Any) -> str:
    if is_missing(cell):  # the nanoseconds of NaT are NaN
        return ""
    if getattr(cell, "nanosecond", 0) or getattr(cell, "nanoseconds", 0):
        return NANOSECONDS
    if isinstance(cell, time):
        return ZONED_TIMES if cell.tzinfo else ""
    if isinstance(cell, datetime):
        return f"datetimes in {cell.tzinfo}" if cell.tzinfo else "datetimes"
    return next((name for name, types in KINDS.items() if isinstance(cell, types)), "")
