"""A damaged journal is a `JobError` that names the file, never a traceback; `benchmarks/fuzz.py` tries random damage."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.job import Job
from structkit.batch.matching import Matching
from structkit.costs.price import Price
from structkit.errors import JobError
from structkit.journal.reader import Reader
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
PRICE = Price(Decimal(1), Decimal(2))


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


def test_a_damaged_outcome_is_a_job_error_that_names_the_file(recorded: RecordedJob, tmp_path: Path) -> None:
    job = recorded.copy(tmp_path)
    path = job.folder / "part-00000.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rows SET outcome = ? WHERE ordinal = 2", (b'{"value": {"n',))
    for use in (job.run, lambda: job.export(tmp_path / "export.jsonl")):
        with pytest.raises(JobError, match="damaged; restore a copy, or delete the folder") as caught:
            use()
        assert caught.value.file == str(path)


def test_a_changed_bit_in_the_number_of_a_row_is_no_traceback(recorded: RecordedJob, tmp_path: Path) -> None:
    job = recorded.copy(tmp_path)
    path = job.folder / "part-00000.db"
    data = path.read_bytes()
    for place in [place for place, byte in enumerate(data) if byte == 3]:
        path.write_bytes(data[:place] + bytes([3 ^ 0x40]) + data[place + 1 :])
        with contextlib.suppress(JobError):
            assert len([*Matching(open_source(job.source), Reader(job.folder))]) == 9


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
    _, err = child.communicate(timeout=600)
    assert child.returncode == 2, err
    assert name in err
