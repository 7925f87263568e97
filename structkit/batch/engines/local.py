"""The `local` engine: a fixed number of workers in this process, each taking the next row when it is free."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from structkit.batch.engines.cached_replies import is_from_cache
from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.replay import RowReplies, ends_with_fault
from structkit.batch.engines.row_runner import RowRunner
from structkit.batch.engines.sender import RequestSender
from structkit.batch.engines.stop import StopCause
from structkit.batch.engines.workers import run_workers
from structkit.batch.matching import MatchedRow
from structkit.journal.row_state import Exchange
from structkit.tables.records import Record
from structkit.transport import TransportReply
from structkit.values import Request


class LocalEngine:
    """Sends the requests of a run from this process."""

    def __init__(self, context: RunContext) -> None:
        """Prepare a run; nothing is sent."""
        self.context = context
        self._sender = RequestSender(context)
        self._runner = RowRunner(context, self._open_row, lambda: self.stop_cause)

    async def run(self, rows: Iterable[MatchedRow]) -> None:
        """See `Engine.run`."""
        await run_workers(self, self._runner, iter(rows) if self.context.is_offline else self._defer_failed(rows))
        self._runner.settle_rejected(self.context.limiter.max_unsettled if self.stop_cause else 0)

    def _defer_failed(self, rows: Iterable[MatchedRow]) -> Iterator[MatchedRow]:
        """Yield the rows; those whose last reply in an earlier run was an error of the endpoint come after all others.

        If the endpoint fails only for these rows, the others show that it works, and they do not stop every run. Among
        them, those with the most requests come last: an outage may have made the others fail.
        """
        limiter, deferred = self.context.limiter, list[tuple[int, MatchedRow]]()
        for record, row in rows:
            if row and ends_with_fault(row.exchanges):
                deferred.append((len(row.exchanges), (record, row)))
                limiter.deferred_rows = len(deferred)
            else:
                yield record, row
        limiter.deferred_rows = 0
        yield from (matched for _, matched in sorted(deferred, key=itemgetter(0)))

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

    @property
    def last_fault(self) -> str:
        """See `Engine.last_fault`."""
        return self.context.limiter.last_fault

    def _open_row(self, record: Record, exchanges: tuple[Exchange, ...]) -> LocalExchanges:
        return LocalExchanges(self._sender, record, RowReplies(exchanges, is_offline=self.context.is_offline))


class LocalExchanges:
    """The requests of one row, each sent when the conversation needs its reply; see `RowExchanges`."""

    def __init__(self, sender: RequestSender, record: Record, row_replies: RowReplies) -> None:
        """Start before the first stored reply."""
        self._sender, self._record, self._row_replies = sender, record, row_replies

    @property
    def has_sent(self) -> bool:
        """See `RowExchanges.has_sent`."""
        return self._row_replies.has_sent

    async def replies_to(self, step: Any, sent: list[Request], chunk: str) -> list[TransportReply] | None:
        """See `RowExchanges.replies_to`."""
        row_replies, replies = self._row_replies, list[TransportReply]()
        transmit = self._sender.transmission(step)
        for request in step.requests:
            if (reply := next(row_replies.stored, None)) is None and self._sender.context.is_offline:
                return None
            if reply is None:
                number = row_replies.number + 1
                row_replies.number, reply = await self._sender.send(
                    self._record, number, request, sent, chunk, transmit
                )
                row_replies.has_sent = row_replies.has_sent or not is_from_cache(reply)
            replies.append(reply)
        return replies
