"""Workbooks that are small as files and huge when they are opened: rejected before the memory is asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from struct import pack

import pytest
from workbooks import (
    binary_row,
    binary_text,
    ods_row,
    write_binary_workbook,
    write_ods,
    write_workbook,
)

from structkit.errors import JobError
from structkit.tables.formats import bounds, excel_bounds, xml_chunks
from structkit.tables.sources import open_source

HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>text</t></is></c></row>'
)
LAST = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
LAST_WITHOUT_ADDRESS = '<row r="1048576"><c><v>1</v></c></row>'
ROW = '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>fine</t></is></c></row>'
STYLED = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'


BINARY_HEADER = binary_row(0, (0, 6, binary_text("id")), (1, 6, binary_text("text")))
BINARY_ROW = binary_row(1, (0, 5, pack("<d", 1)), (1, 6, binary_text("fine")))


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


@pytest.mark.parametrize(("address", "row"), [("ZZZZ99999999", 99_999_999), ("B4294967295", 4_294_967_295)])
def test_a_cell_outside_the_grid_of_excel_is_a_job_error(workbook: Callable[..., Path], address: str, row: int) -> None:
    with pytest.raises(JobError, match=f"extends to {address} .*, but only 5 have a value"):
        open_source(workbook({"one": f'{HEADER}{ROW}<row r="{row}"><c r="{address}"><v>1</v></c></row>'}))


def test_a_stray_cell_without_an_address_is_in_the_row_that_it_is_written_in(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_EMPTY_CELLS", 1_000_000)
    with pytest.raises(JobError, match=r"extends to B1048576 \(2,097,152 cells\)"):
        open_source(workbook({"one": HEADER + ROW + LAST_WITHOUT_ADDRESS}))


@pytest.mark.parametrize("chunk_bytes", [1, 7, 64, 1 << 20])
def test_an_address_that_is_split_between_two_chunks_is_found(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(xml_chunks, "CHUNK_BYTES", chunk_bytes)
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
    monkeypatch.setattr(bounds, "MAX_EMPTY_CELLS", 100)
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 502))
    assert sum(1 for _ in open_source(workbook({"one": HEADER + rows}))) == 500


BINARY_LAST = binary_row(1048575, (16383, 5, pack("<d", 1)))


def test_a_stray_cell_in_a_binary_workbook_is_a_job_error(tmp_path: Path) -> None:
    sheets = {"one": BINARY_HEADER + BINARY_ROW, "stray & co": BINARY_HEADER + BINARY_ROW + BINARY_LAST}
    path = write_binary_workbook(tmp_path / "t.xlsb", sheets)
    assert [record.values for record in open_source(path)] == [{"id": 1, "text": "fine"}]
    with pytest.raises(JobError, match=r"sheet 'stray & co' extends to XFD1048576 \([\d,]+ cells\), but only 5 have"):
        open_source(path, table="stray & co")


def test_a_cell_of_a_binary_workbook_that_is_only_formatted_does_not_make_a_sheet_large(tmp_path: Path) -> None:
    rows = BINARY_HEADER + BINARY_ROW + binary_row(1048575, (16383, 1, b""))
    path = write_binary_workbook(tmp_path / "t.xlsb", {"one": rows})
    assert [record.values for record in open_source(path)] == [{"id": 1, "text": "fine"}]


@pytest.mark.parametrize("damaged_part", ["xl/workbook.bin", "xl/worksheets/sheet1.bin", "xl/_rels/workbook.bin.rels"])
def test_a_part_of_a_binary_workbook_that_ends_too_early_raises_nothing_but_a_job_error(
    tmp_path: Path, damaged_part: str
) -> None:
    path = write_binary_workbook(tmp_path / "t.xlsb", {"one": BINARY_HEADER + BINARY_ROW})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    for length in range(len(parts[damaged_part])):
        with zipfile.ZipFile(path, "w") as book:
            for name, data in parts.items():
                book.writestr(name, data[: length if name == damaged_part else None])
        with suppress(JobError):
            assert len(list(open_source(path))) <= 1


@pytest.mark.parametrize("table", ["one", "stray"])
def test_a_stray_cell_in_any_sheet_of_an_open_document_is_a_job_error(tmp_path: Path, table: str) -> None:
    stray = ods_row("id", "text") + ods_row(2, rows=1_048_574) + ods_row(16_383, "x")
    path = write_ods(tmp_path / "t.ods", {"one": ods_row("id", "text") + ods_row("1", "fine"), "stray": stray})
    with pytest.raises(
        JobError, match=r"sheet 'stray' extends to XFD1048576 \([\d,]+ cells\), but only 3 have a value"
    ):
        open_source(path, table=table)


def test_repeated_empty_rows_and_cells_do_not_make_an_open_document_large(tmp_path: Path) -> None:
    rows = ods_row("id", "text", 16_382) + ods_row("1", "fine") + ods_row(16_384, rows=1_048_574)
    path = write_ods(tmp_path / "t.ods", {"a &amp; b": rows, "other": ods_row("id")})
    assert [record.values for record in open_source(path, table="a & b")] == [{"id": "1", "text": "fine"}]


@pytest.mark.parametrize("chunk_bytes", [1, 100, 1 << 20])
def test_a_long_text_between_two_tags_is_read_in_one_pass(
    workbook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    monkeypatch.setattr(xml_chunks, "CHUNK_BYTES", chunk_bytes)
    data = b'<row r="1"><c r="A1"><is><t>' + b"x" * 1_000 + b"</t></is></c></row>"
    chunks = list(xml_chunks.whole_tags(BytesIO(data)))
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) <= max(2 * chunk_bytes, 20)
    assert all(chunk.count(b"<") == chunk.count(b">") for chunk in chunks)
