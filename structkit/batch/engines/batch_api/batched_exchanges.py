"""The requests of one row, which wait for a batch; see `RowExchanges`."""

from __future__ import annotations

from typing import Any

from structkit.batch.engines.batch_api.collector import RequestCollector, digest
from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.replay import exchanges_to_replay
from structkit.errors import TransportError
from structkit.journal.row_state import Exchange
from structkit.tables.records import Record
from structkit.transport import TransportReply
from structkit.transport.retries import max_retries
from structkit.values import Request


class BatchedExchanges:
    """The requests of one row: what has a stored reply is not sent, and what has none goes into the next batch.

    Attributes:
        has_sent: Whether a reply has arrived in this run.
    """

    def __init__(
        self, context: RunContext, collector: RequestCollector, record: Record, exchanges: tuple[Exchange, ...]
    ) -> None:
        """Start before the first stored reply.

        A failure of an earlier run does not count: what was wrong then, such as a key, may be right now.
        """
        self._context, self._collector, self._record = context, collector, record
        has_failed = record.ordinal in collector.failures
        self._stored = exchanges_to_replay(exchanges, with_last_failures=has_failed)
        self._number = max((exchange.number for exchange in exchanges if exchange.reply), default=0)
        self.has_sent = False

    async def replies_to(self, step: Any, sent: list[Request], chunk: str) -> list[TransportReply] | None:
        """See `RowExchanges.replies_to`."""
        digests = [digest(chunk + request.text) for request in step.requests]
        stored = self._take_stored(digests)
        replies = [
            await self._reply_to(request, exchange, sent, chunk)
            for request, exchange in zip(step.requests, stored, strict=True)
        ]
        complete = [reply for reply in replies if reply is not None]
        return complete if len(complete) == len(replies) else None

    def _take_stored(self, digests: list[str]) -> list[Exchange | None]:
        """Return the stored exchange of each request of a step.

        A batch may have answered only some of them, so several are recognized by their digests.
        """
        if len(digests) == 1 or not {each.request for each in self._stored} & {*digests}:
            first = self._stored[: len(digests)]
            del self._stored[: len(digests)]
            return [*first, *[None] * (len(digests) - len(first))]
        last = {exchange.request: exchange for exchange in self._stored}  # a retried request has two
        self._stored = [exchange for exchange in self._stored if exchange.request not in digests]
        return [last.get(each) for each in digests]

    async def _reply_to(
        self, request: Request, exchange: Exchange | None, sent: list[Request], chunk: str
    ) -> TransportReply | None:
        """Return the stored reply to a request; None if it has none, or one that is retried: it is then collected."""
        reply = None if exchange is None else exchange.reply
        if exchange is None or reply is None or self._may_retry(exchange):
            self._number += 1
            return await self._collector.collect(self._record, self._number, request, chunk + request.text)
        if (self._record.ordinal, exchange.number) in self._collector.new_replies:
            self.has_sent = True
            sent.append(request)
            self._context.hooks.notify_request(request)
            self._context.hooks.notify_reply(request, reply)
        return reply

    def _may_retry(self, exchange: Exchange) -> bool:
        error = exchange.reply
        if not isinstance(error, TransportError) or not error.retryable:
            return False
        count = self._collector.failure_count(self._record.ordinal, exchange.request)
        return count <= max_retries(error, self._context.policy)
