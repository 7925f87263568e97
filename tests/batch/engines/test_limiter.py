"""The limiter of a run, in simulated time: when requests go out, and what stops the run."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import structkit
from structkit.batch.engines.limiter import INITIAL_CONCURRENCY, MAX_PROBES, Limiter
from structkit.batch.engines.stop import StopCause
from structkit.batch.engines.token_bucket import Bucket
from structkit.errors import ConnectionFailed, Refusal, RequestTimeout, StatusError, TransportError
from structkit.values import Completion, Policy, RateLimit, Usage

DONE = Completion((), Usage())
Answer = Callable[[float, int], Completion | TransportError]
"""The time and the number of requests in flight -> the reply."""


def status(
    code: int, message: str = "no", *, retryable: bool = False, after: float | None = None, body: object = None
) -> StatusError:
    error = StatusError(f"the endpoint answered {code}: {message}", retryable=retryable, retry_after=after, body=body)
    error.status_code = code
    return error


def limited(after: float | None = None) -> StatusError:
    return status(429, "slow down", retryable=True, after=after)


@dataclass
class Simulation:
    """The numbers of a simulated run."""

    seconds: float = 0.0
    done: int = 0
    rejected: int = 0
    max_in_flight: int = 0
    sent: list[float] = field(default_factory=list)


def run(
    limiter: Limiter, answer: Answer, rows: int, *, latency: float = 0.2, seed: int = 0, end: float = 1e6
) -> Simulation:
    """Send every row until it is answered; the clock jumps from event to event."""
    simulation, random, time_s, remaining, number = Simulation(), Random(seed), 0.0, rows, itertools.count()
    events: list[tuple[float, int, bool]] = [(0.0, next(number), False)]
    while simulation.done < rows and events and time_s < end and not limiter.stop_cause:
        time_s, _, is_reply = heapq.heappop(events)
        if is_reply:
            reply = answer(time_s, limiter.in_flight)
            limiter.finish(time_s, reply)
            simulation.done += reply is DONE
            simulation.rejected += reply is not DONE
            remaining += reply is not DONE
        while remaining and not (wait := limiter.wait(time_s, 100)):
            limiter.start(100)
            remaining -= 1
            simulation.sent.append(time_s)
            simulation.max_in_flight = max(simulation.max_in_flight, limiter.in_flight)
            heapq.heappush(events, (time_s + latency * random.uniform(0.8, 1.2), next(number), True))
        if remaining and not (limiter.in_flight and limiter.in_flight >= limiter.capacity):
            heapq.heappush(events, (time_s + wait, next(number), False))
    simulation.seconds = time_s
    return simulation


def closed_until(
    end: float, start: float = 0.0, after: Callable[[float], float | None] = lambda remaining: remaining
) -> Answer:
    return lambda time_s, _: limited(after(end - time_s)) if start <= time_s < end else DONE


@pytest.mark.parametrize("concurrency", [50, "auto"])
@pytest.mark.parametrize("start", [0.0, 0.5])
@pytest.mark.parametrize("rounding", [lambda remaining: remaining, math.ceil], ids=["exact", "whole seconds"])
def test_twenty_seconds_of_rate_limiting_cost_twenty_seconds_and_few_requests(
    concurrency: int, start: float, rounding: Callable[[float], float]
) -> None:
    limiter = Limiter(concurrency, maximum=50, random=Random(1))
    simulation = run(limiter, closed_until(start + 20, start, rounding), 300, latency=0.3)
    assert simulation.done == 300
    assert simulation.rejected <= 50
    assert simulation.seconds <= 25
    assert not limiter.is_open


@pytest.mark.parametrize("after", [None, 1.0, 0.0])
def test_a_429_without_a_retry_after_costs_few_requests_too(after: float | None) -> None:
    simulation = run(Limiter(50, random=Random(1)), closed_until(20, after=lambda remaining: after), 300)
    assert (simulation.done, simulation.rejected <= 75, simulation.seconds <= 50) == (300, True, True)


def test_a_retry_after_is_bounded_by_the_policy() -> None:
    limiter = Limiter(policy=Policy(wait_max=7))
    limiter.start()
    limiter.finish(0, limited(after=1e9))
    assert limiter.wait(0) == limiter.pause(0) == 7
    assert limiter.wait(7) == 0


@pytest.mark.parametrize(("concurrency", "maximum"), [("auto", 128), (20, 20), (1, 1)])
def test_concurrency_rises_to_the_maximum_and_no_further(concurrency: int, maximum: int) -> None:
    simulation = run(Limiter(concurrency), lambda time_s, _: DONE, 3000)
    assert simulation.max_in_flight == maximum
    assert simulation.rejected == 0


def test_a_run_is_as_fast_as_its_workers_after_a_few_replies() -> None:
    assert run(Limiter("auto"), lambda time_s, _: DONE, 5000, latency=0.02).seconds < 1.2


def test_auto_adapts_to_an_endpoint_that_takes_few_requests_at_once() -> None:
    simulation = run(Limiter("auto"), lambda time_s, in_flight: limited() if in_flight > 20 else DONE, 3000)
    assert simulation.done == 3000
    assert simulation.rejected < 300
    assert simulation.max_in_flight < 60


def test_the_limits_of_the_headers_are_not_exceeded() -> None:
    level, at = 60.0, 0.0

    def answer(time_s: float, _: int) -> Completion | TransportError:
        nonlocal level, at
        level, at = min(60.0, level + (time_s - at)) - 1, time_s
        remaining = max(0, math.floor(level))
        limits = (RateLimit("requests", 60, remaining, 60.0 - remaining),)
        reply = DONE if level >= 0 else limited(1.0)
        object.__setattr__(reply, "limits", limits)
        return reply

    try:
        simulation = run(Limiter("auto"), answer, 300)
    finally:
        object.__setattr__(DONE, "limits", ())
    assert simulation.rejected == 0
    assert 240 <= simulation.seconds <= 280


def test_token_limits_are_waited_for_like_request_limits() -> None:
    limiter = Limiter()
    limiter.start(500)
    limiter.finish(0, Completion((), Usage(), limits=(RateLimit("tokens", 1000, 100, 9.0),)))
    assert limiter.wait(0, 50) == 0
    assert limiter.wait(0, 600) == pytest.approx(5.0)
    assert limiter.wait(0, 10**9) == pytest.approx(9.0), "more than the capacity is not waited for"


def test_an_endpoint_that_is_down_is_probed_with_one_request_at_a_time_and_backoff() -> None:
    limiter = Limiter(32, policy=Policy(wait_max=60), random=Random(2))
    simulation = run(limiter, lambda time_s, _: ConnectionFailed("down", retryable=True), 100, end=400)
    assert limiter.is_open
    assert limiter.open_since is not None
    assert limiter.open_since < 2
    gaps = [later - earlier for earlier, later in itertools.pairwise(simulation.sent) if later > 2]
    assert len(gaps) < 20
    assert min(gaps) > 0.2
    assert gaps[-1] > 25


@pytest.mark.parametrize(("served", "probes"), [(0, MAX_PROBES), (100, 2 * MAX_PROBES)])
def test_an_endpoint_that_stays_down_ends_the_run(served: int, probes: int) -> None:
    limiter, answers = Limiter(8, random=Random(4)), itertools.chain([DONE] * served, itertools.repeat(None))
    down = status(503, "no healthy upstream", retryable=True)
    simulation = run(limiter, lambda time_s, _: next(answers) or down, 1000)
    assert limiter.stop_cause is not None
    assert "no healthy upstream" in limiter.stop_cause.detail
    assert simulation.done == served
    assert probes <= simulation.rejected <= probes + 2 * 8
    assert simulation.rejected <= limiter.max_unsettled


def test_a_rate_limit_is_waited_for_without_a_time_limit() -> None:
    simulation = run(limiter := Limiter(8, random=Random(5)), lambda time_s, _: limited(30), 10, end=36_000)
    assert limiter.stop_cause is None
    assert simulation.seconds >= 36_000
    assert simulation.rejected < 36_000 / 30 + 8


def test_an_endpoint_that_recovers_is_used_as_before() -> None:
    down: Answer = lambda time_s, _: RequestTimeout("late", retryable=True) if 2 < time_s < 30 else DONE  # noqa: E731
    limiter = Limiter(32, random=Random(3))
    simulation = run(limiter, down, 2000)
    assert (simulation.done, limiter.is_open, limiter.open_since) == (2000, False, None)
    assert simulation.rejected < 60
    assert simulation.seconds < 90
    assert limiter.capacity == 32


def test_a_probe_goes_out_although_an_old_request_hangs() -> None:
    limiter, down = Limiter(6, policy=Policy(wait_max=3)), ConnectionFailed("down", retryable=True)
    hanging, *failing = [limiter.start() for _ in range(6)]
    for number in failing:
        limiter.finish(1, down, number)
    limiter.finish(1, down, limiter.start())
    assert limiter.is_open
    assert limiter.wait(1) > 0, "a probe has just failed"
    assert limiter.wait(4) == 0
    probe = limiter.start()
    assert limiter.wait(10) > 0, "one at a time"
    limiter.finish(10, DONE, probe)
    assert not limiter.is_open
    limiter.finish(10, None, hanging)
    assert limiter.in_flight == 0


FATAL = {
    "key": status(401, "Incorrect API key"),
    "account": status(402, "payment required"),
    "proxy": status(407, "the proxy requires a password"),
    "money": status(400, "no money", body={"error": {"message": "Your credit balance is too low"}}),
    "permission": status(403, "no access to this model"),
    "quota": status(429, "You exceeded your current quota", body={"error": {"code": "insufficient_quota"}}),
}


@pytest.mark.parametrize("fault", FATAL.values(), ids=FATAL.keys())
def test_a_rejection_that_concerns_every_row_ends_the_run_at_once(fault: StatusError) -> None:
    limiter = Limiter()
    limiter.start()
    limiter.finish(0, fault)
    assert limiter.stop_cause == StopCause("endpoint", str(fault))
    assert limiter.wait(1e9) > 0


def test_a_row_that_a_firewall_rejects_does_not_end_a_run_that_went_well() -> None:
    limiter = Limiter()
    for reply in (DONE, status(403, "blocked")):
        limiter.start()
        limiter.finish(0, reply)
    limiter.finish_row(status(403, "blocked"))
    assert limiter.stop_cause is None


MONEY = status(400, "Bad input: my card has insufficient funds", body={"error": {"message": "insufficient funds"}})


def test_a_row_about_money_does_not_end_a_run_that_went_well() -> None:
    limiter = Limiter(10)
    for reply in (DONE, MONEY):
        limiter.start()
        limiter.finish(0, reply)
    limiter.finish_row(None)
    for _ in range(9):
        limiter.finish_row(MONEY)
    assert limiter.stop_cause is None
    limiter.finish_row(MONEY)
    assert limiter.stop_cause is not None, "no row is about money ten times in a row"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Not in your plan", "param": "response_format"}},
        {"detail": [{"loc": ["body", "tools"], "msg": "forbidden"}]},
        {"error": {"message": "This key may not use response_format"}},
    ],
)
def test_a_403_that_names_a_field_of_the_mode_anywhere_does_not_end_the_run(body: structkit.values.JSON) -> None:
    limiter = Limiter()
    limiter.start()
    limiter.finish(0, status(403, "no", body=body))
    assert limiter.stop_cause is None


@pytest.mark.parametrize("code", [400, 404, 422])
def test_first_rows_all_rejected_for_one_reason_end_the_run(code: int) -> None:
    limiter = Limiter()
    for row in range(5):
        assert limiter.stop_cause is None
        limiter.finish_row(status(code, f"no such model (request a{row}b)"))
    assert limiter.stop_cause is not None
    assert "no such model" in limiter.stop_cause.detail


@pytest.mark.parametrize("error", [None, Refusal("I cannot")])
def test_rejections_after_an_answer_or_for_several_reasons_concern_only_their_rows(
    error: structkit.StructkitError | None,
) -> None:
    answered, mixed = Limiter(), Limiter()
    answered.finish_row(error)
    for reason in ["too long", "bad image", "too short"] * 20:
        answered.finish_row(status(400, "too long"))
        mixed.finish_row(status(400, reason))
    assert answered.stop_cause is None
    assert mixed.stop_cause is None


def test_a_key_that_is_revoked_ends_the_run_once_nothing_goes_through() -> None:
    limiter = Limiter(10)
    limiter.finish_row(None)
    for _ in range(10):
        limiter.finish_row(status(403, "key disabled"))
    assert limiter.stop_cause is not None


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_concurrency_below_one_is_rejected(concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        Limiter(concurrency)


rate_limits = some.builds(
    RateLimit,
    some.sampled_from(["requests", "tokens"]),
    some.none() | some.integers(0, 1000),
    some.none() | some.integers(0, 1000),
    some.none() | some.floats(0, 1e6),
)
replies = some.one_of(
    some.none(),
    some.builds(lambda limits: Completion((), Usage(), limits=limits), some.lists(rate_limits, max_size=2).map(tuple)),
    some.builds(limited, some.none() | some.floats(0, 1e5)),
    some.builds(lambda: ConnectionFailed("down", retryable=True)),
    some.builds(lambda: status(400)),
)


@settings(max_examples=300)
@given(
    some.sampled_from(["auto", 1, 3, 50]),
    some.lists(some.tuples(some.booleans(), replies, some.floats(0, 30), some.integers(0, 5000)), max_size=80),
)
def test_waits_and_capacity_are_bounded_and_a_request_may_finally_go_out(concurrency, steps) -> None:
    policy = Policy(wait_max=20)
    limiter, time_s = Limiter(concurrency, policy=policy, random=Random(0)), 0.0
    for is_start, reply, seconds, tokens in steps:
        time_s += seconds
        wait = limiter.wait(time_s, tokens)
        assert 0 <= wait <= policy.wait_max
        assert 1 <= limiter.capacity <= (128 if concurrency == "auto" else concurrency)
        if is_start and not wait:
            limiter.start(tokens)
        elif limiter.in_flight:
            limiter.finish(time_s, reply)
    while limiter.in_flight:
        limiter.finish(time_s, None)
    waits = [limiter.wait(time_s, 100)]
    while waits[-1] and len(waits) < 10:
        time_s += waits[-1] + 1e-6
        waits.append(limiter.wait(time_s, 100))
    assert waits[-1] == 0
    assert sum(waits) <= 2 * policy.wait_max + 1


@given(some.lists(rate_limits, max_size=5), some.floats(0, 100), some.integers(0, 5000), some.floats(0, 60))
def test_a_bucket_never_waits_longer_than_its_maximum(limits, time_s, amount, seconds) -> None:
    bucket = Bucket(max_wait=30)
    for limit in limits:
        bucket.update(limit, time_s, in_flight=3)
    bucket.spend(amount)
    assert 0 <= bucket.wait(time_s + seconds, amount) <= 30
    assert bucket.wait(time_s + 31, amount) == 0


def test_a_run_starts_with_few_requests() -> None:
    limiter = Limiter()
    requests = 0
    while not limiter.wait(0):
        limiter.start()
        requests += 1
    assert requests == INITIAL_CONCURRENCY == limiter.capacity


def test_replies_that_arrive_together_raise_the_concurrency_like_single_ones() -> None:
    limiter = Limiter()
    while not limiter.wait(0):
        limiter.start()
    for _ in range(INITIAL_CONCURRENCY):
        limiter.finish(1, DONE)
    assert limiter.capacity == 2 * INITIAL_CONCURRENCY


def test_the_waits_for_an_endpoint_that_is_down_start_small_however_the_faults_came() -> None:
    limiter = Limiter(policy=Policy(wait_initial=0.5, wait_max=60))
    while not limiter.is_open:
        limiter.start()
        limiter.finish(0, status(503, retryable=True))
    assert 0 < limiter.pause(0) <= 0.5
