"""Measures a sheet of an Excel workbook from the addresses of its cells in XML, and finds formulas without a result."""

from __future__ import annotations

import re
import zipfile

from structkit.tables.formats.bounds import Bounds, column_number
from structkit.tables.formats.foreign_errors import has_foreign_error
from structkit.tables.formats.sheet_patterns import CELL_START, FORMULA, VALUE_START
from structkit.tables.formats.workbook_parts import XML
from structkit.tables.formats.xml_chunks import whole_tags
from structkit.values.formula_result import NUMBER, has_result

# Cells with a value: a self-closing tag has none.
_CELL = re.compile(rb"""<(?:\w{1,20}:)?c\b[^<>]{0,500}?\sr=["']([A-Za-z]{1,20})(\d{1,20})["'][^<>]{0,500}(?<!/)>""")
_CELL_WITHOUT_ADDRESS = re.compile(rb"""<(?:\w{1,20}:)?c(?:\s+(?!r=)[\w:]+=["'][^"'<>]*["'])*\s*>""")
_ROW = re.compile(rb"""<(?:\w{1,20}:)?row\b[^<>]{0,500}?\sr=["'](\d{1,20})["']""")
_FORMULA = re.compile(rb"""<(?:\w{1,20}:)?f[\s/>]""")
_FORMULA_CELL = re.compile(CELL_START + FORMULA + rb"(?:" + VALUE_START + rb"(?P<result>[^<]*+))?")
_NEGATIVE_CELL = re.compile(CELL_START + rb"(?:" + FORMULA + rb")?" + VALUE_START + rb"\s*+-")
_STYLE = re.compile(rb"""(?:^|\s)s=["'](\d+)["']""")
_ADDRESS = re.compile(rb"""(?:^|\s)r=["']([A-Za-z]{1,20}\d{1,20})["']""")
_PLACE = re.compile(rb"""(?:^|\s)r=["']([A-Za-z]{1,20})(\d{1,20})["']""")
_TYPE = re.compile(rb"""(?:^|\s)t=["'](\w+)["']""")
_CALCULATED_ON_LOAD = re.compile(rb"""\sfullCalcOnLoad=["'](?:1|true)["']""")


def read_xlsx_bounds(book: zipfile.ZipFile, part: str) -> Bounds:
    """Return the bounds of the sheet in a part of the workbook."""
    bounds, has_formulas, negatives = Bounds(), False, dict[bytes, tuple[int, int]]()
    with book.open(part) as file:
        for chunk in whole_tags(file):
            cells, bare_cells = _CELL.findall(chunk), _CELL_WITHOUT_ADDRESS.findall(chunk)
            bounds.values += len(cells) + len(bare_cells)
            columns = [column_number(letters) for letters in {letters for letters, _ in cells}]
            rows = {int(row) for _, row in cells}
            if bare_cells:  # a cell without an address belongs to the enclosing <row>
                rows |= set(map(int, _ROW.findall(chunk)))
            bounds.extend(rows, columns or [1])
            _add_negatives(chunk, negatives)
            bounds.has_foreign_errors = bounds.has_foreign_errors or has_foreign_error(chunk)
            has_formulas = has_formulas or _FORMULA.search(chunk) is not None
    if has_formulas:
        is_calculated_on_load = _CALCULATED_ON_LOAD.search(book.read(XML)) is not None
        bounds.uncalculated = _find_uncalculated(book.read(part), is_calculated_on_load=is_calculated_on_load)
    bounds.negatives = tuple(sorted(negatives.values()))
    return bounds


def _add_negatives(chunk: bytes, negatives: dict[bytes, tuple[int, int]]) -> None:
    """Add the place of the first negative number of each style."""
    for cell in _NEGATIVE_CELL.finditer(chunk) if b">-" in chunk else ():
        style = number[1] if (number := _STYLE.search(cell["attributes"])) else b"0"
        if style not in negatives and (address := _PLACE.search(cell["attributes"])):
            negatives[style] = int(address[2]), column_number(address[1])


def _find_uncalculated(sheet: bytes, *, is_calculated_on_load: bool) -> str:
    """Return the address of the first formula without a result; empty if all have one."""
    for cell in _FORMULA_CELL.finditer(sheet):
        cell_type, result = _TYPE.search(cell["attributes"]), (cell["result"] or b"").decode("utf-8", "replace")
        type_name = cell_type[1].decode() if cell_type else NUMBER
        if not has_result(result, type_name, is_calculated_on_load=is_calculated_on_load):
            address = _ADDRESS.search(cell["attributes"])
            return address[1].decode() if address else "a cell"
    return ""
