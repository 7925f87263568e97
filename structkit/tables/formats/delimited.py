"""CSV and TSV: cells are text, and nothing is guessed of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from structkit.tables.columns import input_columns
from structkit.tables.files import Input
from structkit.tables.formats.cells import flat_cells, text_of
from structkit.tables.formats.format import Format, Header, Line, Table, Target, headed
from structkit.tables.formats.formulas import neutral
from structkit.values import JSON

LONGEST = 2**31 - 1
"""Letters of a cell: the csv module's own limit, 131,072, is less than a page of HTML may have."""

_AFTER_RETURN = re.compile(r"(?<=\r)(?!\n|\Z)")


def _read(source: Input, *, dialect: str) -> Table:
    """A table whose first row has the names of the columns."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    rows = _rows(source, dialect)
    line, first = next(rows, (1, []))
    names = headed(first, source, line)
    return Table(Header(input_columns(names, {"type": "string"}), typed=True), _records(source, names, rows))


def _records(source: Input, names: tuple[str, ...], rows: Iterator[tuple[int, list[str]]]) -> Iterator[Line]:
    for line, row in rows:
        if len(row) != len(names):
            raise source.wrong(f"{len(row)} cells where the header has {len(names)}", line)
        yield Line(line, dict(zip(names, row, strict=True)))


def _rows(source: Input, dialect: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line that each begins in; blank lines are none."""
    line = 0

    def physical() -> Iterator[str]:
        nonlocal line
        for line, text in source.lines():  # noqa: B007 (told below)
            yield from _at_returns(text)

    reader = csv.reader(physical(), dialect, strict=True)
    while True:
        begun = line + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise source.wrong(f"not valid CSV: {error}", begun) from None
        if row is None:
            return
        if row:
            yield begun, row


def _at_returns(text: str) -> list[str]:
    """A line cut at lone carriage returns, which end lines too."""
    return _AFTER_RETURN.split(text) if "\r" in text[:-2] else [text]


class _Encoded:
    """Takes text for a binary file, which it does not own: a `TextIOWrapper` would close standard output."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "backslashreplace"))


class _Writer:
    """Rows as CSV. Lines end in CR LF, so that a lone CR or LF in a cell is quoted."""

    def __init__(self, target: Target, *, dialect: str) -> None:
        self._columns = target.columns
        self._guard = str if target.formulas else neutral
        self._rows = csv.writer(_Encoded(target.file), dialect, lineterminator="\r\n")
        self._rows.writerow([self._guard(column.name) for column in self._columns])

    def write(self, row: JSON) -> None:
        """Take a row."""
        self._rows.writerow([self._shown(cell) for cell in flat_cells(self._columns, row)])

    def close(self) -> None:
        """Nothing is held back."""

    def _shown(self, cell: Any) -> str:
        return self._guard(cell) if isinstance(cell, str) else text_of(cell)


def _format(name: str, suffixes: tuple[str, ...], dialect: str) -> Format:
    read, write = partial(_read, dialect=dialect), partial(_Writer, dialect=dialect)
    return Format(name, suffixes, read, write, is_text=True, streams=True, is_flat=True)


CSV = _format("csv", (".csv",), "excel")
TSV = _format("tsv", (".tsv", ".tab"), "excel-tab")
