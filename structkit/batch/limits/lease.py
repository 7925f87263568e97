"""What a worker may do by its lease: how much may be in flight, how fast, and for how much money."""

from __future__ import annotations

import math
import threading
from decimal import Decimal
from typing import Any

from structkit.batch.engines.limiter import POLL_S, Limiter
from structkit.batch.engines.stop import StopCause
from structkit.batch.engines.token_bucket import NEGLIGIBLE
from structkit.batch.limits.limit_shares import LEASE_S
from structkit.batch.limits.reply_summary import summarize_reply
from structkit.costs.attempt_cost import ZERO
from structkit.costs.budget import Budget
from structkit.errors import TransportError
from structkit.values import JSON, Completion

LEAD_S = 0.25
"""Seconds by which a request may be admitted before it goes out: its intent is written to disk in that time."""

JUST_OVER = 0.1
"""The share of the time between two slots by which the next one may be over: a more exact time moves them a little."""

TOLERANCE_S = 0.02
"""Seconds by which a request may always miss its slot: an event loop is seldom more exact."""

SMOOTHING = 0.2
"""The weight of the last reply in the number of tokens that a request is expected to take beyond its estimate."""

RESERVED_REQUESTS = 8
"""Requests for which money is leased ahead."""


class SlotGrid:
    """When a worker may send, so that the requests of all workers are even: the times of its slots.

    Attributes:
        key: The position of the worker and how many there are: with others, all its slots are others.
    """

    def __init__(self) -> None:
        """Start without slots: a request may go out at any time that its rate allows."""
        self.key: tuple[int, int] | None = None
        self._origin, self._delay = 0.0, float("inf")

    def update(self, grid: Any, sent_at: float, time_s: float) -> None:
        """Take what a lease says; the message that took the least time says best when the slots are."""
        key = (grid[0], grid[1]) if grid else None
        if key != self.key:
            self._delay = float("inf")
        self.key = key
        if grid and time_s - sent_at <= self._delay:
            self._origin, self._delay = time_s + grid[2], time_s - sent_at

    def align(self, time_s: float, period: float) -> float:
        """Return the first slot at or after a time, or one that is only just over."""
        if self.key is None:
            return time_s
        return self._origin + math.ceil((time_s - self._origin) / period - JUST_OVER) * period


class Lease:
    """The last lease of a worker, and what it has to report. The thread that renews it and the event loop share it.

    Attributes:
        stop: Why no further request may go out; empty if they may.
        changed: Set when the lease has to be renewed soon.
    """

    def __init__(self) -> None:
        """Start without a share."""
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.stop = ""
        self.slots = 0
        self.rate: float | None = None
        self.token_rate: float | None = None
        self.grid = SlotGrid()
        self.paused_until = self.expires_at = float("-inf")
        self._started: list[Any] = []
        self._finished: list[Any] = []
        self._in_flight: dict[int, float] = {}

    def renew(self, reply: JSON, sent_at: float, time_s: float) -> None:
        """Take a new lease; its age counts from when it was asked for."""
        self.slots, self.rate, self.token_rate = reply["slots"], reply["rate"], reply["token_rate"]
        self.grid.update(reply.get("grid"), sent_at, time_s)
        self.paused_until = time_s + reply["pause"]
        self.stop = self.stop or reply["stop"]
        self.expires_at = sent_at + LEASE_S

    def add_start(self, number: int, tokens: float) -> None:
        """Report a request that goes out."""
        with self.lock:
            self._started.append((number, tokens))
            self._in_flight[number] = tokens

    def add_finish(self, number: int, reply: Completion | TransportError | None) -> None:
        """Report a reply; a fault at once, so that it slows the others."""
        with self.lock:
            self._finished.append((number, summarize_reply(reply)))
            self._in_flight.pop(number, None)
        if isinstance(reply, TransportError):
            self.changed.set()

    def requests_in_flight(self) -> list[tuple[int, float]]:
        """Return the requests in flight, for a server that does not know of them: their numbers and tokens."""
        with self.lock:
            return [*self._in_flight.items()]

    def drain(self) -> JSON:
        """Return what has to be reported, once."""
        with self.lock:
            started, self._started = self._started, []
            finished, self._finished = self._finished, []
        return {"started": started, "finished": finished}


class LeasedLimiter(Limiter):
    """A limiter that also keeps to a lease. Requests go out evenly if the lease has a rate."""

    def __init__(self, lease: Lease, limiter: Limiter) -> None:
        """Take the state of a limiter that has not been used."""
        self.__dict__.update(limiter.__dict__)
        self._lease = lease
        self._sent_at = self._next_slot = self._tokens_at = float("-inf")
        self._slots = dict[int, float]()
        self._plan: tuple[tuple[int, int] | None, float] | None = None
        self._waiting = set[int]()
        self._charges, self._extra_tokens = dict[int, float](), 0.0

    def wait(self, time_s: float, tokens: float = 0) -> float:
        """See `Limiter.wait`."""
        lease = self._lease
        if lease.stop:
            self.stop_cause = self.stop_cause or StopCause("limits", lease.stop)
        wait = max(super().wait(time_s, tokens), lease.paused_until - time_s)
        if time_s >= lease.expires_at or self.in_flight >= lease.slots or self.stop_cause:
            return max(wait, POLL_S)
        return max(wait, self._pace(time_s))

    def _pace(self, time_s: float) -> float:
        """Return the seconds until the next request may be admitted, by the rates of the lease."""
        rate, token_rate = self._lease.rate, self._lease.token_rate
        if rate == 0 or token_rate == 0:
            return POLL_S
        unplanned = len(self._waiting) - len(self._slots)
        ahead = max(0.0, self._next_slot - time_s) + unplanned / rate - LEAD_S if rate else 0.0
        return max(0.0, ahead, self._tokens_at - time_s - LEAD_S if token_rate else 0.0)

    def start(self, tokens: float = 0) -> int:
        """See `Limiter.start`."""
        number = super().start(tokens)
        self._lease.add_start(number, tokens)
        self._waiting.add(number)
        return number

    def send_delay(self, number: int, time_s: float) -> float:
        """See `Limiter.send_delay`."""
        rate, token_rate = self._lease.rate, self._lease.token_rate
        if rate and (delay := self._find_slot(number, 1 / rate, time_s) - time_s) > NEGLIGIBLE:
            return delay
        self._sent_at = time_s
        self._slots.pop(number, None)
        self._waiting.discard(number)
        if token_rate:
            self._charges[number] = self._in_flight[number] + self._extra_tokens
            self._tokens_at = max(self._tokens_at, time_s) + self._charges[number] / token_rate
        return 0.0

    def _find_slot(self, number: int, period: float, time_s: float) -> float:
        """Return when a request may go out; one that is late by more than a little gets a later slot.

        After each wait it is asked for again: a process that was stopped does not catch up all at once.
        """
        if (self._lease.grid.key, period) != self._plan:
            self._plan = self._lease.grid.key, period
            self._slots.clear()
            self._next_slot = self._sent_at + period
        slot = self._slots.get(number)
        if slot is None or time_s > slot + max(period / 2, TOLERANCE_S):
            slot = self._slots[number] = self._lease.grid.align(max(self._next_slot, time_s), period)
            self._next_slot = slot + period
        return slot

    def finish(self, time_s: float, reply: Completion | TransportError | None, number: int | None = None) -> None:
        """See `Limiter.finish`."""
        number = next(iter(self._in_flight)) if number is None else number
        tokens, charge = self._in_flight[number], self._charges.pop(number, None)
        super().finish(time_s, reply, number)
        self._lease.add_finish(number, reply)
        self._waiting.discard(number)
        self._slots.pop(number, None)
        if isinstance(reply, Completion) and reply.usage.total_tokens and (token_rate := self._lease.token_rate):
            self._tokens_at += (reply.usage.total_tokens - (charge or 0.0)) / token_rate
            self._extra_tokens += (reply.usage.total_tokens - tokens - self._extra_tokens) * SMOOTHING


class LeasedBudget(Budget):
    """A budget whose limit is what the lease allows, and rises while the others leave money.

    The limit falls only here, before the server hears of it: otherwise a request could be admitted by a lease that the
    server has given to somebody else in the meantime.
    """

    poll_s = POLL_S

    def __init__(self, lease: Lease, budget: Budget) -> None:
        """Start with what was spent, and nothing leased."""
        super().__init__(budget.spent, spent=budget.spent)
        self._lease, self._lock = lease, threading.Lock()
        self._estimate = ZERO
        self._is_short = self._is_final = False

    def renew(self, money: str | None, *, is_used_up: bool, missing_parts: int = 0) -> None:
        """Take the money of a new lease; None if there is no budget.

        Args:
            money: The most that may have been spent in all.
            is_used_up: Whether there will be no more.
            missing_parts: How many parts have not said what they have spent; until then, nobody gets money.
        """
        self.limit = None if money is None else Decimal(money)
        self._is_final = is_used_up
        noun = "other part" if missing_parts == 1 else "other parts"
        self.waits_for = f"{missing_parts} {noun}, without which no money is leased" if missing_parts else ""

    def reserve(self, estimate: Decimal) -> bool:
        """See `Budget.reserve`."""
        with self._lock:
            self._estimate = max(estimate, self._estimate)
            is_reserved = super().reserve(estimate)
            self._is_short = not is_reserved
        if not is_reserved:
            self._lease.changed.set()
        return is_reserved

    def settle(self, reserved: Decimal, actual: Decimal | None) -> None:
        """See `Budget.settle`."""
        with self._lock:
            super().settle(reserved, actual)

    @property
    def is_used_up(self) -> bool:
        """See `Budget.is_used_up`."""
        return self._is_final and not self.reserved

    def release(self, requests: int = 0) -> JSON:
        """Give back what the next requests do not need, and return what the server has to know.

        Args:
            requests: How many requests to keep money for.

        Returns:
            What was spent, the limit until the next lease, and what several requests and the next one need, all from
            the start of the job; and the most that a request may cost.
        """
        with self._lock:
            committed = self.spent + self.reserved
            needed = committed + requests * self._estimate
            if self.limit is not None:
                self.limit = max(committed, min(self.limit, committed if self._is_short else needed))
            limit = committed if self.limit is None else self.limit
            amounts = {"spent": self.spent, "limit": limit, "needed": needed, "estimate": self._estimate}
            amounts["next"] = committed + self._estimate
        return {name: str(amount) for name, amount in amounts.items()}
