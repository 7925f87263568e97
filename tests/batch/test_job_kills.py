"""A job whose process is killed or interrupted: what is on disk is never asked for again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
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

ROWS, AT_ONCE, PATIENCE = 500, 20, 60
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


class Watched:
    """An endpoint that says when so many requests have come, and that can hold its replies back."""

    def __init__(self, at: int, *, holds: bool = False, costs: float | None = None) -> None:
        self.at, self.came, self.turn = at, threading.Event(), threading.Lock()
        self.seen, self.gate = 0, threading.Event()
        self.holds, self.costs = holds, costs
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.turn:
            self.seen += 1
            here = self.seen
        if here >= self.at:
            self.came.set()
            if self.holds:
                self.gate.wait(PATIENCE)
        reply = conforming_reply(request)
        if self.costs and isinstance(reply.body, dict):
            reply.body["usage"]["cost"] = self.costs
        return replace(reply, delay=0.005)

    def asked(self) -> Counter[str]:
        return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in self.endpoint.requests)


@contextmanager
def watched(at: int, *, holds: bool = False, costs: float | None = None) -> Iterator[Watched]:
    found = Watched(at, holds=holds, costs=costs)
    with found.endpoint:
        yield found
        found.gate.set()


def settings_of(folder: Path, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps({"text": f"row-{number}"}) + "\n" for number in range(ROWS)))
    base = {"source": str(source), "output": str(folder / "out.jsonl"), "output_type": SCHEMA, "model": "fake"}
    base |= {"prompt": "Label: {text}", "base_url": endpoint.base_url, "api_key": "sk-test"}
    return {**base, "concurrency": AT_ONCE, **more}


def start(settings: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, json.dumps(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})


def killed(settings: dict[str, Any], found: Watched) -> None:
    """Run a job in a process of its own, and kill it when the endpoint has seen enough."""
    child = start(settings)
    assert found.came.wait(PATIENCE)
    child.kill()
    child.communicate(timeout=PATIENCE)
    assert child.returncode == -signal.SIGKILL


def on_disk(folder: Path) -> dict[int, RowState]:
    return Reader(folder / "out.jsonl.job").read_rows(0, ROWS)


def answered(kept: dict[int, RowState]) -> set[str]:
    """The rows whose answer is on disk."""
    return {f"row-{each.ordinal}" for each in kept.values() if any(exchange.reply for exchange in each.exchanges)}


def in_flight(kept: dict[int, RowState]) -> set[str]:
    """The rows whose intent is on disk, and no answer: their request may be on its way to the endpoint even now."""
    return {f"row-{each.ordinal}" for each in kept.values() if each.exchanges} - answered(kept)


def assert_every_row_once(folder: Path) -> None:
    written = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["text"] for row in written] == [f"row-{number}" for number in range(ROWS)]
    assert {row["status"] for row in written} == {"done"}


@pytest.mark.parametrize("moment", [1, 90, 255, 499])
def test_after_kill_9_only_what_was_in_flight_is_asked_again(tmp_path: Path, moment: int) -> None:
    with watched(moment) as found:
        settings = settings_of(tmp_path, found.endpoint)
        killed(settings, found)
        unanswered = in_flight(on_disk(tmp_path))
        report = Job(**settings).run()
    assert report.is_complete
    assert_every_row_once(tmp_path)
    twice = {row for row, times in found.asked().items() if times > 1}
    assert twice <= unanswered
    assert len(unanswered) == len(report.ambiguous) <= AT_ONCE
    assert max(found.asked().values()) <= 2
    with watched(1) as quiet:
        again = Job(**{**settings, "base_url": quiet.endpoint.base_url}).run()
    assert again.ambiguous == report.ambiguous, "what may have been paid for twice is told as long as the job is"
    assert json.loads((tmp_path / "out.jsonl.manifest.json").read_text())["ambiguous"] == [*report.ambiguous]
    assert not quiet.seen


def test_what_the_endpoint_reported_as_cost_is_known_after_kill_9(tmp_path: Path) -> None:
    with watched(255, costs=0.00025) as found:
        settings = settings_of(tmp_path, found.endpoint)
        killed(settings, found)
        report = Job(**settings).run()
        again = Job(**settings).run()
    answers = sum(len(each.exchanges) for each in on_disk(tmp_path).values())
    assert report.spend == again.spend == Decimal("0.00025") * answers
    assert report.unpriced == again.unpriced == len(report.ambiguous), "what was never answered may have cost something"


def test_rows_in_flight_can_be_held_instead_and_sent_later(tmp_path: Path) -> None:
    with watched(200, holds=True) as found:
        settings = settings_of(tmp_path, found.endpoint, key="text")
        killed(settings, found)
        found.gate.set()
        first = Job(**settings, on_ambiguous="hold").run()
        for report in (first, Job(**settings, on_ambiguous="hold").run()):  # held rows stay held
            assert report.is_complete
            assert report.counts == {"done": ROWS - len(report.ambiguous), "held": len(report.ambiguous)}
            assert set(found.asked().values()) == {1}
        assert 0 < len(first.ambiguous) <= AT_ONCE
        assert first.ambiguous[0] in str(first)
        held = set(first.ambiguous)
        assert Job(**settings).run().counts == {"done": ROWS}
    assert {row for row, times in found.asked().items() if times > 1} <= held
    assert_every_row_once(tmp_path)


def test_rows_without_a_key_are_named_by_their_places(tmp_path: Path) -> None:
    with watched(200, holds=True) as found:
        settings = settings_of(tmp_path, found.endpoint)
        killed(settings, found)
        kept = on_disk(tmp_path)
        lost = {each.ordinal: each.digest for each in kept.values() if f"row-{each.ordinal}" in in_flight(kept)}
        source = tmp_path / "in.jsonl"
        first, *others = source.read_text().splitlines(keepends=True)
        source.write_text("".join([others[0], first, *others[1:-1]]))  # rows 1 and 2 change places
        found.gate.set()
        report = Job(**settings).run()
    places = {0: 2, 1: 1} | {ordinal: ordinal + 1 for ordinal in range(2, ROWS)}
    assert lost
    assert report.ambiguous == tuple(f"row {places[ordinal]} ({digest[:8]})" for ordinal, digest in lost.items())
    assert report.ambiguous[0] in str(report)


def test_a_second_process_is_refused_and_told_who_has_the_job(tmp_path: Path) -> None:
    with watched(1, holds=True) as found:
        settings = settings_of(tmp_path, found.endpoint)
        child = start(settings)
        assert found.came.wait(PATIENCE)
        for choice in ("stop", "new"):
            with pytest.raises(JobError, match=str(child.pid)):
                Job(**settings, on_change=choice).run()
        found.gate.set()
        out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (0, "")
    assert "complete" in out
    assert_every_row_once(tmp_path)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_what_is_in_flight_end(tmp_path: Path, name: signal.Signals) -> None:
    with watched(100) as found:
        settings = settings_of(tmp_path, found.endpoint)
        child = start(settings)
        assert found.came.wait(PATIENCE)
        child.send_signal(name)
        out, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, err) == (0, "")
        assert "incomplete: interrupted" in out
        assert found.seen < ROWS
        assert not list(Reader(tmp_path / "out.jsonl.job").ambiguous_rows())
        assert answered(on_disk(tmp_path)) == found.asked().keys()
        assert Job(**settings).run().counts == {"done": ROWS}
    assert set(found.asked().values()) == {1}
    assert_every_row_once(tmp_path)


def test_a_second_interrupt_ends_the_run_at_once(tmp_path: Path) -> None:
    with watched(100, holds=True) as found:
        settings = settings_of(tmp_path, found.endpoint)
        child = start(settings)
        assert found.came.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)  # another one: two alike that come together are one
        _, err = child.communicate(timeout=PATIENCE)
        assert (child.returncode, err) == (130, "")
        found.gate.set()
        report = Job(**settings).run()
    assert report.is_complete
    assert 0 < len(report.ambiguous) <= AT_ONCE
    assert_every_row_once(tmp_path)
