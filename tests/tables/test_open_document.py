"""An OpenDocument sheet says what a spreadsheet shows: spaces of texts, and no value for an error."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from structkit.tables.formats.open_document import UNREADABLE_PARTS
from structkit.tables.sources import open_source

NAMES = ("office", "table", "text")
SCHEME = "urn:oasis:names:tc:opendocument:xmlns"
CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def text_cell(content: str) -> str:
    """Return a cell with a text, as XML."""
    return f'<table:table-cell office:value-type="string"><text:p>{content}</text:p></table:table-cell>'


@pytest.fixture
def read_cell(tmp_path: Path) -> Callable[[str], list[object]]:
    """Returns a function that writes a sheet with one cell, and returns what a row has of it."""
    pytest.importorskip("python_calamine")

    def read_cell(cell: str) -> list[object]:
        spaces = " ".join(f'xmlns:{name}="{SCHEME}:{name}:1.0"' for name in NAMES)
        rows = "".join(f"<table:table-row>{each}</table:table-row>" for each in (text_cell("text"), cell))
        table = f"<table:table table:name='one'>{rows}</table:table>"
        body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
        with zipfile.ZipFile(tmp_path / "t.ods", "w") as book:
            book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            book.writestr("content.xml", f"<office:document-content {spaces} {CALC}>{body}</office:document-content>")
            book.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{SCHEME}:manifest:1.0"/>')
        return [record.values["text"] for record in open_source(tmp_path / "t.ods")]

    return read_cell


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a<text:tab/>b", "a\tb"),
        ("a<text:tab></text:tab>b", "a\tb"),
        ("a<text:line-break />b<text:line-break/>c", "a\nb\nc"),
        ("<![CDATA[a < b & <text:tab/>]]>", "a < b & <text:tab/>"),
        ("a &lt;text:tab/&gt; b", "a <text:tab/> b"),
    ],
    ids=["tab", "tab pair", "breaks", "section", "words"],
)
def test_the_spaces_of_a_text_are_kept(read_cell: Callable[[str], list[object]], content: str, text: str) -> None:
    assert read_cell(text_cell(content)) == [text]


def test_a_cell_with_an_error_is_empty_and_no_zero(read_cell: Callable[[str], list[object]]) -> None:
    attributes = 'table:formula="of:=IF(A1>0;1;1/0)" office:value-type="float" office:value="0"'
    cell = f'<table:table-cell {attributes} calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
    assert read_cell(f"{cell}{text_cell('')}") == []


@pytest.mark.parametrize("attributes", ["", " table:style-name='a>b'"])
def test_a_cell_without_a_type_has_its_text(read_cell: Callable[[str], list[object]], attributes: str) -> None:
    assert read_cell(f"<table:table-cell{attributes}><text:p>a<text:tab/>b</text:p></table:table-cell>") == ["a\tb"]


def test_a_cell_without_a_type_and_a_text_is_empty(read_cell: Callable[[str], list[object]]) -> None:
    note = "<table:table-cell><office:annotation><text:p>note</text:p></office:annotation></table:table-cell>"
    assert read_cell(f"{note}{text_cell('')}") == []


@pytest.mark.parametrize(
    "part",
    [b"<![CDATA[", b"<text:tab ", b"<table:table-cell '", b'<table:table-cell "', b"<table:table-cell>"],
    ids=range(5),
)
def test_a_damaged_sheet_is_searched_in_linear_time(part: bytes) -> None:
    start = time.process_time()
    UNREADABLE_PARTS.sub(b"", part * 100_000)
    assert time.process_time() - start < 2
