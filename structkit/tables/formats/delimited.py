"""CSV and TSV: every cell is text; no types are guessed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, BinaryIO

from structkit.tables.columns import input_columns
from structkit.tables.files import Input
from structkit.tables.formats.cells import cell_text, flat_cells
from structkit.tables.formats.delimiters import declared_delimiter, delimiter_hint, likelier_delimiter
from structkit.tables.formats.format import Format, Header, SourceRow, Table, Target, read_header
from structkit.tables.formats.formulas import find_escape
from structkit.values import JSON

MAX_CELL_CHARS = 2**31 - 1
"""The csv module's own limit, 131,072, is less than a page of HTML may have."""

MAX_ERROR_CHARS = 80
"""Characters of a header that an error message quotes."""

FILLERS = "\0\x1a"
"""What a crash leaves at the end of a file that it was writing, and what old programs end a file with."""

LOST_SECTOR = "\0" * 512
"""A sector of a disk, the least that a crash or a broken copy leaves as zeros inside a file."""

_AFTER_RETURN = re.compile(r"(?<=\r)(?!\n|\Z)")


def _read(source: Input, *, dialect: str) -> Table:
    """Open a table whose first row has the names of the columns."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL_CHARS))
    lines, delimiter = _open_lines(source, csv.get_dialect(dialect).delimiter)
    rows = _rows(source, _validated_lines(source, lines), dialect, delimiter)
    line, first = next(rows, (1, []))
    if source.delimiter is None:
        _validate_delimiter(source, line, first, delimiter)
    names = read_header(first, source, line)
    hint = "" if source.delimiter else delimiter_hint("".join(first), delimiter, has_settings=source.has_settings)
    columns = input_columns(names, {"type": "string"})
    return Table(Header(columns, is_typed=True), _records(source, names, rows, hint))


def _open_lines(source: Input, default: str) -> tuple[Iterator[tuple[int, str]], str]:
    """Return the lines of a file, and its delimiter, which the first line may declare."""
    lines = source.lines()
    first = next(lines, (1, ""))
    if delimiter := declared_delimiter(first[1]):
        return lines, source.delimiter or delimiter
    return chain([first], lines), source.delimiter or default


def _validate_delimiter(source: Input, line: int, names: list[str], delimiter: str) -> None:
    """Validate that no other delimiter would split the header into more columns.

    Raises:
        JobError: It would.
    """
    if likelier_delimiter(names, delimiter):
        columns = "the only column is" if len(names) == 1 else f"the first of {len(names)} columns is"
        hint = delimiter_hint("".join(names), delimiter, has_settings=source.has_settings)
        as_it_is = f", and otherwise {delimiter!r} to read it as it is" if source.has_settings else ""
        raise source.error(f"{columns} {names[0][:MAX_ERROR_CHARS]!r}{hint}{as_it_is}", line)


def _records(
    source: Input, names: tuple[str, ...], rows: Iterator[tuple[int, list[str]]], hint: str
) -> Iterator[SourceRow]:
    for line, row in rows:
        if len(row) != len(names):
            raise source.error(f"{len(row)} cells where the header has {len(names)}{hint}", line)
        yield SourceRow(line, dict(zip(names, row, strict=True)))


def _rows(
    source: Input, lines: Iterator[tuple[int, str]], dialect: str, delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the line in which each starts, without blank lines."""
    line, text = 0, ""

    def physical_lines() -> Iterator[str]:
        nonlocal line, text
        for line, text in lines:  # noqa: B007 (used below)
            yield from _split_at_returns(text)

    reader = csv.reader(physical_lines(), dialect, delimiter=delimiter, strict=True)
    while True:
        start = line + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            hint = "" if source.delimiter else delimiter_hint(text, delimiter, has_settings=source.has_settings)
            raise source.error(f"not valid CSV: {error}{hint}", start) from None
        if row is None:
            return
        if row and row[0][:1] in FILLERS and row[0] and not "".join(row).strip(FILLERS):
            raise source.error(
                f"no text but {row[0][0]!r}: the file is damaged; cut the rest off, or restore it", start
            )
        if row:
            yield start, row


def _validated_lines(source: Input, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines; raise `JobError` at one that has a lost sector in place of its text, and of lines after it."""
    for line, text in lines:
        if LOST_SECTOR in text:
            raise source.error(f"{text.count(FILLERS[0]):,} NUL bytes: the file is damaged; restore it", line)
        yield line, text


def _split_at_returns(text: str) -> list[str]:
    """Split a line at single carriage returns, which end lines too."""
    return _AFTER_RETURN.split(text) if "\r" in text[:-2] else [text]


class _TextEncoder:
    """Encodes text into a binary file and never closes it: a `TextIOWrapper` would close standard output."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "backslashreplace"))


class _DelimitedWriter:
    """Writes rows as CSV. Lines end in CR LF, so that a single CR or LF in a cell is quoted."""

    def __init__(self, target: Target, *, dialect: str) -> None:
        self._columns = target.columns
        self._escapes = [find_escape(target.guard_formulas, column) for column in self._columns]
        self._rows = csv.writer(_TextEncoder(target.file), dialect, lineterminator="\r\n")
        self._write_cells([column.name for column in self._columns])

    def write(self, row: JSON) -> None:
        """Write a row."""
        self._write_cells(flat_cells(self._columns, row))

    def close(self) -> None:
        """Do nothing: no row is buffered."""

    def _write_cells(self, cells: list[Any]) -> None:
        escaped = zip(self._escapes, cells, strict=True)
        self._rows.writerow([escape(cell) if isinstance(cell, str) else cell_text(cell) for escape, cell in escaped])


def _format(name: str, suffixes: tuple[str, ...], dialect: str) -> Format:
    read, write = partial(_read, dialect=dialect), partial(_DelimitedWriter, dialect=dialect)
    return Format(name, suffixes, read, write, is_text=True, can_stream=True, is_flat=True)


CSV = _format("csv", (".csv",), "excel")
TSV = _format("tsv", (".tsv", ".tab"), "excel-tab")
