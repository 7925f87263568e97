"""A job in several processes: the table of one process, nothing lost or repeated when one of them is killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from structkit import ConfigError, Job, JobError, Price
from structkit.batch.processes.parent_link import ParentLink
from structkit.batch.processes.part_files import parts_of, sum_reports
from structkit.batch.processes.run_processes import LOCK_FOLDER, run_in_processes
from structkit.batch.processes.worker_process import run_part
from structkit.batch.report import Report
from structkit.journal.database import create_folder
from structkit.journal.lock import lock_folder
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


def answer(body: JSON) -> Reply:
    text = str(body["messages"][-1]["content"])
    return replace(text_reply(body, json.dumps({"word": f"={text}"})), delay=0.01)


def write_rows(path: Path, count: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["id", "text"], *([f"k{number}", f"row {number}"] for number in range(count))])
    return path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(answer) as server:
        yield server


def settings_of(folder: Path, endpoint: Endpoint, **settings: Any) -> dict[str, Any]:
    base = {"source": str(folder / "in.csv"), "output": str(folder / "out.csv"), "output_type": SCHEMA}
    base |= {"prompt": "{text}", "key": "id", "model": "fake", "base_url": endpoint.base_url, "progress": False}
    return {**base, **settings}


def test_two_processes_write_the_table_of_one_and_no_other_number_is_accepted_later(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.csv", 30)
    expected = Job(**settings_of(tmp_path, endpoint, output=str(tmp_path / "one.csv"))).run()
    job, row_counts = Job(**settings_of(tmp_path, endpoint)), list[int]()
    report = job.run(lambda progress: row_counts.append(sum(progress.counts.values())), processes=2)
    assert (report.rows, report.counts, report.tokens) == (30, {"done": 30}, expected.tokens)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert row_counts[-1] == 30
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert (manifest["status"], manifest["rows"], len(manifest["parts"])) == ("complete", 30, 2)
    assert len(endpoint.requests) == 60
    with pytest.raises(JobError, match=r"journals of a run in 2 parts, .*: run it with processes=2 \(--processes 2\)"):
        job.run(processes=3)
    (tmp_path / "out.csv").unlink()
    with pytest.raises(JobError, match="journals of a run in 2 parts"):
        job.run()


@pytest.mark.slow
def test_all_processes_together_spend_no_more_than_the_budget(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 60)
    price = Price(Decimal(1), Decimal(1))
    settings = settings_of(tmp_path, endpoint, price=price, call={"max_tokens": 50}, concurrency=4)
    report = Job(**settings, budget="0.0006").run(processes=2)
    assert (report.reason, report.rows) == ("budget", 60)
    assert Decimal(0) < (report.spend or 0) <= Decimal("0.0006")
    report = Job(**settings, budget="1").run(processes=2)
    assert (report.status, len(endpoint.requests)) == ("complete", 60)


def test_a_second_command_of_the_same_job_says_at_once_who_runs_it(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 5)
    job = Job(**settings_of(tmp_path, endpoint))
    folder = parts_of(job, 2)[0].folder / LOCK_FOLDER
    create_folder(folder)
    lock = lock_folder(folder)
    try:
        with pytest.raises(JobError, match=rf"in use by process {os.getpid()} on .*; wait until it ends, or stop it"):
            job.run(processes=2)
    finally:
        lock.release()
    assert job.run(processes=3).status == "complete", "no journal was started"


def test_a_worker_says_that_it_waits_for_the_one_of_a_killed_parent(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 4)
    part = Job(**settings_of(tmp_path, endpoint), part=(1, 1))
    create_folder(part.folder)
    connection, remote = Pipe()
    lock = lock_folder(part.folder)
    thread = threading.Thread(target=run_part, args=(part, ParentLink(remote)))
    thread.start()
    message = connection.recv()
    assert message.progress.waits_for == "a worker on out.csv.part-1-of-1 of a run that was killed, to end"
    assert endpoint.requests == []
    lock.release()
    thread.join()
    assert len(endpoint.requests) == 4


def test_an_error_of_every_worker_is_raised_once(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 5)
    with pytest.raises(ConfigError, match="nothing"):
        Job(**settings_of(tmp_path, endpoint, prompt="{nothing}")).run(processes=2)
    assert not endpoint.requests
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"part": (1, 2)}, "leave out one"),
        ({"output": None}, "needs an output"),
        ({"source": iter([{"id": "a", "text": "b"}])}, "cannot be passed|one stream"),
        ({"prompt": lambda row: f"{row}"}, "cannot be passed to another process"),
        ({"budget": "1"}, "needs the price"),
        ({"batch_api": True}, "needs one process"),
    ],
)
def test_a_job_that_cannot_be_divided_is_refused(
    tmp_path: Path, endpoint: Endpoint, settings: dict[str, Any], error: str
) -> None:
    write_rows(tmp_path / "in.csv", 5)
    with pytest.raises((ConfigError, JobError), match=error):
        Job(**settings_of(tmp_path, endpoint, **settings)).run(processes=2)
    assert not endpoint.requests


@pytest.mark.parametrize("processes", [0, -1, True, 1.5, "2", 10_001])
def test_an_impossible_number_of_processes_is_refused(tmp_path: Path, endpoint: Endpoint, processes: Any) -> None:
    write_rows(tmp_path / "in.csv", 5)
    with pytest.raises(ConfigError, match="must be a number from 1"):
        run_in_processes(Job(**settings_of(tmp_path, endpoint)), processes)


def test_an_output_of_somebody_else_is_refused_before_anything_is_sent(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 5)
    (tmp_path / "out.csv").write_text("mine\n")
    with pytest.raises(JobError, match="is not this job's output"):
        Job(**settings_of(tmp_path, endpoint)).run(processes=2)
    assert not endpoint.requests


def test_the_rows_to_review_of_all_parts_are_counted(tmp_path: Path, endpoint: Endpoint) -> None:
    job = Job(**settings_of(tmp_path, endpoint))
    parts = [Report("", None, 3, {"done": 3}, 5, 0, None, (), 1.0, to_review=count) for count in (2, 0)]
    assert sum_reports(job, parts, 1.0).to_review == 2
    assert sum_reports(job, [replace(part, to_review=None) for part in parts], 1.0).to_review is None


def test_whether_too_many_rows_have_failed_is_decided_over_all_parts(tmp_path: Path, endpoint: Endpoint) -> None:
    job = Job(**settings_of(tmp_path, endpoint, max_failed="20%"))
    failed = Report("failed", None, 1, {"failed": 1}, 5, 0, None, (), 1.0, "1 of 1 rows failed", errors={"Refusal": 1})
    done = Report("", None, 9, {"done": 9}, 50, 0, None, (), 2.0)
    assert sum_reports(job, [failed, done], 3.0).status == "complete"
    assert "2 of 2 rows failed" in sum_reports(job, [failed, failed], 3.0).status
    left = replace(done, reason="budget", counts={"done": 1, "open": 8}, detail="the budget is used up")
    total = sum_reports(job, [failed, left], 3.0)
    assert (total.reason, total.rows, total.counts["open"], total.tokens) == ("budget", 10, 8, 55)


class Command:
    """`structkit label --processes` in a process, and its workers."""

    def __init__(self, folder: Path, endpoint: Endpoint, processes: int, *options: str) -> None:
        (folder / "type.json").write_text(json.dumps(SCHEMA))
        command = [sys.executable, "-m", "structkit", "label", "in.csv", "-o", "out.csv", "--type", "type.json"]
        command += ["--prompt", "{text}", "--key", "id", "--base-url", endpoint.base_url, "--model", "fake"]
        command += ["--processes", str(processes), "--concurrency", "4", *options]
        environment = {**os.environ, "OPENAI_API_KEY": "x"}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
        return [pid for pid, line in lines.items() if b"spawn_main" in line]

    def finish(self) -> tuple[int, str]:
        _, notices = self.process.communicate(timeout=600)
        return self.process.returncode, notices


def wait_for_requests(endpoint: Endpoint, count: int) -> None:
    deadline = time.monotonic() + 600
    while len(endpoint.requests) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def repeated(endpoint: Endpoint) -> int:
    counts = Counter(str(request["messages"][-1]["content"]) for request in endpoint.requests)
    return sum(count - 1 for count in counts.values())


# Three Pythons start in each of the following tests, which takes seconds on a busy machine.
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")


@pytest.mark.slow
@needs_proc
def test_a_worker_that_is_killed_is_restarted_and_repeats_only_what_was_in_flight(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.csv", 150)
    command = Command(tmp_path, endpoint, 2)
    wait_for_requests(endpoint, 40)
    os.kill(command.workers()[0], signal.SIGKILL)
    code, notices = command.finish()
    assert (code, "complete: 150 rows, 150 done" in notices) == (0, True), notices
    assert repeated(endpoint) <= 4


@pytest.mark.slow
@needs_proc
def test_a_parent_that_is_killed_loses_nothing_and_the_same_command_resumes(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 150)
    command = Command(tmp_path, endpoint, 2)
    wait_for_requests(endpoint, 40)
    command.process.kill()
    command.process.communicate()
    code, notices = Command(tmp_path, endpoint, 2).finish()
    assert (code, "complete: 150 rows, 150 done" in notices) == (0, True), notices
    assert repeated(endpoint) == 0, "the workers have received the replies that were in flight, and ended"


@pytest.mark.slow
@posix
def test_ctrl_c_waits_for_requests_in_flight_and_the_same_command_resumes(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.csv", 150)
    command = Command(tmp_path, endpoint, 2)
    wait_for_requests(endpoint, 40)
    command.process.send_signal(signal.SIGINT)
    code, notices = command.finish()
    assert (code, notices.count("interrupted: waiting"), notices.count("Traceback")) == (130, 1, 0), notices
    assert "resume with: " in notices
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert {row["status"] for row in rows} == {"done", "open"}
    assert len(rows) == 150
    code, notices = Command(tmp_path, endpoint, 2).finish()
    assert (code, len(endpoint.requests)) == (0, 150), notices
    code, notices = Command(tmp_path, endpoint, 2).finish()
    assert (code, len(endpoint.requests)) == (0, 150), "a third run sends nothing"
