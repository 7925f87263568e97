"""A data frame with a column for each field of the values that a function returns for its rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from structkit.errors import ConfigError, StructkitError
from structkit.schema import ResponseFormat
from structkit.tables.columns import Column, input_columns, output_columns, run_columns, with_unique_names
from structkit.tables.sources import open_source
from structkit.values import ABSENT, JSON


class DataFrame(Protocol):
    """A pandas or polars data frame, or an Arrow table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return its rows as a stream of Arrow data."""


F = TypeVar("F", bound=DataFrame)

VALUE_COLUMN = "value"
"""The column of a type without fields, if it has no other name."""


def is_frame(rows: Any) -> bool:
    """Return whether rows are a data frame; a single column of one is not."""
    return hasattr(rows, "__arrow_c_stream__") and (hasattr(rows, "columns") or hasattr(rows, "column_names"))


def _validate_needs(frame: Any, needs: frozenset[str]) -> None:
    """Validate, before anything is sent, that a frame has the columns that a function needs.

    Raises:
        ConfigError: It does not.
    """
    names = _names(frame)
    if missing := sorted(needs - {*names}):
        needed = ", ".join(map(repr, missing))
        raise ConfigError(f"the function needs {needed}, but the columns of the data frame are: {', '.join(names)}")


def _names(frame: Any) -> list[str]:
    return [str(name) for name in getattr(frame, "column_names", frame.columns)]


def frame_rows(frame: Any) -> list[JSON]:
    """Return the rows of a data frame as dicts by column.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    return [dict(record.values) for record in open_source(frame)]


def reject_value_column(name: str) -> None:
    """Reject a name of a column where the rows are not a data frame.

    Raises:
        ConfigError: There is one.
    """
    if name != VALUE_COLUMN:
        raise ConfigError(f"value_column {name!r} names a column of a data frame, and the rows are none; leave it out")


def new_columns(
    frame: Any, needs: frozenset[str], response_format: ResponseFormat[Any], value_column: str, *, has_errors: bool
) -> tuple[Column, ...]:
    """Return the columns that a frame gets; checked before anything is sent.

    Raises:
        ConfigError: The frame lacks a column that the function needs, has one of such a name, or cannot get columns; or
            the type has a column for each field, and a name for its only one is set.
    """
    _validate_needs(frame, needs)
    is_open = isinstance(response_format.output_type, dict)
    columns = output_columns(response_format.natural_schema, is_open=is_open, name=value_column)
    if value_column != VALUE_COLUMN and columns[0].path != ("output",):
        raise ConfigError(
            f"value_column {value_column!r} names the column of a type without fields; {response_format.name} has a "
            "column for each field; leave it out"
        )
    names = _names(frame)
    if present := [column.name for column in columns if column.name in names]:
        raise ConfigError(f"the data frame already has {', '.join(map(repr, present))}: rename or drop it first")
    if has_errors:  # these get other names instead, as in the output of a job
        columns += run_columns("error", "message")
        columns = with_unique_names((*input_columns(names), *columns))[len(names) :]
    if not any(hasattr(frame, name) for name in ("assign", "with_columns", "append_column")):
        raise ConfigError(
            f"a {type(frame).__name__} cannot get columns: pass a pandas or polars frame or an Arrow table"
        )
    return columns


def with_columns(frame: F, columns: Sequence[Column], values: Iterable[Any], response_format: ResponseFormat[Any]) -> F:
    """Return the frame with the values of its rows as columns; a `StructkitError` is the value of a row that failed."""
    cells = [
        {"run": {"error": type(value).__name__, "message": str(value)}}
        if isinstance(value, StructkitError)
        else {"output": response_format.natural(value, for_reader=True)}
        for value in values
    ]
    by_name = {column.name: [_cell(column, row) for row in cells] for column in columns}
    framed: F = _add(by_name, frame)
    return framed


def _cell(column: Column, row: JSON) -> Any:
    value = column.cell(row)
    return None if value is ABSENT else value


def _add(columns: dict[str, list[Any]], frame: Any) -> Any:
    if hasattr(frame, "assign"):
        return frame.assign(**columns)
    if hasattr(frame, "with_columns"):
        series = sys.modules["polars"].Series  # it is loaded: this is a frame of it
        return frame.with_columns([series(name, values, strict=False) for name, values in columns.items()])
    for name, values in columns.items():
        frame = frame.append_column(name, [values])
    return frame
