"""Measures the sheets of an OpenDocument file from the tags of their cells, and finds formulas without a result."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from structkit.tables.formats.bounds import Bounds, column_name
from structkit.tables.formats.xml_chunks import whole_tags

CONTENT = "content.xml"

_TAG = re.compile(rb"<(/?table:table|table:table-row|table:(?:covered-)?table-cell)(?=[\s/>])([^<>]{0,2000})>")
_REPEATED = re.compile(rb"""table:number-(?:rows|columns)-repeated=["'](\d{1,9})["']""")
_NAME = re.compile(rb"""table:name=(["'])(.*?)\1""")


@dataclass
class _Cursor:
    """The place of the current cell in a sheet, 1-based, and the bounds of the cells before it."""

    name: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    row: int = 1
    rows: int = 0
    column: int = 1

    def start_row(self, rows: int) -> None:
        """Go to the next row, which stands for several equal ones."""
        self.row, self.rows, self.column = self.row + self.rows, rows, 1

    def add_cells(self, columns: int, *, has_value: bool) -> None:
        """Add a cell, which stands for several equal ones beside each other."""
        last_row, last_column = self.row + self.rows - 1, self.column + columns - 1
        if has_value:
            self.bounds.values += self.rows * columns
            self.bounds.extend((self.row, last_row), (self.column, last_column))
        self.column = last_column + 1


def read_ods_bounds(book: zipfile.ZipFile) -> Iterator[tuple[str, Bounds]]:
    """Yield the name and the bounds of each sheet."""
    cursor = _Cursor()
    for tag, attributes in _tags(book):
        if tag == b"table:table":
            cursor = _Cursor(_name(attributes))
        elif tag == b"/table:table":
            yield cursor.name, cursor.bounds
        elif tag == b"table:table-row":
            cursor.start_row(_repetitions(attributes))
        else:
            has_value = b"office:value-type" in attributes
            is_bare = not has_value and attributes.endswith(b"/")  # LibreOffice writes "" as a paragraph without text
            if is_bare and b"table:formula" in attributes and not cursor.bounds.uncalculated:
                cursor.bounds.uncalculated = f"{column_name(cursor.column)}{cursor.row}"
            cursor.add_cells(_repetitions(attributes), has_value=has_value)


def _tags(book: zipfile.ZipFile) -> Iterator[tuple[bytes, bytes]]:
    with book.open(CONTENT) as file:
        for chunk in whole_tags(file):
            yield from _TAG.findall(chunk)


def _repetitions(attributes: bytes) -> int:
    match = _REPEATED.search(attributes)
    return int(match[1]) if match else 1


def _name(attributes: bytes) -> str:
    match = _NAME.search(attributes)
    return unescape(match[2].decode("utf-8", "replace")) if match else ""
