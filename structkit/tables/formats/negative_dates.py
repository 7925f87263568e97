"""Finds negative numbers with a date format in Excel sheets, which Excel shows as ##### and the reader as 00:00:00."""

from __future__ import annotations

import re
import zipfile

STYLES = "xl/styles.xml"
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Built-in formats of dates and times (ECMA-376, part 1, 18.8.30)."""

NEGATIVE = re.compile(
    rb"""<(?:\w{1,20}:)?c\s(?P<attributes>[^<>]{0,500})>\s*+
    (?:<(?:\w{1,20}:)?f\b[^<>]*+(?:(?<=/)>|>[^<]*+</(?:\w{1,20}:)?f>)\s*+)?
    <(?:\w{1,20}:)?v\b[^<>]*+>\s*+-""",
    re.VERBOSE,
)
"""A cell with a negative number."""

_STYLE = re.compile(rb"""(?:^|\s)s=["'](\d+)["']""")
_CELL_FORMATS = re.compile(rb"<(?:\w{1,20}:)?cellXfs\b.*?</(?:\w{1,20}:)?cellXfs>", re.DOTALL)
_CELL_FORMAT = re.compile(rb"<(?:\w{1,20}:)?xf\s[^<>]*>")
_FORMAT = re.compile(rb"<(?:\w{1,20}:)?numFmt\s[^<>]*>")
_FORMAT_ID = re.compile(rb"""\snumFmtId=["'](\d+)["']""")
_CODE = re.compile(rb"""\sformatCode=(["'])(.*?)\1""")
_LITERAL = re.compile(rb"&quot;.*?&quot;|\"[^\"]*\"|\\.|\[[^\]]*\]")
_DATE_LETTER = re.compile(rb"[dmyhsDMYHS]")


def find_style(attributes: bytes) -> int:
    """Return the number of the style of a cell; 0 is the default."""
    match = _STYLE.search(attributes)
    return int(match[1]) if match else 0


def date_styles(book: zipfile.ZipFile) -> frozenset[int]:
    """Return the numbers of the styles that may be those of dates and times; none if the workbook has no styles."""
    if STYLES not in book.namelist():
        return frozenset()
    styles = book.read(STYLES)
    codes = ((_FORMAT_ID.search(tag), _CODE.search(tag)) for tag in _FORMAT.findall(styles))
    custom = {int(number[1]): code[2] for number, code in codes if number and code}
    formats = {number for number, code in custom.items() if _DATE_LETTER.search(_LITERAL.sub(b"", code))}
    formats |= DATE_FORMATS - custom.keys()
    section = _CELL_FORMATS.search(styles)
    numbers = [_FORMAT_ID.search(tag) for tag in _CELL_FORMAT.findall(section[0])] if section else []
    return frozenset(style for style, number in enumerate(numbers) if number and int(number[1]) in formats)
