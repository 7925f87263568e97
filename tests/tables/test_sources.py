"""Sources: no types are guessed, no rows are lost, and an error has the line."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import importlib.util
import io
import lzma
import os
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.errors import ConfigError, JobError
from structkit.tables.files import COMPRESSIONS, hash_file
from structkit.tables.records import digest
from structkit.tables.seen_keys import SeenKeys
from structkit.tables.source import Source
from structkit.tables.sources import open_source, store_stream


def values(source: Source) -> list[dict[str, Any]]:
    return [dict(record.values) for record in source]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("id,text\n00501,NA\n", [{"id": "00501", "text": "NA"}]),
        ("\ufeffid,text\r\n1,a\r\n", [{"id": "1", "text": "a"}]),
        ('\ufeff"id","text"\n1,"a\nb, ""c"""\n', [{"id": "1", "text": 'a\nb, "c"'}]),
        ("id,text\r1,a\r2,b\r", [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]),
        ('id,text\n1,"a\rb\r\nc"\n', [{"id": "1", "text": "a\rb\r\nc"}]),
        ("id,text\n\n1,a\n\n", [{"id": "1", "text": "a"}]),
        (",b,\n1,2,3\n", [{"column_1": "1", "b": "2", "column_3": "3"}]),
        ("id,text\n1,a\x00b", [{"id": "1", "text": "a\x00b"}]),
        ("id,text\n", []),
        (" id ,text\n1, a \n", [{" id ": "1", "text": " a "}]),
        ("id\u2028x,text\n1,a\u0085\x0bb\n", [{"id\u2028x": "1", "text": "a\u0085\x0bb"}]),
    ],
)
def test_csv_cells_are_read_without_changes(tmp_path: Path, content: str, rows: list[dict[str, str]]) -> None:
    source = open_source(write(tmp_path / "t.csv", content))
    assert values(source) == rows
    assert values(source) == rows, "it can be iterated again"


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("t.csv", "id,text\n1\n", 2, "1 cells where the header has 2"),
        ("t.csv", 'id,text\n1,"a\nb"\n2,x,y\n', 4, "3 cells"),
        ("t.csv", "id,id\n1,2\n", 1, "same name: 'id'"),
        ("t.csv", "", 1, "a header is required"),
        ("t.csv", b"id,text\n1,a\n2,\xe9\n", 3, "not UTF-8"),
        ("t.csv", "id\n1\n".encode("utf-16"), 1, "not UTF-8"),
        ("t.csv", 'id,text\n1,a\n2,"open\n3,b\n', 3, "not valid CSV"),
        ("t.csv", 'id,text\n1,"a"b\n', 2, "not valid CSV"),
        ("t.csv", "id\n1\n" + "\0" * 512, 3, "the file is damaged"),
        ("t.csv", "\0" * 512, 1, "the file is damaged"),
        ("t.csv", "id,text\n1,a\n2,b" + "\0" * 512 + "9,c\n10,d\n", 3, "the file is damaged"),
        ("t.csv", 'id,text\n1,"a\n' + "\0" * 512 + 'b"\n10,d\n', 3, "512 NUL bytes: the file is damaged"),
        ("t.tsv", "id\ttext\n1\ta\n2\t" + "\0" * 4096 + "\n", 3, "4,096 NUL bytes: the file is damaged"),
        ("t.tsv", "id\ttext\n1\ta\n\0\0\n", 3, "the file is damaged"),
        ("t.csv", "id\n1\n\x1a", 3, "the file is damaged"),
        ("t.jsonl", '{"a": 1}\n[1]\n', 2, "a row must be an object"),
        ("t.jsonl", '{"a": 1}\n"text"\n', 2, "a row must be an object"),
        ("t.jsonl", '{"a": 1}\n\n{"a": 1', 3, "not valid JSON"),
        ("t.jsonl", '{"a": NaN}\n', 1, "NaN is not a JSON number"),
        ("t.jsonl", '{"a": 1, "a": 2}\n', 1, "duplicate key"),
        ("t.jsonl", '{"a": "\\ud800"}\n', 1, "surrogate"),
        ("t.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', 2, "not UTF-8"),
        ("t.csv.gz", gzip.compress(b"id\n" + os.urandom(2000).hex().encode())[:500], None, "cannot be read"),
        ("t.csv.gz", b"not gzip", None, "cannot be read"),
        ("t.csv.xz", b"not xz", None, "cannot be read"),
        ("t.csv.bz2", b"not bz2", None, "cannot be read"),
    ],
)
def test_an_invalid_row_raises_with_file_and_line(
    tmp_path: Path, name: str, content: str | bytes, line: int | None, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(JobError, match=message) as caught:
        list(open_source(path))
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert name in str(caught.value)


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compressed_files_are_read(tmp_path: Path, suffix: str, pack: Any) -> None:
    assert values(open_source(write(tmp_path / f"t.jsonl.{suffix}", pack(b'{"a": "00501"}\n')))) == [{"a": "00501"}]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_every_stream_of_a_compressed_file_is_read_or_named(tmp_path: Path, suffix: str, pack: Any) -> None:
    first, second = pack(b"id\n1\n"), pack(b"2\n")
    for padding in (b"", bytes(8)):
        path = write(tmp_path / f"t.csv.{suffix}", first + padding + second + padding)
        assert values(open_source(path)) == [{"id": "1"}, {"id": "2"}]
    for damaged in (first + b"\xff" + second[1:], first + second[:-1], first + b"id\n3\n"):
        with pytest.raises(JobError, match="cannot be read"):
            values(open_source(write(tmp_path / f"t.csv.{suffix}", damaged)))


def test_zstandard_is_read_or_raises_with_the_package_to_install(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv.zst", bytes.fromhex("28b52ffd2005290000") + b"id\n1\n")
    if any(importlib.util.find_spec(name.partition(".")[0]) for name in COMPRESSIONS[".zst"]):
        assert values(open_source(path)) == [{"id": "1"}]
        return
    with pytest.raises(ConfigError, match="pip install backports"):
        open_source(path)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_cell_may_be_fifty_megabytes(tmp_path: Path, name: str) -> None:
    cell = "x" * 50_000_000
    path = write(tmp_path / name, f"text\n{cell}\n" if name == "t.csv" else f'{{"text": "{cell}"}}\n')
    [record] = open_source(path)
    assert len(record.values["text"]) == 50_000_000


def test_a_row_is_identified_by_its_key_or_its_content(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "id,text\n7,a\n8,a\n")
    assert [(r.ordinal, r.key) for r in open_source(path, key="id")] == [(0, "7"), (1, "8")]
    first, second = open_source(path)
    assert first.key == digest({"text": "a", "id": "7"}) != second.key
    assert first.key == "b5c250855d7fef6c82daa1f04220abba", "the same in every run"


@pytest.mark.parametrize(
    ("content", "key", "message", "line"),
    [
        ("id,text\n1,a\n", "name", "no column 'name'; it has 'id', 'text'", None),
        ("id,text\n1,a\n2,b\n1,c\n", "id", r"duplicate key '1' \(lines 2 and 4\)", 4),
        ("id,text\n1,a\n,b\n", "id", "the key 'id' is empty", 3),
    ],
)
def test_a_key_that_does_not_identify_a_row_is_rejected(
    tmp_path: Path, content: str, key: str, message: str, line: int | None
) -> None:
    path = write(tmp_path / "t.csv", content)
    with pytest.raises(JobError, match=message) as caught:
        list(open_source(path, key=key))
    assert caught.value.line == line


def test_undeclared_columns_are_inferred_while_rows_are_read(tmp_path: Path) -> None:
    lines = ['{"a": 1}'] * 150 + ['{"b": "x", "a": 2.5}', '{"c": [1]}', '{"d": 1}', '{"d": "1"}', '{"e": null}']
    source = open_source(write(tmp_path / "t.jsonl", "\n".join(lines)))
    assert source.columns == ("a",)
    assert len(list(source)) == 155
    assert source.columns == ("a", "b", "c", "d", "e")
    assert [column.schema.get("type") for column in source.fields] == ["number", "string", None, None, "string"]


def test_rows_in_memory_are_dicts_or_texts() -> None:
    assert values(open_source([{"a": 1}, {"b": [2]}])) == [{"a": 1}, {"b": [2]}]
    assert values(open_source(["one", "two"])) == [{"text": "one"}, {"text": "two"}]
    assert open_source(["one", "two"]).count() == 2
    for row, message in (
        (1, "not a int"),
        ({1: 2}, "the name of a column must be a text, not 1"),
        ({"a": object()}, "not data"),
        ("\ud800", "half"),
    ):
        with pytest.raises(JobError, match=rf"row 1: .*{message}"):
            list(open_source([row]))


@pytest.mark.parametrize("value", [{"a": 1}, b"rows.csv", 5, None])
def test_an_object_that_is_not_a_source_is_rejected(value: Any) -> None:
    with pytest.raises(JobError, match="rows cannot be read from a"):
        open_source(value)


def test_an_iterator_is_read_at_most_one_row_ahead() -> None:
    consumed = []

    def rows() -> Iterator[dict[str, int]]:
        for number in range(1_000_000):
            consumed.append(number)
            yield {"n": number}

    source = open_source(rows(), key="n")
    assert not source.is_repeatable
    for record in source:
        assert len(consumed) <= record.ordinal + 2
        if record.ordinal == 1_000:
            break
    with pytest.raises(JobError, match="already consumed"):
        list(source)


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl"])
def test_standard_input_can_be_read_only_once(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    content = {"csv": "a,b\n1,2\n3,4\n", "tsv": "a\tb\n1\t2\n3\t4\n", "jsonl": '{"a":"1","b":"2"}\n{"a":"3","b":"4"}\n'}
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content[format].encode())))
    source = open_source("-", format=format)
    assert source.columns == ("a", "b")
    assert source.count() is None
    assert values(source) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    with pytest.raises(JobError, match="standard input"):
        list(source)


def test_a_stored_stream_can_be_read_again(tmp_path: Path) -> None:
    rows = [{"id": "00501", "n": 1}, {"id": "NA", "n": None}]
    source = store_stream(open_source(iter(rows), key="id"), tmp_path / "input.jsonl")
    assert source.is_repeatable
    assert values(source) == values(source) == rows
    assert [record.key for record in source] == ["00501", "NA"]
    with pytest.raises(JobError):
        store_stream(open_source(iter([{"a": 1}, 5])), tmp_path / "other.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["input.jsonl"]


def test_a_file_that_changes_while_it_is_read_raises(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "id\n1\n2\n")
    source = open_source(path)
    os.utime(path, ns=(1, 1))
    assert len(list(source)) == 2, "only its time has changed"
    assert hash_file(path) == hashlib.sha256(b"id\n1\n2\n").hexdigest()
    with pytest.raises(JobError, match="has changed"):
        _ = [write(path, "id\n1\n2\n3\n") for _ in source]
    with pytest.raises(JobError, match="has changed"):
        list(source)


def test_a_commit_to_the_log_of_a_database_is_a_change_and_reading_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    writer = sqlite3.connect(path, isolation_level=None)
    with contextlib.closing(writer):
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE t (a)")
        writer.execute("INSERT INTO t VALUES (1)")
        source = open_source(path)
        for _ in range(2):
            assert [record.values for record in source] == [{"a": 1}]
        writer.execute("UPDATE t SET a = 2")
        with pytest.raises(JobError, match=r"changed while it was being read; start again, or label a copy"):
            list(source)
        assert [record.values for record in open_source(path)] == [{"a": 2}]


def test_only_a_database_has_a_log_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "id\n1\n")
    os.mkfifo(f"{path}-wal")
    assert len([*open_source(path)]) == 1


def test_a_database_is_read_without_changes(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.db") as connection:
        connection.executescript("CREATE TABLE a (id TEXT, n INT); INSERT INTO a VALUES ('00501', 5), ('NA', NULL)")
        connection.executescript('CREATE TABLE "b c" (x); INSERT INTO "b c" VALUES (x\'ff\')')
    connection.close()
    with pytest.raises(JobError, match=r"choose a table with table= \(--table\); it has 'a', 'b c'"):
        open_source(tmp_path / "t.db")
    with pytest.raises(JobError, match="has no table 'z'"):
        open_source(tmp_path / "t.db", table="z")
    source = open_source(tmp_path / "t.db", table="a", key="id")
    assert values(source) == [{"id": "00501", "n": 5}, {"id": "NA", "n": None}]
    assert (source.count(), [column.schema for column in source.fields]) == (
        2,
        [{"type": "string"}, {"type": "integer"}],
    )
    assert values(open_source(tmp_path / "t.db", table="b c")) == [{"x": b"\xff"}]
    query = open_source(tmp_path / "t.db", table="SELECT n + 1 AS m FROM a WHERE n > 0")
    assert (values(query), query.count()) == ([{"m": 6}], 1)
    with pytest.raises(JobError, match="cannot be read"):
        open_source(tmp_path / "t.db", table="SELECT nothing FROM a")


def test_integers_in_a_sheet_are_read_as_integers(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        for name, rows in {"one": [["id", "n"], ["00501", 5], ["", ""], ["NA", 2.5]], "two": [["x"], [True]]}.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows, 3):
                sheet.write_row(number, 0, row)
    source = open_source(tmp_path / "t.xlsx", key="id")
    assert values(source) == [{"id": "00501", "n": 5}, {"id": "NA", "n": 2.5}]
    assert values(open_source(tmp_path / "t.xlsx", table="two")) == [{"x": True}]
    with pytest.raises(JobError, match="has no sheet 'three'; it has 'one', 'two'"):
        open_source(tmp_path / "t.xlsx", table="three")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("none.csv", {}, "there is no file"),
        ("t.json", {}, "is not one of a known format; suffixes are .csv"),
        ("t.csv", {"format": "xml"}, "there is no format 'xml'"),
        ("t.parquet.gz", {}, "as a compressed file"),
        ("-", {"format": "parquet"}, "cannot be read from a stream"),
        (".csv", {"format": "csv"}, "has no files"),
    ],
)
def test_a_name_that_is_not_a_table_is_rejected(tmp_path: Path, name: str, settings: Any, message: str) -> None:
    (tmp_path / ".csv").mkdir()
    write(tmp_path / "t.json", "{}")
    with pytest.raises(JobError, match=message):
        open_source(name if name == "-" else str(tmp_path / name), **settings)


@given(st.lists(st.text(max_size=3), max_size=3_000), st.integers(0, 50))
def test_earlier_keys_are_detected_up_to_the_limit(keys: list[str], limit: int) -> None:
    unlimited, limited = SeenKeys(), SeenKeys(limit)
    stored: set[str] = set()
    for position, key in enumerate(keys):
        assert unlimited.add(key) == (key in keys[:position])
        assert limited.add(key) == (key in stored)
        if len(stored) < limit:
            stored.add(key)


def test_a_set_of_keys_grows() -> None:
    keys = SeenKeys()
    assert not any(keys.add(str(number)) for number in range(20_000))
    assert all(keys.add(str(number)) for number in range(20_000))


READER = """
import resource, sqlite3, sys
from pathlib import Path
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 40 * 1024 * 1024,) * 2)
source = open_source(sys.argv[1], key="id")
with open_sink(sys.argv[2], source.fields) as sink:
    for record in source:
        sink.write({"input": record.values})
print(record.ordinal + 1)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS") or sys.platform != "linux", reason="limits memory")
@pytest.mark.parametrize("output", ["o.csv", "o.jsonl", "o.db", "o.xlsx"])
def test_a_file_larger_than_memory_is_copied(tmp_path: Path, output: str) -> None:
    rows, cell = 4_000, "x" * 30_000  # 120 MB unpacked
    with gzip.open(tmp_path / "t.csv.gz", "wt", compresslevel=1) as file:
        file.write("id,text\n")
        file.writelines(f"{number},{cell}\n" for number in range(rows))
    command = [sys.executable, "-c", READER, str(tmp_path / "t.csv.gz"), str(tmp_path / output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(rows)
    (tmp_path / output).unlink()  # 120 MB that no later test needs


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"\x89PNG\r\n\x1a\n\x00", "not the text that its suffix promises, but a PNG image"),
        ("t.csv", b"PK\x03\x04\x14\xff", "but a ZIP archive, as .xlsx and .ods files are"),
        ("t.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "but a PDF"),
        ("t.tsv", b"PAR1\x15\xff", "but a Parquet file"),
        ("t.csv", b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "but an HTML page"),
        ("t.csv", b"\xef\xbb\xbf<HTML lang='en'>\n", "but an HTML page"),
        ("t.jsonl", b"<html>\n<p>Sign in</p>", "but an HTML page"),
        ("t.xls", b"\n <html>\n<table><tr><td>id</td></tr></table>", "no workbook but an HTML page"),
        ("t.csv", b'<?xml version="1.0"?>\n<rows/>', "but an XML document"),
        (
            "t.jsonl",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
            "but a pointer of Git LFS",
        ),
        ("t.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "`git lfs pull`"),
        ("t.xlsx", b"id,text\n1,fine\n", "its content is no workbook but text"),
        ("t.xls", b"\x89PNG\r\n\x1a\n\x00", "its content is no workbook but a PNG image"),
        ("t.ods", b"id,text\n1,fine\n", "its content is no workbook but text"),
    ],
)
def test_a_file_that_is_not_what_its_suffix_says_is_named(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(JobError, match=message.replace(".", "[.]")):
        [*open_source(path)]


def test_a_table_may_have_markup_in_its_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("PAR1,<b>id</b>,html\n0,1,<html>\n")
    assert [dict(record.values) for record in open_source(path)] == [{"PAR1": "0", "<b>id</b>": "1", "html": "<html>"}]


@pytest.mark.skipif(os.name != "posix", reason="pipes have names on POSIX only")
def test_a_pipe_in_place_of_a_file_is_an_error_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(JobError, match="is a pipe or a device: save its content as a file"):
        open_source(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "start",
    [gzip.compress(b"{}"), bz2.compress(b"{}"), lzma.compress(b"{}"), b"\x28\xb5\x2f\xfd\x04"],
    ids=["gzip", "bzip2", "xz", "zstandard"],
)
def test_a_stream_that_is_compressed_is_called_so(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(start + b"\n")))
    with pytest.raises(
        JobError, match=r"^standard input(, line 1)?: not (the text of a table, but compressed|valid JSON)"
    ):
        [*open_source("-")]


@pytest.mark.parametrize("name", ["~nobody-of-this-name/t.csv", "x" * 300 + ".csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_a_missing_file(name: str) -> None:
    with pytest.raises(JobError, match="there is no file"):
        open_source(name)


@pytest.mark.parametrize("columns", ["rowid, a", "ROWID, _rowid_", "a, b"])
def test_rows_of_a_database_are_in_the_order_of_writing_whatever_its_columns_are_called(
    tmp_path: Path, columns: str
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(2, "x"), (1, "y")])
        connection.commit()
    assert [[*row.values.values()] for row in open_source(tmp_path / "t.db")] == [[2, "x"], [1, "y"]]


def test_a_table_of_a_database_may_have_the_name_of_a_query(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.execute('CREATE TABLE "select x" (text)')
        connection.execute("""INSERT INTO "select x" VALUES ('a')""")
        connection.commit()
    assert [dict(row.values) for row in open_source(tmp_path / "t.db", table="select x")] == [{"text": "a"}]
    assert [dict(row.values) for row in open_source(tmp_path / "t.db", table="select 1 AS n")] == [{"n": 1}]


@pytest.mark.parametrize("table", ["select a from t order by RANDOM() limit 1", "v", "select hex(randomblob(4)) as a"])
def test_a_query_that_has_other_rows_each_time_is_rejected(tmp_path: Path, table: str) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.executescript("create table t (a); create view v as select a, random() as r from t")
    with pytest.raises(JobError, match=r"the query calls random(blob)?\(\), so that it has other rows each time"):
        open_source(tmp_path / "t.db", table=table)
    assert [*open_source(tmp_path / "t.db", table="select upper(a) as a from t")] == []


@pytest.mark.parametrize(
    ("table", "call"),
    [
        ("select a, strftime('%f', 'now') as b from t", "strftime(now)"),
        ("select julianday('NOW') - julianday(a) as age from t", "julianday(now)"),
        ("select a, current_timestamp as b from t", "current_timestamp()"),
        ("v", "date(now)"),
    ],
)
def test_a_query_that_reads_the_clock_is_rejected(tmp_path: Path, table: str, call: str) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.executescript("create table t (a); create view v as select date('now') as day from t")
    with pytest.raises(JobError, match=f"the query calls {re.escape(call)}, so that it has other rows each time"):
        open_source(tmp_path / "t.db", table=table)
    assert [*open_source(tmp_path / "t.db", table="select datetime(a, '+1 day') as a from t")] == [], (
        "times of the rows are the same each time"
    )


@pytest.mark.parametrize(
    "query",
    [
        "select 1 as n;",
        "select 1 as n ;\n",
        "-- the rows\nselect 1 as n",
        "/* a; b */ with t as (select 1 as n) select * from t -- end",
    ],
)
def test_a_query_may_have_comments_and_a_semicolon_at_its_end(tmp_path: Path, query: str) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.execute("create table t (a)")
    source = open_source(tmp_path / "t.db", table=query)
    assert ([dict(row.values) for row in source], source.count()) == ([{"n": 1}], 1)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file that even root cannot read")
def test_a_file_that_cannot_be_read_is_an_error_with_its_name() -> None:
    with pytest.raises(JobError, match=r"^cannot read /proc/self/mem: Input/output error$"):
        open_source("/proc/self/mem", format="csv")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for table in ("t", "other"):
            connection.execute(f"CREATE TABLE {table} (text)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(f"row {number}",) for number in range(900)])
        connection.execute("CREATE VIEW v AS SELECT text FROM t")
        connection.commit()
    return path


def damage(path: Path, text: bytes) -> None:
    """Write zeros over the part of a file that begins with a text, as a lost block of a disk leaves it."""
    content = path.read_bytes()
    start = content.index(text)
    path.write_bytes(content[:start] + bytes(2000) + content[start + 2000 :])


@pytest.mark.parametrize("table", ["t", "v", "SELECT text FROM t", "WITH c AS (SELECT * FROM v) SELECT * FROM c"])
def test_a_table_of_a_damaged_database_is_an_error_and_not_rows_without_values(database: Path, table: str) -> None:
    damage(database, b"row 449")
    with pytest.raises(JobError, match=r"t\.db: the database is damaged \(.+\): restore it") as error:
        open_source(database, table=table)
    assert "\n" not in str(error.value)
    assert len([*open_source(database, table="other")]) == 900, "a table without damage is read"


def test_a_row_that_breaks_a_rule_of_its_table_is_no_damage(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.db")) as connection:
        connection.executescript("CREATE TABLE t (n CHECK (n > 1)); PRAGMA ignore_check_constraints = 1")
        connection.execute("INSERT INTO t VALUES (0)")
        connection.commit()
    assert [row.values["n"] for row in open_source(tmp_path / "t.db")] == [0]
