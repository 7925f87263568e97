"""A job that is killed again and again, at any moment: nothing is lost, and no answer is paid for twice."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from structkit.testing import Endpoint, Reply
from structkit.testing.reply import saying
from structkit.testing.route import failing
from structkit.values import JSON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ROWS, AT_ONCE, PATIENCE = 200, 20, 120
LIFE = 2.5
"""Seconds within which a process is killed by the clock; about as long as one would live."""


def number_of(text: str) -> int:
    """What the endpoint says of a row, different for each."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:6], 16)


class Counted:
    """An endpoint that counts, and kills a process when so many requests more have come.

    Every seventh row is first answered with no value, and asked again; every eleventh request meets a fault that passes.
    """

    def __init__(self, chance: Random) -> None:
        self.chance, self.turn = chance, threading.Lock()
        self.endpoint = Endpoint(self.answer)
        self.victim: subprocess.Popen[str] | None = None
        self.left, self.delay = 0, 0.0
        self.failed = Counter[str]()

    def aim(self, victim: subprocess.Popen[str], requests: int, delay: float) -> None:
        self.victim, self.left, self.delay = victim, requests, delay

    def answer(self, request: JSON) -> Reply:
        body, said = json.dumps(request), request["messages"]
        text = next(each["content"] for each in said if each["role"] == "user").partition("Label: ")[2].split("\n")[0]
        with self.turn:
            self.left -= 1
            if self.left == 0 and self.victim:
                threading.Timer(self.delay, self.victim.kill).start()
            number = int(text.removeprefix("row-"))
            if number % 11 == 5 and not self.failed[body]:
                self.failed[body] += 1
                return failing(503, "overloaded")
        is_first = not any(each["role"] == "assistant" for each in said)
        value = "seven" if number % 7 == 3 and is_first else number_of(text)
        return replace(saying(request, json.dumps({"n": value})), delay=0.005)


@dataclass
class Figures:
    """What a job came to that was killed so often."""

    kills: int = 0
    starts: int = 0
    requests: int = 0
    under_way: int = 0
    twice: int = 0


def killed_until_complete(
    seed: int,
    kills: int,
    settings: Callable[..., dict[str, Any]],
    start: Callable[..., subprocess.Popen[str]],
    disk: Callable[[Mapping[str, Any]], Any],
    digest: Callable[[JSON], str],
) -> Figures:
    """Start the same job again until it is complete; the first so many processes are killed, if they live to be."""
    chance, figures, allowed = Random(seed), Figures(), Counter[int]()
    counted = Counted(chance)
    with counted.endpoint as endpoint:
        job = settings(endpoint.base_url, [f"row-{number}" for number in range(ROWS)], concurrency=AT_ONCE)
        job["policy"] |= {"retries": 8}
        answered: list[tuple[int, set[str]]] = []
        while True:
            child = start(job)
            figures.starts += 1
            clock = threading.Timer(chance.uniform(0, LIFE), child.kill)
            if figures.kills < kills and chance.random() < 0.5:
                counted.aim(child, chance.randint(1, 2 * ROWS // kills), chance.uniform(0, 0.03))
            elif figures.kills < kills:
                clock.start()
            _, err = child.communicate(timeout=PATIENCE)
            clock.cancel()
            assert (child.returncode, err) in {(0, ""), (-signal.SIGKILL, "")}
            if child.returncode == 0:
                break
            figures.kills += 1
            found = disk(job)
            answered.append((len(endpoint.requests), found.answered()))
            allowed.update(found.unanswered())
            assert len(found.unanswered()) <= AT_ONCE
        requests = list(endpoint.requests)
    check(job, requests, answered, allowed, counted.failed, disk, digest)
    figures.requests, figures.under_way = len(requests), sum(allowed.values())
    needed = len({digest(request) for request in requests}) + sum(counted.failed.values())
    figures.twice = figures.requests - needed
    return figures


def check(
    job: Mapping[str, Any],
    requests: list[JSON],
    answered: list[tuple[int, set[str]]],
    allowed: Counter[int],
    failed: Counter[str],
    disk: Callable[[Mapping[str, Any]], Any],
    digest: Callable[[JSON], str],
) -> None:
    rows = [f"row-{number}" for number in range(ROWS)]
    written = disk(job).written()
    assert [row["text"] for row in written] == rows, "no row is missing, and none is there twice"
    assert [row["n"] for row in written] == list(map(number_of, rows))
    for count, kept in answered:
        assert not {*map(digest, requests[count:])} & kept, "an answer on disk is never asked for again"
    for body, times in Counter(map(json.dumps, requests)).items():
        row = int(body.partition("Label: row-")[2].partition("\\n")[0].partition('"')[0])
        assert times <= 1 + failed[body] + allowed[row], f"row {row} was not under way so often"


def test_after_kills_at_random_moments_every_row_is_there_once(settings, start, disk, digest) -> None:
    figures = killed_until_complete(1, 4, settings, start, disk, digest)
    print("seed 1:", figures)
    assert figures.twice <= figures.under_way
    assert figures.kills


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_after_many_kills_at_random_moments_every_row_is_there_once(seed, settings, start, disk, digest) -> None:
    figures = killed_until_complete(seed, 6, settings, start, disk, digest)
    print(f"seed {seed}:", figures)
    assert figures.twice <= figures.under_way
    assert figures.kills
