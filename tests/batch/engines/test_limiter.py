"""The rate control of a run, in a simulated time: what goes out when, and what stops everything."""

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
from structkit.batch.engines.limiter import START, TRIES, Limiter
from structkit.batch.engines.stop import Stop
from structkit.batch.engines.token_bucket import Bucket
from structkit.errors import ConnectionFailed, Refusal, RequestTimeout, StatusError, TransportError
from structkit.values import Completion, Policy, RateLimit, Usage

DONE = Completion((), Usage())
Answer = Callable[[float, int], Completion | TransportError]
"""The time and how many requests are under way -> the reply."""


def status(
    code: int, message: str = "no", *, retryable: bool = False, after: float | None = None, body: object = None
) -> StatusError:
    error = StatusError(f"the endpoint answered {code}: {message}", retryable=retryable, retry_after=after, body=body)
    error.status_code = code
    return error


def limited(after: float | None = None) -> StatusError:
    return status(429, "slow down", retryable=True, after=after)


@dataclass
class Ran:
    """What a simulated run came to."""

    seconds: float = 0.0
    done: int = 0
    refused: int = 0
    most: int = 0
    sent: list[float] = field(default_factory=list)


def run(limiter: Limiter, answer: Answer, rows: int, *, latency: float = 0.2, seed: int = 0, end: float = 1e6) -> Ran:
    """Every row is sent until it is answered; the clock jumps from event to event."""
    ran, chance, now, left, number = Ran(), Random(seed), 0.0, rows, itertools.count()
    events: list[tuple[float, int, bool]] = [(0.0, next(number), False)]
    while ran.done < rows and events and now < end and not limiter.stop:
        now, _, ends = heapq.heappop(events)
        if ends:
            reply = answer(now, limiter.in_flight)
            limiter.ended(now, reply)
            ran.done += reply is DONE
            ran.refused += reply is not DONE
            left += reply is not DONE
        while left and not (wait := limiter.wait(now, 100)):
            limiter.began(now, 100)
            left -= 1
            ran.sent.append(now)
            ran.most = max(ran.most, limiter.in_flight)
            heapq.heappush(events, (now + latency * chance.uniform(0.8, 1.2), next(number), True))
        if left and not (limiter.in_flight and limiter.in_flight >= limiter.capacity):
            heapq.heappush(events, (now + wait, next(number), False))
    ran.seconds = now
    return ran


def closed_until(end: float, begin: float = 0.0, after: Callable[[float], float | None] = lambda left: left) -> Answer:
    return lambda now, _: limited(after(end - now)) if begin <= now < end else DONE


@pytest.mark.parametrize("concurrency", [50, "auto"])
@pytest.mark.parametrize("begin", [0.0, 0.5])
@pytest.mark.parametrize("rounded", [lambda left: left, math.ceil], ids=["exact", "whole seconds"])
def test_twenty_seconds_of_refusals_cost_twenty_seconds_and_few_requests(
    concurrency: int, begin: float, rounded: Callable[[float], float]
) -> None:
    limiter = Limiter(concurrency, maximum=50, chance=Random(1))
    ran = run(limiter, closed_until(begin + 20, begin, rounded), 300, latency=0.3)
    assert ran.done == 300
    assert ran.refused <= 50
    assert ran.seconds <= 25
    assert not limiter.is_open


@pytest.mark.parametrize("after", [None, 1.0, 0.0])
def test_refusals_that_do_not_say_for_how_long_cost_few_requests_too(after: float | None) -> None:
    ran = run(Limiter(50, chance=Random(1)), closed_until(20, after=lambda left: after), 300)
    assert (ran.done, ran.refused <= 75, ran.seconds <= 50) == (300, True, True)


def test_a_retry_after_is_bounded_by_the_policy() -> None:
    limiter = Limiter(policy=Policy(wait_max=7))
    limiter.began(0)
    limiter.ended(0, limited(after=1e9))
    assert limiter.wait(0) == limiter.pause(0) == 7
    assert limiter.wait(7) == 0


@pytest.mark.parametrize(("concurrency", "most"), [("auto", 128), (20, 20), (1, 1)])
def test_requests_at_once_rise_to_the_maximum_and_no_further(concurrency: int, most: int) -> None:
    ran = run(Limiter(concurrency), lambda now, _: DONE, 3000)
    assert ran.most == most
    assert ran.refused == 0


def test_a_run_is_as_fast_as_its_workers_after_a_few_replies() -> None:
    assert run(Limiter("auto"), lambda now, _: DONE, 5000, latency=0.02).seconds < 1.2


def test_an_endpoint_that_bears_few_at_once_is_found_out() -> None:
    ran = run(Limiter("auto"), lambda now, under_way: limited() if under_way > 20 else DONE, 3000)
    assert ran.done == 3000
    assert ran.refused < 300
    assert ran.most < 60


def test_what_the_headers_allow_is_not_exceeded() -> None:
    level, at = 60.0, 0.0

    def answer(now: float, _: int) -> Completion | TransportError:
        nonlocal level, at
        level, at = min(60.0, level + (now - at)) - 1, now
        left = max(0, math.floor(level))
        told = (RateLimit("requests", 60, left, 60.0 - left),)
        reply = DONE if level >= 0 else limited(1.0)
        object.__setattr__(reply, "limits", told)
        return reply

    try:
        ran = run(Limiter("auto"), answer, 300)
    finally:
        object.__setattr__(DONE, "limits", ())
    assert ran.refused == 0
    assert 240 <= ran.seconds <= 280


def test_tokens_are_waited_for_as_requests_are() -> None:
    limiter = Limiter()
    limiter.began(0, 500)
    limiter.ended(0, Completion((), Usage(), limits=(RateLimit("tokens", 1000, 100, 9.0),)))
    assert limiter.wait(0, 50) == 0
    assert limiter.wait(0, 600) == pytest.approx(5.0)
    assert limiter.wait(0, 10**9) == pytest.approx(9.0), "what can never be there is not waited for"


def test_an_endpoint_that_fails_for_everybody_is_tried_with_one_request_at_a_time_ever_less_often() -> None:
    limiter = Limiter(32, policy=Policy(wait_max=60), chance=Random(2))
    ran = run(limiter, lambda now, _: ConnectionFailed("down", retryable=True), 100, end=400)
    assert limiter.is_open
    assert limiter.open_since is not None
    assert limiter.open_since < 2
    tries = [later - earlier for earlier, later in itertools.pairwise(ran.sent) if later > 2]
    assert len(tries) < 20
    assert min(tries) > 0.2
    assert tries[-1] > 25


@pytest.mark.parametrize(("served", "tries"), [(0, TRIES), (100, 2 * TRIES)])
def test_an_endpoint_that_stays_down_ends_the_run_in_the_end(served: int, tries: int) -> None:
    limiter, answers = Limiter(8, chance=Random(4)), itertools.chain([DONE] * served, itertools.repeat(None))
    down = status(503, "no healthy upstream", retryable=True)
    ran = run(limiter, lambda now, _: next(answers) or down, 1000)
    assert limiter.stop is not None
    assert "no healthy upstream" in limiter.stop.detail
    assert ran.done == served
    assert tries <= ran.refused <= tries + 2 * 8
    assert ran.refused <= limiter.max_unsettled


def test_a_rate_limit_is_waited_for_however_long_it_lasts() -> None:
    ran = run(limiter := Limiter(8, chance=Random(5)), lambda now, _: limited(30), 10, end=36_000)
    assert limiter.stop is None
    assert ran.seconds >= 36_000
    assert ran.refused < 36_000 / 30 + 8


def test_an_endpoint_that_comes_back_is_used_as_before() -> None:
    down: Answer = lambda now, _: RequestTimeout("late", retryable=True) if 2 < now < 30 else DONE  # noqa: E731
    limiter = Limiter(32, chance=Random(3))
    ran = run(limiter, down, 2000)
    assert (ran.done, limiter.is_open, limiter.open_since) == (2000, False, None)
    assert ran.refused < 60
    assert ran.seconds < 90
    assert limiter.capacity == 32


def test_a_probe_goes_out_though_an_old_request_still_hangs() -> None:
    limiter, down = Limiter(6, policy=Policy(wait_max=3)), ConnectionFailed("down", retryable=True)
    hanging, *others = [limiter.began(0) for _ in range(6)]
    for number in others:
        limiter.ended(1, down, number)
    limiter.ended(1, down, limiter.began(1))
    assert limiter.is_open
    assert limiter.wait(1) > 0, "it has just been seen to be down"
    assert limiter.wait(4) == 0
    probe = limiter.began(4)
    assert limiter.wait(10) > 0, "one at a time"
    limiter.ended(10, DONE, probe)
    assert not limiter.is_open
    limiter.ended(10, None, hanging)
    assert limiter.in_flight == 0


FATAL = {
    "the key": status(401, "Incorrect API key"),
    "the account": status(402, "payment required"),
    "the right": status(403, "no access to this model"),
    "the quota": status(429, "You exceeded your current quota", body={"error": {"code": "insufficient_quota"}}),
}


@pytest.mark.parametrize("fault", FATAL.values(), ids=FATAL.keys())
def test_what_would_refuse_every_row_ends_the_run_at_once(fault: StatusError) -> None:
    limiter = Limiter()
    limiter.began(0)
    limiter.ended(0, fault)
    assert limiter.stop == Stop("endpoint", str(fault))
    assert limiter.wait(1e9) > 0


def test_a_row_that_a_firewall_dislikes_does_not_end_a_run_that_went_well() -> None:
    limiter = Limiter()
    for reply in (DONE, status(403, "blocked")):
        limiter.began(0)
        limiter.ended(0, reply)
    limiter.concluded(status(403, "blocked"))
    assert limiter.stop is None


@pytest.mark.parametrize("code", [400, 404, 422])
def test_first_rows_all_refused_for_one_reason_are_a_wrong_job(code: int) -> None:
    limiter = Limiter()
    for row in range(5):
        assert limiter.stop is None
        limiter.concluded(status(code, f"no such model (request a{row}b)"))
    assert limiter.stop is not None
    assert "no such model" in limiter.stop.detail


@pytest.mark.parametrize("ending", [None, Refusal("I cannot")])
def test_refusals_after_an_answer_or_for_several_reasons_concern_their_rows_alone(
    ending: structkit.StructkitError | None,
) -> None:
    answered, mixed = Limiter(), Limiter()
    answered.concluded(ending)
    for reason in ["too long", "bad image", "too short"] * 20:
        answered.concluded(status(400, "too long"))
        mixed.concluded(status(400, reason))
    assert answered.stop is None
    assert mixed.stop is None


def test_a_key_that_is_withdrawn_ends_the_run_when_nothing_else_comes() -> None:
    limiter = Limiter(10)
    limiter.concluded(None)
    for _ in range(10):
        limiter.concluded(status(403, "key disabled"))
    assert limiter.stop is not None


@pytest.mark.parametrize("wrong", [0, -1])
def test_no_concurrency_is_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        Limiter(wrong)


told = some.builds(
    RateLimit,
    some.sampled_from(["requests", "tokens"]),
    some.none() | some.integers(0, 1000),
    some.none() | some.integers(0, 1000),
    some.none() | some.floats(0, 1e6),
)
replies = some.one_of(
    some.none(),
    some.builds(lambda limits: Completion((), Usage(), limits=limits), some.lists(told, max_size=2).map(tuple)),
    some.builds(limited, some.none() | some.floats(0, 1e5)),
    some.builds(lambda: ConnectionFailed("down", retryable=True)),
    some.builds(lambda: status(400)),
)


@settings(max_examples=300)
@given(
    some.sampled_from(["auto", 1, 3, 50]),
    some.lists(some.tuples(some.booleans(), replies, some.floats(0, 30), some.integers(0, 5000)), max_size=80),
)
def test_waits_are_bounded_capacity_too_and_a_request_may_always_go_in_the_end(concurrency, steps) -> None:
    policy = Policy(wait_max=20)
    limiter, now = Limiter(concurrency, policy=policy, chance=Random(0)), 0.0
    for goes, reply, passes, tokens in steps:
        now += passes
        wait = limiter.wait(now, tokens)
        assert 0 <= wait <= policy.wait_max
        assert 1 <= limiter.capacity <= (128 if concurrency == "auto" else concurrency)
        if goes and not wait:
            limiter.began(now, tokens)
        elif limiter.in_flight:
            limiter.ended(now, reply)
    while limiter.in_flight:
        limiter.ended(now, None)
    waited = [limiter.wait(now, 100)]
    while waited[-1] and len(waited) < 10:
        now += waited[-1] + 1e-6
        waited.append(limiter.wait(now, 100))
    assert waited[-1] == 0
    assert sum(waited) <= 2 * policy.wait_max + 1


@given(some.lists(told, max_size=5), some.floats(0, 100), some.integers(0, 5000), some.floats(0, 60))
def test_a_bucket_never_holds_back_for_longer_than_it_is_believed(limits, now, amount, passes) -> None:
    bucket = Bucket(longest=30)
    for limit in limits:
        bucket.learn(limit, now, under_way=3)
    bucket.spend(amount)
    assert 0 <= bucket.wait(now + passes, amount) <= 30
    assert bucket.wait(now + 31, amount) == 0


def test_the_first_requests_are_few() -> None:
    limiter = Limiter()
    began = 0
    while not limiter.wait(0):
        limiter.began(0)
        began += 1
    assert began == START == limiter.capacity


def test_replies_that_come_together_raise_it_as_those_that_come_one_by_one() -> None:
    limiter = Limiter()
    while not limiter.wait(0):
        limiter.began(0)
    for _ in range(START):
        limiter.ended(1, DONE)
    assert limiter.capacity == 2 * START
