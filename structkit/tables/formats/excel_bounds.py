"""Rejects workbooks that are small as files and huge in memory, and formulas without a result, before cells are loaded.

The reader allocates a cell for every place between the first and the last one that has a value. One stray cell in the
bottom-right corner would take half a terabyte.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from structkit.tables.files import Input
from structkit.tables.formats.bounds import Bounds
from structkit.tables.formats.bounds_ods import read_ods_bounds
from structkit.tables.formats.bounds_xlsb import read_xlsb_bounds
from structkit.tables.formats.bounds_xlsx import read_xlsx_bounds
from structkit.tables.formats.workbook_parts import sheet_part
from structkit.values.formula_result import NO_RESULT

MAX_PART_BYTES = 200_000_000
"""Parts of a workbook up to this decompressed size may have any compression ratio."""

MAX_COMPRESSION = 200
"""Maximum compression ratio of a larger part; a sheet typically compresses 10:1, one cell of a repeated letter
1000:1."""

READERS = {".xlsx": read_xlsx_bounds, ".xlsm": read_xlsx_bounds, ".xlsb": read_xlsb_bounds}
"""What measures a sheet, by the suffix of the workbook. In the older .xls, a sheet has at most 16 million cells."""

OPEN_DOCUMENT = ".ods"

UNREADABLE = (
    *(OSError, zipfile.BadZipFile, zlib.error, struct.error),
    *(KeyError, IndexError, NotImplementedError, RuntimeError),
)
"""What a damaged file raises here. The reader then says what is wrong with it."""


def validate_workbook(source: Input) -> None:
    """Validate that a workbook can be opened in an amount of memory proportional to its file.

    Raises:
        JobError: A part of it expands out of all proportion; or a sheet of an OpenDocument file, whose reader loads all
            sheets at once, is huge and nearly empty.
    """
    if source.path is None or source.path.suffix.lower() not in {*READERS, OPEN_DOCUMENT}:
        return
    try:
        with zipfile.ZipFile(source.path) as book:
            parts = book.infolist()
    except UNREADABLE:
        return
    for part in parts:
        _validate_part(source, part)
    if source.path.suffix.lower() == OPEN_DOCUMENT:
        for sheet, bounds in _measure(source.path).items():
            _validate_bounds(source, sheet, bounds)


def validate_sheet(source: Input, sheet: str) -> Bounds:
    """Validate that a sheet can be loaded in an amount of memory proportional to its values, and has all values.

    Returns:
        Its bounds, as far as known.

    Raises:
        JobError: The sheet is huge and nearly empty, or a formula has no result.
    """
    suffix = source.path.suffix.lower() if source.path else ""
    if source.path is None or suffix not in {*READERS, OPEN_DOCUMENT}:
        return Bounds()
    bounds = _measure(source.path, None if suffix == OPEN_DOCUMENT else sheet).get(sheet, Bounds())
    _validate_bounds(source, sheet, bounds)
    if bounds.uncalculated:
        raise source.error(f"the formula in {bounds.uncalculated} of the sheet {sheet!r} {NO_RESULT}")
    return bounds


def _validate_part(source: Input, part: zipfile.ZipInfo) -> None:
    if part.file_size > MAX_PART_BYTES and part.file_size > MAX_COMPRESSION * part.compress_size:
        raise source.error(
            f"{part.filename} expands from {part.compress_size:,} to {part.file_size:,} bytes, which no table does: "
            "save the sheet as CSV"
        )


def _validate_bounds(source: Input, sheet: str, bounds: Bounds) -> None:
    if bounds.is_sparse:
        raise source.error(
            f"the sheet {sheet!r} extends to {bounds.corner} ({bounds.cell_count:,} cells), but only "
            f"{bounds.values:,} have a value: delete the rows below the table and the columns to its right, or save "
            "the sheet as CSV"
        )


def _measure(path: Path, sheet: str | None = None) -> Mapping[str, Bounds]:
    """Return the bounds of a sheet of an Excel workbook, or of all sheets of an OpenDocument file, as far as known."""
    try:
        return _read_bounds(path, path.stat().st_mtime_ns, sheet)
    except UNREADABLE:
        return {}


@lru_cache(8)
def _read_bounds(path: Path, mtime_ns: int, sheet: str | None) -> Mapping[str, Bounds]:  # noqa: ARG001 (a file that changes is read again)
    with zipfile.ZipFile(path) as book:
        if sheet is None:
            return dict(read_ods_bounds(book))
        part = sheet_part(book, sheet)
        return {sheet: READERS[path.suffix.lower()](book, part)} if part else {}
