"""Cells of workbooks that the reader alone would misread: negative dates, and errors that it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbooks import write_workbook

from structkit.errors import JobError
from structkit.tables.sources import open_source

HEADER = '<row r="3"><c r="C3" t="inlineStr"><is><t>a</t></is></c><c r="D3" t="inlineStr"><is><t>b</t></is></c></row>'
CODES = {
    164: "d. mmm yyyy",
    165: "[h]:mm:ss",
    166: "#,##0.00 &quot;days&quot;;[Red]-#,##0.00 \\d",
    167: "hh:mm",
}
STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="4">'
    + "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in CODES.items())
    + '</numFmts><cellXfs count="6"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    + "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in CODES)
    + "</cellXfs></styleSheet>"
)
DATE, WORDS, ELAPSED, AMOUNT, CLOCK = range(1, 6)


def read(path: Path, *cells: str) -> list[object]:
    """Return the column b of rows that each have one of these cells there."""
    rows = "".join(
        f'<row r="{n}"><c r="C{n}"><v>1</v></c>{cell.format(f"D{n}")}</row>' for n, cell in enumerate(cells, 4)
    )
    write_workbook(path, {"one": HEADER + rows}, styles=STYLES)
    return [record.values["b"] for record in open_source(path)]


@pytest.mark.parametrize("style", [DATE, WORDS, CLOCK])
@pytest.mark.parametrize("number", ["-5", "-0.25", "-1E3"])
def test_a_negative_date_is_an_error_with_its_cell(tmp_path: Path, style: int, number: str) -> None:
    cells = ['<c r="{0}"><v>-2</v></c>', f'<c r="{{0}}" s="{style}"><v>{number}</v></c>']
    with pytest.raises(JobError, match=r"the number in D5 of the sheet 'one' is negative, and with its date format"):
        read(tmp_path / "t.xlsx", *cells)


def test_negative_amounts_and_durations_are_read(tmp_path: Path) -> None:
    cells = [f'<c r="{{0}}" s="{style}"><v>-1.5</v></c>' for style in (0, AMOUNT, ELAPSED)]
    amount, other, duration = read(tmp_path / "t.xlsx", *cells, f'<c r="{{0}}" s="{DATE}"><v>45000</v></c>')[:3]
    assert (amount, other) == (-1.5, -1.5)
    assert duration.total_seconds() == -1.5 * 86_400  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", ["#SPILL!", "#CALC!", "#ERROR!", "Err:502", "#FIELD!", "#N/A", "#DIV/0!"])
def test_every_error_in_a_cell_is_an_empty_cell(tmp_path: Path, error: str) -> None:
    plain = f'<c r="{{0}}" t="e"><v>{error}</v></c>'
    formula = f"<c t='e' r='{{0}}'><f>A1</f><v>{error}</v></c>"
    text = f'<c r="{{0}}" t="inlineStr"><is><t>{error}</t></is></c>'
    assert read(tmp_path / "t.xlsx", plain, formula, text, '<c r="{0}"><v>-2</v></c>') == ["", "", error, -2]


def test_a_cell_beside_the_named_columns_is_an_error_that_says_which_it_is(tmp_path: Path) -> None:
    row = '<row r="7"><c r="C7"><v>1</v></c><c r="F7"><v>25</v></c></row>'
    write_workbook(tmp_path / "t.xlsx", {"one": HEADER + row}, styles=STYLES)
    with pytest.raises(JobError, match=r"row 7: the cell '25' is to the right of the last column with a name, 'b'"):
        list(open_source(tmp_path / "t.xlsx"))
