"""Folders and patterns: the files of one format are one table, in the order of their names."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from structkit.errors import JobError
from structkit.tables.source import Source
from structkit.tables.sources import open_source


def values(source: Source) -> list[dict[str, Any]]:
    return [dict(record.values) for record in source]


def write_files(folder: Path, contents: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        data = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
        folder.joinpath(name).write_bytes(data)
    return folder


def write_parquet(path: Path, columns: dict[str, Any], **types: Any) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: arrow.array(cells, types.get(name)) for name, cells in columns.items()}
    parquet.write_table(arrow.table(arrays), path)
    return path


CSV = {"b.csv": "id,text\n3,c\n", "a.csv": "id,text\n1,a\n2,b\n", "c.csv.gz": "text,id\nd,4\n"}


@pytest.mark.parametrize("name", ["texts", "texts/", "texts/*", "texts/*.csv*", "**/*.csv*"])
def test_the_files_of_a_folder_or_a_pattern_are_one_table_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_files(tmp_path / "texts", {**CSV, "_SUCCESS": "", ".hidden.csv": "x"})
    monkeypatch.chdir(tmp_path)
    source = open_source(name, key="id")
    assert source.columns == ("id", "text")
    assert [(row["id"], row["text"]) for row in values(source)] == [("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")]
    assert [record.row for record in source] == [1, 2, 3, 4]


def test_files_of_jsonl_have_columns_row_by_row(tmp_path: Path) -> None:
    contents = {"a.jsonl": '{"id": 1}\n', "b.ndjson": '\n{"id": 2.5, "tags": []}\n', "c.jsonl": ""}
    source = open_source(write_files(tmp_path / "rows", contents))
    assert values(source) == [{"id": 1}, {"id": 2.5, "tags": []}]
    assert {column.name: column.schema for column in source.fields} == {"id": {"type": "number"}, "tags": {}}


def test_files_of_parquet_are_counted_and_read_with_their_types(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    write_parquet(tmp_path / "p" / "a.parquet", {"id": [1, 2], "note": [None, None]}, note=arrow.null())
    write_parquet(tmp_path / "p" / "b.parquet", {"note": ["x"], "id": [3]})
    source = open_source(tmp_path / "p")
    assert source.count() == 3
    assert {column.name: str(column.arrow) for column in source.fields} == {"id": "int64", "note": "string"}
    assert values(source) == [{"id": 1, "note": None}, {"id": 2, "note": None}, {"id": 3, "note": "x"}]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (
            {"a.csv": "id,text\n", "b.csv": "id,body\n"},
            r"b\.csv: its columns are not those of .*a\.csv: without 'text' ",
        ),
        ({"a.csv": "id\n1\n", "b.csv": "id\n1,2\n"}, r"b\.csv, line 2: 2 cells where the header has 1"),
        ({"a.csv": "id\n", "b.csv": ""}, r"b\.csv, line 1: no columns"),
        ({"a.jsonl": "{}\n", "b.jsonl": "{}\n[]\n"}, r"b\.jsonl, line 2: a row must be an object"),
        ({"a.csv": "id\n1\n", "b.jsonl": "{}\n"}, r"b\.jsonl and .*a\.csv are files of two formats"),
        ({"a.csv": "id\n1\n", "notes.md": "x"}, r"not a table: .*notes\.md"),
        ({"a.csv": "id\n1\n2\n", "b.csv": "id\n3\n2\n"}, r"b\.csv, line 3: duplicate key '2' \(and .*a\.csv, line 3\)"),
        ({"a.csv": "id\n1\n1\n"}, r"a\.csv, line 3: duplicate key '1' \(lines 2 and 3\)"),
        ({"sub/a.csv": "id\n1\n"}, r"has no files; for those of its subfolders, name a pattern"),
    ],
)
def test_files_that_are_not_one_table_raise_with_the_file(
    tmp_path: Path, contents: dict[str, str], message: str
) -> None:
    folder = write_files(tmp_path / "in", contents)
    key = None if "a.jsonl" in contents else "id"
    with pytest.raises(JobError, match=message):
        values(open_source(folder, key=key))


def test_files_of_parquet_with_other_types_raise_before_a_row_is_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", {"id": [1]})
    write_parquet(tmp_path / "b.parquet", {"id": ["x"]})
    with pytest.raises(JobError, match=r"b\.parquet: the column 'id' is string, but int64 in .*a\.parquet"):
        open_source(tmp_path)


def test_a_pattern_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no file matches"):
        open_source(tmp_path / "*.csv")


def test_a_row_without_a_key_is_identified_by_its_content_in_any_file(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"a.csv": "t\nx\n", "b.csv": "t\ny\n"})
    before = [record.key for record in open_source(folder)]
    (folder / "a.csv").rename(folder / "z.csv")
    assert [record.key for record in open_source(folder)] == before[::-1]


def test_a_file_that_changes_while_it_is_read_raises_with_its_name(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", CSV)
    source = open_source(folder)
    (folder / "new.csv").write_text("id,text\n9,z\n", encoding="utf-8")
    assert len(values(source)) == 4  # a file that arrives during a run is part of the next one
    (folder / "b.csv").write_text("id,text\n3,changed\n", encoding="utf-8")
    with pytest.raises(JobError, match=r"b\.csv: the file has changed"):
        values(source)


def test_the_hash_of_a_folder_changes_with_names_and_content(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "in", {"a.csv": "t\nx\n"})
    hashes = [open_source(folder).content_hash()]
    (folder / "a.csv").rename(folder / "b.csv")
    hashes.append(open_source(folder).content_hash())
    (folder / "b.csv").write_text("t\ny\n", encoding="utf-8")
    hashes.append(open_source(folder).content_hash())
    assert len({*hashes}) == 3
    assert open_source(folder.rename(tmp_path / "moved")).content_hash() == hashes[-1]
    assert open_source(tmp_path / "moved" / "b.csv").content_hash() not in {None, hashes[-1]}


PEAK = """
import resource, sys
from structkit.tables.sources import open_source
rows = iter(open_source(sys.argv[1]))
next(rows)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 1 + sum(1 for _ in rows)
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss")
@pytest.mark.parametrize("layout", ["one file of many groups", "one file of one group", "a folder"])
def test_the_memory_of_a_reader_does_not_grow_with_a_parquet_table(tmp_path: Path, layout: str) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows, chunk = 16_000, 1_600
    schema = arrow.schema([("id", arrow.int64()), ("text", arrow.string())])
    files = 10 if layout == "a folder" else 1
    for number in range(files):
        with parquet.ParquetWriter(
            tmp_path / f"{number}.parquet", schema, use_dictionary=False, compression="none"
        ) as f:
            size = rows if layout == "one file of one group" else chunk
            for start in range(0, rows // files, min(size, rows // files)):
                ids = range(start, start + min(size, rows // files))
                f.write_table(arrow.table({"id": [*ids], "text": [f"{each}-" + "x" * 4_000 for each in ids]}, schema))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > 60_000_000
    name = tmp_path if layout == "a folder" else tmp_path / "0.parquet"
    done = subprocess.run([sys.executable, "-c", PEAK, str(name)], capture_output=True, text=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == rows
    assert grown < 30, f"{grown} MB for {rows} rows of 64 MB"


@pytest.mark.parametrize("name", ["texts", "texts/*.csv", "texts/**/*.csv"])
def test_a_file_that_a_link_names_once_more_is_read_once(tmp_path: Path, name: str) -> None:
    folder = write_files(tmp_path / "texts", {"2025.csv": "id\n1\n", "2026.csv": "id\n2\n"})
    try:
        (folder / "a-latest.csv").symlink_to("2026.csv")
        (folder / "again").symlink_to(folder, target_is_directory=True)
        (folder / "other.csv").symlink_to(write_files(tmp_path / "elsewhere", {"a.csv": "id\n3\n"}) / "a.csv")
    except OSError:
        pytest.skip("links cannot be made here")
    assert values(open_source(tmp_path / name)) == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
