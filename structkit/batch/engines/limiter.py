"""When a request or a retry of a run may go out: one limiter for all rows, which is passed the time and never waits."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from structkit.batch.engines.stop import StopCause
from structkit.batch.engines.token_bucket import Bucket
from structkit.dialects.error_bodies import read_error
from structkit.errors import StructkitError, TransportError
from structkit.values import Completion, Policy, RateLimit
from structkit.values.text import escape_controls, shorten

INITIAL_CONCURRENCY = 8
"""Requests in flight at first, and again after a time when nothing went through."""

POLL_S = 0.02
"""Seconds after which to call `wait` again if a request in flight has to finish first."""

MIN_FAULTS = 5
"""This many faults in a row (or as many as requests are in flight, if that is more) mean that the endpoint is down.
This many rows rejected for one reason, before any is answered, mean that the job is misconfigured."""

MAX_PROBES = 10
"""The failed probes of an endpoint that is down after which the run ends: with the default waits, 3 minutes. If it had
answered before, twice as many: 10 minutes."""

FATAL_KINDS = frozenset({"credentials", "empty_account"})
"""Every row will fail."""

SUSPECT_STATUSES = frozenset({403, 404})
"""The key, the model or the address may be wrong; or, for 403, a firewall rejects one row's text."""

FORBIDDEN = 403

MAX_FAULT_CHARS = 160
"""Characters of the message of a fault that the progress and the report quote."""


class Limiter:
    """Concurrency, pauses and rate limits of one run.

    Call `wait` before each request, and `start` at once if it returns 0, before anything is awaited; call `finish` with
    the reply. The concurrency rises quickly from a few requests until the first fault, then slowly; a fault that may
    pass halves it. A 429, and any `Retry-After`, pauses the whole run. When nothing goes through, one request at a time
    probes whether the endpoint is back, but not forever; a rate limit by a status or a code is always waited for.

    Args:
        concurrency: Requests in flight: detected (`auto`), or this many at first and at most.
        maximum: The most that `auto` rises to.
        policy: Bounds the waits (`wait_initial`, `wait_max`).
        random: Spreads the waits.
        is_proven: Whether an earlier run with these settings has had answers, so that a 403 may concern one row.

    Attributes:
        is_proven: The argument.
        stop_cause: Why the run has to end; None if it need not.
        open_since: The time since which nothing goes through; None if something does.
        has_answered: Whether the endpoint has answered in this run.
        last_fault: The message of the last fault, on one line; empty once the endpoint answers again.
        deferred_rows: The number of rows that failed in an earlier run and are sent after the others. At least as many
            must be rejected before the run ends: otherwise a table that starts with a thousand rejected rows would take
            200 runs.

    Raises:
        ValueError: The concurrency is less than 1.
    """

    def __init__(
        self,
        concurrency: int | Literal["auto"] = "auto",
        *,
        maximum: int = 128,
        policy: Policy | None = None,
        random: Random | None = None,
        is_proven: bool = False,
    ) -> None:
        """Start with nothing in flight."""
        self._maximum = maximum if concurrency == "auto" else concurrency
        if self._maximum < 1:
            raise ValueError(f"concurrency must be 1 or more, not {self._maximum}")
        self.stop_cause: StopCause | None = None
        self.open_since: float | None = None
        self.last_fault = ""
        self.deferred_rows = 0
        self.is_proven = is_proven
        self._policy = policy = policy or Policy()
        self._random = random or Random()  # noqa: S311 (waits need no secret numbers)
        self._size = float(min(INITIAL_CONCURRENCY, self._maximum) if concurrency == "auto" else self._maximum)
        # Below this threshold the size doubles with each round of replies, above it grows by one.
        self._threshold = float(self._maximum)
        self._before_faults = self._size, self._threshold
        self._in_flight: dict[int, float] = {}  # number -> tokens
        self._number = 0
        self._first_after_fault = 0  # requests with a lower number started before the last fault that slowed the run
        self._faults = self._fault_rounds = self._probes = 0  # in a row; `_fault_rounds` are those that slowed the run
        self._paused_until = float("-inf")
        self._buckets = {kind: Bucket(policy.wait_max) for kind in ("requests", "tokens")}
        self.has_answered = False
        self._is_full = False  # whether a request had to wait for another to finish
        self._last_rejection, self._rejections = "", 0

    @property
    def capacity(self) -> int:
        """The requests that may be in flight at once."""
        return int(self._size)

    @property
    def max_unsettled(self) -> int:
        """The maximum number of rows that can fail in a row before it is known that the endpoint is down."""
        return 2 * (max(MIN_FAULTS, self._maximum, self.deferred_rows) + MAX_PROBES)

    @property
    def in_flight(self) -> int:
        """The requests that have started and not finished."""
        return len(self._in_flight)

    @property
    def is_open(self) -> bool:
        """Whether nothing goes through."""
        return self.open_since is not None

    def pause(self, time_s: float) -> float:
        """Return the seconds for which the run waits for the endpoint."""
        return max(0.0, self._paused_until - time_s)

    def wait(self, time_s: float, tokens: float = 0) -> float:
        """Return the seconds until the next call; 0 if a request may go out at once. With a `stop_cause`, none may.

        Args:
            time_s: The time, on a clock that never goes back.
            tokens: The tokens that the request may take.
        """
        is_probing = self.is_open and any(number >= self._first_after_fault for number in self._in_flight)
        self._is_full = not self.is_open and self.in_flight >= self.capacity
        poll = POLL_S if self.stop_cause or is_probing or self._is_full else 0.0
        return max(poll, self.external_wait(time_s, tokens))

    def external_wait(self, time_s: float, tokens: float = 0) -> float:
        """Return the seconds until the endpoint takes another request, by its rate limits and its pauses."""
        limits = max(self._buckets["requests"].wait(time_s, 1), self._buckets["tokens"].wait(time_s, tokens))
        return min(max(limits, self.pause(time_s)), self._policy.wait_max)

    def start(self, tokens: float = 0) -> int:
        """Count a request that goes out, also against the rate limits.

        Returns:
            Its number, for `finish`.
        """
        self._number += 1
        self._in_flight[self._number] = tokens
        self._buckets["requests"].spend(1)
        self._buckets["tokens"].spend(tokens)
        return self._number

    def send_delay(self, number: int, time_s: float) -> float:  # noqa: ARG002 (a leased limiter has one)
        """Return the seconds until a request whose intent is on disk may go out; 0 if it goes out now."""
        return 0.0

    def finish(self, time_s: float, reply: Completion | TransportError | None, number: int | None = None) -> None:
        """Learn from the reply to a request.

        Args:
            time_s: The time.
            reply: The reply; None if the request was abandoned, or never sent.
            number: The request's number; by default the oldest one's in flight.
        """
        number = next(iter(self._in_flight)) if number is None else number
        self._in_flight.pop(number)
        if reply is None:
            return
        self._update_buckets(time_s, reply.limits)
        if isinstance(reply, TransportError) and reply.retryable:
            self._slow_down(time_s, reply, is_late=number < self._first_after_fault)
            return
        if isinstance(reply, TransportError):
            self.stop_if_fatal(reply)
        self._speed_up(is_answer=isinstance(reply, Completion))

    def finish_row(self, error: StructkitError | None, *, is_own_fault: bool = False) -> None:
        """Learn from how a row ended: with a value (None), or this error. Rows rejected for one reason end the run.

        A single rejection does not count: it may concern the mode, which the row's conversation then changes.

        Args:
            error: How it ended.
            is_own_fault: Whether it is known that the endpoint rejects this row and serves others; it does not count.
        """
        if not isinstance(error, TransportError):
            self.has_answered, self._rejections = True, 0
            return
        reading = read_error(error)
        is_suspect = getattr(error, "status_code", 0) in SUSPECT_STATUSES or reading.kind in FATAL_KINDS
        may_pass = error.retryable and not reading.is_rate_limit  # a row ends with a limit if it has waited in vain
        if is_own_fault or may_pass or (self.has_answered and not is_suspect):
            return
        rejection = rejection_reason(error)
        self._rejections = self._rejections + 1 if rejection == self._last_rejection else 1
        self._last_rejection = rejection
        if self._rejections >= max(MIN_FAULTS, self._maximum if self.has_answered else self.deferred_rows):
            self.stop_cause = self.stop_cause or StopCause(
                "endpoint", f"{self._rejections} rows in a row were rejected: {error}"
            )

    def stop_if_fatal(self, rejection: TransportError) -> None:
        """End the run if the endpoint rejects every row as it rejects this one."""
        reading = read_error(rejection)
        is_stated_key = reading.kind == "credentials" and reading.source == "statement"  # a firewall may write it, too
        is_certain = reading.kind in FATAL_KINDS and reading.is_certain and not is_stated_key
        is_likely = reading.kind in FATAL_KINDS or _is_forbidden(rejection)
        # A firewall may reject this row with a 403, or a message quote a row about money: other rows have to tell.
        is_row_suspect = self.has_answered or self.is_proven or self.deferred_rows
        if is_certain or (is_likely and not is_row_suspect):
            self.stop_cause = self.stop_cause or StopCause("endpoint", str(rejection))

    def _update_buckets(self, time_s: float, limits: tuple[RateLimit, ...]) -> None:
        if not limits:
            return
        in_flight = {"requests": self.in_flight, "tokens": sum(self._in_flight.values())}
        for limit in limits:
            self._buckets[limit.kind].update(limit, time_s, in_flight[limit.kind])

    def _speed_up(self, *, is_answer: bool) -> None:
        """Note that the endpoint is up. If it was down, start again with a few requests, up to the earlier size."""
        self.has_answered = self.has_answered or is_answer
        if self.is_open:
            self.open_since = None
            self._size = min(float(INITIAL_CONCURRENCY), self._before_faults[0])
            self._threshold = max(self._before_faults)
        elif is_answer and (self._is_full or self.in_flight + 1 >= self.capacity):
            growth = 1 if self._size < self._threshold else 1 / self._size
            self._size = min(float(self._maximum), self._size + growth)
        self._faults = self._fault_rounds = self._probes = 0
        self.last_fault = ""

    def _slow_down(self, time_s: float, fault: TransportError, *, is_late: bool) -> None:
        """Halve the concurrency, once for all requests that were in flight; stop after too many probes."""
        if not self._faults:
            self._before_faults = self._size, self._threshold
        self._faults += 1
        self.last_fault = shorten(escape_controls(str(fault), keep=""), MAX_FAULT_CHARS)
        opens = not self.is_open and self._faults >= max(MIN_FAULTS, self._before_faults[0])
        is_limit = read_error(fault).is_rate_limit
        if opens and not is_limit:
            self._fault_rounds = 0  # the waits for an endpoint that is down grow from the first probe on
        backoff = self._backoff()  # counts the rounds before this one
        if not is_late:
            self._first_after_fault = self._number + 1
            self._fault_rounds += 1
            self._size = max(1.0, min(self._size / 2, INITIAL_CONCURRENCY))
            self._threshold = max(1.0, self._before_faults[0] / 2)
        self._probes += self.is_open and not (is_late or is_limit)
        if self._probes >= MAX_PROBES * (1 + self.has_answered):
            self.stop_cause = self.stop_cause or StopCause(
                "endpoint", f"the endpoint failed {self._faults} times in a row: {fault}"
            )
        self.open_since = time_s if opens else self.open_since
        pauses = opens or (not is_late and (is_limit or self.is_open))
        wait = fault.retry_after or (backoff if pauses else 0.0)
        self._paused_until = max(self._paused_until, time_s + min(wait, self._policy.wait_max))

    def _backoff(self) -> float:
        max_backoff = min(self._policy.wait_max, self._policy.wait_initial * 2.0 ** min(self._fault_rounds, 30))
        return self._random.uniform(0.5, 1) * max_backoff


def _is_forbidden(rejection: TransportError) -> bool:
    """Return whether a 403 is about neither the prompt nor the mode, of which the conversation tries the next one."""
    is_about_request = read_error(rejection).kind in {"filtered", "file", "unsupported_mode"}
    return getattr(rejection, "status_code", 0) == FORBIDDEN and not is_about_request


def rejection_reason(error: StructkitError) -> str:
    """Return the message of a rejection without request ids and the like, so that equal reasons are equal texts.

    >>> rejection_reason(StructkitError("too long (request a17b)"))
    'too long (request #)'
    """
    return re.sub(r"\w*\d\w*", "#", str(error))
