"""Sends the requests of a run one by one: within the limits and the budget, each in the journal before it goes out."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from random import Random

from structkit.batch.engines.cached_replies import find_cached_reply
from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.notification import Notification
from structkit.batch.engines.stop import RunStopped, StopCause, explain_budget
from structkit.batch.settings import MAX_REPLY_TOKENS
from structkit.client.send_requests import AsyncSend
from structkit.costs.budget import Reservation, estimate_prompt_tokens, reserve_tokens
from structkit.dialects.error_bodies import read_error
from structkit.extraction import Conversation
from structkit.extraction.loop_stop import stops_loops
from structkit.tables.records import Record
from structkit.transport import TransportReply
from structkit.transport.retries import max_retries
from structkit.transport.retry_events import notify_retry
from structkit.values import Completion, Policy, Request

MAX_STATED_LIMITS = 50
"""Rate limits that only a message states, no status and no code, after which a row is given up: its text may be quoted
in a rejection that starts like one."""

MAX_DOUBLINGS = 30
"""After so many failures, the wait before the next retry of a row grows no further."""

STOP_POLL_S = 0.1
"""Seconds after which a row that waits for its retry looks whether the run ends."""


@dataclass
class RequestSender:
    """Sends requests until it is stopped.

    Attributes:
        stop_cause: Why no further request goes out; None while they do.
    """

    context: RunContext
    stop_cause: StopCause | None = None
    # Only its holder waits for the budget and polls the limiter. If each reply woke a sender up, a run at its limit
    # would commit the intent of one request at a time; polling lets several out at once, which share a commit.
    _queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    _settlement: Notification = field(default_factory=Notification)
    _stop: Notification = field(default_factory=Notification)
    _random: Random = field(default_factory=Random)

    def stop(self, cause: StopCause) -> None:
        """Let no further request go out. The first reason counts."""
        self.stop_cause = self.stop_cause or cause
        self._settlement.notify()
        self._stop.notify()

    def transmission(self, step: Conversation) -> AsyncSend:
        """Return the function that sends the requests of a step."""
        transport = self.context.transport
        if not stops_loops(step):
            return transport.send
        from structkit.client.loop_stops import AsyncLoopStops

        return AsyncLoopStops(transport, step).send

    @cached_property
    def _policy(self) -> Policy:
        """The policy without retries by the transport: the journal must have an intent each time a request goes out."""
        return replace(self.context.policy, retries=0)

    async def send(
        self, record: Record, number: int, request: Request, sent: list[Request], chunk: str, transmit: AsyncSend
    ) -> tuple[int, TransportReply]:
        """Return the reply to a request, retried as long as that may help, and the number of the last try.

        Args:
            record: The row.
            number: Of the request within the row; each retry counts.
            request: What to send.
            sent: The request is appended before it goes out for the first time.
            chunk: Which chunk of the row's text it is about; empty if the text is not divided.
            transmit: Sends it once.

        Raises:
            RunStopped: The run ends first.
        """
        failures = stated_limits = 0
        while True:
            reply = await self._send_once(record, number, request, sent, chunk + request.text, transmit)
            if isinstance(reply, Completion) or not reply.retryable:
                break
            # A rate limit does not count: the limiter pauses, and the request will be answered.
            reading = read_error(reply)
            failures += not reading.is_rate_limit
            stated_limits += reading.is_rate_limit and reading.source == "statement"
            if failures > max_retries(reply, self.context.policy) or stated_limits > MAX_STATED_LIMITS:
                break
            number += 1
            wait = 0.0 if reading.is_rate_limit else self._backoff(failures)
            with self.context.hooks.report_retries(request):
                notify_retry(request.model, reply, max(wait, reply.retry_after or 0.0))
            await self._sleep(wait)
        self.context.hooks.notify_reply(request, reply)
        return number, reply

    def _backoff(self, failures: int) -> float:
        """Return the seconds before a row that has failed so often is sent again, as far as the limiter lets it."""
        policy = self.context.policy
        longest = min(policy.wait_max, policy.wait_initial * 2.0 ** min(failures - 1, MAX_DOUBLINGS))
        return self._random.uniform(0.5, 1) * longest

    async def _sleep(self, seconds: float) -> None:
        """Wait before a retry; other rows are sent meanwhile. A run that ends is not waited for."""
        looks = math.ceil(seconds / STOP_POLL_S)
        for _ in range(looks):
            if self.stop_cause or self.context.limiter.stop_cause:
                return
            await asyncio.sleep(seconds / looks)

    async def _send_once(
        self, record: Record, number: int, request: Request, sent: list[Request], identity: str, transmit: AsyncSend
    ) -> TransportReply:
        """Reserve the cost, store the intent, send the request, store the reply; a cached reply costs nothing."""
        context = self.context
        if (cached := await find_cached_reply(context.cache, request)) is not None:
            self._announce(request, sent)
            await self._intend(record, number, identity, Reservation(0, 0))
            context.journal.add_reply(record.ordinal, number, cached)
            return cached
        reservation = reserve_tokens(request.body, request.text, MAX_REPLY_TOKENS)
        reserved = reservation.cost(context.prices.of(request.model))
        permit = await self._wait_for_turn(request, reserved)
        reply: TransportReply | None = None
        is_sent = False
        try:
            self._announce(request, sent)
            await self._intend(record, number, identity, reservation)
            while delay := context.limiter.send_delay(permit, time.monotonic()):  # noqa: ASYNC110 (a time)
                await asyncio.sleep(delay)
            is_sent = True
            reply = await transmit(request, self._policy)
            context.journal.add_reply(record.ordinal, number, reply)
            return reply
        finally:
            context.limiter.finish(time.monotonic(), reply, permit)
            # A request that is cancelled in flight may be billed all the same.
            unanswered = None if is_sent else Decimal(0)
            actual = unanswered if reply is None else context.prices.cost(request.model, reply)
            self._settle(reserved, actual)

    def _announce(self, request: Request, sent: list[Request]) -> None:
        """Call the hooks before a request goes out for the first time."""
        if not is_among(request, sent):
            sent.append(request)
            self.context.hooks.notify_request(request)

    async def _intend(self, record: Record, number: int, identity: str, reservation: Reservation) -> None:
        """Store in the journal that a request is about to be sent."""
        row = record.ordinal, record.key, record.digest
        await self.context.journal.intend_async(*row, number, _digest(identity), reservation)

    async def _wait_for_turn(self, request: Request, cost: Decimal) -> int:
        """Reserve the cost of the next request, and wait until it may go out; return its number for the limiter.

        Raises:
            RunStopped: The budget is used up, or the run ends first.
        """
        tokens = estimate_prompt_tokens(request.messages)
        if (permit := self._start_at_once(tokens, cost)) is not None:
            return permit
        async with self._queue:
            await self._reserve(cost)
            try:
                return await self._wait_for_permit(tokens)
            except BaseException:
                self._settle(cost, Decimal(0))
                raise

    def _start_at_once(self, tokens: int, cost: Decimal) -> int | None:
        """Return the number of a request that need not wait, as most need not; None if it has to."""
        limiter = self.context.limiter
        if self._queue.locked() or self.stop_cause or limiter.stop_cause or limiter.wait(time.monotonic(), tokens) > 0:
            return None
        return limiter.start(tokens) if self.context.budget.reserve(cost) else None

    async def _reserve(self, cost: Decimal) -> None:
        """Reserve the cost of a request; if too little remains, wait for requests in flight to cost less."""
        budget = self.context.budget
        while not budget.reserve(cost):
            if cause := self.stop_cause or self.context.limiter.stop_cause:
                raise RunStopped(cause)
            if budget.is_used_up:
                raise RunStopped(StopCause("budget", explain_budget(budget, cost)))
            await self._settlement.wait(budget.poll_s)

    def _settle(self, reserved: Decimal, actual: Decimal | None) -> None:
        self.context.budget.settle(reserved, actual)
        self._settlement.notify()

    async def _wait_for_permit(self, tokens: int) -> int:
        """Wait until the next request may go out; return its number for the limiter."""
        limiter = self.context.limiter
        while self.stop_cause is None:
            if limiter.stop_cause:
                raise RunStopped(limiter.stop_cause)
            wait = limiter.wait(time.monotonic(), tokens)
            if wait <= 0:
                return limiter.start(tokens)
            await self._stop.wait(wait)
        raise RunStopped(self.stop_cause)


def is_among(request: Request, sent: list[Request]) -> bool:
    """Return whether it is one of these objects; an equal one may be the request of another row."""
    return any(request is each for each in sent)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
