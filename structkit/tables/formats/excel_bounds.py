"""Measures the used range of a sheet from its cell addresses, before the sheet is loaded.

The reader allocates a cell for every place between the first and the last one that has a value. One stray cell in the
bottom-right corner would take half a terabyte.
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
"""Cells without a value that a sheet may have; the reader takes 32 bytes for each."""

MAX_CELLS_PER_VALUE = 10
"""A sheet with more empty cells than `MAX_EMPTY_CELLS` is rejected above this ratio of cells to values; real tables
stay below it even with many optional columns."""

MAX_PART_BYTES = 200_000_000
"""Parts of a workbook up to this decompressed size may have any compression ratio."""

MAX_COMPRESSION = 200
"""Maximum compression ratio of a larger part; a sheet typically compresses 10:1, one cell of a repeated letter
1000:1."""

CHUNK_BYTES = 1 << 20
ZIP_SUFFIXES = (".xlsx", ".xlsm")

# Cells with a value: a self-closing tag has none.
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
        first_row: Row of the topmost cell. All four are 1-based, and 0 if the sheet has no cell.
        last_row: Row of the bottommost cell.
        first_column: Column of the leftmost cell.
        last_column: Column of the rightmost cell.
    """

    values: int = 0
    first_row: int = 0
    last_row: int = 0
    first_column: int = 0
    last_column: int = 0

    @property
    def cell_count(self) -> int:
        """The cells of the rectangle, empty or not."""
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)

    @property
    def is_sparse(self) -> bool:
        """Whether nearly all of a large rectangle is empty."""
        return self.cell_count - self.values > MAX_EMPTY_CELLS and self.cell_count > MAX_CELLS_PER_VALUE * self.values

    def extend(self, rows: Collection[int], columns: Collection[int]) -> None:
        """Extend the rectangle to the cells in some rows and columns."""
        if rows:
            self.first_row = min(self.first_row or min(rows), *rows)
            self.last_row = max(self.last_row, *rows)
            self.first_column = min(self.first_column or min(columns), *columns)
            self.last_column = max(self.last_column, *columns)


def validate_bounds(source: Input) -> None:
    """Validate that a workbook opens in an amount of memory proportional to its values.

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
            f"the sheet extends to {corner} ({bounds.cell_count:,} cells), but only {bounds.values:,} have a value: "
            "delete the rows below the table and the columns to its right, or save the sheet as CSV"
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
            if bare_cells:  # a cell without an address belongs to the enclosing <row>
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
