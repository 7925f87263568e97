"""A job that is killed repeatedly, at random moments: no row is lost, and no reply is paid for twice."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROWS, AT_ONCE, PATIENCE = 200, 20, 600
LIFE_S = 2.5
"""Seconds within which a timer kills a process; about as long as a run takes."""


def number_of(text: str) -> int:
    """The value of a row, different for each."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:6], 16)


def text_of(request: JSON) -> str:
    content = next(each["content"] for each in request["messages"] if each["role"] == "user")
    return str(content).partition("Label: ")[2].split("\n")[0]


class KillingEndpoint:
    """An endpoint that kills a process after a number of requests.

    The first reply to every seventh row is invalid, and every eleventh row meets a temporary fault.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.endpoint = Endpoint(self.answer)
        self.victim: subprocess.Popen[str] | None = None
        self.remaining, self.delay = 0, 0.0
        self.failed = Counter[str]()

    def aim(self, victim: subprocess.Popen[str], requests: int, delay: float) -> None:
        self.victim, self.remaining, self.delay = victim, requests, delay

    def answer(self, request: JSON) -> Reply:
        body, messages = json.dumps(request), request["messages"]
        text = text_of(request)
        with self.lock:
            self.remaining -= 1
            if self.remaining == 0 and self.victim:
                threading.Timer(self.delay, self.victim.kill).start()
            number = int(text.removeprefix("row-"))
            if number % 11 == 5 and not self.failed[body]:
                self.failed[body] += 1
                return error_reply(503, "overloaded")
        is_first = not any(each["role"] == "assistant" for each in messages)
        value = "seven" if number % 7 == 3 and is_first else number_of(text)
        return replace(text_reply(request, json.dumps({"n": value})), delay=0.005)


@dataclass
class Figures:
    """The numbers of a job that was killed repeatedly."""

    kills: int = 0
    starts: int = 0
    requests: int = 0
    in_flight: int = 0
    repeated: int = 0


class KillScenario:
    """A job that is started until it is complete; the first processes are killed, unless they finish first.

    Attributes:
        replied: After each kill: the number of requests so far, and the digests of those with a reply on disk.
        allowed: How often each row had a request in flight when a process was killed.
    """

    def __init__(self, seed: int, kills: int, **tools: Any) -> None:
        self.random, self.kills, self.tools = Random(seed), kills, tools
        self.counted, self.figures = KillingEndpoint(), Figures()
        self.replied, self.allowed = list[tuple[int, set[str]]](), Counter[int]()

    def run(self) -> Figures:
        with self.counted.endpoint as endpoint:
            rows = [f"row-{number}" for number in range(ROWS)]
            self.job = self.tools["settings"](endpoint.base_url, rows, concurrency=AT_ONCE)
            self.job["policy"] |= {"retries": 8}
            while self.run_process() == -signal.SIGKILL:
                self.record_kill()
            self.requests = list(endpoint.requests)
        self.digests = list(map(self.tools["digest"], self.requests))
        needed = len({*self.digests}) + sum(self.counted.failed.values())
        self.figures.requests, self.figures.in_flight = len(self.requests), sum(self.allowed.values())
        self.figures.repeated = self.figures.requests - needed
        return self.figures

    def run_process(self) -> int:
        """Start a process, which may be killed after a number of requests or some time, and return its exit code."""
        child, random = self.tools["start"](self.job), self.random
        clock = threading.Timer(random.uniform(0, LIFE_S), child.kill)
        if self.figures.kills < self.kills:
            if random.random() < 0.5:
                self.counted.aim(child, random.randint(1, 2 * ROWS // self.kills), random.uniform(0, 0.03))
            else:
                clock.start()
        _, err = child.communicate(timeout=PATIENCE)
        clock.cancel()
        assert (child.returncode, err) in {(0, ""), (-signal.SIGKILL, "")}
        self.figures.starts += 1
        return int(child.returncode)

    def record_kill(self) -> None:
        """Record what a killed process has left on disk."""
        self.figures.kills += 1
        disk = self.tools["disk"](self.job)
        self.replied.append((len(self.counted.endpoint.requests), disk.replied_digests()))
        self.allowed.update(disk.unanswered_rows())
        assert len(disk.unanswered_rows()) <= AT_ONCE

    def check(self) -> None:
        output_rows = self.tools["disk"](self.job).output_rows()
        rows = [f"row-{number}" for number in range(ROWS)]
        assert [row["text"] for row in output_rows] == rows, "no row is missing or duplicate"
        assert [row["n"] for row in output_rows] == list(map(number_of, rows))
        for count, digests in self.replied:
            assert not {*self.digests[count:]} & digests, "a request with a reply on disk is never repeated"
        for body, times in Counter(map(json.dumps, self.requests)).items():
            row = int(text_of(json.loads(body)).removeprefix("row-"))
            assert times <= 1 + self.counted.failed[body] + self.allowed[row], f"row {row} was not in flight so often"
        assert self.figures.repeated <= self.figures.in_flight


def run_scenario(seed: int, kills: int, **tools: Any) -> None:
    scenario = KillScenario(seed, kills, **tools)
    figures = scenario.run()
    sys.stdout.write(f"seed {seed}: {figures}\n")
    scenario.check()
    assert figures.kills


def test_after_kills_at_random_moments_every_row_is_in_the_output_once(settings, start, disk, digest) -> None:
    run_scenario(1, 4, settings=settings, start=start, disk=disk, digest=digest)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_after_many_kills_at_random_moments_every_row_is_in_the_output_once(
    seed, settings, start, disk, digest
) -> None:
    run_scenario(seed, 6, settings=settings, start=start, disk=disk, digest=digest)
