"""Collects the requests of many rows into files: each is in the journal, with its batch, before its file goes out."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

from structkit.batch.engines.batch_api.batch_file import BatchFile, FileLine, custom_id, file_line
from structkit.batch.engines.batch_log import BatchLog
from structkit.batch.engines.cached_replies import find_cached_reply
from structkit.batch.engines.engine import RunContext
from structkit.batch.settings import MAX_REPLY_TOKENS
from structkit.costs.budget import Reservation, reserve_tokens
from structkit.dialects.batch_rules import BatchRules
from structkit.journal.row_state import BatchedRequest
from structkit.tables.records import Record
from structkit.transport import TransportReply
from structkit.values import Request


class RequestCollector:
    """Collects requests while there is money and space for them.

    Attributes:
        in_flight: By ordinal, how many requests of a row are in batches; it waits for all of them.
        new_replies: Ordinals and numbers of the requests that were answered since the last pass over the rows.
        failures: By ordinal, how often each request of a row has failed in this run, by its digest.
        max_requests: The most requests of one batch.
        max_batches: The most batches at the endpoint at once.
        excess_cost: What the first request of this pass that did not fit into the budget may cost; None if all did.
    """

    def __init__(
        self,
        context: RunContext,
        log: BatchLog,
        rules: BatchRules,
        fingerprint: str,
        submit: Callable[[BatchFile], Awaitable[None]],
    ) -> None:
        """Start with nothing.

        Args:
            context: What the rows share.
            log: The batches of the job.
            rules: The vendor's limits.
            fingerprint: A digest of what the requests depend on.
            submit: Sends a file that is full.
        """
        self._context, self._log, self._rules, self._fingerprint = context, log, rules, fingerprint
        self._submit = submit
        self._files: dict[str, BatchFile] = {}  # by model: a batch has one
        self._full_files: list[BatchFile] = []
        self.in_flight, self.failures = Counter[int](), defaultdict[int, Counter[str]](Counter)
        self.new_replies = set[tuple[int, int]]()
        self.max_requests, self.max_batches = rules.max_requests, math.inf
        self.excess_cost: Decimal | None = None

    async def collect(self, record: Record, number: int, request: Request, identity: str) -> TransportReply | None:
        """Put a request into a file, unless there is no money or space for it; return its reply if that is cached.

        Args:
            record: The row.
            number: Of the request within the row.
            request: The request.
            identity: Its text, and the chunk that it is about.

        Raises:
            PromptError: The request is too large for a batch.
        """
        context = self._context
        if (cached := await find_cached_reply(context.cache, request)) is not None:
            await self._intend(record, number, digest(identity), Reservation(0, 0), None)
            context.journal.add_reply(record.ordinal, number, cached)
            return cached
        reservation = reserve_tokens(request.body, request.text, MAX_REPLY_TOKENS)
        batched = BatchedRequest(record.ordinal, number, digest(identity), reservation)
        line = file_line(custom_id(batched), request, self._rules)
        if not self._has_space(line):
            return None
        cost = self.cost(batched, request.model)
        if self.excess_cost is not None or not context.budget.reserve(cost):
            self.excess_cost = cost if self.excess_cost is None else self.excess_cost
            return None
        file = self._open_file(line)
        file.write(line)
        self.in_flight[record.ordinal] += 1
        await self._intend(record, number, batched.request, reservation, file.record.key)
        return None

    def cost(self, request: BatchedRequest, model: str) -> Decimal:
        """Return the most that a request may cost."""
        return request.reservation.cost(self._context.prices.of(model))

    def failure_count(self, ordinal: int, request: str) -> int:
        """Return how often a request has failed in this run."""
        return self.failures[ordinal][request] if ordinal in self.failures else 0

    def release(self, ordinal: int) -> None:
        """Note that a request of a row is in no batch any more."""
        self.in_flight[ordinal] -= 1
        if self.in_flight[ordinal] <= 0:
            del self.in_flight[ordinal]

    def start_pass(self) -> None:
        """Start a pass over the rows: what has been settled since the last one may have made space."""
        self.excess_cost = None

    async def submit_files(self) -> None:
        """Send the files of this pass, and start none before the next pass."""
        self._full_files, self._files = [*self._full_files, *self._files.values()], {}
        for file in self._full_files:
            file.close()
        while self._full_files:
            await self._submit(self._full_files.pop(0))
        self.new_replies.clear()

    def discard_files(self) -> None:
        """Delete the files that were not sent; the next run takes their requests back."""
        for file in (*self._full_files, *self._files.values()):
            file.close()
            file.delete()

    def _has_space(self, line: FileLine) -> bool:
        """Return whether a line fits into a file that is open, or another file may be started."""
        file = self._files.get(line.model)
        is_open = file is not None and file.has_space(line, self.max_requests)
        return is_open or len(self._log.submitted) + len(self._full_files) + len(self._files) < self.max_batches

    def _open_file(self, line: FileLine) -> BatchFile:
        """Return the file that a line goes into."""
        file = self._files.get(line.model)
        if file is not None and file.has_space(line, self.max_requests):
            return file
        if file is not None:
            self._full_files.append(file)
        record = self._log.start(self._fingerprint, line.model)
        self._files[line.model] = new_file = BatchFile(record, self._folder, self._rules)
        return new_file

    @property
    def _folder(self) -> Path:
        return self._context.journal.folder

    async def _intend(
        self, record: Record, number: int, request: str, reservation: Reservation, batch: str | None
    ) -> None:
        """Store in the journal that a request is about to be sent, in a batch or from the cache."""
        row = record.ordinal, record.key, record.digest
        await self._context.journal.intend_async(*row, number, request, reservation, batch)


def digest(text: str) -> str:
    """Return the digest of a request, as the journal has it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
