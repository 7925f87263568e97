"""Excel: read with calamine, written with XlsxWriter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import time
from io import BytesIO
from itertools import takewhile
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from structkit.errors import JobError
from structkit.optional import import_extra
from structkit.tables.columns import input_columns
from structkit.tables.content_kind import OLDER_OFFICE, ZIP
from structkit.tables.files import Input
from structkit.tables.formats import binary_workbook, foreign_errors, open_document
from structkit.tables.formats.bounds import column_name
from structkit.tables.formats.cells import flat_cell, flat_cells
from structkit.tables.formats.excel_bounds import OPEN_DOCUMENT, UNREADABLE, validate_sheet, validate_workbook
from structkit.tables.formats.format import Format, Header, SourceRow, Table, Target, read_header
from structkit.tables.formats.formulas import is_formula
from structkit.values import JSON
from structkit.values.text import format_names

EXTRA = "excel"
MAX_EXACT = 2**53
"""Excel has only floats: integers beyond this would lose digits, and are written as text."""

PANIC_MODULE = "pyo3_runtime"
"""The module of the exception that a failed assertion of the reader raises, which is no `Exception`."""

COPIES = {OPEN_DOCUMENT: open_document.readable_copy, ".xlsb": binary_workbook.readable_copy}
"""By the suffix of a workbook, what makes a copy that the reader reads without a loss."""

MAX_ERROR_CHARS = 40
"""Characters of a cell that an error message quotes."""

MAX_ROWS, MAX_CELL_CHARS = 1_048_576, 32_767
"""Limits of a sheet. Its limit of columns is higher than that of a flat table."""


def _read(source: Input) -> Table:
    """Open the sheet of that name, or the first visible one; its first row has the names of the columns."""
    book = _open_book(source)
    sheet = _sheet_name(source, book)
    note = _other_sheets(source, book, sheet) if source.table is None else ""
    place = replace(source, note=note)
    rows = _rows(place, book, sheet)
    line, first = next(rows, (1, []))
    while first and first[-1] == "":
        first.pop()
    names = read_header([_cell(value) for value in first], place, line, unit="row")
    header = Header(input_columns(names), has_empty_texts=False, unit="row", note=note)
    return Table(header, _records(place, names, rows))


def _records(source: Input, names: tuple[str, ...], rows: Iterator[tuple[int, list[Any]]]) -> Iterator[SourceRow]:
    for number, row in rows:
        cells = [_cell(value) for value in row]
        if unnamed := [cell for cell in cells[len(names) :] if cell != ""]:
            text = str(unnamed[0])[:MAX_ERROR_CHARS]
            message = f"the cell {text!r} is to the right of the last column with a name, {names[-1]!r}"
            raise source.error(message, number, unit="row")
        yield SourceRow(number, dict(zip(names, cells, strict=False)))


def _open_book(source: Input) -> Any:
    calamine = import_extra("python_calamine", EXTRA)
    validate_workbook(source)
    with _read_errors(source):
        if source.path is not None and (copy_readable := COPIES.get(source.path.suffix.lower())):
            with suppress(*UNREADABLE):  # the reader says what is wrong with the file
                if copy := copy_readable(source.path):
                    return _open_copy(source, copy)
        return calamine.CalamineWorkbook.from_path(str(source.path))


def _open_copy(source: Input, copy: BytesIO) -> Any:
    calamine = import_extra("python_calamine", EXTRA)
    with _read_errors(source):
        return calamine.CalamineWorkbook.from_filelike(copy)


def _rows(source: Input, book: Any, name: str) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows that are not empty, with their number in the sheet."""
    bounds = validate_sheet(source, name)
    if bounds.has_foreign_errors and source.path is not None:
        book = _open_copy(source, foreign_errors.readable_copy(source.path, name))
    with book, _read_errors(source):
        sheet = book.get_sheet_by_name(name)
        first = sheet.start[0] + 1 if sheet.start else 1
        _validate_dates(source, sheet, first, bounds.negatives)
        yield from ((number, row) for number, row in _numbered(sheet, first) if any(cell != "" for cell in row))


def _validate_dates(source: Input, sheet: Any, first: int, negatives: Sequence[tuple[int, int]]) -> None:
    """Validate that no date is negative: the reader returns the time 00:00:00 for -5.

    Raises:
        JobError: One is.
    """
    numbers = {row for row, _ in negatives}
    needed_rows = takewhile(lambda each: each[0] <= max(numbers), _numbered(sheet, first)) if numbers else ()
    rows = {number: row for number, row in needed_rows if number in numbers}
    for row, column in negatives:
        place = column - 1 - sheet.start[1]
        if row in rows and isinstance(rows[row][place], time):
            raise source.error(
                f"the number in {column_name(column)}{row} of the sheet {sheet.name!r} is negative, and with its date "
                "format Excel shows ##### for it: correct it, or give it another format"
            )


@contextmanager
def _read_errors(source: Input) -> Iterator[None]:
    """Raise what the reader raises as `JobError`."""
    calamine = import_extra("python_calamine", EXTRA)
    try:
        yield
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise source.error(f"cannot be read: {_read_error(source, error)}") from None
    except BaseException as error:
        if type(error).__module__ != PANIC_MODULE:
            raise
        raise source.error(f"cannot be read, it seems to be damaged: {error}") from None


def _read_error(source: Input, error: Exception) -> str:
    """Return why a workbook cannot be read; of a file with the suffix of another kind, what it is."""
    kind = source.content_kind()
    if kind not in {"", ZIP, OLDER_OFFICE}:
        return f"its content is no workbook but {kind}"
    is_older = source.path is not None and source.path.suffix.lower() == ".xls"
    if kind in {"", OLDER_OFFICE if is_older else ZIP} or "password" in str(error):
        return str(error)
    return f"its content is {kind}, and its name has another suffix: rename it"


def _numbered(sheet: Any, first: int) -> Iterator[tuple[int, list[Any]]]:
    # calamine returns the rows above the first cell for some formats only.
    blank_rows = first - 1 if sheet.total_height > sheet.height else 0
    return enumerate(sheet.iter_rows(), first - blank_rows)


def _sheet_name(source: Input, book: Any) -> str:
    """Return the name of the sheet to read.

    Raises:
        JobError: There is no such sheet, or none at all.
    """
    calamine = import_extra("python_calamine", EXTRA)
    visible_sheet = (calamine.SheetTypeEnum.WorkSheet, calamine.SheetVisibleEnum.Visible)
    sheets = [
        each.name for each in book.sheets_metadata if (each.typ, each.visible) == visible_sheet
    ] or book.sheet_names
    if source.table is None and sheets:
        return str(sheets[0])
    if source.table is None or source.table not in book.sheet_names:
        raise source.error(f"has no sheet {source.table!r}; it has {format_names(book.sheet_names)}")
    return source.table


def _other_sheets(source: Input, book: Any, sheet: str) -> str:
    names = [name for name in book.sheet_names if name != sheet]
    if not names:
        return ""
    choice = "table= (--sheet) chooses another" if source.has_settings else "save another as a file of its own"
    return f"this is the sheet {sheet!r}; {choice}: {format_names(names)}"


def _cell(value: Any) -> Any:
    """Return a cell as Excel displays it: 5, not 5.0, although Excel stores floats only."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT else value


def _text_error(text: str) -> str:
    """Return why a text cannot be a cell; empty if it can."""
    if len(text) <= MAX_CELL_CHARS // 2 or len(text.encode("utf-16-le", "surrogatepass")) <= 2 * MAX_CELL_CHARS:
        return ""
    return (
        f"a cell in Excel has at most {MAX_CELL_CHARS:,} characters; write CSV, JSONL or Parquet (export, --export "
        "FILE, writes the rows that a job has finished to another file, without a request)"
    )


def _cell_error(cell: Any) -> str:
    value = flat_cell(cell)
    return _text_error(value) if isinstance(value, str) else ""


class _AllDigits(float):
    """A number that XlsxWriter writes with all of its digits, and not with 16 of the 17 that it may have."""

    def __format__(self, form: str) -> str:
        return repr(float(self))


class _ExcelWriter:
    """Writes rows to one sheet. Texts are written as texts, and never as formulas, links or numbers."""

    def __init__(self, target: Target) -> None:
        excel = import_extra("xlsxwriter", EXTRA)
        self._name, self._columns = target.name, target.columns
        self._folder = TemporaryDirectory()  # of rows until the workbook is closed, and of its parts
        self._book = excel.Workbook(target.file, {"constant_memory": True, "tmpdir": self._folder.name})
        # What the apostrophe before a text is in Excel: the cell stays a text when somebody edits it.
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._sheet = self._book.add_worksheet(target.table[:31])
        self._row = 0
        self._write_cells([column.name for column in self._columns])

    def write(self, row: JSON) -> None:
        """Write a row."""
        try:
            self._write_cells(flat_cells(self._columns, row))
        except OSError as error:
            raise self._error(
                f"{error.strerror or error} in {gettempdir()}, the folder of temporary files (TMPDIR chooses another)"
            ) from None

    def close(self) -> None:
        """Write everything that is buffered."""
        with self._folder:
            self._book.close()

    def _write_cells(self, cells: list[Any]) -> None:
        if self._row >= MAX_ROWS:
            raise self._error(f"a sheet has at most {MAX_ROWS:,} rows; write CSV, JSONL or Parquet")
        for place, cell in enumerate(cells):
            self._write_cell(place, cell)
        self._row += 1

    def _write_cell(self, place: int, cell: Any) -> None:
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._row, place, cell)
        elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) < MAX_EXACT:
            self._sheet.write_number(self._row, place, _AllDigits(cell) if isinstance(cell, float) else cell)
        elif cell is not None:
            self._write_text(place, cell if isinstance(cell, str) else repr(cell))

    def _write_text(self, place: int, text: str) -> None:
        if reason := _text_error(text):
            raise self._error(f"row {self._row + 1}, column {self._columns[place].name!r}: {reason}")
        self._sheet.write_string(self._row, place, text, self._quoted if is_formula(text) else None)

    def _error(self, message: str) -> JobError:
        return JobError(f"cannot write {self._name}: {message}", file=self._name)


EXCEL = Format(
    "excel",
    (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    _read,
    _ExcelWriter,
    is_flat=True,
    write_suffixes=(".xlsx",),
    cell_error=_cell_error,
    write_extra=("xlsxwriter", EXTRA),
)
