"""A job whose process is killed or interrupted: a request whose reply is on disk is never repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit.batch.job import Job
from structkit.errors import JobError
from structkit.journal.journal import Reader
from structkit.journal.row_state import RowState
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROWS, AT_ONCE, PATIENCE = 500, 20, 600
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CHILD = """
import json, sys
from structkit.batch.job import Job
settings = json.loads(sys.argv[1])
try:
    print(Job(**settings).run())
except KeyboardInterrupt:
    sys.exit(130)
"""


class WatchedEndpoint:
    """An endpoint that signals when it has received a number of requests, and can delay its replies from then on."""

    def __init__(self, at: int, *, holds: bool = False, costs: float | None = None) -> None:
        self.at, self.reached, self.lock = at, threading.Event(), threading.Lock()
        self.count, self.gate = 0, threading.Event()
        self.holds, self.costs = holds, costs
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.lock:
            self.count += 1
            number = self.count
        if number >= self.at:
            self.reached.set()
            if self.holds:
                self.gate.wait(PATIENCE)
        reply = conforming_reply(request)
        if self.costs and isinstance(reply.body, dict):
            reply.body["usage"]["cost"] = self.costs
        return replace(reply, delay=0.005)

    def request_counts(self) -> Counter[str]:
        return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in self.endpoint.requests)


@contextmanager
def watched(at: int, *, holds: bool = False, costs: float | None = None) -> Iterator[WatchedEndpoint]:
    endpoint = WatchedEndpoint(at, holds=holds, costs=costs)
    with endpoint.endpoint:
        yield endpoint
        endpoint.gate.set()


def settings_of(folder: Path, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": f"row-{number}"}) + "\n" for number in range(ROWS)))
    base = {"source": str(source), "output": str(folder / "out.jsonl"), "output_type": SCHEMA, "model": "fake"}
    base |= {"prompt": "Label: {text}", "base_url": endpoint.base_url, "api_key": "sk-test"}
    return {**base, "concurrency": AT_ONCE, **more}


def start(settings: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})


def run_and_kill(settings: dict[str, Any], watcher: WatchedEndpoint) -> None:
    """Run a job in a process, and kill it once the endpoint has received its number of requests."""
    child = start(settings)
    assert watcher.reached.wait(PATIENCE)
    child.kill()
    child.communicate(timeout=PATIENCE)
    assert child.returncode == -signal.SIGKILL


def on_disk(folder: Path) -> dict[int, RowState]:
    return Reader(folder / "out.jsonl.job").read_rows(0, ROWS)


def replied_rows(row_states: dict[int, RowState]) -> set[str]:
    """The rows with a reply on disk."""
    return {f"row-{each.ordinal}" for each in row_states.values() if any(exchange.reply for exchange in each.exchanges)}


def in_flight(row_states: dict[int, RowState]) -> set[str]:
    """The rows with an intent on disk and no reply: their request may still be in flight."""
    return {f"row-{each.ordinal}" for each in row_states.values() if each.exchanges} - replied_rows(row_states)


def assert_every_row_once(folder: Path) -> None:
    output_rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["text"] for row in output_rows] == [f"row-{number}" for number in range(ROWS)]
    assert {row["status"] for row in output_rows} == {"done"}


@pytest.mark.parametrize("moment", [1, 90, 255, 499])
def test_after_kill_9_only_requests_in_flight_are_sent_again(tmp_path: Path, moment: int) -> None:
    with watched(moment) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        run_and_kill(settings, watcher)
        unanswered = in_flight(on_disk(tmp_path))
        report = Job(**settings).run()
    assert report.is_complete
    assert_every_row_once(tmp_path)
    repeated = {row for row, times in watcher.request_counts().items() if times > 1}
    assert repeated <= unanswered
    assert len(unanswered) == len(report.ambiguous) <= AT_ONCE
    assert max(watcher.request_counts().values()) <= 2
    with watched(1) as quiet:
        second = Job(**{**settings, "base_url": quiet.endpoint.base_url}).run()
    assert second.ambiguous == report.ambiguous, "rows that may have been paid for twice are reported by all later runs"
    assert json.loads((tmp_path / "out.jsonl.manifest.json").read_text())["ambiguous"] == [*report.ambiguous]
    assert not quiet.count


def test_the_reported_cost_is_known_after_kill_9(tmp_path: Path) -> None:
    with watched(255, costs=0.00025) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        run_and_kill(settings, watcher)
        report = Job(**settings).run()
        second = Job(**settings).run()
    answers = sum(len(each.exchanges) for each in on_disk(tmp_path).values())
    assert report.spend == second.spend == Decimal("0.00025") * answers
    assert report.unpriced == second.unpriced == len(report.ambiguous), (
        "a request without a reply may have cost something"
    )


def test_rows_in_flight_can_be_held_instead_and_sent_later(tmp_path: Path) -> None:
    with watched(200, holds=True) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint, key="text")
        run_and_kill(settings, watcher)
        watcher.gate.set()
        first = Job(**settings, on_ambiguous="hold").run()
        for report in (first, Job(**settings, on_ambiguous="hold").run()):  # held rows stay held
            assert report.is_complete
            assert report.counts == {"done": ROWS - len(report.ambiguous), "held": len(report.ambiguous)}
            assert set(watcher.request_counts().values()) == {1}
        assert 0 < len(first.ambiguous) <= AT_ONCE
        assert first.ambiguous[0] in str(first)
        held = set(first.ambiguous)
        assert Job(**settings).run().counts == {"done": ROWS}
    assert {row for row, times in watcher.request_counts().items() if times > 1} <= held
    assert_every_row_once(tmp_path)


def test_rows_without_a_key_are_named_by_their_positions(tmp_path: Path) -> None:
    with watched(200, holds=True) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        run_and_kill(settings, watcher)
        row_states = on_disk(tmp_path)
        digests = {
            each.ordinal: each.digest for each in row_states.values() if f"row-{each.ordinal}" in in_flight(row_states)
        }
        source = tmp_path / "in.jsonl"
        first, *lines = source.read_text().splitlines(keepends=True)
        source.write_text("".join([lines[0], first, *lines[1:-1]]))  # swap rows 1 and 2
        watcher.gate.set()
        report = Job(**settings).run()
    positions = {0: 2, 1: 1} | {ordinal: ordinal + 1 for ordinal in range(2, ROWS)}
    assert digests
    assert report.ambiguous == tuple(f"row {positions[ordinal]} ({digest[:8]})" for ordinal, digest in digests.items())
    assert report.ambiguous[0] in str(report)


def test_a_second_process_is_rejected_with_the_process_that_has_the_job(tmp_path: Path) -> None:
    with watched(1, holds=True) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        child = start(settings)
        assert watcher.reached.wait(PATIENCE)
        for choice in ("stop", "new"):
            with pytest.raises(JobError, match=str(child.pid)):
                Job(**settings, on_change=choice).run()
        watcher.gate.set()
        out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (0, "")
    assert "complete" in out
    assert_every_row_once(tmp_path)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_requests_in_flight(tmp_path: Path, name: signal.Signals) -> None:
    with watched(100) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        child = start(settings)
        assert watcher.reached.wait(PATIENCE)
        child.send_signal(name)
        out, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, err) == (0, "")
        assert "incomplete: interrupted" in out
        assert watcher.count < ROWS
        assert not list(Reader(tmp_path / "out.jsonl.job").ambiguous_rows())
        assert replied_rows(on_disk(tmp_path)) == watcher.request_counts().keys()
        assert Job(**settings).run().counts == {"done": ROWS}
    assert set(watcher.request_counts().values()) == {1}
    assert_every_row_once(tmp_path)


def test_a_second_interrupt_ends_the_run_at_once(tmp_path: Path) -> None:
    with watched(100, holds=True) as watcher:
        settings = settings_of(tmp_path, watcher.endpoint)
        child = start(settings)
        assert watcher.reached.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)  # another signal: two equal ones at the same time arrive as one
        _, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, err) == (130, "")
        watcher.gate.set()
        report = Job(**settings).run()
    assert report.is_complete
    assert 0 < len(report.ambiguous) <= AT_ONCE
    assert_every_row_once(tmp_path)


KILL_AT_PUBLICATION = """
import os, signal, sys
is_published = False
def kill(event, arguments):
    global is_published
    if event != "os.kill" and (is_published or ({at_once} and is_output(event, arguments))):
        os.kill(os.getpid(), signal.SIGKILL)
    is_published = is_published or is_output(event, arguments)
def is_output(event, arguments):
    return event in ("os.link", "os.rename") and os.fsdecode(arguments[1]).endswith({suffix!r})
sys.addaudithook(kill)
"""


@pytest.mark.parametrize(
    ("suffix", "at_once", "has_output"),
    [("out.jsonl", True, False), ("out.jsonl", False, True), (".manifest.json", True, True)],
    ids=["before the output is in place", "as soon as it is", "before the manifest is"],
)
def test_a_job_that_is_killed_around_the_moment_of_its_output_owns_the_output_and_sends_nothing_again(
    settings: Callable[..., dict[str, Any]],
    start: Callable[..., Any],
    disk: Callable[[Any], Any],
    suffix: str,
    at_once: bool,
    has_output: bool,
) -> None:
    with Endpoint(lambda _request: '{"n": 1}') as endpoint:
        job_settings = settings(endpoint.base_url, ["a", "b"])
        child = start(job_settings, KILL_AT_PUBLICATION.format(suffix=suffix, at_once=at_once))
        child.communicate(timeout=600)
        assert child.returncode == -signal.SIGKILL
        assert Path(job_settings["output"]).exists() == has_output
        child = start(job_settings)
        out, err = child.communicate(timeout=600)
        assert (child.returncode, err) == (0, ""), out
        assert len(endpoint.requests) == 2
    assert [row["n"] for row in disk(job_settings).output_rows()] == [1, 1]
