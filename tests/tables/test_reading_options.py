"""Files with another delimiter, another encoding or several tables: the message says which option reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from structkit import Job, PromptError
from structkit.errors import JobError
from structkit.tables.source import Source
from structkit.tables.sources import open_source

ROWS = [{"id": "1", "text": "Café"}, {"id": "2", "text": "a\nb"}]
TEXT = 'id,text\r\n1,Café\r\n2,"a\nb"\r\n'


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "t.csv") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def values(source: Source) -> list[Any]:
    return [dict(record.values) for record in source]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_named_in_the_message_and_read_with_the_option(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path, TEXT.replace(",", delimiter))
    with pytest.raises(JobError, match=r"the only column is .* pass delimiter=") as caught:
        open_source(path)
    assert f"delimiter={delimiter!r} (--delimiter {delimiter!r})" in str(caught.value)
    assert values(open_source(path, delimiter=delimiter, key="id")) == ROWS


def test_a_single_column_with_a_semicolon_in_its_name_is_read_with_the_comma(tmp_path: Path) -> None:
    assert values(open_source(write(tmp_path, "a;b\r\n1\r\n"), delimiter=",")) == [{"a;b": "1"}]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_the_first_line_of_a_file_may_declare_its_delimiter_to_excel(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"sep=;\r\n{TEXT.replace(',', ';')}", name=name)
    assert values(open_source(path)) == values(open_source(path, delimiter=";")) == ROWS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id;name, first;age\r\n", r"the first of 2 columns is 'id;name': .* --delimiter ';'.*, and otherwise ','"),
        ('"id";"text"\r\n', r"line 1: not valid CSV: .* --delimiter ';'"),
        ("id;text, old\r\n1;a\r\n", r"line 2: 1 cells where the header has 2: .* --delimiter ';'"),
    ],
)
def test_a_header_with_two_delimiters_is_rejected_or_its_first_row_names_the_other(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(JobError, match=message.replace("--", r"\(--")):
        values(open_source(write(tmp_path, text)))


def test_a_tab_separated_file_with_commas_names_its_own_delimiter_too(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"pass delimiter=',' .*, and otherwise '\\t' to read it as it is"):
        open_source(write(tmp_path, TEXT, name="t.tsv"))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_utf_16_without_a_mark_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, '{"id": 1}\n' if name == "t.jsonl" else TEXT, "utf-16-le", name)
    with pytest.raises(JobError, match="--encoding utf-16-le"):
        open_source(path)
    assert len(values(open_source(path, encoding="utf-16-le"))) == (1 if name == "t.jsonl" else 2)


@pytest.mark.parametrize(("encoding", "option"), [("cp1252", "cp1252"), ("utf-16", "utf-16"), ("gb18030", "cp1252")])
def test_another_encoding_is_named_in_the_message_and_read_with_the_option(
    tmp_path: Path, encoding: str, option: str
) -> None:
    path = write(tmp_path, TEXT, encoding)
    with pytest.raises(JobError, match=rf"not UTF-8 text .*--encoding {option}"):
        values(open_source(path))
    for _ in range(2):
        assert values(open_source(path, encoding=encoding)) == ROWS


def test_utf_16_in_the_other_byte_order_and_utf_32_are_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="--encoding utf-16-be"):
        open_source(write(tmp_path, TEXT, "utf-16-be"))
    with pytest.raises(JobError, match="--encoding utf-32"):
        open_source(write(tmp_path, TEXT, "utf-32"))


def test_a_text_that_does_not_have_the_encoding_raises_with_its_name_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="line 2: not ascii text"):
        values(open_source(write(tmp_path, TEXT), encoding="ascii"))


def test_json_lines_may_have_another_encoding(tmp_path: Path) -> None:
    path = write(tmp_path, '{"text": "Café"}\n{"text": "b"}\n', "utf-16", "t.jsonl")
    assert values(open_source(path, encoding="utf-16")) == [{"text": "Café"}, {"text": "b"}]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("t.jsonl", {"delimiter": ";"}, r"delimiter \(--delimiter\) is not a setting of jsonl files"),
        ("t.csv", {"table": "one"}, r"table \(--sheet\) is not a setting of csv files"),
        ("t.db", {"encoding": "cp1252"}, r"encoding \(--encoding\) is not a setting of sqlite files"),
        ("t.csv", {"delimiter": ";;"}, "one character"),
        ("t.csv", {"delimiter": '"'}, "one character"),
        ("t.csv", {"delimiter": "\0"}, "one character"),
        ("t.csv", {"encoding": ""}, "there is no text encoding ''"),
        ("t.csv", {"encoding": "latin-99"}, "there is no text encoding 'latin-99'"),
        ("t.csv", {"encoding": "base64"}, "there is no text encoding 'base64'"),
    ],
)
def test_an_option_that_a_file_does_not_have_is_rejected(
    tmp_path: Path, name: str, settings: Any, message: str
) -> None:
    with pytest.raises(JobError, match=message):
        open_source(write(tmp_path, "", name=name), **settings)


def test_rows_in_memory_have_no_options_of_files() -> None:
    with pytest.raises(JobError, match="are for files"):
        open_source([{"a": 1}], encoding="utf-16")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook whose first sheet is hidden, with a table in the third one."""
    excel = pytest.importorskip("xlsxwriter")
    path = tmp_path / "t.xlsx"
    with excel.Workbook(path) as book:
        settings, notes, data = (book.add_worksheet(name) for name in ("settings", "notes", "data"))
        settings.hide()
        notes.activate()
        notes.write_row(0, 0, ["note"])
        notes.write_row(1, 0, ["The table is in the next sheet."])
        data.write_row(0, 0, ["id", "text"])
        data.write_row(1, 0, ["1", "fine"])
    return path


SHEET_NOTE = r"this is the sheet 'notes'; table= \(--sheet\) chooses another: 'settings', 'data'"


def test_the_first_visible_sheet_is_read_and_the_others_are_named(workbook: Path) -> None:
    source = open_source(workbook)
    assert values(source) == [{"note": "The table is in the next sheet."}]
    assert re.fullmatch(SHEET_NOTE, source.note)
    chosen = open_source(workbook, table="data")
    assert (values(chosen), chosen.note) == ([{"id": "1", "text": "fine"}], "")
    with pytest.raises(JobError, match=r"no columns: a header is required$"):
        open_source(workbook, table="settings")


def test_a_missing_column_names_the_other_sheets(workbook: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=rf"has no column 'id'; it has 'note' \({SHEET_NOTE}\)"):
        open_source(workbook, key="id")
    settings: Any = {"output": tmp_path / "o.csv", "output_type": bool, "model": "m", "base_url": "http://127.0.0.1:9"}
    with pytest.raises(PromptError, match=rf"asks for {{text}}.* \({SHEET_NOTE}\)"):
        Job(workbook, prompt="{text}", api_key="none", **settings).run()
