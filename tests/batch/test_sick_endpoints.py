"""A job at an endpoint that refuses for a time, or for everybody: few requests, no row lost to it, one line that says so."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.engines.limiter import MAX_PROBES, MIN_FAULTS
from structkit.batch.job import Job
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

KEY = "sk-test-hunter2-hunter2"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
DOWN = error_reply(503, "no healthy upstream")
PROBES = 10


def text_of(request: JSON) -> str:
    return str(request["messages"][0]["content"]).partition("Label: ")[2]


def asked(endpoint: Endpoint) -> Counter[str]:
    return Counter(map(text_of, endpoint.requests))


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(endpoint: Endpoint, rows: int, **settings: Any) -> Job:
        policy = settings.pop("policy", Policy(wait_initial=0.001, wait_max=0.01, retries=2))
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": SCHEMA, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": KEY, "call": {"policy": policy}}
        return Job(source=[f"row-{number}" for number in range(rows)], **{**base, "concurrency": 4, **settings})

    return make


def written(job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(job.output).read_text().splitlines()]


class Window:
    """An endpoint that refuses for two seconds after the first request that it gets, and says how long that still is."""

    def __init__(self) -> None:
        self.refused, self.turn = 0, threading.Lock()
        self.ends: float | None = None
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        with self.turn:
            now = time.monotonic()
            self.ends = self.ends or now + 2
            if now >= self.ends:
                return conforming_reply(request)
            self.refused += 1
            body = error_reply(429, "slow down", code="rate_limit_exceeded").body
            return Reply(body, status=429, headers={"retry-after": f"{self.ends - now:.3f}"})


@pytest.mark.parametrize("concurrency", [8, "auto"])
def test_a_window_of_refusals_costs_what_was_in_flight_and_no_attempt(
    job: Callable[..., Job], concurrency: Any
) -> None:
    window = Window()
    with window.endpoint as endpoint:
        made = job(endpoint, 60, concurrency=concurrency, policy=Policy(retries=0, wait_max=60))
        report = made.run()
    assert report.counts == {"done": 60}
    assert 0 < window.refused <= 8 + PROBES
    assert len(endpoint.requests) == 60 + window.refused
    assert [row["attempts"] for row in written(made)] == [1] * 60


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("before", [0, 20])
def test_an_endpoint_that_fails_for_everybody_stops_the_run_and_no_row_fails(
    job: Callable[..., Job], retries: int, before: int
) -> None:
    def answer(request: JSON) -> Reply:
        return conforming_reply(request) if int(text_of(request).removeprefix("row-")) < before else DOWN

    policy = Policy(wait_initial=0.001, wait_max=0.01, retries=retries)
    with Endpoint(answer) as endpoint:
        made = job(endpoint, 200, policy=policy)
        report = made.run()
        assert report.status.startswith("incomplete: the endpoint failed")
        assert "no healthy upstream" in report.status
        assert "\n" not in report.status
        assert {state: number for state, number in report.counts.items() if number} == {
            **({"done": before} if before else {}),
            "open": 200 - before,
        }
        assert len(endpoint.requests) <= before + 2 * MIN_FAULTS + 2 * 4 + 2 * MAX_PROBES
    with Endpoint() as endpoint:
        assert job(endpoint, 200, policy=policy).run().counts == {"done": 200}
    assert asked(endpoint) == Counter(f"row-{number}" for number in range(before, 200))
    assert [row["text"] for row in written(made)] == [f"row-{number}" for number in range(200)]


def test_an_endpoint_that_is_not_there_stops_the_run(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        pass
    report = job(endpoint, 50).run()
    assert report.status.startswith("incomplete: the endpoint failed")
    assert report.counts == {"open": 50}
    with Endpoint() as endpoint:
        assert job(endpoint, 50).run().counts == {"done": 50}


def test_an_endpoint_that_comes_back_loses_no_row(job: Callable[..., Job]) -> None:
    seen = 0
    turn = threading.Lock()

    def answer(request: JSON) -> Reply:
        nonlocal seen
        with turn:
            seen += 1
            return DOWN if 30 < seen <= 30 + MIN_FAULTS + MAX_PROBES else conforming_reply(request)

    with Endpoint(answer) as endpoint:
        made = job(endpoint, 100, policy=Policy(wait_initial=0.001, wait_max=0.01, retries=MIN_FAULTS + MAX_PROBES))
        assert made.run().counts == {"done": 100}
    assert len(endpoint.requests) == 100 + MIN_FAULTS + MAX_PROBES


REFUSALS = {
    "no such model": error_reply(404, "The model 'fake' does not exist"),
    "bad request": error_reply(400, "unknown parameter"),
    "bare": Reply({"detail": "Not Found"}, status=404),
    "the right": error_reply(403, "no access"),
    "the key": error_reply(401, "Incorrect API key"),
    "the quota": error_reply(429, "You exceeded your current quota", code="insufficient_quota"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("concurrency", [1, 4, 20])
def test_rows_refused_before_the_verdict_are_open_for_the_next_run(
    job: Callable[..., Job], refusal: Reply, concurrency: int
) -> None:
    with Endpoint(refusal) as endpoint:
        report = job(endpoint, 40, concurrency=concurrency).run()
        assert report.status.startswith("incomplete: ")
        assert report.counts == {"open": 40}
    with Endpoint() as endpoint:
        assert job(endpoint, 40, concurrency=concurrency).run().counts == {"done": 40}
    assert set(asked(endpoint).values()) == {1}


def test_rows_refused_beside_others_that_are_served_have_failed_at_once(job: Callable[..., Job]) -> None:
    told: list[int] = []

    def answer(request: JSON) -> Reply:
        return (
            error_reply(404, "not for this row")
            if text_of(request) in {"row-1", "row-2", "row-9"}
            else conforming_reply(request)
        )

    with Endpoint(answer) as endpoint:
        made = job(endpoint, 10, concurrency=1)
        assert made.run(lambda now: told.append(sum(now.counts.values()))).counts == {"done": 7, "failed": 3}
        assert job(endpoint, 10).run().counts == {"done": 7, "failed": 3}
    assert {*told} - {0} == {*range(1, 11)}  # and once a second besides
    assert asked(endpoint) == Counter(f"row-{number}" for number in range(10))


def test_rows_that_are_all_refused_and_too_few_for_a_verdict_have_failed(job: Callable[..., Job]) -> None:
    with Endpoint(error_reply(400, "too long")) as endpoint:
        assert job(endpoint, MIN_FAULTS - 1).run().counts == {"failed": MIN_FAULTS - 1}
        assert job(endpoint, MIN_FAULTS - 1).run().is_complete
    assert len(endpoint.requests) == MIN_FAULTS - 1


def test_rows_refused_for_reasons_of_their_own_are_not_kept_in_doubt_for_ever(job: Callable[..., Job]) -> None:
    reasons = ["too long", "bad image", "no text"]
    rows = 60

    def answer(request: JSON) -> Reply:
        return error_reply(400, reasons[int(text_of(request).removeprefix("row-")) % 3])

    told: list[int] = []
    with Endpoint(answer) as endpoint:
        made = job(endpoint, rows, concurrency=1)
        report = made.run(lambda now: told.append(len(endpoint.requests)) if now.counts else None)
    assert report.counts == {"failed": rows}
    assert told[0] < rows, "the first was told before the last was asked"
