"""How the numbers of a workbook are shown: dates, times and percentages among them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

NumberKind: TypeAlias = Literal["number", "percent", "date", "time", "datetime"]

BUILT_IN: dict[int, NumberKind] = {
    **dict.fromkeys((9, 10), "percent"),
    **dict.fromkeys((14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "date"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time"),
    22: "datetime",
}
"""The formats that have a number and no code (ECMA-376, part 1, section 18.8.30)."""

LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""What a format code shows as it is, and its colours and conditions."""

EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 (a workbook has no time zone)
MAX_DAYS = 2_958_466
"""The day after 9999-12-31."""

WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]*")
"""A number that may have more digits than a spreadsheet knows, where another program has written it."""

FIRST_LEAP_DAY = 60
"""Day 60 is 29 February 1900, which did not exist: the days before it count from one day later."""


class CellFormats:
    """The formats of cells; receives the elements of the part with the styles.

    Args:
        has_1904_dates: Whether days are counted from 1904.
    """

    def __init__(self, has_1904_dates: bool) -> None:
        """Begin with the formats that are built in."""
        self.epoch = EPOCH_1904 if has_1904_dates else EPOCH
        self.kinds: list[NumberKind] = []
        self._codes: dict[str, str] = {}
        self._is_cell_format = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive the start of an element."""
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._is_cell_format = True
        elif name == "xf" and self._is_cell_format:
            self.kinds.append(self._kind(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        """Receive the end of an element."""
        self._is_cell_format = self._is_cell_format and name != "cellXfs"

    def data(self, text: str) -> None:
        """Styles have no text."""

    def _kind(self, number: str) -> NumberKind:
        if number in self._codes:
            return code_kind(self._codes[number])
        return BUILT_IN.get(int(number) if number.isdecimal() else 0, "number")


def code_kind(code: str) -> NumberKind:
    """Return what a format code shows.

    >>> [code_kind(code) for code in ("yyyy-mm-dd hh:mm", "[h]:mm", '0 "days"', "0.0%", "[Red]dd.mm.yy")]
    ['datetime', 'time', 'number', 'percent', 'date']
    """
    letters = LITERAL.sub("", code.partition(";")[0]).lower()
    has_date, has_time = any(each in letters for each in "yd"), any(each in letters for each in "hs")
    if has_date or has_time:
        return "datetime" if has_date and has_time else "date" if has_date else "time"
    if "m" in letters and not any(each in letters for each in "0#"):
        return "date"
    return "percent" if "%" in letters else "number"


def format_cell(value: str, formats: CellFormats, style: int) -> str:
    """Return a number as it is shown, dates in ISO form; a text stays as it is.

    >>> formats = CellFormats(False)
    >>> formats.kinds = ["number", "percent", "date", "time"]
    >>> [format_cell(*each) for each in (("0.1", formats, 0), ("0.19", formats, 1), ("46095", formats, 2))]
    ['0.1', '19%', '2026-03-14']
    """
    try:
        number = float(value)
    except ValueError:
        return value
    kind = formats.kinds[style] if style < len(formats.kinds) else "number"
    if kind == "percent":
        return f"{_shorten(number * 100)}%"
    if kind in {"date", "time", "datetime"} and 0 <= number < MAX_DAYS:
        return _format_date(number, kind, formats.epoch)
    return value if WHOLE_NUMBER.fullmatch(value) else _shorten(number)


def _shorten(number: float) -> str:
    """Return a number with the 15 digits that a spreadsheet knows."""
    text = f"{number:.15g}"
    return text if "e" not in text or abs(number) >= 1e21 else f"{number:.15f}".rstrip("0").rstrip(".")  # noqa: PLR2004


def _format_date(days: float, kind: NumberKind, epoch: datetime) -> str:
    seconds = round(days * 86_400)
    if kind == "time":
        hours, seconds = divmod(seconds, 3_600)
        return f"{hours:02}:{seconds // 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    moment = epoch + timedelta(days=epoch == EPOCH and days < FIRST_LEAP_DAY, seconds=seconds)
    has_time = kind == "datetime" or seconds % 86_400
    return moment.isoformat(" ", "minutes" if not moment.second else "seconds") if has_time else str(moment.date())
