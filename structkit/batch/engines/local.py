"""One run of a job: a fixed number of workers, each taking the next row and folding its conversation."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from structkit.batch.engines.limiter import Limiter
from structkit.batch.outcome import outcome_of
from structkit.batch.report import Reason
from structkit.client.hooks import NO_HOOKS, Hooks
from structkit.client.steps import next_step
from structkit.costs.budget import Budget, estimate_tokens
from structkit.errors import ConfigError, PromptError, StatusError, StructkitError, TransportError
from structkit.extraction import Conversation, Extraction, SplitExtraction
from structkit.journal.journal import Journal
from structkit.journal.row_state import Exchange, Kept, State
from structkit.schema import ResponseFormat
from structkit.tables.records import Record
from structkit.transport import AsyncTransport, Reply
from structkit.values import JSON, Completion, Policy, Request

TOO_MANY = 429


class Stopped(Exception):
    """The run ends before its rows do; the message says why."""

    def __init__(self, why: str, reason: Reason = "endpoint") -> None:
        """In words, and for programs."""
        super().__init__(why)
        self.reason: Reason = reason


@dataclass
class Run:
    """What the rows of one run share.

    Args:
        begin: The conversation about a row.
        wanted: The type.
        journal: Where everything is written before it counts.
        transport: The way to the endpoint.
        limiter: When the next request may go out.
        budget: What may still be spent.
        cost: What a reply cost; None where that is not known.
        estimate: What a request may cost at most.
        policy: How hard to try.
        learnt: Is told what a step of a conversation found out of the route.
        hold: Whether a row whose last request may have been answered is held back instead of asked again.
        offline: Whether nothing is sent: replies that are kept are read as another type.
        told: Is called with the state and the outcome of each row that ends.
        hooks: Are told of each request that is sent, and what came of it; of kept replies they were told before.
        doubted: Rows that the endpoint refused, with their ends, until it is seen to serve another.
        stopping: That no further request is to go out.
        line: In which requests stand for their turn; only the first asks for it, again and again.
    """

    begin: Callable[[Record], Awaitable[Conversation]]
    wanted: ResponseFormat[Any]
    journal: Journal
    transport: AsyncTransport
    limiter: Limiter
    budget: Budget
    cost: Callable[[Reply], Decimal | None]
    estimate: Callable[[Request], Decimal]
    policy: Policy
    learnt: Callable[[Any, Any, list[Reply]], None]
    hold: bool = False
    offline: bool = False
    told: Callable[[State, JSON], None] = lambda state, outcome: None  # noqa: ARG005 (nobody listens)
    hooks: Hooks = NO_HOOKS
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    line: asyncio.Lock = field(default_factory=asyncio.Lock)
    why: str = ""
    reason: Reason = "left"
    doubted: deque[tuple[Record, State, JSON]] = field(default_factory=deque)

    @cached_property
    def once(self) -> Policy:
        """How hard the transport tries: each sending has an intent of its own."""
        return replace(self.policy, retries=0)

    async def rows(self, records: Iterator[tuple[Record, Kept | None]], workers: int) -> None:
        """Take every row to its end, or as far as the run goes; each worker takes the next row when it is free.

        Raises:
            JobError: The source or the journal failed; what was under way has ended, and is in the journal.
        """
        errors: list[Exception] = []

        async def work() -> None:
            try:
                for record, kept in records:  # of all workers: in one event loop, no row is taken twice
                    await self.row(record, kept)
                    if self.stopping.is_set():
                        return
            except Stopped as stop:
                self.stop(str(stop), stop.reason)
            except Exception as error:  # noqa: BLE001 (raised below, when the requests under way have their replies)
                errors.append(error)
                self.stop(str(error))

        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
        if errors:
            raise errors[0]
        self.settle(self.limiter.patience if self.stopping.is_set() else 0)

    def stop(self, why: str, reason: Reason = "left") -> None:
        """Let no further request go out; what is under way is waited for. The first reason stands."""
        if not self.stopping.is_set():
            self.why, self.reason = why, reason
        self.stopping.set()

    async def row(self, record: Record, kept: Kept | None) -> None:
        """One row to its end: what the journal holds is folded first, and only the rest is asked.

        Raises:
            Stopped: The run ends first.
        """
        exchanges = kept.exchanges if kept else ()
        if self.hold and exchanges and exchanges[-1].reply is None and not self.offline:
            return self.conclude(record, "held", {"message": "the last request may have been answered and paid for"})
        try:
            step: Any = await self.begin(record)
        except Exception as error:
            if isinstance(error, ConfigError) and not isinstance(error, PromptError):
                raise  # it concerns every row
            return self.conclude(record, "failed", {"error": type(error).__name__, "message": str(error)})
        return await self.fold(record, step, exchanges)

    async def fold(self, record: Record, step: Any, exchanges: tuple[Exchange, ...]) -> None:
        """A row's conversation: what is kept of it, and then what is asked."""
        past = iter(_replies(exchanges, only_these=self.offline))
        number = before = max((each.number for each in exchanges if each.reply), default=0)  # a lost one: once more
        while isinstance(step, Extraction | SplitExtraction):
            last, replies, sent = step, [], list[Request]()
            with self.hooks.report_aborts(sent):
                for request in step.requests:
                    if (reply := next(past, None)) is None and self.offline:
                        return self.unreadable(record, exchanges)
                    if reply is None:
                        number, reply = await self.ask(record, number + 1, request, sent)
                    replies.append(reply)
                step = await next_step(last, replies, self.learnt)
                self.hooks.notify_attempts((), [each for each in step.attempts if _is_among(each.request, sent)])
        return self.end(record, step, asked=number > before)

    def end(self, record: Record, step: Any, *, asked: bool) -> None:
        """A row has ended; one that the endpoint refused, when the endpoint is seen to serve another.

        If nobody is served, that is no fault of the row's, and it stays open for the next run.

        Raises:
            Stopped: So it is.
        """
        if asked:
            self.limiter.concluded(step if isinstance(step, StructkitError) else None)
        verdict, is_refused = self.limiter.verdict, isinstance(step, TransportError)
        if verdict and is_refused:
            raise Stopped(verdict.reason)
        costs = [self.cost(each.completion) for each in step.attempts if each.completion is not None]
        ended = record, *outcome_of(step, self.wanted, sum_costs(costs))
        if is_refused:
            self.doubted.append(ended)
        else:
            self.conclude(*ended)
        self.settle(self.limiter.patience if is_refused or verdict or not asked else 0)

    def settle(self, most: int) -> None:
        """Conclude the rows that were refused, but for the last few."""
        while len(self.doubted) > most:
            self.conclude(*self.doubted.popleft())

    def unreadable(self, record: Record, exchanges: tuple[Exchange, ...]) -> None:
        """A row that could only go on with a request, though nothing is sent; one never asked for stays open."""
        if any(each.reply for each in exchanges):
            message = "the replies that are kept come to no value of this type; asking for failed rows again may help"
            self.conclude(record, "failed", {"error": "InvalidOutput", "message": message})

    def conclude(self, record: Record, state: State, outcome: JSON) -> None:
        """A row ends."""
        self.journal.conclude(record.ordinal, state, outcome, key=record.key, digest=record.digest)
        self.told(state, outcome)

    async def ask(self, record: Record, number: int, request: Request, sent: list[Request]) -> tuple[int, Reply]:
        """The reply to a request, sent again as long as that may help; with the number of the last sending.

        Once the request has gone out for the first time, it is among those that were *sent*.

        Raises:
            Stopped: The run ends first.
        """
        failures = 0
        while True:
            reply = await self.send(record, number, request, sent)
            if isinstance(reply, Completion) or not reply.retryable:
                break
            failures += not (isinstance(reply, StatusError) and reply.status_code == TOO_MANY)
            if failures > self.policy.retries:
                break
            number += 1
        self.hooks.notify_reply(request, reply)
        return number, reply

    async def send(self, record: Record, number: int, request: Request, sent: list[Request]) -> Reply:
        """One request: its cost set aside, written down, sent, and its reply written down.

        Raises:
            Stopped: The run ends first: it was told to, or the budget is used up.
        """
        tokens = sum(estimate_tokens(str(message.content)) for message in request.messages)
        async with self.line:
            turn = await self.turn(tokens)
        reserved = self.estimate(request)
        if not self.budget.reserve(reserved):
            self.limiter.ended(time.monotonic(), None, turn)
            raise Stopped("the budget is used up", "budget")
        reply: Reply | None = None
        try:
            if not _is_among(request, sent):
                sent.append(request)
                self.hooks.notify_request(request)
            named = record.ordinal, record.key, record.digest
            await self.journal.intended(*named, number, _digest(request))
            reply = await self.transport.send(request, self.once)
            self.journal.answer(record.ordinal, number, reply)
            return reply
        finally:
            self.limiter.ended(time.monotonic(), reply, turn)
            self.budget.settle(reserved, Decimal(0) if reply is None else self.cost(reply))

    async def turn(self, tokens: int) -> int:
        """Wait until the next request may go out; with its number for the limiter.

        Raises:
            Stopped: The run ends first.
        """
        while not self.stopping.is_set():
            if verdict := self.limiter.verdict:
                raise Stopped(verdict.reason)
            wait = self.limiter.wait(time.monotonic(), tokens)
            if wait <= 0:
                return self.limiter.began(time.monotonic(), tokens)
            try:
                await asyncio.wait_for(self.stopping.wait(), wait)
            except TimeoutError:
                continue
        raise Stopped(self.why, self.reason)


def _replies(exchanges: tuple[Exchange, ...], *, only_these: bool) -> list[Reply]:
    """What a conversation is told of its past: nothing that was sent again, or would be now, as after a wrong key."""
    answered = [each for each in exchanges if each.reply is not None]
    last = answered[-1].request if answered else ""
    while (
        not only_these and answered and answered[-1].request == last and isinstance(answered[-1].reply, TransportError)
    ):
        del answered[-1]
    later = [*(each.request for each in answered[1:]), None]
    return [
        each.reply for each, request in zip(answered, later, strict=False) if each.reply and each.request != request
    ]


def _is_among(request: Request, sent: list[Request]) -> bool:
    """Whether it is one of them, not one like them: rows of equal content have equal requests."""
    return any(request is each for each in sent)


def _digest(request: Request) -> str:
    return hashlib.sha256(request.text.encode("utf-8", "replace")).hexdigest()


def sum_costs(costs: list[Decimal | None]) -> Decimal | None:
    """The costs together; None where one of them is not known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
