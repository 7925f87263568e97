"""Errors in cells of Excel files that the reader does not know, such as #SPILL! of Excel and Err:502 of LibreOffice."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

from structkit.tables.formats.sheet_patterns import FORMULA, VALUE_START
from structkit.tables.formats.workbook_parts import sheet_part

ERROR_CELL_START = rb"""<(?:\w{1,20}:)?c\s[^<>]{0,500}?\bt=["']e["'][^<>]{0,500}>\s*+"""
KNOWN_ERRORS = rb"#(?:N/A|DIV/0!|NAME\?|NULL!|NUM!|REF!|VALUE!)<"
FOREIGN_ERROR = re.compile(
    rb"(" + ERROR_CELL_START + rb"(?:" + FORMULA + rb")?" + VALUE_START + rb")(?!" + KNOWN_ERRORS + rb")[^<]++"
)
"""A cell with an error that is not among the seven of ECMA-376, part 1, 18.17.3."""


def has_foreign_error(chunk: bytes) -> bool:
    """Return whether a part of a sheet has such an error."""
    return (b'="e"' in chunk or b"='e'" in chunk) and FOREIGN_ERROR.search(chunk) is not None


def readable_copy(path: Path, sheet: str) -> BytesIO:
    """Return a workbook with an error that the reader knows, and reads as an empty cell, in place of each other one.

    Raises:
        OSError, zipfile.BadZipFile, KeyError: It is damaged.
    """
    copy = BytesIO()
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(copy, "w") as target:
        part = sheet_part(book, sheet)
        for name in book.namelist():
            content = book.read(name)
            target.writestr(name, FOREIGN_ERROR.sub(rb"\1#VALUE!", content) if name == part else content)
    copy.seek(0)
    return copy
