"""The text of an XLSX file: a sheet is a page, with tabs between its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from structkit.documents.cell_formats import CellFormats, format_cell
from structkit.documents.office_file import OfficeFile, attribute
from structkit.documents.pages import PageText
from structkit.documents.read_limits import ReadLimits
from structkit.documents.superscripts import raise_digits
from structkit.errors import PromptError
from structkit.values.formula_result import NO_RESULT, NUMBER, has_result

COLUMN = re.compile("[A-Z]{1,3}")
TEXTS = frozenset({"str", "e", "d"})
"""Types of cells whose value is their text."""


def read_xlsx(file: OfficeFile) -> Iterator[PageText]:
    """Yield the sheets in their order, hidden ones too; each begins with its name if there are several.

    Raises:
        PromptError: It is damaged, encrypted or too large, or a formula has no result.
    """
    workbook, parts = _Workbook(), file.relationships(file.main_part)
    file.read(file.main_part, workbook)
    texts, formats = _SharedTexts(), CellFormats(workbook.has_1904_dates)
    for each in parts.values():
        if each.kind in {"sharedStrings", "styles"}:
            file.read(each.target, texts if each.kind == "sharedStrings" else formats)
    sheets = [(name, parts[sheet]) for name, sheet in workbook.sheets if sheet in parts]
    for name, sheet in sheets:
        receiver = _Sheet(name, texts.texts, formats, file.limits, is_calculated_on_load=workbook.is_calculated_on_load)
        if sheet.kind == "worksheet":  # a chart has a sheet of its own
            file.read(sheet.target, receiver)
        yield PageText("\n".join([name, *receiver.lines] if len(sheets) > 1 else receiver.lines))


@dataclass
class _Workbook:
    sheets: list[tuple[str, str]] = field(default_factory=list)
    has_1904_dates: bool = False
    is_calculated_on_load: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            self.sheets.append((attributes.get("name", ""), attribute(attributes, "id") or ""))
        elif name == "workbookPr":
            self.has_1904_dates = attributes.get("date1904") in {"1", "true"}
        elif name == "calcPr":
            self.is_calculated_on_load = attributes.get("fullCalcOnLoad") in {"1", "true"}

    def end(self, name: str) -> None:
        """Nothing follows from an end."""

    def data(self, text: str) -> None:
        """The sheets have the text."""


class _CellText:
    """The text of a cell, whose parts may have fonts of their own; how Japanese words are read is left out."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._is_text = self._is_reading = self._is_raised = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._is_reading = self._is_reading or name == "rPh"
        self._is_text = name in {"t", "v"} and not self._is_reading
        if name in {"r", "si", "c"}:
            self._is_raised = False
        elif name == "vertAlign":
            self._is_raised = attributes.get("val") == "superscript"

    def end(self, name: str) -> None:
        self._is_text = False
        self._is_reading = self._is_reading and name != "rPh"

    def data(self, text: str) -> None:
        if self._is_text:
            self.parts.append(raise_digits(text) if self._is_raised else text)


class _SharedTexts(_CellText):
    """The texts to which cells refer by their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "si":
            self.parts = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            self.texts.append("".join(self.parts))


@dataclass
class _Sheet:
    """Collects the rows of a sheet.

    Raises:
        PromptError: A formula has no result, or the text is too long.
    """

    name: str
    shared: list[str]
    formats: CellFormats
    limits: ReadLimits
    is_calculated_on_load: bool = False
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cells: dict[int, str] = {}
        self._type, self._style, self._column = "", 0, 0
        self._value = _CellText()
        self._is_formula = False
        self._characters = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = column_number(attributes.get("r", "")) or self._column + 1
            self._type, self._value.parts, self._is_formula = attributes.get("t", NUMBER), [], False
            style = attributes.get("s", "0")
            self._style = int(style) if style.isdecimal() else 0
        elif name == "f":
            self._is_formula = True
        elif name == "row":
            self._cells, self._column = {}, 0
        self._value.start(name, attributes)

    def end(self, name: str) -> None:
        self._value.end(name)
        if name == "c" and self._is_formula:
            self._validate_result("".join(self._value.parts))
        if name == "c" and (text := self._text("".join(self._value.parts))):
            self._cells[self._column] = " ".join(text.split())
        elif name == "row" and any(self._cells.values()):
            line = "\t".join(self._cells.get(column, "") for column in range(1, max(self._cells) + 1))
            self.lines.append(line)
            self._characters += len(line) + 1
            self.limits.validate_characters(self._characters)

    def data(self, text: str) -> None:
        self._value.data(text)

    def _validate_result(self, result: str) -> None:
        if not has_result(result, self._type, is_calculated_on_load=self.is_calculated_on_load):
            raise PromptError(f"{self.limits.name!r}: a formula of the sheet {self.name!r} {NO_RESULT}")

    def _text(self, value: str) -> str:
        readers: dict[str, Callable[[str], str]] = {
            "s": self._shared_text,
            "b": lambda text: "TRUE" if text == "1" else "FALSE",
            "n": lambda text: format_cell(text, self.formats, self._style),
        }
        return readers.get(self._type, str)(value) if value else ""

    def _shared_text(self, value: str) -> str:
        index = int(value) if value.strip().isdecimal() else len(self.shared)
        return self.shared[index] if index < len(self.shared) else ""


def column_number(reference: str) -> int:
    """Return the number of a cell's column, from 1; 0 if the reference has none.

    >>> column_number("A1"), column_number("AB12"), column_number("")
    (1, 28, 0)
    """
    match = COLUMN.match(reference)
    number = 0
    for letter in match[0] if match else "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
