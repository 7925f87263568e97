"""The rows of a file, of standard input, of a data frame or in memory, with their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any, TypeAlias

from structkit.errors import JobError
from structkit.tables.columns import Column
from structkit.tables.file_states import FileStates
from structkit.tables.files import Input
from structkit.tables.formats.format import SourceRow, Table
from structkit.tables.inference import ColumnInference
from structkit.tables.records import Record, digest
from structkit.tables.seen_keys import SeenKeys
from structkit.values.source_cell import to_text
from structkit.values.text import format_names

PEEK_ROWS = 100
"""Rows from which columns are inferred where the format does not declare them; of a stream, one."""

CHECK_INTERVAL_ROWS = 10_000
"""Rows after which the file is checked for changes."""

MAX_ERROR_CHARS = 80
"""Characters of a key that an error message quotes."""

KeyTest: TypeAlias = Callable[[str], bool]
"""Says of a key whether its row is one of those that are read."""


class Source:
    """Rows that are read one after the other; each iteration starts from the first row, unless it is a stream.

    Args:
        open_table: Opens the table of a place.
        place: The file or stream.
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
        open_table: Callable[[Input], Table],
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
        self._was_read = self._has_unique_keys = False
        self._part_rows: tuple[KeyTest, bytes] | None = None
        self._header, rows = open_table(place)
        self._inference = ColumnInference(has_empty_texts=self._header.has_empty_texts)
        self._stream = self._peek(rows)
        if key is not None and (self._header.columns or self.columns) and key not in self.columns:
            names = f"{format_names(self.columns)}{self.note and f' ({self.note})'}"
            raise JobError(f"{place.name} has no column {key!r}; it has {names}", file=self.file)

    @property
    def note(self) -> str:
        """Which of several tables of the file this is; empty if it has only one, or the caller has chosen it."""
        return self._header.note

    @property
    def is_unescaped(self) -> bool:
        """Whether it is read without the apostrophes before formulas."""
        return self._place.unguarded_columns is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns. If the format declares none (JSONL, dicts): those of the rows read so far."""
        return tuple(column.name for column in self._header.columns) or self._inference.names

    @property
    def has_header(self) -> bool:
        """Whether its format declares the columns; otherwise they are known once every row has been read."""
        return bool(self._header.columns)

    @property
    def is_untyped(self) -> bool:
        """Whether its format has every value as a text, as CSV does."""
        return self._header.is_typed and all(column.schema == {"type": "string"} for column in self._header.columns)

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
        if self._states:
            self._states.validate_unchanged()

    def content_hash(self) -> str | None:
        """Return the SHA-256 of its file, or of the names and hashes of its files; None for rows in memory."""
        return self._states.content_hash(self._place.path) if self._states else None

    def row_error(self, message: str, record: Record) -> JobError:
        """Return the error of one of its rows, with the line that it begins in; of a stream, with its position."""
        if not self.is_repeatable:
            return self._place.error(message, record.row, unit="row")
        rows = self._open_table(self._place).rows
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
        for ordinal, row in enumerate(self._inferred_rows()):
            yield Record(ordinal, self._read_key(row, seen_keys), row.values, ordinal + 1)
        self._has_unique_keys = self._states is not None

    def read_part(self, has_key: KeyTest) -> Iterator[Record | None]:
        """Yield the rows whose key passes a test, and None for each other row.

        After a complete pass over a file that does not change, the other rows are not parsed again: which ones they are
        is stored, in a byte for each row.

        Args:
            has_key: The test; the same object in each pass.

        Raises:
            JobError: As for all rows.
        """
        if self._part_rows and self._part_rows[0] == has_key:
            yield from self._read_again(self._part_rows[1])
            return
        flags = bytearray()
        for record in self:
            flags.append(has_key(record.key))
            yield record if flags[-1] else None
        if self._states is not None:
            self._part_rows = has_key, bytes(flags)

    def _read_again(self, flags: bytes) -> Iterator[Record | None]:
        needs = iter(flags)
        for ordinal, row in enumerate(self.rows(flags)):
            is_needed = next(needs, 0)
            yield Record(ordinal, self._read_key(row, None), row.values, ordinal + 1) if is_needed else None

    def rows(self, needed_rows: bytes | None = None) -> Iterator[SourceRow]:
        """Yield its rows as the format has them: no keys are read, and no columns are inferred.

        Args:
            needed_rows: As that of `Input`.

        Raises:
            JobError: A row cannot be read, the file has changed, or the stream has already been consumed.
        """
        for ordinal, row in enumerate(self._open_rows(needed_rows)):
            if ordinal % CHECK_INTERVAL_ROWS == CHECK_INTERVAL_ROWS - 1:
                self.validate_unchanged()
            yield row
        self.validate_unchanged()

    def read_columns(self) -> None:
        """Read all rows, if only then the columns of every row are known.

        Raises:
            JobError: As by `rows`.
        """
        if not self.has_header:
            for _ in self._inferred_rows():
                pass

    def _inferred_rows(self) -> Iterator[SourceRow]:
        # After a complete pass over a file that does not change, all columns are known.
        if self._was_read or self._header.is_typed:
            yield from self.rows()
            return
        for row in self.rows():
            self._inference.add_row(row.values)
            yield row
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

    def _open_rows(self, needed_rows: bytes | None) -> Iterator[SourceRow]:
        if self.is_repeatable:
            self.validate_unchanged()
            return self._open_table(replace(self._place, needed_rows=needed_rows)).rows
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
            rows = self._open_table(self._place).rows
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


def _close(rows: Iterable[SourceRow]) -> None:
    """Close a generator, and with it the files that it has open."""
    close = getattr(rows, "close", None)
    if close:
        close()
