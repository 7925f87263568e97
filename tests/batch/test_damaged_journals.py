"""A damaged journal is a `JobError` that names the file, never a traceback, and nothing is sent or paid for again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structkit import Policy
from structkit.batch.job import Job
from structkit.costs.price import Price
from structkit.errors import JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
PRICE = Price(Decimal(1), Decimal(2))

EXAMPLES = 15

CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.sampled_from([b"x", b"[]", b"5", b"null", b"{}", b'"text"', b'{"a": 1}', b"[" * 100_000, b'[{"choices": [5]}]']),
    st.sampled_from(['{"value": 1', "\ud800".encode("utf-8", "surrogatepass"), b"1e999", b'[[0, "k"], [1]]']),
)


@dataclass(frozen=True)
class RecordedJob:
    """A job with finished, failed and open rows, and an endpoint for those that damage makes open again."""

    folder: Path
    base_url: str

    def copy(self, folder: Path) -> Job:
        """Copy its files; return the job of the copy."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return make_job(folder, self.base_url)


def make_job(folder: Path, base_url: str, **settings: Any) -> Job:
    base: dict[str, Any] = {"output": folder / "out.jsonl", "output_type": SCHEMA, "prompt": "Label: {text}"}
    base |= {"model": "fake", "base_url": base_url, "api_key": "sk-test", "concurrency": 2, "price": PRICE}
    base |= {"call": {"policy": Policy(wait_initial=0.001, wait_max=0.01, retries=1)}, "limit": 8}
    return Job(source=[f"row-{number}" for number in range(9)], **{**base, **settings})


def answer(request: JSON) -> Reply:
    return error_reply(400, "too long") if "row-3" in str(request["messages"]) else conforming_reply(request)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedJob]:
    folder = tmp_path_factory.mktemp("recorded")
    with Endpoint(answer) as endpoint:
        assert make_job(folder, endpoint.base_url, limit=6).run().is_complete
        yield RecordedJob(folder, endpoint.base_url)


def use_everything(job: Job) -> None:
    """Run and export a job; only errors of the user's own files may be raised."""
    for use in (job.run, lambda: job.export(Path(job.output).with_name("export.jsonl"))):
        with suppress(JobError):
            use()


def cells(path: Path) -> list[tuple[str, str, int]]:
    """Every cell of a database: table, column and row."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            (table, column, row)
            for table in tables
            for column in [info[1] for info in connection.execute(f"PRAGMA table_info({table})")]
            for row in range(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        ]


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.data())
def test_a_random_cell_of_a_journal_is_a_job_error_or_harmless(recorded: RecordedJob, data: st.DataObject) -> None:
    with TemporaryDirectory() as temporary:
        job = recorded.copy(Path(temporary))
        path = job.folder / data.draw(st.sampled_from(["job.db", "part-00000.db"]))
        table, column, row = data.draw(st.sampled_from(cells(path)))
        key = "state" if table == "counts" else "name" if table == "marks" else "rowid"
        with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.Error), connection:
            condition = f"{key} = (SELECT {key} FROM {table} LIMIT 1 OFFSET {row})"
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {condition}", (data.draw(CELLS),))
        use_everything(job)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.data())
def test_random_bytes_in_the_files_of_a_job_are_a_job_error_or_harmless(
    recorded: RecordedJob, data: st.DataObject
) -> None:
    with TemporaryDirectory() as temporary:
        job = recorded.copy(Path(temporary))
        path = data.draw(st.sampled_from(sorted(each for each in job.folder.iterdir() if each.stat().st_size)))
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 20))):
            start = data.draw(st.integers(0, len(content) - 1))
            patch = data.draw(st.binary(min_size=1, max_size=8))
            content[start : start + len(patch)] = patch
        path.write_bytes(bytes(content))
        use_everything(job)


def test_a_damaged_outcome_is_a_job_error_that_names_the_file(recorded: RecordedJob, tmp_path: Path) -> None:
    job = recorded.copy(tmp_path)
    path = job.folder / "part-00000.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rows SET outcome = ? WHERE ordinal = 2", (b'{"value": {"n',))
    for use in (job.run, lambda: job.export(tmp_path / "export.jsonl")):
        with pytest.raises(JobError, match="damaged") as caught:
            use()
        assert caught.value.file == str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
@pytest.mark.parametrize("name", ["job.db", "part-00000.db", "lock"])
def test_a_fifo_in_place_of_a_file_of_the_job_is_a_job_error(
    recorded: RecordedJob, tmp_path: Path, name: str, start: Callable[..., Any]
) -> None:
    job = recorded.copy(tmp_path)
    (job.folder / name).unlink()
    os.mkfifo(job.folder / name)
    job_settings: dict[str, Any] = {
        "source": list(job.source),
        "output": str(job.output),
        "output_type": SCHEMA,
        "prompt": job.prompt,
    }
    child = start({**job_settings, "model": "fake", "base_url": recorded.base_url, "api_key": "sk-test"})
    _, err = child.communicate(timeout=60)
    assert child.returncode == 2, err
    assert name in err
