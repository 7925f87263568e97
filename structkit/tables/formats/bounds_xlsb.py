"""Measures a sheet of a binary Excel workbook from its records ([MS-XLSB] 2.1.4)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from struct import unpack_from

from structkit.tables.formats.bounds import Bounds

ROW, FIRST_VALUE, LAST_VALUE = 0, 2, 11
"""Types of records: a row, and cells with a value or a formula. Record 1 is a cell without a value."""


def read_xlsb_bounds(book: zipfile.ZipFile, part: str) -> Bounds:
    """Return the bounds of the sheet in a part of the workbook."""
    data = book.read(part)
    bounds, row, rows, columns = Bounds(), 0, set[int](), set[int]()
    for kind, start, _ in records(data):
        if kind == ROW:
            (row,) = unpack_from("<I", data, start)
        elif FIRST_VALUE <= kind <= LAST_VALUE:
            bounds.values += 1
            rows.add(row + 1)
            columns.add(unpack_from("<I", data, start)[0] + 1)
    bounds.extend(rows, columns)
    return bounds


def records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the type of each record, and the positions at which its content starts and ends."""
    position = 0
    while position < len(data):
        kind, position = _read_number(data, position, 2)
        size, position = _read_number(data, position, 4)
        yield kind, position, position + size
        position += size


def _read_number(data: bytes, position: int, max_bytes: int) -> tuple[int, int]:
    """Return a number whose bytes have seven bits each, the lowest first, and the position after it."""
    number = 0
    for place in range(max_bytes):
        byte = data[position + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:  # noqa: PLR2004 (the last byte)
            return number, position + place + 1
    return number, position + max_bytes
