"""Parquet, Arrow files and streams, and data frames (objects with `__arrow_c_stream__`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from zoneinfo import ZoneInfo

from structkit.errors import JobError
from structkit.optional import import_extra
from structkit.tables.columns import Column
from structkit.tables.files import Input
from structkit.tables.formats.arrow_cells import has_nanoseconds, read_cells
from structkit.tables.formats.arrow_json import column_metadata, column_schema, read_json_text
from structkit.tables.formats.arrow_types import ArrowEncoding, encoding_of
from structkit.tables.formats.format import Format, Header, SourceRow, Table, Target, read_header
from structkit.tables.formats.frame_losses import find_loss, is_query
from structkit.tables.formats.frame_masks import without_masks
from structkit.values import ABSENT, JSON
from structkit.values.text import shorten

EXTRA = "arrow"
BATCH_ROWS = 1_000
"""Rows that are read at a time."""

MAX_GROUP_ROWS = 10_000
"""Rows of a group, which is written with one call; fewer if they are large."""

MAX_GROUP_CHARS = 32 * 1024 * 1024

_OFFSET = re.compile(r"[+-]\d\d:\d\d")
"""A time zone of Arrow that is an offset."""

MAX_REASON_CHARS = 200
"""Characters of what Arrow says about a value that it does not have."""


def fetch_rows(frame: Any, source: Input) -> Any:
    """Return the result of a query of DuckDB, whose rows may differ from run to run; any other frame unchanged.

    Raises:
        JobError: The query fails, or a column has values that Arrow does not have.
    """
    if not is_query(frame):
        return frame
    if loss := find_loss(frame):
        raise _not_a_table(source, loss)
    try:
        return frame.to_arrow_table()
    except Exception as error:  # noqa: BLE001 (duckdb's errors are no Python errors)
        raise JobError(f"{source.name} cannot be read: {error}") from None


def read_stream(frame: Any, source: Input) -> Table:
    """Open a data frame, or anything else that has `__arrow_c_stream__`.

    Raises:
        ConfigError: pyarrow is not installed.
        JobError: A column has values that Arrow does not have, or of several types; or two columns have one name.
    """
    arrow = import_extra("pyarrow", EXTRA)
    if loss := find_loss(frame):
        raise _not_a_table(source, loss)
    try:
        reader = arrow.RecordBatchReader.from_stream(without_masks(_without_unnamed_index(frame)))
    except Exception as error:  # noqa: BLE001 (the library of the frame may raise anything)
        reason = "; ".join(map(str, error.args))
        if "non-struct type" in reason:
            raise JobError(
                f"{source.name} cannot be read: it is one column; pass its frame, or list(...) for the column 'text'"
            ) from None
        if duplicates := _duplicate_columns(frame):
            raise source.error(f"columns with the same name: {', '.join(map(repr, duplicates))}") from None
        raise _not_a_table(source, reason) from None
    return _table(source, reader.schema, reader, ExitStack())


def _duplicate_columns(frame: Any) -> list[str]:
    names = [*map(str, getattr(frame, "columns", ()))]
    return sorted({name for name in names if names.count(name) > 1})


def _not_a_table(source: Input, reason: str) -> JobError:
    advice = (
        "give the column one type, as with frame.astype({'COLUMN': str}) or select COLUMN::VARCHAR, or pass "
        "frame.to_dict('records')"
    )
    return JobError(f"{source.name} cannot be read: {shorten(reason, MAX_REASON_CHARS)}; {advice}")


def _without_unnamed_index(frame: Any) -> Any:
    """Return a pandas frame without the levels of its index that have no name: they would become columns."""
    index: Any = getattr(frame, "index", None)
    if not hasattr(frame, "reset_index"):
        return frame
    if type(index).__name__ == "RangeIndex":  # which Arrow has as metadata
        is_taken = index.name is None or str(index.name) in map(str, frame.columns)
        return frame if is_taken else frame.assign(**{str(index.name): index})
    unnamed = [level for level, name in enumerate(index.names) if name is None]
    return frame.reset_index(level=unnamed, drop=True) if unnamed else frame


def _read_parquet(source: Input) -> Table:
    parquet = import_extra("pyarrow.parquet", EXTRA)
    with _translate_errors(source), ExitStack() as stack:
        place = source.path if source.stored is None else stack.enter_context(source.open())
        file = stack.enter_context(parquet.ParquetFile(place, buffer_size=1024 * 1024, pre_buffer=False))
        return _table(source, file.schema_arrow, file.iter_batches(BATCH_ROWS), stack.pop_all())


def _read_arrow(source: Input) -> Table:
    """Open an Arrow file or stream, whichever it is."""
    ipc = import_extra("pyarrow", EXTRA).ipc
    with _translate_errors(source), ExitStack() as stack:
        file = stack.enter_context(source.open())
        if not source.is_repeatable or file.peek(6)[:6] != b"ARROW1":  # type: ignore[attr-defined]
            stream = ipc.open_stream(file)
            return _table(source, stream.schema, _validated(stream), stack.pop_all())
        reader = ipc.open_file(file)
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        return _table(source, reader.schema, _validated(batches), stack.pop_all())


def _validated(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches of a file whose offsets lie within it; pyarrow ends the process at others.

    Raises:
        ArrowInvalid: The file is damaged.
    """
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _table(source: Input, schema: Any, batches: Iterable[Any], resources: ExitStack) -> Table:
    try:
        names = read_header(schema.names, source)
        _validate_types(schema, source)
    except JobError:
        resources.close()
        raise
    columns = [_column(name, field) for name, field in zip(names, schema, strict=True)]
    return Table(Header(tuple(columns), is_typed=True, unit="row"), _rows(source, columns, batches, resources))


def _column(name: str, field: Any) -> Column:
    """Return a column; one with JSON text has the schema that it is written with again, and no type of Arrow."""
    schema = column_schema(field)
    return Column(name, ("input", name), schema or {}, arrow=field.type if schema is None else None)


def _validate_types(schema: Any, source: Input) -> None:
    """Validate that no column would be read as other values than it has.

    Raises:
        JobError: A column has a type that only the program that has written it can read.
    """
    for field in schema:
        if loss := next(filter(None, map(_extension_loss, _nested_types(field.type))), ""):
            raise _not_a_table(source, f"the column {field.name!r} has {loss}")


def _extension_loss(type: Any) -> str:
    """Return what an extension type of Arrow stores in a form of its own; empty if its storage can be read."""
    name = getattr(type, "extension_name", None)
    if name == "arrow.opaque":  # https://arrow.apache.org/docs/format/CanonicalExtensions.html#opaque
        return f"the type {type.type_name} of {type.vendor_name}"
    return "periods" if name == "pandas.period" else ""


def _nested_types(type: Any) -> Iterator[Any]:
    """Yield a type and all types within it."""
    yield type
    parts = [type.field(number).type for number in range(type.num_fields)]
    for part in (*parts, *filter(None, [getattr(type, "value_type", None)])):
        yield from _nested_types(part)


def _rows(
    source: Input, columns: Sequence[Column], batches: Iterable[Any], resources: ExitStack
) -> Iterator[SourceRow]:
    arrow, names, number = import_extra("pyarrow", EXTRA), [column.name for column in columns], 0
    with resources, _translate_errors(source):
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                arrays = zip(columns, batch.slice(start, BATCH_ROWS).columns, strict=True)
                cells = [_read_column(source, column, array, arrow) for column, array in arrays]
                for row in zip(*cells, strict=True):
                    number += 1
                    yield SourceRow(number, dict(zip(names, row, strict=True)))


def _read_column(source: Input, column: Column, array: Any, arrow: Any) -> list[Any]:
    try:
        cells = read_cells(array, arrow)
    except (ValueError, OverflowError) as error:  # a date after the year 9999, for instance
        zone = _unknown_zone(array.type)
        reason = f"this machine does not know its time zone {zone!r} (pip install tzdata)" if zone else error
        raise source.error(f"the column {column.name!r} cannot be read: {reason}; convert it to text") from None
    return cells if column.arrow is not None else [read_json_text(cell, column.schema) for cell in cells]


def _unknown_zone(type: Any) -> str:
    """Return the time zone within a type that Python does not have; empty if it has all."""
    for each in _nested_types(type):
        zone = getattr(each, "tz", None) or ""
        try:
            ZoneInfo(zone or "UTC")
        except (LookupError, ValueError, OSError):
            if not _OFFSET.fullmatch(zone):
                return str(zone)
    return ""


def _count_parquet(source: Input) -> int | None:
    with _translate_errors(source), ExitStack() as stack:
        place = source.path if source.stored is None else stack.enter_context(source.open())
        return int(import_extra("pyarrow.parquet", EXTRA).read_metadata(place).num_rows)


READ_ERRORS = (OSError, ValueError, NotImplementedError, LookupError, TypeError, OverflowError, MemoryError)
"""What pyarrow raises for a damaged file; some have a size that no memory has."""


class _translate_errors:  # noqa: N801 (a context manager that is written as a call)
    """Turns pyarrow's errors into a `JobError`."""

    def __init__(self, source: Input) -> None:
        self._source = source

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, READ_ERRORS):
            raise self._source.error(f"cannot be read: {error}") from None


class _ArrowWriter:
    """Writes rows as Arrow batches, with the nested types of the values."""

    def __init__(self, target: Target, open_file: Callable[[Target, Any], Any]) -> None:
        self._arrow = import_extra("pyarrow", EXTRA)
        self._name, self._columns = target.name, target.columns
        self._encodings = [encoding_of(column, self._arrow) for column in target.columns]
        self._schema = self._arrow.schema(
            [self._field(*pair) for pair in zip(target.columns, self._encodings, strict=True)]
        )
        self._file = open_file(target, self._schema)
        self._buffer, self._buffer_chars = list[list[Any]](), 0

    def write(self, row: JSON) -> None:
        """Write a row."""
        cells = [column.cell(row) for column in self._columns]
        self._buffer.append([None if cell is ABSENT else cell for cell in cells])
        self._buffer_chars += sum(_size(cell) for cell in cells)
        if len(self._buffer) >= MAX_GROUP_ROWS or self._buffer_chars > MAX_GROUP_CHARS:
            self._flush()

    def close(self) -> None:
        """Write everything that is buffered."""
        try:
            self._flush()
        finally:
            self._file.close()

    def _flush(self) -> None:
        buffer, self._buffer, self._buffer_chars = self._buffer, [], 0
        if buffer:
            cells = zip(*buffer, strict=True)
            arrays = [self._array(*each) for each in zip(self._columns, self._encodings, cells, strict=True)]
            self._file.write_batch(self._arrow.record_batch(arrays, schema=self._schema))

    def _field(self, column: Column, encoding: ArrowEncoding) -> Any:
        return self._arrow.field(column.name, encoding.type, metadata=column_metadata(encoding.schema))

    def _array(self, column: Column, encoding: ArrowEncoding, cells: tuple[Any, ...]) -> Any:
        try:
            values = [encoding.convert(cell) for cell in cells]
            if has_nanoseconds(encoding.type, self._arrow):
                return self._arrow.array(values, self._arrow.string()).cast(encoding.type)
            return self._arrow.array(values, encoding.type)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            reason = f"column {column.name!r} is {encoding.type}, but a cell is not: {error}; write JSONL instead"
            raise JobError(f"cannot write {self._name}: {reason}", file=self._name) from None


def _size(cell: Any) -> int:
    if isinstance(cell, str | bytes):
        return len(cell)
    return sum(map(_size, cell.values() if isinstance(cell, dict) else cell)) if isinstance(cell, dict | list) else 8


def _open_parquet(target: Target, schema: Any) -> Any:
    return import_extra("pyarrow.parquet", EXTRA).ParquetWriter(target.file, schema, compression="zstd")


def _open_arrow(target: Target, schema: Any) -> Any:
    ipc = import_extra("pyarrow", EXTRA).ipc
    return (ipc.new_stream if target.path is None else ipc.new_file)(target.file, schema)


PARQUET = Format(
    "parquet",
    (".parquet", ".pq"),
    _read_parquet,
    lambda target: _ArrowWriter(target, _open_parquet),
    _count_parquet,
    write_extra=("pyarrow", EXTRA),
)
ARROW = Format(
    "arrow",
    (".arrow", ".feather", ".ipc"),
    _read_arrow,
    lambda target: _ArrowWriter(target, _open_arrow),
    can_stream=True,
    write_extra=("pyarrow", EXTRA),
)
