"""Measures a sheet of an Excel workbook from the addresses of its cells in XML."""

from __future__ import annotations

import re
import zipfile

from structkit.tables.formats.bounds import Bounds, column_number
from structkit.tables.formats.xml_chunks import whole_tags

# Cells with a value: a self-closing tag has none.
_CELL = re.compile(rb"""<(?:\w{1,20}:)?c\b[^<>]{0,500}?\sr=["']([A-Za-z]{1,3})(\d{1,7})["'][^<>]{0,500}(?<!/)>""")
_CELL_WITHOUT_ADDRESS = re.compile(rb"""<(?:\w{1,20}:)?c(?:\s+(?!r=)[\w:]+=["'][^"'<>]*["'])*\s*>""")
_ROW = re.compile(rb"""<(?:\w{1,20}:)?row\b[^<>]{0,500}?\sr=["'](\d{1,7})["']""")


def read_xlsx_bounds(book: zipfile.ZipFile, part: str) -> Bounds:
    """Return the bounds of the sheet in a part of the workbook."""
    bounds = Bounds()
    with book.open(part) as file:
        for chunk in whole_tags(file):
            cells, bare_cells = _CELL.findall(chunk), _CELL_WITHOUT_ADDRESS.findall(chunk)
            bounds.values += len(cells) + len(bare_cells)
            columns = [column_number(letters) for letters in {letters for letters, _ in cells}]
            rows = {int(row) for _, row in cells}
            if bare_cells:  # a cell without an address belongs to the enclosing <row>
                rows |= set(map(int, _ROW.findall(chunk)))
            bounds.extend(rows, columns or [1])
    return bounds
