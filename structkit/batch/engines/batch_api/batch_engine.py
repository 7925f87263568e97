"""The `batch_api` engine: in each pass over the rows, what they need goes into batches; replies lead to the next pass.

Nothing about a row stays in memory while it waits: its conversation is a fold of the replies in the journal. So a run
can end while its batches are at the endpoint, and the next one collects them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from structkit.batch.engines.batch_api.batch_file import BatchFile, delete_files
from structkit.batch.engines.batch_api.batched_exchanges import BatchedExchanges
from structkit.batch.engines.batch_api.collector import RequestCollector
from structkit.batch.engines.batch_api.harvest import TOKEN_LIMIT, Harvester, failure_of, is_final, status_of
from structkit.batch.engines.batch_api.submission import BatchSubmitter, is_rejection
from structkit.batch.engines.batch_log import BatchLog, BatchRecord
from structkit.batch.engines.engine import RunContext
from structkit.batch.engines.row_runner import RowRunner
from structkit.batch.engines.stop import RunStopped, StopCause, explain_budget
from structkit.batch.engines.workers import run_workers
from structkit.batch.matching import MatchedRow
from structkit.dialects.batch_rules import BatchRules
from structkit.errors import JobError, TransportError
from structkit.journal.row_state import Exchange
from structkit.tables.records import Record
from structkit.transport.batch_endpoint import BatchEndpoint, is_missing_api
from structkit.values import JSON

MAX_FAILED_POLLS = 20
"""Polls of a batch that may fail in a row, each after its own retries, before the run ends."""

Result = TypeVar("Result")

MAX_BARREN_BATCHES = 3
"""Batches that may end in a row without a reply to any request before the run ends."""

WAIT_GROWTH, MAX_GROWTHS = 1.5, 100
"""The waits between polls grow by this factor, so often, as long as no batch is done."""


class BatchAPIEngine:
    """Sends the requests of a run through the Batch API of the endpoint."""

    def __init__(
        self,
        context: RunContext,
        endpoint: BatchEndpoint,
        rules: BatchRules,
        fingerprint: str,
        *,
        waits: bool = True,
    ) -> None:
        """Prepare a run; nothing is sent.

        Args:
            context: What the rows share.
            endpoint: The Batch API.
            rules: The limits of the vendor.
            fingerprint: A digest of what the requests depend on.
            waits: Whether the run waits for its batches, or ends once they are submitted.
        """
        self.context, self._endpoint, self._waits = context, endpoint, waits
        self._log = BatchLog(context.journal)
        self._collector = RequestCollector(context, self._log, rules, fingerprint, self._submit)
        self._submitter = BatchSubmitter(endpoint, self._log, rules, context.policy)
        self._harvester = Harvester(context, endpoint, self._log, self._collector, self._pause)
        self._runner = RowRunner(context, self._open_row, lambda: self.stop_cause)
        self._cause: StopCause | None = None
        self._is_stopped = asyncio.Event()
        self._barren_batches = self._idle_polls = 0
        self._failed_polls = Counter[str]()  # of each batch, in a row
        self._refusal: StopCause | None = None  # of a batch that cannot be collected: nothing new is sent

    async def run(self, rows: Iterable[MatchedRow]) -> None:
        """See `Engine.run`."""
        try:
            with suppress(RunStopped):
                await self._start()
                await self._poll()
                await self._pass(rows)
                while self.stop_cause is None and self._log.submitted:
                    await self._wait(self._idle_polls)
                    if await self._poll() or self._refusal:
                        await self._pass(rows)
        finally:
            self._collector.discard_files()
            await self._endpoint.close()

    def stop(self, cause: StopCause) -> None:
        """See `Engine.stop`."""
        self._cause = self._cause or cause
        self._is_stopped.set()

    @property
    def stop_cause(self) -> StopCause | None:
        """See `Engine.stop_cause`; an interrupted run whose batches are at the endpoint has the reason `submitted`."""
        is_interrupted = self._cause is not None and self._cause.reason == "interrupted"
        return self._submitted_cause if is_interrupted and self._log.submitted else self._cause

    @property
    def in_flight(self) -> int:
        """See `Engine.in_flight`."""
        return sum(record.requests for record in self._log.submitted)

    @property
    def pause(self) -> float:
        """See `Engine.pause`."""
        return 0.0

    @property
    def last_fault(self) -> str:
        """See `Engine.last_fault`."""
        return ""

    @property
    def _submitted_cause(self) -> StopCause:
        requests, batches = self.in_flight, len(self._log.submitted)
        count = "1 request is" if requests == 1 else f"{requests:,} requests are"
        place = "1 batch" if batches == 1 else f"{batches:,} batches"
        return StopCause("submitted", f"{count} in {place} at the endpoint")

    async def _start(self) -> None:
        """Find the batches of earlier runs; those that did not get to the endpoint are collected again.

        Raises:
            JobError: The endpoint has no Batch API.
            RunStopped: It cannot be used now.
        """
        try:
            await self._unless_stopped(self._endpoint.find_batches())
            await self._unless_stopped(self._submitter.adopt())
        except TransportError as error:
            if is_missing_api(error):
                raise JobError(
                    f"the endpoint has no Batch API (nothing was sent); leave out batch_api=True (--batch-api): {error}"
                ) from error
            self._raise_stopped(StopCause("endpoint", str(error)))
        delete_files(self.context.journal.folder)
        for record in self._log.unfinished:
            self._harvester.reserve(record)
            if record.state == "collecting":
                self._harvester.withdraw(record)

    async def _pass(self, rows: Iterable[MatchedRow]) -> None:
        """Take every row as far as its replies allow, and submit what it needs.

        Raises:
            RunStopped: The run ends.
        """
        collector, in_flight = self._collector, self._collector.in_flight
        collector.start_pass()
        await run_workers(self, self._runner, (row for row in rows if row[0].ordinal not in in_flight))
        self._runner.settle_rejected(self.context.limiter.max_unsettled if self._cause else 0)
        if self._cause:
            raise RunStopped(self._cause)
        await collector.submit_files()
        if self._refusal:
            self._raise_stopped(self._refusal)
        if collector.excess_cost is not None and not self._log.submitted:
            self.stop(StopCause("budget", explain_budget(self.context.budget, collector.excess_cost)))
        elif not self._waits and self._log.submitted:
            self.stop(self._submitted_cause)

    async def _submit(self, file: BatchFile) -> None:
        """Send a file as a batch.

        Raises:
            RunStopped: The endpoint does not accept it; its requests are collected again by the next run.
        """
        try:
            await self._submitter.submit(file)
        except TransportError as error:
            if (record := self._log.records[file.record.key]).state == "collecting":
                self._harvester.withdraw(record)
            self._raise_stopped(StopCause("endpoint", str(error)))
        finally:
            file.delete()

    async def _pause(self, number: int) -> None:
        """Wait before the files of a batch are read again for the given time.

        Raises:
            RunStopped: The run ends.
        """
        await self._wait(number)
        if self._cause:
            raise RunStopped(self._cause)

    async def _wait(self, number: int) -> None:
        """Wait, the longer the higher the number is, or until the run is stopped."""
        policy = self.context.policy
        wait = min(policy.wait_max, policy.wait_initial * WAIT_GROWTH ** min(number, MAX_GROWTHS))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_stopped.wait(), wait)

    async def _poll(self) -> bool:
        """Look at every batch, and store the replies of those that are done; return whether there were any.

        Raises:
            RunStopped: The run ends, or the endpoint does not answer.
        """
        finished = 0
        for record in self._log.submitted:
            if self._cause:
                raise RunStopped(self._cause)
            finished += await self._poll_batch(record)
        self._idle_polls = 0 if finished else self._idle_polls + 1
        return finished > 0

    async def _poll_batch(self, record: BatchRecord) -> bool:
        """Return whether a batch is done, with its replies stored."""
        try:
            batch = await self._unless_stopped(self._endpoint.find_batch(record.batch))
            replies = await self._unless_stopped(self._harvester.harvest(record, batch)) if is_final(batch) else None
        except TransportError as error:
            self._note_failure(record, error)
            return False
        del self._failed_polls[record.key]
        if replies is None:
            return False
        self._learn_from(record, batch, replies)
        return True

    def _note_failure(self, record: BatchRecord, error: TransportError) -> None:
        """Note that a batch could not be collected. If it never can be, the others still are, before the run ends.

        Raises:
            RunStopped: The endpoint has not answered for a long time.
        """
        self._failed_polls[record.key] += 1
        if is_rejection(error):
            hint = (
                "use the key of the account that created it; if it has deleted them, another output pays for them again"
            )
            text = f"the replies of {record.batch} cannot be collected: {hint} ({error})"
            self._refusal = self._refusal or StopCause("endpoint", text)
            self._collector.max_batches = 0
        elif self._failed_polls[record.key] >= MAX_FAILED_POLLS:
            tries = f"{MAX_FAILED_POLLS} polls in a row have failed; the next run tries it again"
            text = f"the replies of {record.batch} could not be collected: {tries} ({error})"
            self._raise_stopped(StopCause("endpoint", text))

    def _learn_from(self, record: BatchRecord, batch: JSON, replies: int) -> None:
        """Send smaller batches if one did not fit into the endpoint's queue; end a run whose batches have no replies.

        Raises:
            RunStopped: The run ends.
        """
        failure, collector = failure_of(batch), self._collector
        if failure and failure.code == TOKEN_LIMIT and (record.requests > 1 or self._log.submitted):
            collector.max_requests = max(1, record.requests // 2)
            collector.max_batches = min(collector.max_batches, max(1, len(self._log.submitted)))
        elif failure:
            message = self._endpoint.excerpt(failure.message)
            self._raise_stopped(StopCause("endpoint", f"the endpoint has rejected {record.batch}: {message}"))
        else:
            self._barren_batches = 0 if replies else self._barren_batches + 1
        if self._barren_batches >= MAX_BARREN_BATCHES:
            end = f"{self._barren_batches} batches in a row ended without a reply, the last one as {status_of(batch)}"
            self._raise_stopped(StopCause("endpoint", end))

    async def _unless_stopped(self, call: Coroutine[Any, Any, Result]) -> Result:
        """Return what a call of the API returns that may be made again by the next run.

        Raises:
            RunStopped: The run is stopped first; the endpoint may not answer for minutes.
        """
        task, stop = asyncio.ensure_future(call), asyncio.ensure_future(self._is_stopped.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and self._cause:
                raise RunStopped(self._cause)
            return await task
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    def _raise_stopped(self, cause: StopCause) -> NoReturn:
        self.stop(cause)
        raise RunStopped(cause)

    def _open_row(self, record: Record, exchanges: tuple[Exchange, ...]) -> BatchedExchanges:
        return BatchedExchanges(self.context, self._collector, record, exchanges)
