"""Files with another delimiter, another encoding or several tables: the message says which option reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from structkit.errors import JobError
from structkit.tables.sources import Source, open_source

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


@pytest.mark.parametrize(("encoding", "option"), [("cp1252", "cp1252"), ("utf-16", "utf-16"), ("gb18030", "cp1252")])
def test_another_encoding_is_named_in_the_message_and_read_with_the_option(
    tmp_path: Path, encoding: str, option: str
) -> None:
    path = write(tmp_path, TEXT, encoding)
    with pytest.raises(JobError, match=rf"not UTF-8 text .*--encoding {option}"):
        values(open_source(path))
    for _ in range(2):
        assert values(open_source(path, encoding=encoding)) == ROWS


def test_a_text_that_does_not_have_the_encoding_raises_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="not ascii text"):
        values(open_source(write(tmp_path, TEXT), encoding="ascii"))


def test_json_lines_may_have_another_encoding(tmp_path: Path) -> None:
    path = write(tmp_path, '{"text": "Café"}\n{"text": "b"}\n', "utf-16", "t.jsonl")
    assert values(open_source(path, encoding="utf-16")) == [{"text": "Café"}, {"text": "b"}]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("t.jsonl", {"delimiter": ";"}, "delimiter is not a setting of jsonl files"),
        ("t.csv", {"table": "one"}, "table is not a setting of csv files"),
        ("t.db", {"encoding": "cp1252"}, "encoding is not a setting of sqlite files"),
        ("t.csv", {"delimiter": ";;"}, "one character"),
        ("t.csv", {"delimiter": '"'}, "one character"),
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
