"""How large the rectangle of a sheet is, read from the addresses of its cells before it is opened.

The reader allocates a cell for every place between the first and the last one that has a value: with a stray cell in
the last corner of a sheet, half a terabyte.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import IO

from structkit.tables.files import Input

MAX_EMPTY_CELLS = 20_000_000
"""Places without a value that a sheet may have; the reader takes 32 bytes for each."""

MAX_PLACES_PER_VALUE = 10
"""Of a larger sheet: tables have fewer places for each value, however many columns are optional."""

MAX_PART_BYTES = 200_000_000
"""Decompressed size up to which a part of a workbook may be compressed as much as it can."""

MAX_COMPRESSION = 200
"""Of a larger part: a sheet is compressed to a tenth, and a single cell of one repeated letter to a thousandth."""

CHUNK_BYTES = 1 << 20
ZIP_SUFFIXES = (".xlsx", ".xlsm")

# Cells with a value: a tag that is closed at once has none.
_CELL = re.compile(rb"""<(?:\w+:)?c\b[^<>]*?\sr=["']([A-Za-z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>""")
_CELL_WITHOUT_ADDRESS = re.compile(rb"""<(?:\w+:)?c(?:\s+(?!r=)[\w:]+=["'][^"'<>]*["'])*\s*>""")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^<>]*?\sr=["'](\d{1,7})["']""")
_SHEET = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(["'])(.*?)\2""")
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


@dataclass
class Bounds:
    """The rectangle around the cells of a sheet.

    Attributes:
        values: Cells that may have a value.
        first_row: Counted from 1, as all of these; 0 without a cell.
        last_row: Of the last cell.
        first_column: Of the leftmost cell.
        last_column: Of the rightmost cell.
    """

    values: int = 0
    first_row: int = 0
    last_row: int = 0
    first_column: int = 0
    last_column: int = 0

    @property
    def places(self) -> int:
        """The cells of the rectangle, empty or not."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)

    @property
    def is_sparse(self) -> bool:
        """Whether nearly all of a large rectangle is empty."""
        return self.places - self.values > MAX_EMPTY_CELLS and self.places > MAX_PLACES_PER_VALUE * self.values

    def extend(self, rows: Collection[int], columns: Collection[int]) -> None:
        """Extend the rectangle to the places in some rows and columns."""
        if rows:
            self.first_row = min(self.first_row or min(rows), *rows)
            self.last_row = max(self.last_row, *rows)
            self.first_column = min(self.first_column or min(columns), *columns)
            self.last_column = max(self.last_column, *columns)


def validate_bounds(source: Input) -> None:
    """Validate that a workbook can be opened in memory in proportion to its values.

    Raises:
        JobError: The sheet is nearly empty and huge, or a part of the workbook expands out of all proportion.
    """
    if source.path is None or source.path.suffix.lower() not in ZIP_SUFFIXES:
        return
    try:
        with zipfile.ZipFile(source.path) as book:
            for part in book.infolist():
                _validate_part(source, part)
        bounds = _bounds_of(source.path, source.path.stat().st_mtime_ns, source.table)
    except (OSError, zipfile.BadZipFile, KeyError, zlib.error, NotImplementedError, RuntimeError):
        return  # the reader says what is wrong with the file
    if bounds.is_sparse:
        corner = f"{_column_name(bounds.last_column)}{bounds.last_row}"
        raise source.error(
            f"the sheet reaches to {corner}, {bounds.places:,} cells, but only {bounds.values:,} have a value: delete "
            "the rows below the table and the columns to its right, or save the sheet as CSV"
        )


@lru_cache(8)
def _bounds_of(path: Path, mtime_ns: int, table: str | None) -> Bounds:  # noqa: ARG001 (a file that changes is read again)
    with zipfile.ZipFile(path) as book:
        name = _sheet_part(book, table)
        return Bounds() if name is None else _read_bounds(book, name)


def _validate_part(source: Input, part: zipfile.ZipInfo) -> None:
    if part.file_size > MAX_PART_BYTES and part.file_size > MAX_COMPRESSION * part.compress_size:
        raise source.error(
            f"{part.filename} expands from {part.compress_size:,} to {part.file_size:,} bytes, which no table does: "
            "save the sheet as CSV"
        )


def _read_bounds(book: zipfile.ZipFile, name: str) -> Bounds:
    bounds = Bounds()
    with book.open(name) as file:
        for chunk in _whole_tags(file):
            cells, bare_cells = _CELL.findall(chunk), _CELL_WITHOUT_ADDRESS.findall(chunk)
            bounds.values += len(cells) + len(bare_cells)
            columns = [_column_number(letters) for letters in {letters for letters, _ in cells}]
            rows = {int(row) for _, row in cells}
            if bare_cells:  # these are in the row that they are written in
                rows |= set(map(int, _ROW.findall(chunk)))
            bounds.extend(rows, columns or [1])
    return bounds


def _whole_tags(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks that end between two tags."""
    tail = b""
    while chunk := file.read(CHUNK_BYTES):
        data = tail + chunk
        end = max(data.rfind(b"<"), 0)
        yield data[:end]
        tail = data[end:]
    yield tail


def _sheet_part(book: zipfile.ZipFile, table: str | None) -> str | None:
    """Return the name of the part with the sheet of that name, or with the first sheet."""
    relations = {each.get("Id"): each.get("Target", "") for each in _tags(book, RELATIONS, _RELATION)}
    sheets = _tags(book, WORKBOOK, _SHEET)
    sheet = next((each for each in sheets if table is None or each.get("name") == table), {})
    target = next((relations.get(value) for name, value in sheet.items() if name.endswith(":id")), None)
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else None


def _tags(book: zipfile.ZipFile, part: str, tag: re.Pattern[str]) -> list[dict[str, str]]:
    """Return the attributes of each tag of a kind."""
    text = book.read(part).decode("utf-8", "replace")
    return [{name: unescape(value) for name, _, value in _ATTRIBUTE.findall(match[1])} for match in tag.finditer(text)]


def _column_number(letters: bytes) -> int:
    """Return the number of a column: A is 1, XFD is 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _column_name(column: int) -> str:
    """Return the name of a column.

    >>> _column_name(1), _column_name(28), _column_name(16384)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters
