"""When the next request of a run may go out: one for all its rows; it is told the time and never waits itself."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from structkit.batch.engines.stop import Stop
from structkit.batch.engines.token_bucket import Bucket
from structkit.dialects.refusals import OUT_OF_QUOTA
from structkit.errors import StatusError, StructkitError, TransportError
from structkit.values import Completion, Policy, RateLimit

START = 8
"""Requests at once at first, and again after a time when nothing went through."""

TURN = 0.02
"""Seconds after which to ask again, where a request under way has to end first."""

ENOUGH = 5
"""So many faults in a row, or all that are under way where those are more, and the endpoint is taken for down;
so many first rows refused for one reason, and the job is taken for wrong."""

TRIES = 10
"""So many tries in a row of an endpoint taken for down, or twice as many where it had answered before, and the run
ends: at the default waits after 3 minutes, or 10."""

LOCKED = frozenset({401, 402})
"""The key is refused, or the account is empty: it will be for every row."""

GONE = frozenset({403, 404})
"""The key, the model or the address may be wrong; or, for 403, a firewall dislikes one row's text."""

QUOTA = frozenset({403, 429})
"""Statuses with which endpoints say that the quota is used up."""


class Limiter:
    """Concurrency, pauses and rate limits of one run.

    Ask `wait` before each request, and call `began` at once where it says 0, before anything is awaited; call `ended`
    with what came of it. Requests at once rise quickly from a few until something goes wrong, then slowly; a fault
    that may pass halves them. A 429, and any `Retry-After`, pauses the whole run. When nothing goes through, one
    request at a time tries whether the endpoint is back, but not for ever; a rate limit alone is waited for.

    Args:
        concurrency: Requests at once: found out (`auto`), or this many at most and at first.
        maximum: The most that `auto` rises to.
        policy: Bounds the waits (`wait_initial`, `wait_max`).
        chance: Spreads the waits.

    Attributes:
        stop: Why the run has to end; None while it need not.
        open_since: Since when nothing goes through; None while something does.

    Raises:
        ValueError: The concurrency is less than 1.
    """

    def __init__(
        self,
        concurrency: int | Literal["auto"] = "auto",
        *,
        maximum: int = 128,
        policy: Policy | None = None,
        chance: Random | None = None,
    ) -> None:
        """Begin with nothing under way."""
        self._most = maximum if concurrency == "auto" else concurrency
        if self._most < 1:
            raise ValueError(f"concurrency: 1 or more, not {self._most}")
        self.stop: Stop | None = None
        self.open_since: float | None = None
        self._policy = policy = policy or Policy()
        self._chance = chance or Random()  # noqa: S311 (waits are no secret)
        self._size = float(min(START, self._most) if concurrency == "auto" else self._most)
        self._knee = float(self._most)  # below it the size doubles with each round of replies, above it grows by one
        self._before = self._size, self._knee  # when the faults in a row began
        self._under_way: dict[int, float] = {}  # number -> tokens
        self._number = self._heeded = 0  # what has a lower number began before the last fault that was heeded
        self._faults = self._rounds = self._tries = 0  # faults in a row; of them heeded; and since nothing goes through
        self._until = float("-inf")
        self._buckets = {kind: Bucket(policy.wait_max) for kind in ("requests", "tokens")}
        self._answered = self._is_short = False  # whether a request had to wait for another's end
        self._alike, self._refusals = "", 0

    @property
    def capacity(self) -> int:
        """Requests that may be under way at once."""
        return int(self._size)

    @property
    def max_unsettled(self) -> int:
        """Rows that may have failed in a row, at most, when there is a verdict on the endpoint that failed them."""
        return 2 * (max(ENOUGH, self._most) + TRIES)

    @property
    def in_flight(self) -> int:
        """Requests that are."""
        return len(self._under_way)

    @property
    def is_open(self) -> bool:
        """Whether nothing goes through."""
        return self.open_since is not None

    def pause(self, now: float) -> float:
        """Seconds for which the run waits for the endpoint."""
        return max(0.0, self._until - now)

    def wait(self, now: float, tokens: float = 0) -> float:
        """Seconds after which to ask again; 0 where a request may go now. After a verdict, none may.

        Args:
            now: The time, on a clock that never goes back.
            tokens: What the request may take.
        """
        probing = self.is_open and any(number >= self._heeded for number in self._under_way)
        full = not self.is_open and self.in_flight >= self.capacity
        self._is_short = full
        turn = TURN if self.stop or probing or full else 0.0
        short = max(self._buckets["requests"].wait(now, 1), self._buckets["tokens"].wait(now, tokens))
        return max(turn, min(max(short, self.pause(now)), self._policy.wait_max))

    def began(self, now: float, tokens: float = 0) -> int:  # noqa: ARG002 (each event says when it was)
        """A request goes out; what is left of the rate limits is that much less.

        Returns:
            Its number, for `ended`.
        """
        self._number += 1
        self._under_way[self._number] = tokens
        self._buckets["requests"].spend(1)
        self._buckets["tokens"].spend(tokens)
        return self._number

    def ended(self, now: float, reply: Completion | TransportError | None, number: int | None = None) -> None:
        """A request came to its end.

        Args:
            now: The time.
            reply: What came; None where it was given up, or never sent.
            number: Which one it was; by default the oldest under way.
        """
        number = next(iter(self._under_way)) if number is None else number
        self._under_way.pop(number)
        if reply is None:
            return
        self._learn(now, reply.limits)
        if isinstance(reply, TransportError) and reply.retryable:
            self._faulted(now, reply, was_late=number < self._heeded)
            return
        if isinstance(reply, StatusError):
            self.stop = self.stop or self._verdict_on(reply)
        self._went_through(grows=isinstance(reply, Completion))

    def concluded(self, error: StructkitError | None) -> None:
        """A row came to its end: with a value, or with this error. Rows all refused for one reason end the run.

        One refusal tells little: it may concern the way of asking, which the row's conversation then changes.
        """
        if not isinstance(error, TransportError):
            self._answered, self._refusals = True, 0
            return
        lasting = getattr(error, "status_code", 0) in GONE
        if error.retryable or (self._answered and not lasting):
            return
        alike = re.sub(r"\w*\d\w*", "#", str(error))
        self._refusals = self._refusals + 1 if alike == self._alike else 1
        self._alike = alike
        if self._refusals >= (max(ENOUGH, self._most) if self._answered else ENOUGH):
            self.stop = self.stop or Stop("endpoint", f"{self._refusals} rows in a row were refused: {error}")

    def _verdict_on(self, refusal: StatusError) -> Stop | None:
        status = refusal.status_code
        quota = status in QUOTA and OUT_OF_QUOTA.search(f"{refusal} {refusal.body}")
        locked = status in LOCKED or (status == 403 and not self._answered)  # noqa: PLR2004 (as in GONE)
        return Stop("endpoint", str(refusal)) if quota or locked else None

    def _learn(self, now: float, limits: tuple[RateLimit, ...]) -> None:
        if not limits:
            return
        under_way = {"requests": self.in_flight, "tokens": sum(self._under_way.values())}
        for limit in limits:
            self._buckets[limit.kind].learn(limit, now, under_way[limit.kind])

    def _went_through(self, *, grows: bool) -> None:
        """The endpoint is there. After a time when it was not, begin anew with a few, up to what it bore before."""
        self._answered = self._answered or grows
        if self.is_open:
            self.open_since = None
            self._size, self._knee = min(float(START), self._before[0]), max(self._before)
        elif grows and (self._is_short or self.in_flight + 1 >= self.capacity):
            self._size = min(float(self._most), self._size + (1 if self._size < self._knee else 1 / self._size))
        self._faults = self._rounds = self._tries = 0

    def _faulted(self, now: float, fault: TransportError, *, was_late: bool) -> None:
        """Slow down, once for all that was under way at the time; and stop where nothing else came for long."""
        if not self._faults:
            self._before = self._size, self._knee
        self._faults += 1
        asked, backoff = fault.retry_after or 0.0, self._backoff()
        if not was_late:
            self._heeded = self._number + 1
            self._rounds += 1
            self._size = max(1.0, min(self._size / 2, START))
            self._knee = max(1.0, self._before[0] / 2)
        is_limit = getattr(fault, "status_code", 0) == 429  # noqa: PLR2004 (too many requests)
        self._tries += self.is_open and not (was_late or is_limit)
        if self._tries >= TRIES * (1 + self._answered):
            self.stop = self.stop or Stop("endpoint", f"the endpoint failed {self._faults} times in a row: {fault}")
        opens = not self.is_open and self._faults >= max(ENOUGH, self._before[0])
        self.open_since = now if opens else self.open_since
        pauses = opens or (not was_late and (is_limit or self.is_open))
        wait = asked or (backoff if pauses else 0.0)
        self._until = max(self._until, now + min(wait, self._policy.wait_max))

    def _backoff(self) -> float:
        longest = min(self._policy.wait_max, self._policy.wait_initial * 2.0 ** min(self._rounds, 30))
        return self._chance.uniform(0.5, 1) * longest
