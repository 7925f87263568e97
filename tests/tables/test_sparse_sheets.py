"""Workbooks that are small as files and huge when they are opened: rejected before the memory is asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from structkit.errors import JobError
from structkit.tables.formats import excel_bounds
from structkit.tables.sources import open_source

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>text</t></is></c></row>'
)
LAST = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
LAST_WITHOUT_ADDRESS = '<row r="1048576"><c><v>1</v></c></row>'
ROW = '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>fine</t></is></c></row>'
STYLED = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'


def write_workbook(path: Path, sheets: dict[str, str], dimension: str = "A1:B2") -> Path:
    """Write a workbook with these rows in each sheet, as XML, and return its path."""
    pytest.importorskip("python_calamine")
    names = [*sheets]
    entries = "".join(f'<sheet name="{each}" sheetId="{n}" r:id="r{n}"/>' for n, each in enumerate(names, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
    }
    for n, each in enumerate(names, 1):
        body = f'<dimension ref="{dimension}"/><sheetData>{sheets[each]}</sheetData>'
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{MAIN}">{body}</worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes this test's workbook."""
    return lambda *args, **settings: write_workbook(tmp_path / "t.xlsx", *args, **settings)


@pytest.mark.parametrize("dimension", ["A1:B2", "A1:XFD1048576"])
def test_a_stray_cell_in_the_last_corner_of_a_sheet_is_a_job_error(
    workbook: Callable[..., Path], dimension: str
) -> None:
    path = workbook({"one": HEADER + ROW + LAST}, dimension=dimension)
    assert path.stat().st_size < 2_000
    with pytest.raises(
        JobError, match=r"extends to XFD1048576 \(17,179,869,184 cells\), but only 5 have a value: delete"
    ):
        open_source(path)


def test_a_stray_cell_without_an_address_is_in_the_row_that_it_is_written_in(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel_bounds, "MAX_EMPTY_CELLS", 1_000_000)
    with pytest.raises(JobError, match=r"extends to B1048576 \(2,097,152 cells\)"):
        open_source(workbook({"one": HEADER + ROW + LAST_WITHOUT_ADDRESS}))


@pytest.mark.parametrize("chunk_bytes", [1, 7, 64, 1 << 20])
def test_an_address_that_is_split_between_two_chunks_is_found(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(excel_bounds, "CHUNK_BYTES", chunk_bytes)
    with pytest.raises(JobError, match="extends to XFD1048576"):
        open_source(workbook({"one": HEADER + LAST}))


def test_a_cell_that_is_only_formatted_does_not_make_a_sheet_large(workbook: Callable[..., Path]) -> None:
    assert [record.values for record in open_source(workbook({"one": HEADER + ROW + STYLED}))] == [
        {"id": 1, "text": "fine"}
    ]


def test_only_the_sheet_that_is_read_is_judged(workbook: Callable[..., Path]) -> None:
    path = workbook({"a &amp; b": HEADER + ROW, "stray": HEADER + LAST})
    assert [record.values for record in open_source(path, table="a & b")] == [{"id": 1, "text": "fine"}]
    with pytest.raises(JobError, match="extends to XFD1048576"):
        open_source(path, table="stray")


def test_a_part_that_expands_out_of_proportion_is_a_job_error(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel_bounds, "MAX_PART_BYTES", 1_000_000)
    cell = f'<row r="2"><c r="A2" t="inlineStr"><is><t>{"x" * 2_000_000}</t></is></c></row>'
    with pytest.raises(JobError, match=r"sheet1\.xml expands from [\d,]+ to 2,\d{3},\d{3} bytes"):
        open_source(workbook({"one": HEADER + cell}))


def test_a_large_table_with_few_values_for_each_row_is_read(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel_bounds, "MAX_EMPTY_CELLS", 100)
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 502))
    assert sum(1 for _ in open_source(workbook({"one": HEADER + rows}))) == 500
