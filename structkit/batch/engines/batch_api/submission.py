"""Sends a file of requests as one batch, exactly once, however often the endpoint or this process fails."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from random import Random

from structkit.batch.engines.batch_api.batch_file import BatchFile
from structkit.batch.engines.batch_log import BatchLog, BatchRecord, metadata_of
from structkit.dialects.batch_rules import BatchRules
from structkit.dialects.error_bodies import read_error
from structkit.errors import JobError, StatusError, TransportError
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Policy

LOOKS = 3
"""How often the list is looked at before a batch is created again, after half a second, one and two by default."""

UNCERTAIN = frozenset({408, 409, 429})
"""Statuses below 500 after which there may be a batch, which is looked for before its creation is tried again."""

SERVER_ERROR = 500


class BatchSubmitter:
    """Creates batches, and finds again those whose creation had no reply."""

    def __init__(
        self, endpoint: BatchEndpoint, log: BatchLog, rules: BatchRules, policy: Policy, random: Random | None = None
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            endpoint: The Batch API.
            log: The batches of the job.
            rules: The vendor's limits.
            policy: The limits on retries and waits.
            random: Spreads the waits.
        """
        self._endpoint, self._log, self._rules, self._policy = endpoint, log, rules, policy
        self._random = random or Random()  # noqa: S311 (waits need no secret numbers)

    async def submit(self, file: BatchFile) -> BatchRecord:
        """Upload a file, create its batch, and return its record.

        Before the batch is created, the journal has that it may exist.

        Raises:
            TransportError: The endpoint does not accept it. If the record is still `submitting`, it may have.
        """
        record = replace(file.record, requests=file.requests)
        record = replace(record, file=await self._endpoint.upload(file.path))
        record = replace(record, state="submitting")
        self._log.save(record)
        return self._store(record, await self._create(record))

    async def adopt(self) -> None:
        """Find the batches of earlier runs at the endpoint, before anything is sent.

        Raises:
            JobError: The endpoint has a batch of this job that the journal does not know.
            TransportError: The endpoint does not list them.
        """
        if not self._log.records:
            return
        listing = await self._endpoint.list_batches(self._log.since)
        self._reject_unknown(listing)
        for record in self._log.unfinished:
            if record.state == "submitting":
                match = _find(record, listing) or await self._look_for(record)
                self._store(record, match) if match else self._log.save(replace(record, state="collecting"))

    def _reject_unknown(self, listing: list[JSON]) -> None:
        """Reject a journal that is older than a batch: its requests would be paid for again.

        Raises:
            JobError: There is such a batch.
        """
        fingerprints = {record.fingerprint for record in self._log.records.values()}
        for batch in listing:
            metadata = metadata_of(batch)
            is_ours = metadata.get("structkit_job") == self._log.job
            is_unknown = metadata.get("structkit_batch") not in self._log.records
            if is_ours and is_unknown and metadata.get("structkit_fingerprint") in fingerprints:
                raise JobError(
                    f"the endpoint has {batch['id']}, a batch of this job that its journal does not know: is the "
                    "journal an older copy? Restore the newest one; with another output, the job pays for all rows"
                )

    async def _create(self, record: BatchRecord) -> JSON:
        """Create a batch, and return it; a creation whose reply is lost is not repeated if the list has the batch.

        Raises:
            TransportError: The endpoint does not accept it, and the record is `collecting` again; or it is not known
                whether there is such a batch.
        """
        window = {"endpoint": self._rules.url, "completion_window": self._rules.window}
        body = json.dumps({"input_file_id": record.file, **window, "metadata": record.metadata}).encode()
        for retries_left in reversed(range(self._policy.retries + 1)):
            is_first = retries_left == self._policy.retries
            try:
                return await self._endpoint.create(body)
            except TransportError as error:
                if is_rejection(error):
                    if is_first:  # there is no such batch
                        self._log.save(replace(record, state="collecting"))
                    raise
                if (match := await self._look_for(record)) is not None:
                    return match
                if not retries_left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _look_for(self, record: BatchRecord) -> JSON | None:
        """Look for a batch whose creation had no reply, a few times: the endpoint's list may be behind.

        Raises:
            TransportError: The endpoint does not list its batches.
        """
        for look in range(LOOKS):
            wait = min(self._policy.wait_max, self._policy.wait_initial * 2**look)
            await asyncio.sleep(wait * self._random.uniform(1, 1.5))
            if (match := _find(record, await self._endpoint.list_batches(self._log.since))) is not None:
                return match
        return None

    def _store(self, record: BatchRecord, batch: JSON) -> BatchRecord:
        record = replace(record, state="submitted", batch=batch["id"])
        self._log.save(record)
        return record


def is_rejection(error: TransportError) -> bool:
    """Return whether an error shows that nothing was created."""
    status = error.status_code if isinstance(error, StatusError) else SERVER_ERROR
    return status < SERVER_ERROR and status not in UNCERTAIN and not read_error(error).is_rate_limit


def _find(record: BatchRecord, listing: list[JSON]) -> JSON | None:
    return next((batch for batch in listing if record.is_same(batch)), None)
