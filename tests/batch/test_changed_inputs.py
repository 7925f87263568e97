"""A job whose input changes, and processes that all want it: only what is new is paid for, and by one of them."""

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

ROWS, PATIENCE = 300, 60


def text_of(request: JSON) -> str:
    return str(request["messages"][0]["content"]).partition("Label: ")[2]


def asked(endpoint: Endpoint) -> Counter[str]:
    return Counter(map(text_of, endpoint.requests))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *rows])


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


@pytest.fixture
def job(tmp_path: Path, settings: Callable[..., dict[str, Any]]) -> Callable[..., Job]:
    """Makes the job of this test over a CSV file."""

    def make(endpoint: Endpoint, rows: list[list[str]] | None = None, **more: Any) -> Job:
        source = tmp_path / "in.csv"
        if rows is not None:
            write(source, rows)
        given = settings(endpoint.base_url, [], source=str(source), output=str(tmp_path / "out.csv"), **more)
        del given["policy"]
        return Job(**given)

    return make


@pytest.mark.parametrize("key", [None, "id"])
def test_one_edited_row_of_a_file_is_one_request(job: Callable[..., Job], key: str | None) -> None:
    rows = [[f"k{number}", f"row-{number}"] for number in range(ROWS)]
    with Endpoint() as endpoint:
        assert job(endpoint, rows, key=key).run().counts == {"done": ROWS}
        rows[ROWS // 2][1] = "edited"
        made = job(endpoint, rows, key=key)
        assert made.run().counts == {"done": ROWS}
    assert asked(endpoint) == Counter([*(f"row-{number}" for number in range(ROWS)), "edited"])
    assert read(Path(made.output)) == [text for _, text in rows]


@pytest.mark.parametrize("key", [None, "id"])
def test_a_row_that_was_removed_is_still_known_when_it_comes_back(job: Callable[..., Job], key: str | None) -> None:
    rows = [["1", "a"], ["2", "b"], ["3", "c"]]
    with Endpoint() as endpoint:
        job(endpoint, rows, key=key).run()
        assert job(endpoint, [rows[0], rows[2]], key=key).run().counts == {"done": 2}
        made = job(endpoint, rows, key=key)
        assert made.run().counts == {"done": 3}
    assert asked(endpoint) == {"a": 1, "b": 1, "c": 1}
    assert read(Path(made.output)) == ["a", "b", "c"]


def test_a_file_that_changes_while_it_is_read_stops_the_run_and_costs_only_what_changed(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    rows = [[str(number), f"row-{number}"] for number in range(40)]
    edited = [*rows[:20], ["20", "edited"], *rows[21:]]
    turn, seen = threading.Lock(), 0

    def answer(request: JSON) -> Reply:
        nonlocal seen
        with turn:
            seen += 1
            if seen == 10:
                write(tmp_path / "in.csv", edited)
        return conforming_reply(request)

    with Endpoint(answer) as endpoint:
        with pytest.raises(JobError, match="changed while it was being read"):
            job(endpoint, rows).run()
        made = job(endpoint)
        assert made.run().counts == {"done": 40}
    assert asked(endpoint) <= Counter([*(text for _, text in rows), "edited"])
    assert read(Path(made.output)) == [text for _, text in edited]


@pytest.mark.skipif(sys.platform == "win32", reason="its locks speak otherwise")
def test_of_processes_that_begin_at_once_one_does_the_job_and_the_others_are_refused(
    settings: Callable[..., dict[str, Any]], start: Callable[..., subprocess.Popen[str]], disk: Callable[[Any], Any]
) -> None:
    gate = threading.Event()

    def answer(request: JSON) -> Reply:
        gate.wait(PATIENCE)
        return conforming_reply(request)

    rows = [f"row-{number}" for number in range(30)]
    with Endpoint(answer) as endpoint, ThreadPoolExecutor() as pool:
        made = settings(endpoint.base_url, rows)
        children = [start(made) for _ in range(3)]
        ended = as_completed([pool.submit(child.communicate, timeout=PATIENCE) for child in children])
        refused = [next(ended).result() for _ in children[1:]]
        gate.set()
        out, err = next(ended).result()
    assert sorted(child.returncode for child in children) == [0, 2, 2]
    assert all("is in use by" in said and said.count("\n") == 1 for _, said in refused)
    assert (err, "complete" in out) == ("", True)
    assert asked(endpoint) == Counter(rows)
    assert [row["text"] for row in disk(made).written()] == rows
    assert json.loads(Path(f"{made['output']}.manifest.json").read_text())["counts"] == {"done": 30}
