"""Where rows come from: a file of any format, standard input, a data frame, rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any

from structkit.errors import JobError
from structkit.tables.columns import Column
from structkit.tables.files import Draft, Identity, Input, identity, is_same
from structkit.tables.formats import STANDARD, find_format
from structkit.tables.formats.arrow import read_stream
from structkit.tables.formats.format import Line, Table
from structkit.tables.formats.memory import read_rows
from structkit.tables.inference import Observed
from structkit.tables.records import Record, as_json, digest
from structkit.tables.seen_keys import Seen

STREAM = "input.jsonl"
"""Where a job's folder has the rows of a stream."""

PEEKED = 100
"""Rows that are looked at for their columns where the format does not declare them; one of a stream."""

CHECKED = 10_000
"""Rows after which the file is looked at again."""


def open_source(source: Any, *, key: str | None = None, format: str | None = None, table: str | None = None) -> Source:
    """The rows of a file, of standard input, of a data frame, or in memory.

    Args:
        source: A path (the suffix says the format: `rows.csv`, `rows.jsonl.gz`); `-` for standard input; anything with
            `__arrow_c_stream__`, such as a pandas or polars frame; an iterable of dicts, or of texts, which become
            the column `text`.
        key: The column that names a row; by default its content does.
        format: `csv`, `tsv`, `jsonl`, `sqlite`, `parquet`, `arrow` or `excel`, where the suffix does not say.
        table: Which table or query of a database, or which sheet of a workbook.

    Raises:
        JobError: There is no such file, format or column, or the header is not sound.
        ConfigError: The format needs an extra that is not installed.
    """
    if isinstance(source, str | PathLike):
        return _from_file(str(source), key, format, table)
    if hasattr(source, "__arrow_c_stream__"):
        place = Input(f"the {type(source).__name__}")
        once = type(source).__name__ == "RecordBatchReader"
        return Source(lambda: read_stream(source, place), place, key, once=once, count=lambda: _length(source))
    if isinstance(source, bytes | Mapping) or hasattr(type(source), "columns") or not hasattr(source, "__iter__"):
        raise JobError(f"a {type(source).__name__} is no source of rows: give a path, a data frame or a list of dicts")
    place, once = Input("the rows"), iter(source) is source
    return Source(lambda: read_rows(source, place), place, key, once=once, count=lambda: _length(source))


def keep_stream(source: Source, path: Path) -> Source:
    """A source that can be read again: the source itself, or the rows of a stream, read to its end into a JSONL file.

    Dates, bytes and decimals become text on the way. What a killed process has kept is not used again: a stream
    is complete under the file's name, or not there.

    Raises:
        JobError: The stream or the file fails.
    """
    if source.repeatable:
        return source
    draft = Draft(path, overwrite=True)
    try:
        for record in source:
            draft.file.write(as_json(record.values).encode() + b"\n")
        draft.publish()
    except OSError as error:
        raise draft.wrong(error) from None
    finally:
        draft.discard()
    return open_source(path, key=source.key, format="jsonl")


def _from_file(name: str, key: str | None, given: str | None, table: str | None) -> Source:
    found = find_format(name, given or ("jsonl" if name == STANDARD else None))
    path = None if name == STANDARD else Path(name).expanduser()
    place = Input("standard input" if path is None else name, path, found.compression, table)
    if path is not None and not path.exists():
        raise JobError(f"there is no file {name!r}", file=name)
    if path is not None and path.is_dir():
        raise JobError(f"{name!r} is a folder", file=name)
    if not place.repeatable and not found.format.streams:
        raise JobError(f"{found.format.name} cannot be read from a stream: give a file", file=name)
    once = not place.repeatable
    return Source(lambda: found.format.read(place), place, key, once=once, count=lambda: found.format.count(place))


class Source:
    """Rows that are read one after the other; each iteration begins anew, unless it is a stream.

    Args:
        begin: Opens the table.
        place: What it is, for messages.
        key: The column that names a row; None for its content.
        once: Whether it is a stream, which can be read once.
        count: The number of rows, where it is cheap to know.

    Attributes:
        key: The column that names a row; None for its content.
        repeatable: Whether it can be iterated again.
        file: Its name, as given; None for what is no file.
        identity: The state that the file was in when it was opened.

    Raises:
        JobError: It cannot be read, or has no such column.
    """

    def __init__(
        self, begin: Callable[[], Table], place: Input, key: str | None, *, once: bool, count: Callable[[], int | None]
    ) -> None:
        """Open it, and read as much as it takes to know its columns."""
        self._begin, self._place, self.key, self._count = begin, place, key, count
        self.repeatable = not once
        self.file = place.name if place.path else None
        self.identity: Identity | None = identity(place.path) if place.path and place.repeatable else None
        self._observed, self._ended = Observed(), False
        self._header, rows = begin()
        self._stream = self._look(rows)
        if key is not None and (self._header.columns or self.columns) and key not in self.columns:
            raise JobError(f"{place.name} has no column {key!r}; it has {', '.join(self.columns)}", file=self.file)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns. Of rows that do not declare them (JSONL, dicts): those that were read so far."""
        return tuple(column.name for column in self._header.columns) or self._observed.names

    @property
    def fields(self) -> tuple[Column, ...]:
        """Its columns as a sink takes them. What untyped cells are is known once all rows have been read."""
        if self._header.typed:
            return self._header.columns
        seen = {column.name: column for column in self._observed.columns()}
        return tuple(seen.get(column.name, column) for column in self._header.columns) or tuple(seen.values())

    def count(self) -> int | None:
        """The number of rows, where it is cheap to know; else None."""
        return self._count() if self.repeatable else None

    def check(self) -> None:
        """See that the file is as it was when it was opened.

        Raises:
            JobError: It has changed.
        """
        if self.identity and self._place.path and not is_same(self._place.path, self.identity):
            raise self._place.wrong("the file has changed while it was being read; start again")

    def __iter__(self) -> Iterator[Record]:
        """Its rows.

        A key that stands twice is found by a hash of each, and then looked for from the beginning of the source, so
        that both places can be said; of a stream, only the second. Beyond five million keys, later ones are only
        looked for among these.

        Raises:
            JobError: A row cannot be read, its key is empty or stands twice, the file has changed, or it is a stream
                that has been read.
        """
        seen, lines = Seen(), self._lines()
        for ordinal, line in enumerate(lines):
            if not self._header.typed:
                self._observed.row(line.values)
            if ordinal % CHECKED == CHECKED - 1:
                self.check()
            yield Record(ordinal, self._key_of(line, seen), line.values, ordinal + 1)
        self.check()

    def _look(self, rows: Iterator[Line]) -> Iterator[Line] | None:
        """Look at the first rows for their columns; what remains of a stream, or None."""
        wanted = 0 if self._header.columns else 1 if not self.repeatable else PEEKED
        peeked = list(islice(rows, wanted))
        for line in peeked:
            self._observed.row(line.values)
        if not self.repeatable:
            return chain(peeked, rows)
        _close(rows)
        return None

    def _lines(self) -> Iterator[Line]:
        if self.repeatable:
            self.check()
            return self._begin().rows
        if self._stream is None:
            raise self._place.wrong("it is a stream, and has been read")
        stream, self._stream = self._stream, None
        return stream

    def _key_of(self, line: Line, seen: Seen) -> str:
        if self.key is None:
            return digest(line.values)
        key = _named(line, self.key)
        if not key:
            raise self._wrong(f"the key {self.key!r} is empty", line)
        if seen.add(key):
            self._refuse_twice(key, line)
        return key

    def _refuse_twice(self, key: str, line: Line) -> None:
        unit, again = self._header.unit, "before"
        if self.repeatable:
            rows = self._begin().rows
            first = next((earlier.number for earlier in rows if _named(earlier, str(self.key)) == key), line.number)
            _close(rows)
            if first == line.number:  # two keys with one hash
                return
            again = f"in {unit} {first}"
        raise self._wrong(f"the key {key[:80]!r} stands here and {again}", line)

    def _wrong(self, message: str, line: Line) -> JobError:
        return self._place.wrong(message, line.number, unit=self._header.unit)


def _named(line: Line, key: str) -> str:
    value = line.values.get(key)
    return "" if value is None else str(value)


def _length(source: Any) -> int | None:
    rows = getattr(source, "num_rows", None)
    return rows if isinstance(rows, int) else len(source) if hasattr(source, "__len__") else None


def _close(rows: Iterable[Line]) -> None:
    """End a generator, and with it what it has open."""
    close = getattr(rows, "close", None)
    if close:
        close()
