"""The budget of a job is a hard limit: several choices, long prompts, lost replies and kills included."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Self

import structkit
from structkit.batch.job import Job
from structkit.costs.price import Price
from structkit.journal.journal import Reader
from structkit.testing import Endpoint, Reply, completion
from structkit.values import JSON, Policy

PRICE = Price(Decimal(10_000), Decimal(10_000))  # one token costs 0.01
PATIENCE = 600


class BillingEndpoint:
    """An endpoint that bills every request that it receives, also if the job never gets its reply.

    It can hold back its replies from one request on.
    """

    def __init__(self, hold_from: float = math.inf, *, is_reporting: bool = True, tokens_per_choice: int = 0) -> None:
        self.hold_from, self.is_reporting, self.tokens_per_choice = hold_from, is_reporting, tokens_per_choice
        self.bill, self.answered_bill, self.count = Decimal(0), Decimal(0), 0
        self.held, self.gate, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        tokens_in = sum(len(message["content"]) for message in request["messages"]) // 4
        tokens_out = request.get("n", 1) * (self.tokens_per_choice or request["max_tokens"])
        cost = PRICE.cost(tokens_in, tokens_out)
        with self._lock:
            self.count, self.bill = self.count + 1, self.bill + cost
            is_held = self.count >= self.hold_from
        if is_held:
            self.held.set()
            self.gate.wait(PATIENCE)
        else:
            self.answered_bill += cost
        body = completion('{"n": 1}')
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        return Reply({**body, "usage": usage if self.is_reporting else None})

    def __enter__(self) -> Self:
        self.endpoint.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.gate.set()
        self.endpoint.__exit__(*error)


def run_here(settings: dict[str, Any], **more: Any) -> Any:
    settings = {**settings, "price": PRICE, **more}
    call = {**settings["call"], "policy": Policy(**settings.pop("policy"))}
    return Job(**{**settings, "call": call}).run()


@pytest.mark.parametrize("call", [{"n": 10, "max_tokens": 20}, {"n": 3, "max_tokens": 1}, {"max_tokens": 6_000}])
@pytest.mark.parametrize("is_reporting", [True, False])
def test_the_bill_never_exceeds_the_budget(
    settings: Callable[..., dict[str, Any]], call: dict[str, int], *, is_reporting: bool
) -> None:
    budget = PRICE.cost(200, 7 * call.get("n", 1) * call["max_tokens"])
    with BillingEndpoint(is_reporting=is_reporting) as billing:
        job = settings(billing.endpoint.base_url, [f"row {number}" for number in range(60)], call=call)
        for _ in range(2):
            report = run_here(job, budget=budget)
            assert report.reason == "budget"
            assert 0 < billing.bill <= report.spend <= budget
    if is_reporting:
        assert report.spend == billing.bill


def test_a_reservation_in_flight_delays_a_request_and_does_not_end_the_run(
    settings: Callable[..., dict[str, Any]],
) -> None:
    with BillingEndpoint(tokens_per_choice=2) as billing:  # far less than what is reserved
        job = settings(billing.endpoint.base_url, [f"row {number}" for number in range(40)], call={"max_tokens": 500})
        report = run_here(job, budget=PRICE.cost(2_000, 800))  # one reservation fits, and all rows do
    assert report.counts == {"done": 40}
    assert report.spend == billing.bill


def test_a_budget_is_enough_for_images_whose_base64_is_longer_than_it(
    settings: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(3_000_000))

    def prompt(row: dict[str, Any]) -> list[Any]:
        return [row["text"], structkit.File(tmp_path / "photo.png")]

    usage = {"prompt_tokens": 1_000, "completion_tokens": 1, "total_tokens": 1_001}
    with Endpoint(Reply({**completion('{"n": 1}'), "usage": usage})) as endpoint:
        job = settings(endpoint.base_url, ["one", "two", "three"], call={"max_tokens": 10})
        report = run_here({**job, "prompt": prompt}, budget=PRICE.cost(51_000, 1_000))
    assert report.counts == {"done": 3}, report.messages
    assert report.spend == PRICE.cost(3_000, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("is_reporting", [True, False])
def test_the_bill_never_exceeds_the_budget_also_with_kills(
    settings: Callable[..., dict[str, Any]], start: Callable[..., Any], *, is_reporting: bool
) -> None:
    call = {"n": 10, "max_tokens": 8}
    budget = Decimal(60)
    rows = [f"row {number}" for number in range(200)]
    bill = Decimal(0)
    with BillingEndpoint(is_reporting=is_reporting) as billing:
        for _ in range(2):
            billing.hold_from = billing.count + 9
            billing.held.clear()
            billing.gate.clear()
            job = settings(billing.endpoint.base_url, rows, call=call, price=["10000", "10000"], budget=str(budget))
            child = start(job)
            while child.poll() is None and not billing.held.wait(0.05):
                pass
            if child.poll() is None:
                child.kill()
            _, err = child.communicate(timeout=PATIENCE)
            billing.gate.set()
            assert child.returncode in {-signal.SIGKILL, 0}, err
            bill = billing.bill
            assert bill <= budget
        billing.hold_from = math.inf
        report = run_here(job, budget=budget, price=PRICE)
        assert report.reason == "budget"
        assert bill <= billing.bill <= report.spend <= budget


@pytest.mark.parametrize(("amount", "spend"), [("1e12", "1e11"), (10**12, "1e11"), ("1e-30", "0")])
def test_a_budget_and_costs_may_be_of_any_size(tmp_path: Path, amount: Any, spend: str) -> None:
    """The sum of these costs is more than an integer of SQLite holds."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "cost": 1e9}
    with Endpoint({**completion('{"value": 3}'), "usage": usage}) as endpoint:
        for _ in range(2):
            report = Job(
                source=[{"text": str(number)} for number in range(100)],
                output=tmp_path / "out.csv",
                output_type=int,
                prompt="{text}",
                model="m",
                base_url=endpoint.base_url,
                price=Price(Decimal(1), Decimal(1)),
                budget=amount,
            ).run()
            assert report.spend == Decimal(spend)
        assert len(endpoint.requests) in {0, 100}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_after_a_kill_a_lost_reply_counts_as_exactly_what_was_reserved(
    settings: Callable[..., dict[str, Any]], start: Callable[..., Any], tmp_path: Path
) -> None:
    with BillingEndpoint(hold_from=5) as billing:
        job = settings(billing.endpoint.base_url, [f"row {number}" for number in range(50)], concurrency=4)
        job |= {"call": {"n": 10, "max_tokens": 8}, "price": ["10000", "10000"]}
        child = start(job)
        assert billing.held.wait(PATIENCE)
        child.kill()
        child.communicate(timeout=PATIENCE)
        folder = tmp_path / "out.jsonl.job"
        spending = Reader(folder).spending(include_current_run=True)
        answered = PRICE.cost(spending.prompt_tokens, spending.completion_tokens)
        assert spending.reserved == spending.unreported > 0
        assert spending.reserved_completion == 10 * 8 * spending.reserved
        assert spending.reserved_prompt > 0
        sent = billing.count
        for _ in range(2):
            report = run_here(job, budget="0.5")  # less than was spent: nothing is sent
            assert report.spend == answered + PRICE.cost(spending.reserved_prompt, spending.reserved_completion)
        assert billing.count == sent
        assert report.spend >= billing.bill


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_requests_that_an_interrupt_drops_count_as_what_was_reserved(
    settings: Callable[..., dict[str, Any]], start: Callable[..., Any], tmp_path: Path
) -> None:
    with BillingEndpoint(hold_from=5) as billing:
        job = settings(billing.endpoint.base_url, [f"row {number}" for number in range(50)], concurrency=4, grace=0.01)
        job |= {"call": {"n": 10, "max_tokens": 8}, "price": ["10000", "10000"]}
        child = start(job)
        assert billing.held.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=PATIENCE)
        spending = Reader(tmp_path / "out.jsonl.job").spending(include_current_run=True)
        reserved = PRICE.cost(spending.reserved_prompt, spending.reserved_completion)
        for _ in range(2):
            report = run_here(job, budget="0.5")
            assert report.spend == PRICE.cost(spending.prompt_tokens, spending.completion_tokens) + reserved
        assert billing.bill <= report.spend


@pytest.mark.parametrize(("prompt_tokens", "completion_tokens"), [(0, 0), (5, 0), (0, 5)])
def test_a_budget_holds_at_an_endpoint_that_reports_zero_tokens_for_what_it_read_or_wrote(
    settings: Callable[..., dict[str, Any]], prompt_tokens: int, completion_tokens: int
) -> None:
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": 5}
    with Endpoint({**completion('{"n": 1}'), "usage": usage}) as endpoint:
        job = settings(endpoint.base_url, [f"row {number}" for number in range(50)], call={"max_tokens": 10})
        report = run_here(job, budget=PRICE.cost(1_000, 50), price=PRICE)
    assert (report.reason, report.counts["done"]) == ("budget", len(endpoint.requests))
    assert PRICE.cost(0, 10 * len(endpoint.requests)) < report.spend <= PRICE.cost(1_000, 50)
