"""Formulas in workbooks: their results are read, and one that nobody has calculated is an error and no empty cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbooks import ods_row, write_ods, write_workbook

from structkit.errors import JobError
from structkit.tables.sources import open_source

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>'
NUMBER = '<c r="A2"><v>1</v></c>'


def sheet(cell: str) -> dict[str, str]:
    return {"one": f'{HEADER}<row r="2">{NUMBER}{cell}</row>'}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><f>A2+1</f><v>2</v></c>', 2),
        ('<c r="B2"><f>A2-1</f><v>0</v></c>', 0),
        ('<c r="B2" t="str"><f>""</f><v></v></c>', ""),
        ('<c r="B2" t="str"><f>""</f></c>', ""),
        ('<c r="B2" t="b"><f>A2=2</f><v>0</v></c>', False),
        ('<c r="B2"><f t="shared" si="0"/><v>2</v></c>', 2),
    ],
)
def test_the_result_of_a_formula_is_its_cell(tmp_path: Path, cell: str, value: object) -> None:
    (record,) = open_source(write_workbook(tmp_path / "t.xlsx", sheet(cell)))
    assert record.values == {"a": 1, "b": value}


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>A2+1</f></c>',
        '<c r="B2"><f>A2+1</f><v></v></c>',
        '<c r="B2"><f>A2+1</f><v /></c>',
        '<c s="0" r="B2">\n<f t="shared" si="0"/>\n<v/></c>',
    ],
)
def test_a_formula_without_a_result_is_a_job_error_with_its_cell(tmp_path: Path, cell: str) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {**sheet(""), "two": sheet(cell)["one"]})
    assert len([*open_source(path)]) == 1, "only the sheet that is read is judged"
    with pytest.raises(JobError, match=r"formula in B2 of the sheet 'two' has no result, .*: open the workbook in"):
        open_source(path, table="two")


def test_the_zero_that_xlsxwriter_writes_for_a_formula_is_not_its_result(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    book = xlsxwriter.Workbook(tmp_path / "t.xlsx")
    rows = book.add_worksheet()
    rows.write_row(0, 0, ["a", "b"])
    rows.write_row(1, 0, [1, "=A2+1"])
    book.close()
    with pytest.raises(JobError, match="formula in B2 of the sheet 'Sheet1' has no result"):
        open_source(tmp_path / "t.xlsx")


def test_a_boolean_that_xlsxwriter_writes_as_a_result_is_one(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    pytest.importorskip("python_calamine")
    book = xlsxwriter.Workbook(tmp_path / "t.xlsx")
    rows = book.add_worksheet()
    rows.write_row(0, 0, ["a", "b"])
    rows.write_number(1, 0, 1)
    rows.write_formula(1, 1, "=A2=2", value=False)
    book.close()
    assert [record.values for record in open_source(tmp_path / "t.xlsx")] == [{"a": 1, "b": False}]


def test_a_formula_without_a_result_in_an_open_document_is_a_job_error(tmp_path: Path) -> None:
    formula = '<table:table-cell table:formula="of:=1+2"/>'
    empty_text = '<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>'
    rows = [ods_row("a", "b"), ods_row("x", "y").replace("</table:table-row>", f"{empty_text}</table:table-row>")]
    path = write_ods(tmp_path / "t.ods", {"one": "".join(rows)})
    assert [record.values for record in open_source(path)] == [{"a": "x", "b": "y"}]
    rows[1] = rows[1].replace(empty_text, formula)
    with pytest.raises(JobError, match="formula in C2 of the sheet 'one' has no result"):
        open_source(write_ods(tmp_path / "u.ods", {"one": "".join(rows)}))
