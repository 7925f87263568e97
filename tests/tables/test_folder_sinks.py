"""Outputs without a suffix: a folder of files that appears when it is complete, and replaces nothing of the user's."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.batch.output_table import OutputTable
from structkit.batch.part_join import join_parts
from structkit.errors import JobError
from structkit.tables.columns import input_columns
from structkit.tables.folder_sink import AtomicFolder
from structkit.tables.sources import open_source
from structkit.tables.table_writing import open_table_sink
from structkit.testing import Endpoint
from structkit.testing.scripted_reply import conforming_reply

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def write(folder: Path, rows: int, **settings: Any) -> list[str]:
    with open_table_sink(folder, input_columns(["id"]), file_rows=2, **settings) as sink:
        for number in range(rows):
            sink.write({"input": {"id": number}, "run": {}})
    return sorted(path.name for path in folder.iterdir())


def read(folder: Path) -> list[int]:
    return [record.values["id"] for record in open_source(folder)]


def test_rows_are_written_in_order_into_files_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert write(folder, 5) == ["part-00000.jsonl", "part-00001.jsonl", "part-00002.jsonl"]
    assert read(folder) == [0, 1, 2, 3, 4]
    with pytest.raises(JobError, match="exists; choose another name, or overwrite it"):
        write(folder, 1)
    assert write(folder, 0, overwrite=True) == ["part-00000.jsonl"]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder, 3)
    sink = open_table_sink(folder, input_columns(["id"]), overwrite=True, file_rows=2)
    for number in range(7, 12):
        sink.write({"input": {"id": number}, "run": {}})
    assert read(folder) == [0, 1, 2]
    sink.discard()
    assert read(folder) == [0, 1, 2]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are two steps")
def test_a_folder_that_is_replaced_is_there_at_every_moment(tmp_path: Path) -> None:
    folder, is_done, gaps = tmp_path / "out", threading.Event(), list[int]()
    write(folder, 3)

    def watch() -> None:
        while not is_done.is_set():
            gaps.extend([] if folder.is_dir() else [1])

    thread = threading.Thread(target=watch)
    thread.start()
    for _ in range(30):
        write(folder, 3, overwrite=True)
    is_done.set()
    thread.join()
    assert gaps == []
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_folder_is_replaced_where_names_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "another system")
    write(tmp_path / "out", 3)
    assert write(tmp_path / "out", 1, overwrite=True) == ["part-00000.jsonl"]
    assert read(tmp_path / "out") == [0]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder, 3)
    (folder / "notes.md").write_text("mine", encoding="utf-8")
    with pytest.raises(JobError, match=r"has other files, such as 'notes\.md'"):
        write(folder, 1, overwrite=True)
    assert (folder / "notes.md").read_text(encoding="utf-8") == "mine"
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(JobError, match="it is not a folder"):
        write(tmp_path / "file", 1, overwrite=True)


def test_an_empty_folder_is_filled_and_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / ".out.0123abcd.parts").mkdir()
    running = AtomicFolder(tmp_path / "out")
    assert write(tmp_path / "out", 1) == ["part-00000.jsonl"]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([running.path.name, "out"])
    running.discard()


def test_the_files_of_a_typed_input_are_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"id": [1, 2, 3]}), tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    with open_table_sink(tmp_path / "out", source.fields, file_rows=2) as sink:
        for record in source:
            sink.write({"input": record.values, "run": {}})
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["part-00000.parquet", "part-00001.parquet"]
    assert parquet.read_table(tmp_path / "out").schema.field("id").type == arrow.int64()
    assert read(tmp_path / "out") == [1, 2, 3]


def test_the_rows_of_a_folder_keep_their_types(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    columns = [arrow.array([1.5, 2.5, None]), arrow.array([None, None, 7], arrow.int32())]
    rows = arrow.table({"price": columns[0], "count": columns[1], "text": ["a", "b", "c"]})
    source = open_source(rows)
    with open_table_sink(tmp_path / "out", source.fields, file_rows=2) as sink:
        for record in source:
            sink.write({"input": record.values, "run": {}})
    table = OutputTable(tmp_path / "out").to_arrow()
    assert [str(field.type) for field in table.schema] == ["double", "int32", "string"]
    assert table.to_pylist() == rows.to_pylist()


def test_a_job_writes_a_folder_and_resumes_it(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    settings: dict[str, Any] = {"source": source, "output_type": SCHEMA, "prompt": "Label: {text}", "model": "fake"}
    settings |= {"api_key": "sk-test", "progress": False}
    with Endpoint(conforming_reply) as endpoint:
        job = Job(**settings, output=tmp_path / "out", base_url=endpoint.base_url)
        assert [row["text"] for row in job.run().to_dicts()] == ["a", "b"]
        source.write_text('{"text": "a"}\n{"text": "c"}\n{"text": "b"}\n', encoding="utf-8")
        assert [row["text"] for row in job.run().to_dicts()] == ["a", "c", "b"]
        job.export(tmp_path / "copy")
        for number in (1, 2):
            Job(**settings, output=tmp_path / "parts", base_url=endpoint.base_url, part=(number, 2)).run()
        texts = Counter(request["messages"][-1]["content"][-1] for request in endpoint.requests)
    assert texts == {"a": 2, "b": 2, "c": 2}  # once for each of the two jobs
    join_parts(tmp_path.glob("parts.part-*"), tmp_path / "parts")
    for name in ("out", "copy", "parts"):
        assert [record.values["text"] for record in open_source(tmp_path / name)] == ["a", "c", "b"], name
        assert json.loads((tmp_path / f"{name}.manifest.json").read_text(encoding="utf-8"))["rows"] == 3
