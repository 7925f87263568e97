"""Excel: read with calamine, written with XlsxWriter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from structkit.errors import JobError
from structkit.tables.columns import input_columns
from structkit.tables.files import Input
from structkit.tables.formats.cells import flat_cells
from structkit.tables.formats.format import Format, Header, Line, Table, Target, headed
from structkit.tables.formats.formulas import neutral
from structkit.tables.optional import need
from structkit.values import JSON

EXTRA = "excel"
EXACT = 2**53
"""Beyond it a number of Excel's is no longer every integer, and the digits are written as text."""

MOST_ROWS, LONGEST = 1_048_576, 32_767
"""What a sheet can hold: rows, letters of a cell. Of columns it takes more than a flat table may have."""


def _read(source: Input) -> Table:
    """The sheet that is named, or the first; its first row has the names of the columns."""
    rows = _rows(source)
    line, first = next(rows, (1, []))
    while first and first[-1] == "":
        first.pop()
    names = headed([_cell(value) for value in first], source, line, unit="row")
    return Table(Header(input_columns(names), unit="row"), _records(source, names, rows))


def _records(source: Input, names: tuple[str, ...], rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Line]:
    for number, row in rows:
        cells = [_cell(value) for value in row]
        if any(cell != "" for cell in cells[len(names) :]):
            raise source.wrong("a cell stands right of the last column with a name", number, unit="row")
        yield Line(number, dict(zip(names, cells, strict=False)))


def _rows(source: Input) -> Iterator[tuple[int, list[Any]]]:
    """Rows that are not empty, by their number in the sheet."""
    calamine = need("python_calamine", EXTRA)
    try:
        with calamine.CalamineWorkbook.from_path(str(source.path)) as book:
            sheet = _sheet(source, book)
            first = sheet.start[0] + 1 if sheet.start else 1
            yield from ((number, row) for number, row in _numbered(sheet, first) if any(cell != "" for cell in row))
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise source.wrong(f"cannot be read: {error}") from None


def _numbered(sheet: Any, first: int) -> Iterator[tuple[int, list[Any]]]:
    blank = first - 1 if sheet.total_height > sheet.height else 0  # calamine may or may not give the rows above
    return enumerate(sheet.iter_rows(), first - blank)


def _sheet(source: Input, book: Any) -> Any:
    names = list(book.sheet_names)
    if source.table is None and names:
        return book.get_sheet_by_index(0)
    if source.table not in names:
        raise source.wrong(f"has no sheet {source.table!r}; it has {', '.join(map(repr, names)) or 'none'}")
    return book.get_sheet_by_name(source.table)


def _cell(value: Any) -> Any:
    """A cell as it shows: 5, not 5.0, for all that Excel has no other numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < EXACT else value


class _Writer:
    """Rows as one sheet. Texts are written as texts, and never as formulas, links or numbers."""

    def __init__(self, target: Target) -> None:
        excel = need("xlsxwriter", EXTRA)
        self._name, self._columns = target.name, target.columns
        self._guard = str if target.formulas else neutral
        self._book = excel.Workbook(target.file, {"constant_memory": True})
        self._sheet = self._book.add_worksheet(target.table[:31])
        self._row = 0
        self._put([column.name for column in self._columns])

    def write(self, row: JSON) -> None:
        """Take a row."""
        self._put(flat_cells(self._columns, row))

    def close(self) -> None:
        """Write what is still to be written."""
        self._book.close()

    def _put(self, cells: list[Any]) -> None:
        if self._row >= MOST_ROWS:
            raise self._wrong(f"a sheet has {MOST_ROWS:,} rows; write CSV, JSONL or Parquet")
        for place, cell in enumerate(cells):
            self._put_cell(place, cell)
        self._row += 1

    def _put_cell(self, place: int, cell: Any) -> None:
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._row, place, cell)
        elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) <= EXACT:
            self._sheet.write_number(self._row, place, cell)
        elif cell is not None:
            text = self._guard(cell) if isinstance(cell, str) else repr(cell)
            if len(text.encode("utf-16-le")) > 2 * LONGEST:
                column = self._columns[place].name
                raise self._wrong(f"row {self._row + 1}, column {column!r}: a cell of Excel holds {LONGEST:,} letters")
            self._sheet.write_string(self._row, place, text)

    def _wrong(self, message: str) -> JobError:
        return JobError(f"cannot write {self._name}: {message}", file=self._name)


EXCEL = Format(
    "excel",
    (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    _read,
    _Writer,
    is_flat=True,
    written=(".xlsx",),
)
