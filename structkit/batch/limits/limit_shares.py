"""The shares of one limit and one budget that the workers of a job lease. Passed the time; does no I/O.

Only this side reads a clock: a lease has an age, never a date, so that the clocks of the machines may differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any

from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits.reply_summary import reply_of_summary
from structkit.costs.attempt_cost import MAX_TOTAL, ZERO, parse_amount
from structkit.values import JSON

LEASE_S = 5.0
"""Seconds after which a worker may no longer use a lease that it could not renew."""

SESSION_S = 10.0
"""Seconds after which a worker that says nothing counts as dead. More than `LEASE_S`, so that its permits have
lapsed on its side before other workers get them."""


class LimitsRejected(Exception):
    """A worker that cannot have a share; the text says why."""


@dataclass(frozen=True)
class Limits:
    """What all workers together may use.

    Args:
        budget: The most that they may spend; None for no limit.
        requests_per_minute: None for no limit.
        tokens_per_minute: None for no limit.
        parts: How many workers have to be there before money is leased; what one has spent is unknown until then.
    """

    budget: Decimal | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    parts: int = 0


@dataclass
class Money:
    """What a part of the job has spent, and what its worker may spend in all."""

    spent: Decimal
    leased: Decimal


@dataclass(eq=False)
class Session:
    """A worker.

    Attributes:
        part: What it works on, such as `2/4`.
        last_time: When it was last heard.
        number: Of its last message.
        reply: To that message: one that did not arrive is asked for again.
        in_flight: The numbers of its requests, and what the limiter calls them.
        slots: How many it may have in flight.
        max_in_flight: How many it may actually have until its next message: a smaller lease has to reach it first,
            and then requests have to end.
        rate: Requests a second that it may send; None without a limit.
        token_rate: Tokens a second.
    """

    part: str
    last_time: float
    number: int = 0
    reply: JSON | None = None
    in_flight: dict[int, int] = field(default_factory=dict)
    slots: int = 0
    max_in_flight: int = 0
    rate: float | None = None
    token_rate: float | None = None


class LimitShares:
    """Divides limits among workers: the sum of all leases never exceeds them.

    Args:
        limits: What is divided.
        limiter: Learns from the replies to all workers.
        money: What parts have spent by an earlier server, which nobody has confirmed yet.
        store: Called with the job, a part and what the part may have spent by its next lease, before it gets that.
        job: The digest of the job; by default that of the first worker.

    Attributes:
        job: The digest of the job that it serves.
    """

    def __init__(
        self,
        limits: Limits,
        limiter: Limiter,
        *,
        money: Mapping[str, Decimal] | None = None,
        store: Callable[[str, str, Decimal], None] | None = None,
        job: str = "",
    ) -> None:
        """Start without workers."""
        self.limits, self.job = limits, job
        self._limiter, self._store = limiter, store
        limiter.is_proven = True  # whether a 403 concerns one row is for the limiter of its worker to tell
        self._money = {part: Money(amount, amount) for part, amount in (money or {}).items()}
        self._sessions: dict[str, Session] = {}
        self._count, self._name = 0, token_hex(4)
        self._first_time: float | None = None
        self._leases_from = float("-inf")  # until when leases of an earlier server may be in use

    def register(
        self,
        job: str,
        part: str,
        budget: str | None,
        spent: str,
        time_s: float,
        in_flight: Sequence[tuple[int, float]] = (),
    ) -> str:
        """Add a worker, and return the name of its session. An earlier worker of the same part gets no further lease.

        Args:
            job: The digest of its job.
            part: What it works on.
            budget: That of its job, which has to be that of the server; None if the job has none.
            spent: What the journal of the part has spent; reservations of an earlier worker end with it.
            time_s: The time, on a clock that never goes back.
            in_flight: The numbers and tokens of the requests that it has in flight by the leases of an earlier server.

        Raises:
            LimitsRejected: The job, the budget or the number of parts is another one.
        """
        if self.job and job != self.job:
            raise LimitsRejected("the limits server serves another job: start one for each job")
        total = int(part.rpartition("/")[2])
        if self.limits.parts not in {0, total}:
            raise LimitsRejected(f"the limits server waits for {self.limits.parts} parts, and this is part {part}")
        if budget is not None and self.limits.budget is None:
            raise LimitsRejected(f"the limits server has no budget: start it with --budget {budget} --state FILE")
        if budget is not None and self.limits.budget != Decimal(budget):
            raise LimitsRejected(f"the budget of the limits server is {self.limits.budget}, that of the job {budget}")
        self.job = job
        for name in [name for name, session in self._sessions.items() if session.part == part]:
            self._remove(name, time_s)
        self._count += 1
        name = f"{part}#{self._count}-{self._name}"
        self._first_time = time_s if self._first_time is None else self._first_time
        self._sessions[name] = session = Session(part, time_s, max_in_flight=len(in_flight))
        session.in_flight = {number: self._limiter.start(tokens) for number, tokens in in_flight}
        self._money[part] = Money(Decimal(spent), Decimal(spent))
        return name

    def exchange(self, name: str, message: JSON, time_s: float) -> JSON:
        """Take what a worker reports, and return its next lease.

        Raises:
            KeyError: There is no such session: the server was restarted, or another worker has taken the part.
        """
        self._remove_dead(time_s)
        self._note_predecessor(name, time_s)
        session = self._sessions[name]
        session.last_time = time_s
        if session.reply is not None and message["number"] == session.number:
            return session.reply
        self._learn(session, message, time_s)
        if message.get("is_last"):
            self._remove(name, time_s)
        session.number, session.reply = message["number"], self._lease(session, message, time_s)
        return session.reply

    def add_finished(self, part: str, spent: Decimal) -> None:
        """Count what a part has spent that has ended: its worker does not register with a server that was restarted."""
        self._money.setdefault(part, Money(spent, spent))

    def has_part(self, part: str) -> bool:
        """Return whether a worker of a part is there."""
        return any(session.part == part for session in self._sessions.values())

    def _learn(self, session: Session, message: JSON, time_s: float) -> None:
        for number, tokens in message["started"]:
            if number not in session.in_flight:  # as one that the worker had when it registered
                session.in_flight[number] = self._limiter.start(tokens)
        self._limiter.wait(time_s)  # whether all permits are in use: the limiter raises the concurrency only then
        for number, summary in message["finished"]:
            if (own_number := session.in_flight.pop(number, None)) is not None:
                self._limiter.finish(time_s, reply_of_summary(summary), own_number)

    def _lease(self, session: Session, message: JSON, time_s: float) -> JSON:
        other_sessions = [each for each in self._sessions.values() if each is not session]
        capacity = 1 if self._limiter.is_open else self._limiter.capacity
        position = [*self._sessions.values()].index(session) if session in self._sessions.values() else 0
        count = max(1, len(self._sessions))
        share = capacity // count + (position < capacity % count)
        last_slots = session.slots
        if time_s < self._leases_from:
            share = 0
        session.slots = max(0, min(share, capacity - sum(each.max_in_flight for each in other_sessions)))
        session.max_in_flight = max(last_slots, session.slots, len(session.in_flight))
        session.rate = _rate_share(self.limits.requests_per_minute, [each.rate for each in other_sessions], count)
        session.token_rate = _rate_share(
            self.limits.tokens_per_minute, [each.token_rate for each in other_sessions], count
        )
        cause = self._limiter.stop_cause
        grid = None
        if self.limits.requests_per_minute and count > 1:
            grid = [position, count, next_slot(position, count, self.limits.requests_per_minute / 60, time_s)]
        return {
            "grid": grid,
            "slots": session.slots,
            "rate": session.rate,
            "token_rate": session.token_rate,
            "pause": self._limiter.external_wait(time_s),
            "stop": str(cause.detail) if cause else "",
            **self._lease_money(session.part, message),
        }

    def _lease_money(self, part: str, message: JSON) -> JSON:
        """Lease money up to what a worker needs for the next requests, as far as the other workers leave it."""
        if self.limits.budget is None:
            return {"money": None, "is_used_up": False, "missing_parts": 0}
        money = self._money[part]
        money.spent, limit = Decimal(message["spent"]), Decimal(message["limit"])
        live = {session.part for session in self._sessions.values()}
        remaining = self.limits.budget - sum((each.leased for name, each in self._money.items() if name != part), ZERO)
        target = min(Decimal(message["needed"]), remaining)
        missing_parts = max(0, self.limits.parts - max(len(live), len(self._money)))
        is_complete = not missing_parts
        # What does not even suffice for one request is left to other workers: two could wait for each other. A
        # lease falls only as far as the worker says that it has lowered its own limit.
        money.leased = max(limit, target) if target >= Decimal(message["next"]) and is_complete else limit
        if self._store:
            self._store(self.job, part, money.leased)
        fixed = [each.spent if name in live else each.leased for name, each in self._money.items() if name != part]
        minimum = money.spent + Decimal(message["estimate"])  # once all its requests in flight have cost what they cost
        is_used_up = is_complete and minimum > self.limits.budget - sum(fixed, ZERO)
        return {"money": str(money.leased), "is_used_up": is_used_up, "missing_parts": missing_parts}

    def _note_predecessor(self, name: str, time_s: float) -> None:
        """Lease nothing for a while if a worker has a session of an earlier server: others may use its leases too."""
        self._first_time = time_s if self._first_time is None else self._first_time
        if not name.endswith(self._name) and time_s < self._first_time + LEASE_S:
            self._leases_from = self._first_time + LEASE_S

    def _remove_dead(self, time_s: float) -> None:
        for name in [name for name, each in self._sessions.items() if time_s - each.last_time > SESSION_S]:
            self._remove(name, time_s)

    def _remove(self, name: str, time_s: float) -> None:
        """Let the permits of a worker lapse. Its money stays leased until its journal has been read."""
        for number in self._sessions.pop(name).in_flight.values():
            self._limiter.finish(time_s, None, number)


def _rate_share(per_minute: float | None, other_rates: list[float | None], count: int) -> float | None:
    """Return the rate a second that one of several workers may have, beside those that other sessions have."""
    if per_minute is None:
        return None
    rate = per_minute / 60
    return max(0.0, min(rate / count, rate - sum(each or 0.0 for each in other_rates)))


def next_slot(position: int, count: int, rate: float, time_s: float) -> float:
    """Return the seconds until the next slot of a worker.

    The slots of all workers follow each other evenly, one worker after the other. If they fell together, one request
    more of each worker than its share could be in a second.

    Args:
        position: Of the worker, counted from 0.
        count: How many workers there are.
        rate: Requests a second of all.
        time_s: The time.

    >>> [round(next_slot(position, 4, 20, 100.01), 6) for position in range(4)]
    [0.19, 0.04, 0.09, 0.14]
    """
    return (position / rate - time_s) % (count / rate)


AMOUNTS = ("spent", "limit", "needed", "next", "estimate")
"""The fields of a message that are amounts of money."""


def validate_message(message: Any) -> JSON:
    """Return a message of a worker if it has the form of one.

    Raises:
        ValueError: It has not, or a number in it is not finite, or is a negative number of tokens or amount of money.
    """
    if not isinstance(message, dict) or not {"number", "started", "finished", *AMOUNTS} <= message.keys():
        raise ValueError("the message lacks fields")
    for name in AMOUNTS:
        validate_amount(message[name])
    validate_requests(message["started"])
    if not is_finite(message["finished"]):
        raise ValueError("a number is not finite")
    return message


def validate_requests(requests: Any) -> list[tuple[int, float]]:
    """Return the numbers and tokens of requests that a worker has sent.

    Raises:
        ValueError: A number of tokens is negative or not finite.

    >>> validate_requests([[1, 20.5]])
    [(1, 20.5)]
    """
    if not all(is_finite(tokens) and tokens >= 0 for _, tokens in requests):
        raise ValueError("a number of tokens is negative or not finite")
    return [(number, tokens) for number, tokens in requests]


def validate_amount(value: Any) -> str:
    """Return an amount of money that a worker has sent.

    Raises:
        ValueError: It is not one: `NaN` would pass every comparison with a budget.

    >>> validate_amount("0.25")
    '0.25'
    """
    if not isinstance(value, str) or parse_amount(value, MAX_TOTAL) is None:
        raise ValueError("an amount of money is not one")
    return value


def is_finite(value: Any) -> bool:
    """Return whether each number in a JSON value is finite.

    >>> is_finite([1, {"a": [2.5, None]}]), is_finite({"a": [float("inf")]})
    (True, False)
    """
    if isinstance(value, list | tuple):
        return all(map(is_finite, value))
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)
