"""One row of a run, from its conversation to its outcome; an engine decides how its requests are answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.replay import is_rejected_again
from structkit.batch.engines.row_chunks import RowChunks
from structkit.batch.engines.row_tools import RowTools
from structkit.batch.engines.sender import is_among
from structkit.batch.engines.stop import RunStopped, StopCause
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
from structkit.transport import TransportReply
from structkit.values import Request
from structkit.values.result import sum_costs


class RowExchanges(Protocol):
    """The requests of one row and their replies: stored ones first, then what the engine gets from the endpoint."""

    @property
    def has_sent(self) -> bool:
        """Whether a reply is from the endpoint and of this run."""
        ...

    async def replies_to(self, step: Any, sent: list[Request], chunk: str) -> list[TransportReply] | None:
        """Return the replies to the requests of a step, in order; None if the row has to wait, or nothing may be sent.

        Args:
            step: The step of the row's conversation.
            sent: Each request is appended before the hooks are called for it.
            chunk: Which chunk of the row's text it is about; empty if the text is not divided.

        Raises:
            RunStopped: The run ends first.
            PromptError: The row's request cannot be sent.
        """
        ...


class RowRunner:
    """Takes rows through their conversations, and stores their outcomes."""

    def __init__(
        self,
        context: RunContext,
        open_row: Callable[[Record, tuple[Exchange, ...]], RowExchanges],
        stop_cause: Callable[[], StopCause | None],
    ) -> None:
        """Prepare a run; nothing is sent.

        Args:
            context: What the rows share.
            open_row: Returns the exchanges of a row, from those that the journal has.
            stop_cause: Returns why nothing more is sent; None while it is.
        """
        self._context, self._open_row, self._stop_cause = context, open_row, stop_cause
        self._rejected_rows = deque[tuple[Record, Outcome]]()

    async def finish_row(self, record: Record, row: RowState | None) -> None:
        """Finish one row, or leave it open if it has to wait: stored replies are received first.

        Raises:
            RunStopped: The run ends first.
        """
        context, exchanges = self._context, row.exchanges if row else ()
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
        row_exchanges = self._open_row(record, exchanges)
        converse = partial(self._converse, row_exchanges, RowTools(context, record, row))
        is_divided = isinstance(conversation, RowChunks)
        try:
            step = await (conversation.join(converse) if is_divided else converse(conversation))
        except PromptError as error:
            return context.finish_row(record, outcome_of_error(error))
        if step is None:
            return self._finish_offline(record, exchanges) if context.is_offline else None
        return self._finish(record, step, has_sent=row_exchanges.has_sent, exchanges=exchanges)

    async def _converse(self, row_exchanges: RowExchanges, tools: RowTools, step: Any, chunk: str = "") -> Any:
        """Return the result or the error of a conversation: with the stored replies, then with new ones.

        It is None if the conversation needs a reply that is not there yet, or not stored where nothing may be sent.
        """
        context = self._context
        while isinstance(step, UNFINISHED_STEPS):
            if isinstance(step, ToolStep):
                if (step := await self._call_tools(step, tools)) is None:
                    return None
                continue
            last, sent = step, list[Request]()
            try:
                if (replies := await row_exchanges.replies_to(step, sent, chunk)) is None:
                    return None
                step = await next_step(last, replies, context.learn, context.cache)
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
            if self._context.is_offline:
                return None
            if cause := self._stop_cause():
                raise RunStopped(cause)
        return await tools.next_step(step)

    def _finish(self, record: Record, step: Any, *, has_sent: bool, exchanges: tuple[Exchange, ...]) -> None:
        """Finish a row. A rejected row is finished only once the endpoint has answered another row.

        If it answers none, the fault is not the row's, and the row stays open for the next run.

        Raises:
            RunStopped: The endpoint answers no row.
        """
        context, is_rejected = self._context, isinstance(step, TransportError)
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
        self.settle_rejected(context.limiter.max_unsettled if is_rejected or cause or not has_sent else 0)

    def settle_rejected(self, max_unsettled: int) -> None:
        """Finish rejected rows, oldest first, until *max_unsettled* are left."""
        while len(self._rejected_rows) > max_unsettled:
            self._context.finish_row(*self._rejected_rows.popleft())

    def _finish_offline(self, record: Record, exchanges: tuple[Exchange, ...]) -> None:
        """Fail a row that has stored replies but needs one more request; a row without replies stays open."""
        if any(exchange.reply for exchange in exchanges):
            self._context.finish_row(record, UNREADABLE_OUTCOME)
