"""Where rows are read from: a file of any format, standard input, a data frame, rows in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any

from structkit.errors import JobError
from structkit.tables.atomic_file import write_atomically
from structkit.tables.columns import Column
from structkit.tables.file_set import TableFiles, find_shared_format, is_file_set, list_table_files
from structkit.tables.file_states import FileStates
from structkit.tables.files import Input
from structkit.tables.formats import STANDARD, find_format
from structkit.tables.formats.arrow import fetch_rows, read_stream
from structkit.tables.formats.format import Format, SourceRow, Table
from structkit.tables.formats.memory import read_rows
from structkit.tables.inference import ColumnInference
from structkit.tables.object_store import find_stored_files, is_stored_set, is_url, public_url
from structkit.tables.records import Record, digest
from structkit.tables.seen_keys import SeenKeys
from structkit.values import JSON
from structkit.values.source_cell import to_json_text, to_text
from structkit.values.text import format_names

STREAM_FILE = "input.jsonl"
"""The file in a job's folder with the rows of a stream."""

PEEK_ROWS = 100
"""Rows from which columns are inferred where the format does not declare them; of a stream, one."""

CHECK_INTERVAL_ROWS = 10_000
"""Rows after which the file is checked for changes."""

DELIMITED, WITH_TABLES = frozenset({"csv", "tsv"}), frozenset({"sqlite", "excel"})
"""Formats with a delimiter, and formats of files that may have several tables."""

MAX_ERROR_CHARS = 80
"""Characters of a key that an error message quotes."""


def open_source(
    source: Any,
    *,
    key: str | None = None,
    format: str | None = None,
    table: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Source:
    """Open the rows of a file, of standard input, of a data frame, or in memory.

    Args:
        source: A path (the suffix determines the format: `rows.csv`, `rows.jsonl.gz`); a folder or a pattern
            (`texts/*.parquet`), whose files are one table, in the order of their names; the address of one of these
            (`s3://bucket/rows.parquet`), which needs the extra `objects`; `-` for standard input; anything with
            `__arrow_c_stream__`, such as a pandas or polars frame; an iterable of dicts, or of texts, which become the
            column `text`.
        key: The column that identifies a row; by default a digest of its content does.
        format: `csv`, `tsv`, `jsonl`, `sqlite`, `parquet`, `arrow` or `excel`, if the suffix does not determine it.
        table: Which table or query of a database, or which sheet of a workbook; by default its only table, or its first
            visible sheet.
        delimiter: The character between the cells of a CSV file, if it is not that of the format.
        encoding: The encoding of a text file, if it is not UTF-8.

    Raises:
        JobError: There is no such file, format or column, the header is invalid, or the format has no such setting.
        ConfigError: The format needs an extra that is not installed.
    """
    if isinstance(source, str | PathLike):
        return _open_file(str(source), key, format, Input("", None, "", table, delimiter, encoding))
    if (table, delimiter, encoding) != (None, None, None):
        raise JobError("table, delimiter and encoding are for files: these rows are not in one")
    if hasattr(source, "__arrow_c_stream__"):
        place = Input(f"the {type(source).__name__}")
        frame, is_stream = fetch_rows(source, place), type(source).__name__ == "RecordBatchReader"
        return Source(lambda: read_stream(frame, place), place, key, is_stream=is_stream, count=lambda: _length(frame))
    if (
        isinstance(source, bytes | Mapping | type)
        or hasattr(type(source), "columns")
        or not hasattr(source, "__iter__")
    ):
        name = type(source).__name__
        raise JobError(f"rows cannot be read from a {name}: pass a path, a data frame or a list of dicts")
    place, is_stream = Input("the rows"), iter(source) is source
    return Source(lambda: read_rows(source, place), place, key, is_stream=is_stream, count=lambda: _length(source))


def store_stream(source: Source, path: Path, limit: int | None = None) -> Source:
    """Return a source that can be read again: the source itself, or the rows of a stream, copied to a JSONL file.

    Of a stream, which may have no end, no more rows than *limit* are read.

    Dates, bytes and decimals become text in the file. A copy that a killed process left is not used: the file has its
    name only once the whole stream is in it.

    Raises:
        JobError: The stream or the file fails.
    """
    if source.is_repeatable:
        return source
    write_atomically(
        path,
        (to_json_text(record.values).encode() + b"\n" for record in islice(source, limit and min(limit, sys.maxsize))),
    )
    return open_source(path, key=source.key, format="jsonl")


def _open_file(name: str, key: str | None, format_name: str | None, settings: Input) -> Source:
    if is_url(name):
        return _open_stored(name, key, format_name, settings)
    if name != STANDARD and is_file_set(name):
        files = [replace(settings, name=each, path=Path(each)) for each in list_table_files(name)]
        place = replace(settings, name=name, path=Path(name).expanduser())
        return _open_files(place, files, key, format_name, FileStates(files))
    match = find_format(name, format_name or ("jsonl" if name == STANDARD else None))
    path = None if name == STANDARD else _existing_path(name)
    _validate_settings(match.format, settings)
    title = "standard input" if path is None else name
    place = replace(settings, name=title, path=path, compression=match.compression)
    if not place.is_repeatable and not match.format.can_stream:
        raise JobError(f"{match.format.name} cannot be read from a stream: pass a file", file=name)
    return _open_one_file(place, match.format, key, FileStates([place]) if place.is_repeatable else None)


def _open_one_file(place: Input, format: Format, key: str | None, states: FileStates | None) -> Source:
    """Open a file; without states, a stream."""
    return Source(
        lambda: format.read(place),
        place,
        key,
        is_stream=states is None,
        count=lambda: format.count(place),
        states=states,
    )


def _open_files(
    place: Input, files: list[Input], key: str | None, format_name: str | None, states: FileStates
) -> Source:
    """Open the files of a folder or a pattern as one table."""
    shared_format = find_shared_format([file.name for file in files], format_name)
    _validate_settings(shared_format, place)
    files = [replace(file, compression=find_format(file.name, format_name).compression) for file in files]
    table_files = TableFiles(files, shared_format)
    return Source(table_files.read, place, key, is_stream=False, count=table_files.count, states=states)


def _open_stored(url: str, key: str | None, format_name: str | None, settings: Input) -> Source:
    """Open a file, a folder or a pattern in an object store."""
    stored = find_stored_files(url)
    files = [replace(settings, name=public_url(each.url), stored=each) for each in stored]
    if is_stored_set(url, stored):
        return _open_files(replace(settings, name=public_url(url)), files, key, format_name, FileStates(files, url))
    match = find_format(files[0].name, format_name)
    _validate_settings(match.format, settings)
    if match.format.name in WITH_TABLES:
        raise JobError(f"{match.format.name} cannot be read from a store: download {files[0].name}", file=files[0].name)
    place = replace(files[0], compression=match.compression)
    return _open_one_file(place, match.format, key, FileStates([place], url))


def _existing_path(name: str) -> Path:
    """Return the path of a file that exists.

    Raises:
        JobError: There is none.
    """
    try:
        path = Path(name).expanduser()
        if path.exists():
            return path
    except (ValueError, OSError, RuntimeError) as error:  # a null character, a name that is too long, no such user
        raise JobError(f"there is no file {name!r}: {getattr(error, 'strerror', None) or error}", file=name) from None
    raise JobError(f"there is no file {name!r}", file=name)


def _validate_settings(format: Format, settings: Input) -> None:
    """Validate that a format has the settings that a file is opened with.

    Raises:
        JobError: It has not, or one is invalid.
    """
    has_delimiter, has_tables = format.name in DELIMITED, format.name in WITH_TABLES
    for name, has_setting in {"table": has_tables, "delimiter": has_delimiter, "encoding": format.is_text}.items():
        if getattr(settings, name) is not None and not has_setting:
            option = "--sheet" if name == "table" else f"--{name}"
            raise JobError(f"{name} ({option}) is not a setting of {format.name} files")
    if settings.delimiter is not None and (len(settings.delimiter) != 1 or settings.delimiter in '"\r\n\0'):
        raise JobError(f"delimiter (--delimiter) must be one character between two cells, not {settings.delimiter!r}")
    try:
        "".encode("utf-8" if settings.encoding is None else settings.encoding)
    except (LookupError, ValueError):
        raise JobError(
            f"there is no text encoding {settings.encoding!r}; common ones are cp1252, utf-16, gb18030"
        ) from None


class Source:
    """Rows that are read one after the other; each iteration starts from the first row, unless it is a stream.

    Args:
        open_table: Opens the table.
        place: The file or stream, for messages.
        key: The column that identifies a row; None for its content.
        is_stream: Whether it can be read only once.
        count: Returns the number of rows, if that is cheap to know.
        states: Those of the files, which must not change while they are read.

    Attributes:
        key: The column that identifies a row; None for its content.
        is_repeatable: Whether it can be iterated again.
        file: Its name, as the caller wrote it; None if it is not a file, a folder or a pattern.

    Raises:
        JobError: It cannot be read, or has no such column.
    """

    def __init__(
        self,
        open_table: Callable[[], Table],
        place: Input,
        key: str | None,
        *,
        is_stream: bool,
        count: Callable[[], int | None],
        states: FileStates | None = None,
    ) -> None:
        """Open it, and read as many rows as its columns require."""
        self._open_table, self._place, self.key, self._count = open_table, place, key, count
        self.is_repeatable = not is_stream
        self.file = place.name if states or place.path else None
        self._states = states
        self._inference, self._was_read, self._has_unique_keys = ColumnInference(), False, False
        self._header, rows = open_table()
        self._stream = self._peek(rows)
        if key is not None and (self._header.columns or self.columns) and key not in self.columns:
            names = f"{format_names(self.columns)}{self.note and f' ({self.note})'}"
            raise JobError(f"{place.name} has no column {key!r}; it has {names}", file=self.file)

    @property
    def note(self) -> str:
        """Which of several tables of the file this is; empty if it has only one, or the caller has chosen it."""
        return self._header.note

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns. If the format declares none (JSONL, dicts): those of the rows read so far."""
        return tuple(column.name for column in self._header.columns) or self._inference.names

    @property
    def has_header(self) -> bool:
        """Whether its format declares the columns; otherwise they are known once every row has been read."""
        return bool(self._header.columns)

    @property
    def fields(self) -> tuple[Column, ...]:
        """Its columns as a sink takes them. Inferred types are final once all rows have been read."""
        if self._header.is_typed:
            return self._header.columns
        inferred = {column.name: column for column in self._inference.columns()}
        return tuple(inferred.get(column.name, column) for column in self._header.columns) or tuple(inferred.values())

    def count(self) -> int | None:
        """Return the number of rows if that is cheap to know; otherwise None."""
        return self._count() if self.is_repeatable else None

    def validate_unchanged(self) -> None:
        """Validate that no file has changed since it was opened.

        Raises:
            JobError: One has changed.
        """
        if self._states and (file := self._states.find_changed()):
            raise file.error("the file has changed while it was being read; start again")

    def content_hash(self) -> str | None:
        """Return the SHA-256 of its file, or of the names and hashes of its files; None for rows in memory."""
        return self._states.content_hash(self._place.path) if self._states else None

    @property
    def is_declared(self) -> bool:
        """Whether the format declares its columns; otherwise each row has its own."""
        return bool(self._header.columns)

    def row_error(self, message: str, record: Record) -> JobError:
        """Return the error of one of its rows, with the line that it begins in; of a stream, with its position."""
        if not self.is_repeatable:
            return self._place.error(message, record.row, unit="row")
        rows = self._open_table().rows
        row = next(islice(rows, record.ordinal, None), SourceRow(record.row, {}))
        _close(rows)
        return self._error(message, row)

    def __iter__(self) -> Iterator[Record]:
        """Yield its rows.

        Duplicate keys are detected by a hash of each; the source is then read from the start for the first occurrence,
        so that the error has both lines; for a stream, it has only the second one. Keys after the first five million
        are compared only with those.

        Raises:
            JobError: A row cannot be read, its key is empty or a duplicate, the file has changed, or the stream has
                already been consumed.
        """
        # After a complete pass over a file that does not change, all keys are compared.
        seen_keys = None if self._has_unique_keys else SeenKeys()
        for ordinal, row in enumerate(self._checked_rows()):
            yield Record(ordinal, self._read_key(row, seen_keys), row.values, ordinal + 1)
        self._has_unique_keys = self._states is not None

    def cells(self) -> Iterator[JSON]:
        """Yield the cells of its rows, whose keys are not read.

        Raises:
            JobError: A row cannot be read, the file has changed, or the stream has already been consumed.
        """
        return (row.values for row in self._checked_rows())

    def _checked_rows(self) -> Iterator[SourceRow]:
        # After a complete pass over a file that does not change, all columns are known.
        is_inferred = not (self._was_read or self._header.is_typed)
        for ordinal, row in enumerate(self._rows()):
            if is_inferred:
                self._inference.add_row(row.values)
            if ordinal % CHECK_INTERVAL_ROWS == CHECK_INTERVAL_ROWS - 1:
                self.validate_unchanged()
            yield row
        self.validate_unchanged()
        self._was_read = self._states is not None

    def _peek(self, rows: Iterator[SourceRow]) -> Iterator[SourceRow] | None:
        """Infer columns from the first rows; return all rows of a stream, and otherwise None."""
        count = 0 if self._header.columns else 1 if not self.is_repeatable else PEEK_ROWS
        first_rows = list(islice(rows, count))
        for row in first_rows:
            self._inference.add_row(row.values)
        if not self.is_repeatable:
            return chain(first_rows, rows)
        _close(rows)
        return None

    def _rows(self) -> Iterator[SourceRow]:
        if self.is_repeatable:
            self.validate_unchanged()
            return self._open_table().rows
        if self._stream is None:
            raise self._place.error("stream already consumed")
        stream, self._stream = self._stream, None
        return stream

    def _read_key(self, row: SourceRow, seen_keys: SeenKeys | None) -> str:
        if self.key is None:
            return digest(row.values)
        key = key_text(row.values, self.key)
        if not key:
            raise self._error(f"the key {self.key!r} is empty", row)
        if seen_keys is not None and seen_keys.add(key):
            self._validate_unique(key, row)
        return key

    def _validate_unique(self, key: str, row: SourceRow) -> None:
        unit, lines = self._header.unit, "it occurs in an earlier row"
        if self.is_repeatable:
            rows = self._open_table().rows
            first = next((earlier for earlier in rows if key_text(earlier.values, str(self.key)) == key), row)
            _close(rows)
            if (first.file, first.number) == (row.file, row.number):  # two different keys with the same hash
                return
            lines = f"{unit}s {first.number} and {row.number}"
            if first.file != row.file and first.file:
                lines = f"and {first.file.name}, {unit} {first.number}"
        raise self._error(f"duplicate key {key[:MAX_ERROR_CHARS]!r} ({lines})", row)

    def _error(self, message: str, row: SourceRow) -> JobError:
        return (row.file or self._place).error(message, row.number, unit=self._header.unit)


def key_text(values: Mapping[str, Any], key: str) -> str:
    """Return the cell of the key column as text."""
    return to_text(values.get(key))


def _length(source: Any) -> int | None:
    rows = getattr(source, "num_rows", None)
    return rows if isinstance(rows, int) else len(source) if hasattr(source, "__len__") else None


def _close(rows: Iterable[SourceRow]) -> None:
    """Close a generator, and with it the files that it has open."""
    close = getattr(rows, "close", None)
    if close:
        close()
