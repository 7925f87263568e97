"""Binary Excel workbooks: the same cells as in the other formats of Excel."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from struct import pack

import pytest
from workbooks import binary_record, binary_row, binary_text, write_binary_workbook

from structkit.errors import JobError
from structkit.tables.sources import open_source

NUMBER, INTEGER, TEXT = 5, 2, 6
DATE_STYLE = b"".join(binary_record(47, pack("<HH", 0, number_format) + bytes(12)) for number_format in (0, 14))
STYLES = binary_record(617, pack("<I", 2)) + DATE_STYLE + binary_record(618)
HEADER = binary_row(0, (0, TEXT, binary_text("day")))


def integer(number: int) -> bytes:
    return pack("<i", number << 2 | 0b10)


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (binary_row(1, (0, INTEGER, integer(45351)), style=1), dt.date(2024, 2, 29)),
        (binary_row(1, (0, INTEGER, integer(2958465)), style=1), dt.date(9999, 12, 31)),
        (binary_row(1, (0, NUMBER, pack("<d", 45351)), style=1), dt.date(2024, 2, 29)),
        (binary_row(1, (0, INTEGER, integer(45351))), 45351),
        (binary_row(1, (0, INTEGER, integer(-5))), -5),
        (binary_row(1, (0, INTEGER, pack("<i", 1250 << 2 | 0b11))), 12.5),
        (binary_row(1, (0, INTEGER, pack("<d", 0.5)[4:])), 0.5),
    ],
)
def test_a_number_with_the_format_of_a_date_is_a_date_however_it_is_stored(
    tmp_path: Path, row: bytes, value: object
) -> None:
    path = write_binary_workbook(tmp_path / "t.xlsb", {"one": HEADER + row}, STYLES)
    (record,) = open_source(path)
    assert record.values == {"day": value}
    assert type(record.values["day"]) is type(value)


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("t.xls", b"PK\x03\x04", "a ZIP archive, as .xlsx and .ods files are"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older or encrypted Office document, as .xls files are"),
    ],
)
def test_a_workbook_with_the_suffix_of_another_kind_is_named_by_its_content(
    tmp_path: Path, name: str, start: bytes, kind: str
) -> None:
    pytest.importorskip("python_calamine")
    (tmp_path / name).write_bytes(start + bytes(600))
    with pytest.raises(JobError, match=re.escape(f"its content is {kind}, and its name has another suffix: rename it")):
        open_source(tmp_path / name)
