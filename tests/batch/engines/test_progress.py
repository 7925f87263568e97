"""The progress that a run reports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from structkit import Policy
from structkit.batch.engines import progress
from structkit.batch.engines.progress import Progress
from structkit.batch.job import Job
from structkit.batch.runner import JobRunner
from structkit.costs.forecast import Sample
from structkit.costs.price import Price
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

PATIENCE = 600
PRICE = Price(Decimal(1), Decimal(2))
ONE = PRICE.cost(10, 5)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Makes the job of this test, with other settings each time."""

    def make(endpoint: Endpoint, count: int, **settings: Any) -> Job:
        base: dict[str, Any] = {"source": [f"row-{number}" for number in range(count)], "output_type": bool}
        base |= {"output": tmp_path / "out.jsonl", "prompt": "{text}", "model": "fake", "api_key": "sk-test"}
        call = {"policy": Policy(wait_initial=0.001)}
        return Job(**{**base, "base_url": endpoint.base_url, "concurrency": 1, "call": call, **settings})

    return make


def test_counts_tokens_and_spend_grow_with_each_row(job: Callable[..., Job]) -> None:
    reports: list[Progress] = []
    with Endpoint() as endpoint:
        job(endpoint, 3, price=PRICE).run(reports.append)
        reports = [*{each.counts.get("done", 0): each for each in reports}.values()]  # one of each row
        rows = [each for each in reports if each.counts]
        assert [(each.counts["done"], each.tokens, each.spend) for each in rows] == [
            (number, number * 15, number * ONE) for number in (1, 2, 3)
        ]
        assert rows[-1].recent == (Sample(10, 5, ONE),) * 3
        assert {each.grace for each in rows} == {None}
        del reports[:]
        job(endpoint, 4, price=PRICE).run(reports.append)
    last = reports[-1]
    assert (last.counts, last.tokens, last.spend) == ({"done": 1}, 15, ONE * 4)  # earlier runs count


def test_without_a_price_the_spend_is_not_known(job: Callable[..., Job]) -> None:
    reports: list[Progress] = []
    with Endpoint() as endpoint:
        job(endpoint, 1).run(reports.append)
    assert {each.spend for each in reports} == {None}


def test_a_failed_row_counts_with_its_tokens(job: Callable[..., Job]) -> None:
    reports: list[Progress] = []
    with Endpoint('{"value": "invalid"}') as endpoint:
        job(endpoint, 1, call={"policy": Policy(attempts=1)}).run(reports.append)
    assert (reports[-1].counts, reports[-1].tokens) == ({"failed": 1}, 15)


def test_requests_in_flight_are_reported_also_while_no_row_finishes(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_S", 0.001)
    has_three = threading.Event()

    def reply(request: JSON) -> Reply:
        assert has_three.wait(PATIENCE)
        return conforming_reply(request)

    def on_progress(progress: Progress) -> None:
        if progress.in_flight == 3:
            has_three.set()

    with Endpoint(reply) as endpoint:
        assert job(endpoint, 3, concurrency=3).run(on_progress).counts == {"done": 3}
    assert has_three.is_set()


def test_a_run_that_waits_for_the_endpoint_reports_it(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_S", 0.001)
    waits: list[Progress] = []
    slow = Reply({"error": {"message": "slow \x1b[2J down, sk-test"}}, status=429, headers={"retry-after": "1"})
    with Endpoint(lambda request: conforming_reply(request) if waits else slow) as endpoint:
        report = job(endpoint, 2).run(lambda each: waits.append(each) if each.waiting else None)
    assert report.counts == {"done": 2}
    assert 0 < max(each.waiting for each in waits) <= 1
    (fault,) = {each.last_fault for each in waits}
    assert "429: 'slow " in fault
    assert not any(part in fault for part in ("\x1b", "sk-test"))


def test_the_report_of_a_run_that_is_interrupted_while_it_waits_names_the_fault(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REPORT_INTERVAL_S", 0.001)
    interrupt: list[Callable[[], None]] = []

    @contextmanager
    def listen(handler: Callable[[], None]) -> Iterator[None]:
        interrupt.append(handler)
        yield

    def on_progress(each: Progress) -> None:
        if each.last_fault and each.grace is None:
            interrupt[0]()

    with Endpoint(Reply({"error": {"message": "too many tokens per day"}}, status=429)) as endpoint:
        report = asyncio.run(JobRunner(job(endpoint, 2), on_progress).run(listen))
    assert report.reason == "interrupted"
    start = "interrupted while the endpoint failed (the endpoint answered 429: 'too many tokens per day'"
    assert report.detail.startswith(start)


@pytest.mark.parametrize("kind", [ZeroDivisionError, TimeoutError])
def test_an_error_of_the_callback_ends_the_run_and_no_reply_is_lost(
    job: Callable[..., Job], kind: type[Exception]
) -> None:
    def on_progress(progress: Progress) -> None:
        raise kind(progress.counts)

    with Endpoint() as endpoint:
        with pytest.raises(kind):
            job(endpoint, 4).run(on_progress)
        assert job(endpoint, 4).run().counts == {"done": 4}
    assert len(endpoint.requests) == 4
