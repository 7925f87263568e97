"""Stores the results of batches in the journal; what a batch has not carried out is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from structkit.batch.engines.batch_api.batch_file import custom_id
from structkit.batch.engines.batch_api.batch_results import BatchResult, missing_reply, read_results
from structkit.batch.engines.batch_api.collector import RequestCollector
from structkit.batch.engines.batch_log import BatchLog, BatchRecord
from structkit.batch.engines.engine import RunContext
from structkit.errors import MalformedReply, TransportError
from structkit.journal.database import translate_errors
from structkit.journal.row_state import BatchedRequest
from structkit.transport import TransportReply
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Completion

FINAL_STATUSES = frozenset({"completed", "failed", "expired", "cancelled", "canceled"})

OTHER_WORDS = {
    **dict.fromkeys(("complete", "success", "succeeded", "done", "finished", "ended"), "completed"),
    **dict.fromkeys(("error", "errored"), "failed"),
    **dict.fromkeys(("timeout", "timed_out", "timeout_exceeded"), "expired"),
}
"""How some endpoints call the statuses of OpenAI: a word that is not known would be polled for ever."""

TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 (a code of an error)
"""The code of a batch that did not fit into the endpoint's queue: smaller ones may."""

MAX_SHORT_READS = 10
"""Times that files with fewer lines than their batch counts are read again: they may not be complete yet."""

LINES_PER_TURN = 200
"""Results that are stored before other tasks of the event loop have their turn."""


class BatchFailure(NamedTuple):
    """Why a batch failed as a whole."""

    code: str
    message: str


def status_of(batch: JSON) -> str:
    """Return the status of a batch in OpenAI's words.

    >>> status_of({"status": "Succeeded"}), status_of({"status": "in_progress"})
    ('completed', 'in_progress')
    """
    status = str(batch.get("status")).lower()
    return OTHER_WORDS.get(status, status)


def is_final(batch: JSON) -> bool:
    """Return whether nothing more happens to a batch."""
    return status_of(batch) in FINAL_STATUSES


def failure_of(batch: JSON) -> BatchFailure | None:
    """Return why a batch failed as a whole; None if it did not.

    >>> failure_of({"status": "failed", "errors": {"data": [{"code": "full", "message": "no space"}]}})
    BatchFailure(code='full', message='no space')
    >>> failure_of({"status": "failed", "error": "no space"})
    BatchFailure(code='', message='no space')
    """
    if status_of(batch) != "failed":
        return None
    errors: Any = batch.get("errors") or batch.get("error")
    entries = errors.get("data", errors) if isinstance(errors, dict) else errors
    first: Any = next(iter(entries), None) if isinstance(entries, list) else entries
    fields = first if isinstance(first, dict) else {"message": first}
    return BatchFailure(str(fields.get("code") or ""), str(fields.get("message") or "the endpoint does not say why"))


Pause: TypeAlias = Callable[[int], Awaitable[None]]
"""Waits before something is tried again, the longer the more often it was tried; raises `RunStopped`."""


class Harvester:
    """Stores what batches have answered."""

    def __init__(
        self, context: RunContext, endpoint: BatchEndpoint, log: BatchLog, collector: RequestCollector, pause: Pause
    ) -> None:
        """Prepare; nothing is read."""
        self._context, self._endpoint, self._log, self._collector = context, endpoint, log, collector
        self._pause = pause
        self._faults: list[TransportError] = []

    def reserve(self, record: BatchRecord) -> None:
        """Note the requests of a batch of an earlier run: their rows wait, and their cost is reserved again."""
        for request in self._context.journal.batched_requests(record.key):
            self._collector.in_flight[request.ordinal] += 1
            self._context.budget.reopen(self._cost(record, request))

    def withdraw(self, record: BatchRecord) -> None:
        """Take back the requests of a batch that have no reply, and finish it."""
        self._withdraw(record, [*self._context.journal.batched_requests(record.key)])
        self._log.save(replace(record, state="finished"))

    async def harvest(self, record: BatchRecord, batch: JSON) -> int:
        """Store the replies of a batch that is done, and finish it; return how many requests have one.

        It can be repeated: a request that has its reply does not wait for another one.

        Args:
            record: The batch.
            batch: Its final state at the endpoint.

        Raises:
            TransportError: A file cannot be read completely; what was read is stored.
            RunStopped: The run ends while the files have fewer lines than they should have.
        """
        requests = {custom_id(request): request for request in self._context.journal.batched_requests(record.key)}
        count = 0
        for number in range(MAX_SHORT_READS + 1):
            if number:
                await self._pause(number)
                batch = await self._find_again(record, batch)
            count += await self._store_file(record, batch.get("output_file_id"), requests)
            with suppress(MalformedReply):  # what an error file would say has cost nothing
                count += await self._store_file(record, batch.get("error_file_id"), requests)
            if not requests or record.requests - len(requests) >= _count_results(record, batch):
                break
        self._finish_remaining(record, batch, [*requests.values()])
        for fault in self._faults:  # once it is known whether the batch has answers
            self._context.limiter.stop_if_fatal(fault)
        self._faults.clear()
        self._log.save(replace(record, state="finished"))
        return count

    async def _find_again(self, record: BatchRecord, batch: JSON) -> JSON:
        """Return a batch that is done as it is now: some endpoints name its files later."""
        state = await self._endpoint.find_batch(record.batch)
        return state if is_final(state) else batch

    def _finish_remaining(self, record: BatchRecord, batch: JSON, requests: list[BatchedRequest]) -> None:
        """Finish the requests that the files of a batch say nothing about."""
        if status_of(batch) != "completed":
            return self._withdraw(record, requests)
        for request in requests:
            self._store(record, request, missing_reply())
        return None

    async def _store_file(self, record: BatchRecord, name: Any, requests: dict[str, BatchedRequest]) -> int:
        """Store the results in a file, and remove their requests from those that wait; return how many there were.

        A request may have an error and, in another line, the answer to a retry of the endpoint, which was paid for.
        """
        if not isinstance(name, str) or not name:
            return 0
        count = 0
        with temporary_file(self._context.journal.folder / f"batch-{record.number}.output") as path:
            await self._endpoint.download(name, path)
            for takes_errors in (False, True):
                count += await self._store_results(record, path, requests, takes_errors=takes_errors)
                if not requests:
                    break
        return count

    async def _store_results(
        self, record: BatchRecord, path: Path, requests: dict[str, BatchedRequest], *, takes_errors: bool
    ) -> int:
        """Store the answers in a file, or also its errors; return how many there were."""
        count = 0
        for result in read_results(path, self._endpoint):
            is_taken = takes_errors or isinstance(result.reply, Completion)
            if is_taken and (request := requests.pop(result.name, None)) is not None:
                self._store_result(record, request, result)
                count += result.reply is not None
                if count % LINES_PER_TURN == 0:
                    await asyncio.sleep(0)
        return count

    def _store_result(self, record: BatchRecord, request: BatchedRequest, result: BatchResult) -> None:
        if result.reply is None:
            self._withdraw(record, [request])
        else:
            self._store(record, request, result.reply)

    def _store(self, record: BatchRecord, request: BatchedRequest, reply: TransportReply) -> None:
        """Store a reply: its row continues in the next pass."""
        context, collector = self._context, self._collector
        context.journal.add_reply(request.ordinal, request.number, reply)
        context.budget.settle(self._cost(record, request), context.prices.cost(record.model, reply))
        collector.release(request.ordinal)
        collector.new_replies.add((request.ordinal, request.number))
        if isinstance(reply, TransportError):
            collector.failures[request.ordinal][request.request] += 1
            self._faults.append(reply)
        else:
            context.limiter.finish_row(None)

    def _withdraw(self, record: BatchRecord, requests: list[BatchedRequest]) -> None:
        for request in requests:
            self._context.journal.withdraw(request.ordinal, request.number)
            self._context.budget.settle(self._cost(record, request), Decimal(0))
            self._collector.release(request.ordinal)

    def _cost(self, record: BatchRecord, request: BatchedRequest) -> Decimal:
        return self._collector.cost(request, record.model)


def _count_results(record: BatchRecord, batch: JSON) -> int:
    """Return how many requests of a batch have a reply or an error: all if it is complete, else as many as it says."""
    if status_of(batch) == "completed":
        return record.requests
    counts: Any = batch.get("request_counts")
    numbers = [counts.get(name) for name in ("completed", "failed")] if isinstance(counts, dict) else []
    return sum(number for number in numbers if isinstance(number, int))


@contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Create a file that its owner alone can read, and delete it in the end."""
    with translate_errors(path):
        path.touch(mode=0o600)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
