"""A job that is killed again and again, at any moment: nothing is lost, and no answer is paid for twice."""

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

ROWS, AT_ONCE, PATIENCE = 200, 20, 120
LIFE = 2.5
"""Seconds within which a process is killed by the clock; about as long as one would live."""


def number_of(text: str) -> int:
    """What the endpoint says of a row, different for each."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:6], 16)


def text_of(request: JSON) -> str:
    asked = next(each["content"] for each in request["messages"] if each["role"] == "user")
    return str(asked).partition("Label: ")[2].split("\n")[0]


class Counted:
    """An endpoint that counts, and kills a process when so many requests more have come.

    Every seventh row is first answered with no value, and asked again; every eleventh request meets a fault that passes.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.endpoint = Endpoint(self.answer)
        self.victim: subprocess.Popen[str] | None = None
        self.left, self.delay = 0, 0.0
        self.failed = Counter[str]()

    def aim(self, victim: subprocess.Popen[str], requests: int, delay: float) -> None:
        self.victim, self.left, self.delay = victim, requests, delay

    def answer(self, request: JSON) -> Reply:
        body, said = json.dumps(request), request["messages"]
        text = text_of(request)
        with self.turn:
            self.left -= 1
            if self.left == 0 and self.victim:
                threading.Timer(self.delay, self.victim.kill).start()
            number = int(text.removeprefix("row-"))
            if number % 11 == 5 and not self.failed[body]:
                self.failed[body] += 1
                return error_reply(503, "overloaded")
        is_first = not any(each["role"] == "assistant" for each in said)
        value = "seven" if number % 7 == 3 and is_first else number_of(text)
        return replace(text_reply(request, json.dumps({"n": value})), delay=0.005)


@dataclass
class Figures:
    """What a job came to that was killed so often."""

    kills: int = 0
    starts: int = 0
    requests: int = 0
    under_way: int = 0
    twice: int = 0


class Ordeal:
    """One job, started again and again until it is complete; the first so many processes are killed, if they live to be.

    Attributes:
        answered: After each kill: how many requests had come, and which of them had an answer on disk.
        allowed: How often each row had been under way when a process was killed.
    """

    def __init__(self, seed: int, kills: int, **tools: Any) -> None:
        self.chance, self.kills, self.tools = Random(seed), kills, tools
        self.counted, self.figures = Counted(), Figures()
        self.answered, self.allowed = list[tuple[int, set[str]]](), Counter[int]()

    def run(self) -> Figures:
        with self.counted.endpoint as endpoint:
            rows = [f"row-{number}" for number in range(ROWS)]
            self.job = self.tools["settings"](endpoint.base_url, rows, concurrency=AT_ONCE)
            self.job["policy"] |= {"retries": 8}
            while self.one() == -signal.SIGKILL:
                self.look()
            self.requests = list(endpoint.requests)
        self.digests = list(map(self.tools["digest"], self.requests))
        needed = len({*self.digests}) + sum(self.counted.failed.values())
        self.figures.requests, self.figures.under_way = len(self.requests), sum(self.allowed.values())
        self.figures.twice = self.figures.requests - needed
        return self.figures

    def one(self) -> int:
        """Start a process and wait for its end, which may come after so many requests, or after some time."""
        child, chance = self.tools["start"](self.job), self.chance
        clock = threading.Timer(chance.uniform(0, LIFE), child.kill)
        if self.figures.kills < self.kills:
            if chance.random() < 0.5:
                self.counted.aim(child, chance.randint(1, 2 * ROWS // self.kills), chance.uniform(0, 0.03))
            else:
                clock.start()
        _, err = child.communicate(timeout=PATIENCE)
        clock.cancel()
        assert (child.returncode, err) in {(0, ""), (-signal.SIGKILL, "")}
        self.figures.starts += 1
        return int(child.returncode)

    def look(self) -> None:
        """See what a process that was killed has left."""
        self.figures.kills += 1
        found = self.tools["disk"](self.job)
        self.answered.append((len(self.counted.endpoint.requests), found.answered()))
        self.allowed.update(found.unanswered())
        assert len(found.unanswered()) <= AT_ONCE

    def check(self) -> None:
        written = self.tools["disk"](self.job).written()
        rows = [f"row-{number}" for number in range(ROWS)]
        assert [row["text"] for row in written] == rows, "no row is missing, and none is there twice"
        assert [row["n"] for row in written] == list(map(number_of, rows))
        for count, kept in self.answered:
            assert not {*self.digests[count:]} & kept, "an answer on disk is never asked for again"
        for body, times in Counter(map(json.dumps, self.requests)).items():
            row = int(text_of(json.loads(body)).removeprefix("row-"))
            assert times <= 1 + self.counted.failed[body] + self.allowed[row], f"row {row} was not under way so often"
        assert self.figures.twice <= self.figures.under_way


def endure(seed: int, kills: int, **tools: Any) -> None:
    ordeal = Ordeal(seed, kills, **tools)
    figures = ordeal.run()
    sys.stdout.write(f"seed {seed}: {figures}\n")
    ordeal.check()
    assert figures.kills


def test_after_kills_at_random_moments_every_row_is_there_once(settings, start, disk, digest) -> None:
    endure(1, 4, settings=settings, start=start, disk=disk, digest=digest)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_after_many_kills_at_random_moments_every_row_is_there_once(seed, settings, start, disk, digest) -> None:
    endure(seed, 6, settings=settings, start=start, disk=disk, digest=digest)
