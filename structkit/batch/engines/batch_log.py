"""Which batches of a job there are: a record of each in the journal, on disk before anything is sent."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

from structkit.journal.database import translate_damage
from structkit.journal.journal import Journal
from structkit.journal.reader import Reader
from structkit.journal.shards import job_path
from structkit.values import JSON

BatchState: TypeAlias = Literal["collecting", "submitting", "submitted", "finished"]
"""Of a batch: its file is being written, and nothing was sent; it may be at the endpoint; it is at the endpoint; every
request has its reply, or was withdrawn."""

PREFIX = "batch:"
"""The marks with the records of batches."""

JOB = "batch_job"
"""The mark with the name under which the endpoint has the batches of this journal."""

SINCE = "batch_since"
"""The mark with the time, in seconds since 1970, before which the journal had no batch; older journals lack it."""

CLOCK_MARGIN_S = 24 * 3600
"""Seconds by which the clock of the endpoint may differ from that of this machine, now or at an earlier run."""

ROUTES = "batch_routes"
"""The mark with the routes of the models as they were when the first batch was made."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch, as the journal has it.

    Args:
        job: The name of the job at the endpoint.
        number: Of the batch within the job, counted from 1.
        fingerprint: A digest of the settings that its requests depend on.
        model: Of all its requests.
        state: How far it is.
        requests: How many there are in it.
        file: The endpoint's id of the file with the requests; empty before that.
        batch: The endpoint's id of the batch; empty before that.
    """

    job: str
    number: int
    fingerprint: str
    model: str
    state: BatchState = "collecting"
    requests: int = 0
    file: str = ""
    batch: str = ""

    @property
    def key(self) -> str:
        """The name of the batch, which each of its requests has in the journal."""
        return f"{self.job}-{self.number}"

    @property
    def metadata(self) -> JSON:
        """What the endpoint stores with the batch, which is recognized by it if the reply to its creation is lost."""
        job = {"structkit_job": self.job, "structkit_fingerprint": self.fingerprint}
        return {**job, "structkit_batch": self.key}

    def is_same(self, entry: JSON) -> bool:
        """Return whether a batch at the endpoint is this one, and of the same settings.

        An endpoint that does not return the metadata still has the id of the file, which no other batch has.
        """
        metadata = metadata_of(entry)
        return metadata == self.metadata if metadata else self.file == entry.get("input_file_id")


def metadata_of(entry: JSON) -> JSON:
    """Return the metadata of a batch at the endpoint, as far as they are structkit's."""
    metadata: Any = entry.get("metadata")
    pairs = metadata.items() if isinstance(metadata, dict) else ()
    return {name: value for name, value in pairs if name.startswith("structkit_") and isinstance(value, str)}


class BatchLog:
    """The records of the batches of a job.

    Attributes:
        job: The name of the job at the endpoint.
        records: Every record by its key.
        since: The time before which the endpoint has no batch of the job, in seconds since 1970; None if unknown.
    """

    def __init__(self, journal: Journal) -> None:
        """Read the records; a job without a name gets a random one."""
        self._journal = journal
        marks = journal.marks
        name: Any = marks.get(JOB)
        if name is None:
            name = _start_name(journal)
            marks = journal.marks
        since: Any = marks.get(SINCE)
        self.since: float | None = None if since is None else since - CLOCK_MARGIN_S
        self.job: str = name
        self.records = {record.key: record for record in read_records(journal)}

    def start(self, fingerprint: str, model: str) -> BatchRecord:
        """Return the record of a new batch, which is on disk."""
        numbers = [record.number for record in self.records.values() if record.job == self.job]
        record = BatchRecord(self.job, max(numbers, default=0) + 1, fingerprint, model)
        self.save(record)
        return record

    def save(self, record: BatchRecord) -> None:
        """Store a record, after everything that was added to the journal before, and wait until it is on disk."""
        self._journal.flush()
        self._journal.mark(f"{PREFIX}{record.key}", asdict(record))
        self._journal.flush()
        self.records[record.key] = record

    @property
    def unfinished(self) -> list[BatchRecord]:
        """The batches that may have requests without a reply."""
        return [record for record in self.records.values() if record.state != "finished"]

    @property
    def submitted(self) -> list[BatchRecord]:
        """The batches that are at the endpoint."""
        return [record for record in self.records.values() if record.state == "submitted"]


def read_records(journal: Journal | Reader) -> Iterator[BatchRecord]:
    """Yield the records in a journal."""
    marks: Mapping[str, Any] = journal.marks
    with translate_damage(job_path(journal.folder)):
        yield from [BatchRecord(**value) for name, value in marks.items() if name.startswith(PREFIX)]


def withdraw_unsent(journal: Journal) -> None:
    """Take back the requests of batches that a killed run has collected and not sent: nobody has paid for them."""
    for record in [record for record in read_records(journal) if record.state == "collecting"]:
        for request in [*journal.batched_requests(record.key)]:
            journal.withdraw(request.ordinal, request.number)
        journal.mark(f"{PREFIX}{record.key}", asdict(replace(record, state="finished")))


def abandon_batches(journal: Journal) -> None:
    """Forget the batches of a journal that is emptied: the endpoint has those of the next run under another name."""
    for record in read_records(journal):
        journal.mark(f"{PREFIX}{record.key}", asdict(replace(record, state="finished")))
    _start_name(journal)
    journal.mark(ROUTES, {})


def _start_name(journal: Journal) -> str:
    """Give the job a new name at the endpoint, and return it."""
    name = os.urandom(8).hex()
    journal.mark(SINCE, int(time.time()))
    journal.mark(JOB, name)
    return name
