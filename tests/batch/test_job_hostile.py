"""Jobs over unusual tables, files and settings: what is rejected, with which message, and what has to work."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from structkit import Policy
from structkit.batch.job import Job
from structkit.errors import ConfigError, JobError
from structkit.journal.journal import Reader
from structkit.journal.shards import delete_shards
from structkit.tables.sources import open_source
from structkit.testing import Endpoint
from structkit.transport.direct import AsyncHTTPTransport

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes")


class Label(BaseModel):
    tone: str
    status: int


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def job(tmp_path: Path, endpoint: Endpoint) -> Callable[..., Job]:
    def make(source: Any, **settings: Any) -> Job:
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": Label, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
        call: dict[str, Any] = {"policy": Policy(wait_initial=0.001)}
        return Job(**{**base, **settings}, source=source, call=call)

    return make


def output_rows(job: Job) -> list[dict[str, Any]]:
    return [dict(record.values) for record in open_source(job.output)]


def sent_texts(endpoint: Endpoint) -> list[str]:
    return sorted(str(body["messages"][-1]["content"]).partition("Label: ")[2] for body in endpoint.requests)


# Tables


def test_a_table_as_spreadsheets_save_it(job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint) -> None:
    table = tmp_path / "in.csv"
    table.write_bytes('\ufeffid,text,status\r\n7,"two\r\nlines",old\r\n007,"=1+1",\r\n\r\n'.encode())
    label_job = job(table, key="id", output=tmp_path / "out.csv", columns=("status", "attempts"))
    assert label_job.run().counts == {"done": 2}
    assert sent_texts(endpoint) == ["=1+1", "two\r\nlines"]
    first, second = output_rows(label_job)
    assert list(first) == ["id", "text", "status", "tone", "status_output", "status_run", "attempts"]
    assert (first["id"], first["text"], first["status"]) == ("7", "two\r\nlines", "old")
    assert (first["status_output"], first["status_run"]) == ("0", "done")
    assert (second["id"], second["text"]) == ("007", "'=1+1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text\n1,a\n2\n", "line 3: 1 cells where the header has 2"),
        ("id,text\n1,a,b\n", "line 2: 3 cells"),
        ("id,text,id\n1,a,2\n", "columns with the same name: 'id'"),
        ("id,text\n1,a\n1,b\n", r"duplicate key '1' \(lines 2 and 3\)"),
        ("id,text\n,a\n", "the key 'id' is empty"),
        ("", "no columns"),
    ],
    ids=["short row", "long row", "duplicate column", "duplicate key", "key empty", "empty file"],
)
def test_an_invalid_table_is_rejected_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, content: str, message: str
) -> None:
    table = tmp_path / "in.csv"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(JobError, match=message):
        job(table, key="id").run()
    assert not endpoint.requests
    assert not (tmp_path / "out.jsonl").exists()


def test_a_ragged_row_near_the_end_ends_the_run_and_loses_no_reply(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint
) -> None:
    table, rows = tmp_path / "in.csv", [f"row {number}" for number in range(30)]
    table.write_text("text,note\n" + "".join(f"{row},x\n" for row in rows) + "late\n", encoding="utf-8")
    with pytest.raises(JobError, match="line 32"):
        job(table).run()
    table.write_text("text,note\n" + "".join(f"{row},x\n" for row in [*rows, "late"]), encoding="utf-8")
    assert job(table).run().counts == {"done": 31}
    assert sent_texts(endpoint) == sorted([*rows, "late"])


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "\u2028", "😀", " ", "{text} {nothing}", "'); DROP TABLE rows;--"])
def test_an_unusual_text_is_labelled_once_and_returned_exactly(
    job: Callable[..., Job], endpoint: Endpoint, text: str
) -> None:
    source = [{"id": text, "text": text}, {"id": f"{text}2", "text": "other"}]
    for rows in (source, source, source[::-1]):
        label_job = job(rows, key="id", blank="ask")  # U+2028 and a space are blank
        assert label_job.run().counts == {"done": 2}
        assert [row["text"] for row in output_rows(label_job)] == [row["text"] for row in rows]
    assert len(endpoint.requests) == 2


def test_numbers_are_keys_by_their_text(job: Callable[..., Job], endpoint: Endpoint) -> None:
    assert job([{"id": number, "text": "x"} for number in (1, 2.5, True)], key="id").run().counts == {"done": 3}
    with pytest.raises(JobError, match=r"duplicate key '1' \(rows 1 and 2\)"):
        job([{"id": 1, "text": "x"}, {"id": "1", "text": "x"}], key="id").run()
    assert len(endpoint.requests) == 3


def test_a_stream_that_breaks_off_costs_nothing(job: Callable[..., Job], endpoint: Endpoint) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"text": "a"}
        raise OSError("the line is down")

    with pytest.raises((OSError, JobError), match="the line is down"):
        job(rows()).run()
    assert not endpoint.requests


# Files


@pytest.mark.parametrize("path_kind", ["the same", "with dots", pytest.param("a link", marks=posix), "a hard link"])
def test_an_output_that_is_the_input_is_rejected(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, path_kind: str
) -> None:
    table = tmp_path / "in.jsonl"
    table.write_text('{"text": "a"}\n', encoding="utf-8")
    output = tmp_path / "x.jsonl"
    if path_kind == "a link":
        output.symlink_to(table)
    elif path_kind == "a hard link":
        os.link(table, output)
    else:
        (tmp_path / "x").mkdir()
        output = table if path_kind == "the same" else tmp_path / "x" / ".." / "in.jsonl"
    for source in (table, str(table)):
        with pytest.raises(ConfigError, match="is the input"):
            job(source, output=output, overwrite=True).run()
    assert table.read_text(encoding="utf-8") == '{"text": "a"}\n'
    assert not endpoint.requests
    assert not list(tmp_path.glob("*.job"))


@posix
@pytest.mark.parametrize("length", [230, 240, 251, 255, 300, 5000])
def test_a_name_that_is_too_long_for_the_output_or_its_manifest_is_reported_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, length: int
) -> None:
    with pytest.raises(JobError, match="File name too long; use a shorter one"):
        job(["a"], output=tmp_path / f"{'x' * (length - 4)}.csv").run()
    assert not endpoint.requests
    assert not list(tmp_path.glob("x*"))


@posix
@pytest.mark.parametrize("place", ["output", "folder as the output", "journal", "export"])
def test_a_file_in_a_folder_that_this_user_cannot_enter_is_an_error_of_the_job(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, place: str
) -> None:
    inside = tmp_path / "locked" / "x"
    inside.parent.mkdir(mode=0)
    if os.access(inside.parent, os.X_OK):
        pytest.skip("this user can enter every folder")
    settings = {
        "output": {"output": inside.with_suffix(".csv")},
        "folder as the output": {"output": inside},
        "journal": {"journal": inside},
        "export": {},
    }
    label_job = job(["a"], **settings[place])
    write = label_job.run if settings[place] else partial(label_job.export, inside.with_suffix(".csv"))
    with pytest.raises(JobError, match="Permission denied"):
        write()
    assert not endpoint.requests


@posix
@pytest.mark.parametrize("name", ["file/out.csv", "file/out", "file/x/out.db"])
def test_an_output_below_a_file_is_reported_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, name: str
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(JobError, match=f"cannot write .*{name}: Not a directory; a folder in its path is a file"):
        job(["a"], output=tmp_path / name).run()
    assert not endpoint.requests


@pytest.mark.parametrize("output", ["", ".", "/", "..", "./"])
def test_an_output_without_a_name_is_an_error(job: Callable[..., Job], endpoint: Endpoint, output: str) -> None:
    with pytest.raises(JobError, match="suffix"):
        job(["a"], output=output).run()
    assert not endpoint.requests


def test_a_missing_folder_is_created(job: Callable[..., Job], tmp_path: Path) -> None:
    label_job = job(["a"], output=tmp_path / "new" / "newer" / "out.jsonl")
    assert label_job.run().counts == {"done": 1}
    assert len(output_rows(label_job)) == 1


@pytest.mark.parametrize("path", ["file/out.jsonl", "out.jsonl"])
def test_a_file_in_place_of_the_journal_is_reported_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, path: str
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "out.jsonl.job").write_text("mine", encoding="utf-8")
    with pytest.raises(JobError, match=r"file|job"):
        job(["a"], output=tmp_path / path).run()
    assert not endpoint.requests
    assert (tmp_path / "out.jsonl.job").read_text(encoding="utf-8") == "mine"


@posix
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_reported_before_anything_is_sent(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(JobError, match="Permission denied"):
        job(["a"], output=folder / "out.jsonl").run()
    assert not endpoint.requests


@posix
def test_a_link_as_output_is_replaced_and_its_target_stays(job: Callable[..., Job], tmp_path: Path) -> None:
    (tmp_path / "theirs.jsonl").write_text("theirs", encoding="utf-8")
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "theirs.jsonl")
    with pytest.raises(JobError, match="exists"):
        job(["a"]).run()
    label_job = job(["a"], overwrite=True)
    assert label_job.run().is_complete
    assert (tmp_path / "theirs.jsonl").read_text(encoding="utf-8") == "theirs"
    assert len(output_rows(label_job)) == 1


@posix
def test_a_job_folder_may_be_a_link_also_when_the_job_starts_from_scratch(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.jsonl.job").symlink_to(tmp_path / "elsewhere")
    assert job(["a"]).run().is_complete
    assert job(["a"], prompt="Again: {text}", on_change="new").run().is_complete
    assert (tmp_path / "elsewhere" / "job.db").exists()
    assert len(endpoint.requests) == 2


def test_a_start_from_scratch_that_was_killed_starts_from_scratch_again(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint
) -> None:
    job(["a", "b"]).run()
    delete_shards(tmp_path / "out.jsonl.job", 1)
    other: dict[str, Any] = {"prompt": "Again: {text}"}
    with pytest.raises(JobError, match="has changed"):
        job(["a", "b"], **other).run()
    assert job(["a", "b"], **other, on_change="new").run().counts == {"done": 2}
    assert job(["a", "b"], **other).run().counts == {"done": 2}
    assert len(endpoint.requests) == 4
    assert Reader(tmp_path / "out.jsonl.job").counts()["done"] == 2


def test_a_tilde_is_the_home_folder_for_all_of_a_jobs_files(
    job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert job(["a"], output="~/out.jsonl").run().output == tmp_path / "out.jsonl"
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"out.jsonl", "out.jsonl.job", "out.jsonl.manifest.json"}


# Settings


@pytest.mark.parametrize(
    "settings",
    [{"on_ambiguous": "hodl"}, {"on_change": "reparze"}, {"concurrency": 0}, {"concurrency": "all"}, {"limit": -1}],
    ids=str,
)
def test_an_invalid_setting_is_rejected(
    job: Callable[..., Job], tmp_path: Path, endpoint: Endpoint, settings: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        job(["a"], **settings).run()
    assert not endpoint.requests
    assert not list(tmp_path.iterdir())


def test_a_transport_of_the_callers_stays_open_and_needs_a_model(
    job: Callable[..., Job], endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRUCTKIT_MODEL", raising=False)

    async def run_two_jobs() -> None:
        transport = AsyncHTTPTransport(endpoint.base_url, "sk-test", connections=2)
        arguments: dict[str, Any] = {"transport": transport, "base_url": None, "api_key": None}
        with pytest.raises(ConfigError, match="no model"):
            await job(["a"], **arguments, model=None).run_async()
        for rows in (["a"], ["a", "b"]):
            report = await job(rows, **arguments).run_async()
            assert report.counts == {"done": len(rows)}
        await transport.close()

    asyncio.run(run_two_jobs())
    assert json.dumps(endpoint.requests).count('"fake"') == 2
