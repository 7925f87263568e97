"""A job whose input changes, or that several processes start: only new rows are paid for, and only once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.errors import JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

ROWS, PATIENCE = 300, 600


def text_of(request: JSON) -> str:
    return str(request["messages"][0]["content"]).partition("Label: ")[2]


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(map(text_of, endpoint.requests))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *rows])


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


@pytest.fixture
def job(tmp_path: Path, settings: Callable[..., dict[str, Any]]) -> Callable[..., Job]:
    """Returns a function that makes this test's job over a CSV file."""

    def make(endpoint: Endpoint, rows: list[list[str]] | None = None, **more: Any) -> Job:
        source = tmp_path / "in.csv"
        if rows is not None:
            write(source, rows)
        job_settings = settings(endpoint.base_url, [], source=str(source), output=str(tmp_path / "out.csv"), **more)
        del job_settings["policy"]
        return Job(**job_settings)

    return make


@pytest.mark.parametrize("key", [None, "id"])
def test_one_edited_row_of_a_file_is_one_request(job: Callable[..., Job], key: str | None) -> None:
    rows = [[f"k{number}", f"row-{number}"] for number in range(ROWS)]
    with Endpoint() as endpoint:
        assert job(endpoint, rows, key=key).run().counts == {"done": ROWS}
        rows[ROWS // 2][1] = "edited"
        label_job = job(endpoint, rows, key=key)
        assert label_job.run().counts == {"done": ROWS}
    assert request_counts(endpoint) == Counter([*(f"row-{number}" for number in range(ROWS)), "edited"])
    assert read(Path(label_job.output)) == [text for _, text in rows]


@pytest.mark.parametrize("key", [None, "id"])
def test_a_removed_row_that_returns_is_not_sent_again(job: Callable[..., Job], key: str | None) -> None:
    rows = [["1", "a"], ["2", "b"], ["3", "c"]]
    with Endpoint() as endpoint:
        job(endpoint, rows, key=key).run()
        assert job(endpoint, [rows[0], rows[2]], key=key).run().counts == {"done": 2}
        label_job = job(endpoint, rows, key=key)
        assert label_job.run().counts == {"done": 3}
    assert request_counts(endpoint) == {"a": 1, "b": 1, "c": 1}
    assert read(Path(label_job.output)) == ["a", "b", "c"]


def test_a_file_that_changes_while_it_is_read_stops_the_run_and_only_changed_rows_are_sent_again(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    rows = [[str(number), f"row-{number}"] for number in range(40)]
    edited = [*rows[:20], ["20", "edited"], *rows[21:]]
    lock, count = threading.Lock(), 0

    def answer(request: JSON) -> Reply:
        nonlocal count
        with lock:
            count += 1
            if count == 10:
                write(tmp_path / "in.csv", edited)
        return conforming_reply(request)

    with Endpoint(answer) as endpoint:
        with pytest.raises(JobError, match="changed while it was being read"):
            job(endpoint, rows).run()
        label_job = job(endpoint)
        assert label_job.run().counts == {"done": 40}
    assert request_counts(endpoint) <= Counter([*(text for _, text in rows), "edited"])
    assert read(Path(label_job.output)) == [text for _, text in edited]


@pytest.mark.skipif(sys.platform == "win32", reason="locks have other messages")
def test_only_one_of_several_processes_gets_the_job(
    settings: Callable[..., dict[str, Any]], start: Callable[..., subprocess.Popen[str]], disk: Callable[[Any], Any]
) -> None:
    gate = threading.Event()

    def answer(request: JSON) -> Reply:
        gate.wait(PATIENCE)
        return conforming_reply(request)

    rows = [f"row-{number}" for number in range(30)]
    with Endpoint(answer) as endpoint, ThreadPoolExecutor() as pool:
        job_settings = settings(endpoint.base_url, rows)
        children = [start(job_settings) for _ in range(3)]
        finished = as_completed([pool.submit(child.communicate, timeout=PATIENCE) for child in children])
        outputs = [next(finished).result() for _ in children[1:]]
        gate.set()
        out, err = next(finished).result()
    assert sorted(child.returncode for child in children) == [0, 2, 2]
    assert all("is in use by" in err and err.count("\n") == 1 for _, err in outputs)
    assert (err, "complete" in out) == ("", True)
    assert request_counts(endpoint) == Counter(rows)
    assert [row["text"] for row in disk(job_settings).output_rows()] == rows
    assert json.loads(Path(f"{job_settings['output']}.manifest.json").read_text())["counts"] == {"done": 30}
