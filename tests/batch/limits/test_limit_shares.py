"""Shares of one limit: whatever the workers do, all leases together never exceed it."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from decimal import Decimal
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stable_ids import stable_id

from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits.lease import Lease, LeasedBudget, LeasedLimiter
from structkit.batch.limits.limit_shares import LEASE_S, SESSION_S, Limits, LimitShares, LimitsRejected
from structkit.batch.limits.limits_service import LimitsService
from structkit.batch.limits.money_file import MoneyFile
from structkit.batch.limits.reply_summary import reply_of_summary, summarize_reply
from structkit.costs.budget import Budget
from structkit.errors import JobError, StatusError
from structkit.values import JSON, Completion, Policy, RateLimit, Usage


def message(number: int, **fields: Any) -> JSON:
    base = {
        "number": number,
        "started": [],
        "finished": [],
        "spent": "0",
        "limit": "0",
        "needed": "0",
        "next": "0",
        "estimate": "0",
    }
    return {**base, **fields}


class Worker:
    """A worker with a budget of its own, as a run has one."""

    def __init__(self, shares: LimitShares, part: str, spent: str = "0", time_s: float = 0.0) -> None:
        self.shares, self.part = shares, part
        self.lease = Lease()
        self.budget = LeasedBudget(self.lease, Budget(None, spent=spent))
        self.session = shares.register("job", part, None, spent, time_s)
        self.number = 0
        self.last: JSON = {}

    def exchange(self, time_s: float, **fields: Any) -> JSON:
        self.number += 1
        report = {**message(self.number), **self.lease.drain(), **self.budget.release(4), **fields}
        self.last = self.shares.exchange(self.session, report, time_s)
        terms = {name: self.last[name] for name in ("is_used_up", "missing_parts")}
        self.budget.renew(self.last["money"], **terms)
        return self.last


def status_error(status: int, text: str, **fields: Any) -> StatusError:
    error = StatusError(text, **fields)
    error.status_code = status
    return error


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["exchange", "reserve", "settle", "die"]), st.integers(1, 9)),
    max_size=60,
)


@given(STEPS, st.integers(5, 40), st.integers(1, 9))
def test_all_leases_together_never_exceed_the_limits(steps: list[Any], budget: int, concurrency: int) -> None:
    limits = Limits(Decimal(budget), requests_per_minute=600, tokens_per_minute=6_000)
    shares = LimitShares(limits, Limiter(concurrency))
    workers = [Worker(shares, f"{number}/4") for number in range(1, 5)]
    reserved: list[list[Decimal]] = [[] for _ in workers]
    dead: set[int] = set()
    for number, (index, step, amount) in enumerate(steps):
        worker, time_s = workers[index], number / 1000
        if index in dead:
            continue
        if step == "exchange":
            worker.exchange(time_s)
        elif step == "reserve" and worker.budget.reserve(Decimal(amount)):
            reserved[index].append(Decimal(amount))
        elif step == "settle" and reserved[index]:
            worker.budget.settle(reserved[index].pop(), Decimal(1))
        elif step == "die":
            dead.add(index)
        leases = [each.last for each in workers if each.last]
        assert sum((each.budget.spent + each.budget.reserved for each in workers), Decimal(0)) <= budget
        assert sum(lease["slots"] for lease in leases) <= concurrency
        assert sum(lease["rate"] for lease in leases) <= 10 + 1e-9
        assert sum(lease["token_rate"] for lease in leases) <= 100 + 1e-9


def test_what_a_smaller_lease_takes_from_a_worker_goes_to_others_once_its_requests_have_ended() -> None:
    shares = LimitShares(Limits(), Limiter(4))
    first = Worker(shares, "1/2")
    assert first.exchange(0.0)["slots"] == 4
    second = Worker(shares, "2/2")
    assert second.exchange(0.1)["slots"] == 0
    assert first.exchange(0.2, started=[[number, 1] for number in range(4)])["slots"] == 2
    assert second.exchange(0.3)["slots"] == 0, "the first worker has four in flight, and has not heard of its new lease"
    first.exchange(0.4, finished=[[0, 1]])
    assert second.exchange(0.5)["slots"] == 1
    first.exchange(0.6, finished=[[1, 1]])
    assert second.exchange(0.7)["slots"] == 2


def test_permits_of_a_dead_worker_lapse_and_its_money_stays_reserved_until_its_journal_is_read() -> None:
    shares = LimitShares(Limits(Decimal(10)), Limiter(4))
    dead, other = Worker(shares, "1/2"), Worker(shares, "2/2")
    dead.budget.reserve(Decimal(2))
    dead.exchange(0.0)
    assert dead.budget.reserve(Decimal(6))
    dead.lease.add_start(1, 0)
    dead.exchange(0.1)
    other.budget.reserve(Decimal(5))
    assert other.exchange(0.2)["slots"] == 2
    assert other.budget.reserve(Decimal(5)) is False, "6 of 10 are reserved by the other worker"
    assert not other.last["is_used_up"], "a request that is in flight may cost less"
    other.exchange(SESSION_S - 1)
    late = other.exchange(SESSION_S + 1)
    assert (late["slots"], late["is_used_up"]) == (4, True), "nobody settles what a dead worker has reserved"
    resumed = Worker(shares, "1/2", spent="1", time_s=SESSION_S + 2)
    resumed.exchange(SESSION_S + 2)
    other.exchange(SESSION_S + 2)
    assert other.budget.reserve(Decimal(5)), "the journal says that only 1 was spent"


def test_a_message_that_is_sent_again_counts_once() -> None:
    limiter = Limiter(4)
    shares = LimitShares(Limits(), limiter)
    worker = Worker(shares, "1/1")
    report = message(1, started=[[1, 5], [2, 5]], finished=[[1, 1]])
    first = shares.exchange(worker.session, report, 0.0)
    assert shares.exchange(worker.session, report, 0.1) == first
    assert limiter.in_flight == 1


def test_a_rate_limit_that_one_worker_meets_pauses_all() -> None:
    shares = LimitShares(Limits(), Limiter(8))
    one, two = Worker(shares, "1/2"), Worker(shares, "2/2")
    one.lease.add_start(1, 0)
    fault = status_error(429, "slow down", retryable=True, retry_after=7.0)
    one.lease.add_finish(1, fault)
    assert one.lease.changed.is_set(), "the server hears of it at once"
    one.exchange(0.0)
    assert two.exchange(0.01)["pause"] == pytest.approx(6.99)


def test_an_account_that_is_empty_stops_all() -> None:
    shares = LimitShares(Limits(), Limiter(8))
    one, two = Worker(shares, "1/2"), Worker(shares, "2/2")
    one.lease.add_start(1, 0)
    one.lease.add_finish(1, status_error(402, "no credit"))
    one.exchange(0.0)
    assert "no credit" in two.exchange(0.1)["stop"]


LIMIT = status_error(
    403, "slow down", retryable=True, retry_after=7.0, body={"error": {"errors": [{"reason": "rateLimitExceeded"}]}}
)
MODE = status_error(403, "your plan lacks it", body={"error": {"message": "Not permitted", "param": "response_format"}})


@pytest.mark.parametrize("fault", [LIMIT, MODE, status_error(403, "blocked by the firewall")])
def test_what_does_not_end_one_worker_does_not_end_all(fault: StatusError) -> None:
    shares = LimitShares(Limits(), Limiter(1, policy=Policy(wait_max=0.001)))
    one, two = Worker(shares, "1/2"), Worker(shares, "2/2")
    for number in range(1, 60):
        one.lease.add_start(number, 0)
        one.lease.add_finish(number, fault)
        one.exchange(number * 10.0)
        assert two.exchange(number * 10.0)["stop"] == ""


def test_a_second_worker_of_a_part_takes_it_from_the_first() -> None:
    shares = LimitShares(Limits(), Limiter(8))
    first = Worker(shares, "1/2")
    second = Worker(shares, "1/2")
    with pytest.raises(KeyError):
        first.exchange(0.1)
    assert shares.has_part("1/2")
    assert second.exchange(0.1)["slots"] == 8


def test_another_job_and_another_budget_are_refused() -> None:
    shares = LimitShares(Limits(Decimal(10)), Limiter(8))
    shares.register("job", "1/2", "10.00", "0", 0.0)
    with pytest.raises(LimitsRejected, match="another job"):
        shares.register("other", "2/2", None, "0", 0.0)
    with pytest.raises(LimitsRejected, match="the budget of the limits server is 10, that of the job 20"):
        shares.register("job", "2/2", "20", "0", 0.0)


def test_no_money_is_leased_before_every_part_has_said_what_it_has_spent() -> None:
    shares = LimitShares(Limits(Decimal(10), parts=2), Limiter(8))
    one = Worker(shares, "1/2")
    one.budget.reserve(Decimal(3))
    one.exchange(0.0)
    assert (one.budget.reserve(Decimal(3)), one.budget.is_used_up) == (False, False)
    assert one.budget.waits_for == "1 other part, without which no money is leased"
    Worker(shares, "2/2", spent="8")
    one.exchange(0.1)
    assert (one.budget.reserve(Decimal(3)), one.budget.is_used_up, one.budget.waits_for) == (False, True, "")


@pytest.mark.parametrize(
    "fields",
    [
        *(
            {name: amount}
            for name in ("spent", "limit", "needed")
            for amount in ("NaN", "-1", "Infinity", "x", 1, None)
        ),
        {"next": "sNaN"},
        {"estimate": "-0.01"},
        {"started": [[1, float("nan")]]},
        {"started": [[1, -5]]},
        {"finished": [[1, {"limits": [], "fault": {"kind": "status", "message": "", "retry_after": float("inf")}}]]},
    ],
    ids=stable_id,
)
def test_a_message_with_a_number_that_is_none_changes_nothing(fields: JSON) -> None:
    service = LimitsService(LimitShares(Limits(Decimal(10)), Limiter(8)))
    _, hello = service.answer("/register", {"job": "job", "part": "1/2", "budget": None, "spent": "1"})
    _, other = service.answer("/register", {"job": "job", "part": "2/2", "budget": None, "spent": "0"})
    status, reply = service.answer("/exchange", {**message(1), **fields, "session": hello["session"]})
    assert (status, reply) == (400, {"error": "not a message of a worker: ValueError"})
    wants = message(1, needed="9.5", limit="0", next="9")
    assert service.answer("/exchange", {**wants, "session": other["session"]})[1]["money"] == "9"


@pytest.mark.parametrize("field", ["spent", "budget"])
def test_a_worker_whose_money_is_no_number_is_refused(field: str) -> None:
    service = LimitsService(LimitShares(Limits(Decimal(10)), Limiter(8)))
    hello = {"job": "job", "part": "1/2", "budget": "10", "spent": "0", field: "NaN"}
    assert service.answer("/register", hello)[0] == 400


@given(st.lists(st.floats(0, 0.5), min_size=20, max_size=80), st.floats(2, 50))
def test_requests_go_out_evenly_even_after_the_process_was_stopped(pauses: list[float], rate: float) -> None:
    lease = Lease()
    lease.slots, lease.rate, lease.expires_at = 1_000, rate, float("inf")
    limiter, time_s, times = LeasedLimiter(lease, Limiter(1_000)), 0.0, list[float]()
    for pause in pauses:
        time_s += pause
        while limiter.wait(time_s) <= 0 and limiter.in_flight < 500:
            number = limiter.start()
            while delay := limiter.send_delay(number, time_s):
                time_s += delay
            times.append(time_s)
    assert all(later - earlier >= 1 / rate - 1e-5 for earlier, later in pairwise(times))


class Clock:
    """Runs functions at their times, each a little late, as event loops and threads do."""

    def __init__(self, seed: int) -> None:
        self.random, self.queue, self.count = Random(seed), list[tuple[float, int, Callable[[float], None]]](), count()

    def at(self, time_s: float, action: Callable[[float], None], late_s: float = 0.03) -> None:
        heapq.heappush(self.queue, (time_s + self.random.random() * late_s, next(self.count), action))

    def run(self, end_s: float) -> None:
        while self.queue[0][0] < end_s:
            time_s, _, action = heapq.heappop(self.queue)
            action(time_s)


class SendingWorker(Worker):
    """A worker that sends as much as it may."""

    def __init__(self, shares: LimitShares, part: str, clock: Clock, sent: list[float], time_s: float) -> None:
        super().__init__(shares, part, time_s=time_s)
        self.clock, self.sent, self.limiter = clock, sent, LeasedLimiter(self.lease, Limiter(200))
        self.renew(time_s)

    def renew(self, time_s: float) -> None:
        reply = self.exchange(time_s)
        self.clock.at(time_s, lambda later: self.lease.renew(reply, time_s, later), late_s=0.005)
        self.clock.at(time_s + 0.1, self.renew)

    def admit(self, time_s: float) -> None:
        while (wait := self.limiter.wait(time_s)) <= 0:
            self.send(self.limiter.start(), time_s)
        self.clock.at(time_s + wait, self.admit)

    def send(self, number: int, time_s: float) -> None:
        if delay := self.limiter.send_delay(number, time_s):
            self.clock.at(time_s + delay, lambda later: self.send(number, later))
            return
        self.sent.append(time_s)
        self.clock.at(time_s + 0.05, lambda later: self.limiter.finish(later, None, number))


@pytest.mark.parametrize("seed", range(5))
def test_no_second_has_more_than_one_request_beyond_the_limit_of_all_workers(seed: int) -> None:
    clock, sent = Clock(seed), list[float]()
    shares = LimitShares(Limits(requests_per_minute=1200), Limiter(200))

    def start(part: str) -> Callable[[float], None]:
        return lambda time_s: SendingWorker(shares, part, clock, sent, time_s).admit(time_s)

    for number in range(1, 5):
        clock.at(0.0, start(f"{number}/4"), late_s=0.5)
    clock.run(10.0)
    assert max(sum(start <= each < start + 1 for each in sent) for start in sent) <= 21
    assert len(sent) > 185, "and no more than a few of the slots are lost"


def test_a_part_of_another_number_than_the_server_waits_for_is_refused() -> None:
    shares = LimitShares(Limits(Decimal(10), parts=2), Limiter(8))
    with pytest.raises(LimitsRejected, match="waits for 2 parts, and this is part 1/4"):
        shares.register("job", "1/4", None, "0", 0.0)


def test_a_lease_that_could_not_be_renewed_lets_nothing_out() -> None:
    lease = Lease()
    limiter = LeasedLimiter(lease, Limiter(8))
    assert limiter.wait(0.0) > 0
    lease.renew({"slots": 2, "rate": None, "token_rate": None, "pause": 0.0, "stop": ""}, 10.0, 10.0)
    assert limiter.wait(10.0) == 0
    assert limiter.wait(15.1) > 0, "by the worker's own clock, from when it was asked for"


def test_a_summary_has_what_a_limiter_learns_from() -> None:
    limits = (RateLimit("requests", 100, 5, 2.0),)
    answer = reply_of_summary(summarize_reply(Completion((), Usage(), limits=limits)))
    assert isinstance(answer, Completion)
    assert answer.limits == limits
    fault = status_error(503, "long text " * 99, retryable=True, retry_after=2.0, body={"row": "private"})
    summary = summarize_reply(fault)
    assert "private" not in str(summary)
    read = reply_of_summary(summary)
    assert isinstance(read, StatusError)
    assert (read.status_code, read.retryable, read.retry_after, len(str(read))) == (503, True, 2.0, 300)


def test_a_server_that_is_restarted_remembers_what_may_have_been_spent(tmp_path: Any) -> None:
    file = MoneyFile(tmp_path / "state.json", Decimal(10))
    shares = LimitShares(Limits(Decimal(10)), Limiter(8), store=file.store)
    one = Worker(shares, "1/2")
    one.budget.reserve(Decimal(6))
    one.exchange(0.0)
    assert one.budget.reserve(Decimal(6))
    file = MoneyFile(tmp_path / "state.json", Decimal(10))
    restarted = LimitShares(Limits(Decimal(10)), Limiter(8), money=file.amounts, store=file.store, job=file.job)
    two = Worker(restarted, "2/2")
    two.budget.reserve(Decimal(5))
    two.exchange(0.0)
    assert not two.budget.reserve(Decimal(5))
    with pytest.raises(LimitsRejected, match="another job"):
        restarted.register("other", "1/2", None, "0", 0.0)
    with pytest.raises(JobError, match="can only be raised"):
        MoneyFile(tmp_path / "state.json", Decimal(9))
    (tmp_path / "state.json").write_text("[]")
    with pytest.raises(JobError, match="not the state of a limits server"):
        MoneyFile(tmp_path / "state.json", Decimal(10))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_server_that_is_restarted_counts_the_requests_that_workers_have_in_flight(order: tuple[int, int]) -> None:
    limits = Limits(requests_per_minute=600)
    first = LimitShares(limits, Limiter(8))
    workers = [Worker(first, "1/2"), Worker(first, "2/2")]
    for number in range(3):
        workers[0].lease.add_start(number, 10)
    workers[0].exchange(0)

    second = LimitShares(limits, Limiter(8))
    for index in order:
        worker = workers[index]
        with pytest.raises(KeyError):
            second.exchange(worker.session, message(9), 100)
        requests = worker.lease.requests_in_flight()
        worker.shares = second
        worker.session = second.register("job", worker.part, None, "0", 100.1, requests)
        lease = worker.exchange(100.2)
        assert lease["slots"] == 0, "the other worker may use a lease of the first server"
    leases = [workers[index].exchange(100 + LEASE_S) for index in (1, 0)]
    assert [lease["slots"] for lease in leases] == [4, 4]
    for number in range(3):
        workers[0].lease.add_finish(number, Completion((), Usage()))
    workers[0].exchange(101 + LEASE_S)
    assert workers[0].lease.requests_in_flight() == []


def test_requests_in_flight_of_a_worker_that_registers_again_are_not_leased_to_others() -> None:
    shares = LimitShares(Limits(), Limiter(8))
    first, second = Worker(shares, "1/2"), Worker(shares, "2/2")
    shares.register("job", "1/2", None, "0", 0, [(number, 10) for number in range(7)])
    assert second.exchange(0)["slots"] == 1
    assert first.part == "1/2"


def test_a_server_that_starts_leases_at_once() -> None:
    assert Worker(LimitShares(Limits(), Limiter(8)), "1/1").exchange(0)["slots"] == 8
