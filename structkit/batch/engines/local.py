"""The `local` engine: a fixed number of workers in this process, each taking the next row when it is free."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from structkit.batch.engines.cached_replies import is_from_cache
from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.replay import RowReplies, ends_with_fault, is_rejected_again
from structkit.batch.engines.row_chunks import RowChunks
from structkit.batch.engines.row_tools import RowTools
from structkit.batch.engines.sender import RequestSender, is_among
from structkit.batch.engines.stop import RunStopped, StopCause
from structkit.batch.matching import MatchedRow
from structkit.batch.outcome import (
    AMBIGUOUS_OUTCOME,
    UNREADABLE_OUTCOME,
    Outcome,
    outcome_of,
    outcome_of_error,
)
from structkit.client.steps import next_step
from structkit.errors import ConfigError, PromptError, StructkitError, TransportError
from structkit.extraction import UNFINISHED_STEPS, ToolStep
from structkit.journal.row_state import Exchange, RowState
from structkit.tables.records import Record
from structkit.values import Request
from structkit.values.result import sum_costs


class LocalEngine:
    """Sends the requests of a run from this process."""

    def __init__(self, context: RunContext) -> None:
        """Prepare a run; nothing is sent."""
        self.context = context
        self._sender = RequestSender(context)
        self._rejected_rows = deque[tuple[Record, Outcome]]()

    async def run(self, rows: Iterator[MatchedRow]) -> None:
        """See `Engine.run`."""
        errors: list[Exception] = []
        rows = rows if self.context.is_offline else self._defer_failed(rows)

        async def work() -> None:
            try:
                for record, row in rows:  # shared by all workers: in one event loop, each row is taken by one of them
                    await self._finish_row(record, row)
                    if self.stop_cause:
                        return
            except RunStopped as error:
                self.stop(error.cause)
            except Exception as error:  # noqa: BLE001 (raised below, when the requests in flight have their replies)
                errors.append(error)
                self.stop(StopCause("left", str(error)))

        async with asyncio.TaskGroup() as group:
            for _ in range(self.context.max_rows):
                group.create_task(work())
        if errors:
            raise errors[0]
        self._settle_rejected(self.context.limiter.max_unsettled if self.stop_cause else 0)

    def _defer_failed(self, rows: Iterator[MatchedRow]) -> Iterator[MatchedRow]:
        """Yield the rows; those whose last reply in an earlier run was an error of the endpoint come after all others.

        If the endpoint fails only for these rows, the others show that it works, and they do not stop every run.
        """
        limiter, deferred = self.context.limiter, list[MatchedRow]()
        for record, row in rows:
            if row and ends_with_fault(row.exchanges):
                deferred.append((record, row))
                limiter.deferred_rows = len(deferred)
            else:
                yield record, row
        limiter.deferred_rows = 0
        yield from deferred

    def stop(self, cause: StopCause) -> None:
        """See `Engine.stop`."""
        self._sender.stop(cause)

    @property
    def stop_cause(self) -> StopCause | None:
        """See `Engine.stop_cause`."""
        return self._sender.stop_cause

    @property
    def in_flight(self) -> int:
        """See `Engine.in_flight`."""
        return self.context.limiter.in_flight

    @property
    def pause(self) -> float:
        """See `Engine.pause`."""
        return self.context.limiter.pause(time.monotonic())

    async def _finish_row(self, record: Record, row: RowState | None) -> None:
        """Finish one row: its conversation receives the stored replies first, and only the remaining requests are sent.

        Raises:
            RunStopped: The run ends first.
        """
        context, exchanges = self.context, row.exchanges if row else ()
        if context.hold_ambiguous and exchanges and exchanges[-1].reply is None and not context.is_offline:
            return context.finish_row(record, AMBIGUOUS_OUTCOME)
        if not exchanges and (outcome := context.blank_outcome(record)):
            return context.finish_row(record, outcome)
        try:
            conversation: Any = await context.start(record)
        except Exception as error:
            if isinstance(error, ConfigError) and not isinstance(error, PromptError):
                raise  # it concerns every row
            return context.finish_row(record, outcome_of_error(error))
        row_replies = RowReplies(exchanges, is_offline=context.is_offline)
        converse = partial(self._converse, record, row_replies, RowTools(context, record, row))
        is_divided = isinstance(conversation, RowChunks)
        step = await (conversation.join(converse) if is_divided else converse(conversation))
        if step is None:
            return self._finish_offline(record, exchanges)
        return self._finish(record, step, has_sent=row_replies.has_sent, exchanges=exchanges)

    async def _converse(
        self, record: Record, row_replies: RowReplies, tools: RowTools, step: Any, chunk: str = ""
    ) -> Any:
        """Return the result or the error of a conversation: with the stored replies, then with new ones.

        It is None if the conversation needs a reply that is not stored, and nothing may be sent.
        """
        context = self.context
        while isinstance(step, UNFINISHED_STEPS):
            if isinstance(step, ToolStep):
                if (step := await self._call_tools(step, tools)) is None:
                    return None
                continue
            last, replies, sent = step, [], list[Request]()
            try:
                for request in step.requests:
                    if (reply := next(row_replies.stored, None)) is None and context.is_offline:
                        return None
                    if reply is None:
                        number = row_replies.number + 1
                        row_replies.number, reply = await self._sender.send(record, number, request, sent, chunk)
                        row_replies.has_sent = row_replies.has_sent or not is_from_cache(reply)
                    replies.append(reply)
                step = await next_step(last, replies, context.learn)
                context.hooks.notify_attempts((), [each for each in step.attempts if is_among(each.request, sent)])
            except BaseException as error:
                context.hooks.notify_abort(sent, error)
                raise
        return step

    async def _call_tools(self, step: ToolStep, tools: RowTools) -> Any:
        """Return the step after calls of tools; None if one of them has no stored result and nothing may be called.

        Raises:
            RunStopped: The run ends first.
        """
        if not tools.are_stored(step):
            if self.context.is_offline:
                return None
            self._sender.raise_if_stopped()
        return await tools.next_step(step)

    def _finish(self, record: Record, step: Any, *, has_sent: bool, exchanges: tuple[Exchange, ...]) -> None:
        """Finish a row. A rejected row is finished only once the endpoint has answered another row.

        If it answers none, the fault is not the row's, and the row stays open for the next run.

        Raises:
            RunStopped: The endpoint answers no row.
        """
        context, is_rejected = self.context, isinstance(step, TransportError)
        if has_sent:
            error = step if isinstance(step, StructkitError) else None
            is_own_fault = is_rejected_again(exchanges, error, context.limiter)
            context.limiter.finish_row(error, is_own_fault=is_own_fault)
        cause = context.limiter.stop_cause
        if cause and is_rejected:
            raise RunStopped(cause)
        replies = [(each.request.model, each.completion) for each in step.attempts if each.completion is not None]
        costs = [context.prices.cost(model, reply) for model, reply in replies]
        outcome = outcome_of(step, context.response_format, sum_costs(costs))
        if is_rejected:
            self._rejected_rows.append((record, outcome))
        else:
            context.finish_row(record, outcome)
        self._settle_rejected(context.limiter.max_unsettled if is_rejected or cause or not has_sent else 0)

    def _settle_rejected(self, max_unsettled: int) -> None:
        """Finish rejected rows, oldest first, until *max_unsettled* are left."""
        while len(self._rejected_rows) > max_unsettled:
            self.context.finish_row(*self._rejected_rows.popleft())

    def _finish_offline(self, record: Record, exchanges: tuple[Exchange, ...]) -> None:
        """Fail a row that has stored replies but needs one more request; a row without replies stays open."""
        if any(exchange.reply for exchange in exchanges):
            self.context.finish_row(record, UNREADABLE_OUTCOME)
