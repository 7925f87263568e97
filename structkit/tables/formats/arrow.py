"""Parquet, Arrow files and streams, and data frames: what has `__arrow_c_stream__`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from structkit.errors import JobError
from structkit.tables.columns import Column
from structkit.tables.files import Input
from structkit.tables.formats.arrow_types import Shape, is_fine, shape_of
from structkit.tables.formats.format import Format, Header, Line, Table, Target, headed
from structkit.tables.optional import need
from structkit.values import ABSENT, JSON

EXTRA = "arrow"
AT_ONCE = 1_000
"""Rows that are read at once."""

GROUP = 10_000
"""Rows of a group, which is written at once; fewer where they are large."""

HEAVY = 32 * 1024 * 1024
"""Letters of a group at most."""

MARK = {b"structkit": b"json"}
"""The metadata of a column whose texts are JSON."""


def read_stream(frame: Any, source: Input) -> Table:
    """A data frame, or anything else that has `__arrow_c_stream__`.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    arrow = need("pyarrow", EXTRA)
    reader = arrow.RecordBatchReader.from_stream(frame)
    return _table(source, reader.schema, reader, ExitStack())


def _read_parquet(source: Input) -> Table:
    parquet = need("pyarrow.parquet", EXTRA)
    with _told(source), ExitStack() as opened:
        file = opened.enter_context(parquet.ParquetFile(source.path, buffer_size=1024 * 1024, pre_buffer=False))
        return _table(source, file.schema_arrow, file.iter_batches(AT_ONCE), opened.pop_all())


def _read_arrow(source: Input) -> Table:
    """An Arrow file or stream, whichever it is."""
    ipc = need("pyarrow", EXTRA).ipc
    with _told(source), ExitStack() as opened:
        file = opened.enter_context(source.open())
        if source.path is None or not source.repeatable or file.peek(6)[:6] != b"ARROW1":  # type: ignore[attr-defined]
            stream = ipc.open_stream(file)
            return _table(source, stream.schema, stream, opened.pop_all())
        found = ipc.open_file(file)
        batches = (found.get_batch(number) for number in range(found.num_record_batches))
        return _table(source, found.schema, batches, opened.pop_all())


def _table(source: Input, schema: Any, batches: Iterable[Any], opened: ExitStack) -> Table:
    try:
        names = headed(schema.names, source)
    except JobError:
        opened.close()
        raise
    columns = [Column(name, ("input", name), arrow=field.type) for name, field in zip(names, schema, strict=True)]
    return Table(Header(tuple(columns), typed=True, unit="row"), _rows(source, names, batches, opened))


def _rows(source: Input, names: tuple[str, ...], batches: Iterable[Any], opened: ExitStack) -> Iterator[Line]:
    number = 0
    with opened, _told(source):
        for batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                cells = [_values(column) for column in batch.slice(start, AT_ONCE).columns]
                for row in zip(*cells, strict=True):
                    number += 1
                    yield Line(number, dict(zip(names, row, strict=True)))


def _values(column: Any) -> list[Any]:
    """The cells as Python has them; as text where they have nanoseconds."""
    arrow = need("pyarrow", EXTRA)
    cells: list[Any] = (column.cast(arrow.string()) if is_fine(column.type, arrow) else column).to_pylist()
    return cells


def _count_parquet(source: Input) -> int | None:
    with _told(source):
        return int(need("pyarrow.parquet", EXTRA).read_metadata(source.path).num_rows)


class _told:  # noqa: N801 (a context manager that is written as a call)
    """pyarrow's errors as ours."""

    def __init__(self, source: Input) -> None:
        self._source = source

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError | ValueError | NotImplementedError | LookupError | TypeError):
            raise self._source.wrong(f"cannot be read: {error}") from None


class _Writer:
    """Rows as Arrow batches, with the nested types of the values."""

    def __init__(self, target: Target, begin: Callable[[Target, Any], Any]) -> None:
        self._arrow = need("pyarrow", EXTRA)
        self._name, self._columns = target.name, target.columns
        self._shapes = [shape_of(column, self._arrow) for column in target.columns]
        self._schema = self._arrow.schema(
            [self._field(*pair) for pair in zip(target.columns, self._shapes, strict=True)]
        )
        self._file = begin(target, self._schema)
        self._waiting, self._weight = list[list[Any]](), 0

    def write(self, row: JSON) -> None:
        """Take a row."""
        cells = [column.cell(row) for column in self._columns]
        self._waiting.append([None if cell is ABSENT else cell for cell in cells])
        self._weight += sum(_weight(cell) for cell in cells)
        if len(self._waiting) >= GROUP or self._weight > HEAVY:
            self._flush()

    def close(self) -> None:
        """Write what is still to be written."""
        try:
            self._flush()
        finally:
            self._file.close()

    def _flush(self) -> None:
        waiting, self._waiting, self._weight = self._waiting, [], 0
        if waiting:
            cells = zip(*waiting, strict=True)
            arrays = [self._array(*each) for each in zip(self._columns, self._shapes, cells, strict=True)]
            self._file.write_batch(self._arrow.record_batch(arrays, schema=self._schema))

    def _field(self, column: Column, shape: Shape) -> Any:
        return self._arrow.field(column.name, shape.type, metadata=MARK if shape.is_text else None)

    def _array(self, column: Column, shape: Shape, cells: tuple[Any, ...]) -> Any:
        try:
            values = [shape.convert(cell) for cell in cells]
            if is_fine(shape.type, self._arrow):
                return self._arrow.array(values, self._arrow.string()).cast(shape.type)
            return self._arrow.array(values, shape.type)
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            told = f"column {column.name!r} is {shape.type}, and a cell is not: {error}; write JSONL, which takes all"
            raise JobError(f"cannot write {self._name}: {told}", file=self._name) from None


def _weight(cell: Any) -> int:
    if isinstance(cell, str | bytes):
        return len(cell)
    return sum(map(_weight, cell.values() if isinstance(cell, dict) else cell)) if isinstance(cell, dict | list) else 8


def _begin_parquet(target: Target, schema: Any) -> Any:
    return need("pyarrow.parquet", EXTRA).ParquetWriter(target.file, schema, compression="zstd")


def _begin_arrow(target: Target, schema: Any) -> Any:
    ipc = need("pyarrow", EXTRA).ipc
    return (ipc.new_stream if target.path is None else ipc.new_file)(target.file, schema)


PARQUET = Format(
    "parquet", (".parquet", ".pq"), _read_parquet, lambda target: _Writer(target, _begin_parquet), _count_parquet
)
ARROW = Format(
    "arrow", (".arrow", ".feather", ".ipc"), _read_arrow, lambda target: _Writer(target, _begin_arrow), streams=True
)
