"""Binary Excel workbooks with what calamine loses: it reads a date that is stored as an integer as a number."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from struct import pack, unpack_from

from structkit.tables.formats.bounds_xlsb import records

SHEETS = "xl/worksheets/"
INTEGER, FLOAT = 2, b"\x05\x10"
"""The type of the record BrtCellRk; type and size of BrtCellReal ([MS-XLSB] 2.4.324 and 2.4.322)."""

CELL_BYTES = 8
"""Bytes of a record before its number: the column and the style."""

KIND_BITS, INTEGER_BITS = 0b11, 0b10
"""Of an RkNumber: the bits that say how its number is stored, and their value for an integer."""


def readable_copy(path: Path) -> BytesIO | None:
    """Return a binary workbook whose integers are stored as floats; None if it has no integer.

    Raises:
        OSError, zipfile.BadZipFile, IndexError, struct.error: It is not such a file, or it is damaged.
    """
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheets = {name: with_floats(data) for name, data in parts.items() if _is_sheet(name)}
    if all(data == parts[name] for name, data in sheets.items()):
        return None
    copy = BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for name, data in parts.items():
            target.writestr(name, sheets.get(name, data))
    copy.seek(0)
    return copy


def with_floats(data: bytes) -> bytes:
    r"""Return the records of a sheet with a float in place of each integer.

    >>> with_floats(b"\x02\x0c" + bytes(8) + b"\x16\0\0\0") == b"\x05\x10" + bytes(8) + pack("<d", 5)
    True
    """
    copy, header = bytearray(), 0
    for kind, start, end in records(data):
        number = start + CELL_BYTES
        if kind == INTEGER and data[number] & KIND_BITS == INTEGER_BITS:
            copy += FLOAT + data[start:number] + pack("<d", unpack_from("<i", data, number)[0] >> 2)
        else:
            copy += data[header:end]
        header = end
    return bytes(copy)


def _is_sheet(name: str) -> bool:
    return name.startswith(SHEETS) and name.endswith(".bin")
