"""What a job's journal holds, as a table: under its own name when a run ends, or under another at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from structkit.batch.doubtful import Doubtful
from structkit.batch.formats import STANDARD
from structkit.batch.kept import Kept
from structkit.batch.manifest import write_manifest
from structkit.batch.reading import Reader
from structkit.batch.records import Record
from structkit.batch.report import Report
from structkit.batch.sinks import Sink
from structkit.batch.sound import is_file_of
from structkit.batch.sources import Source, open_source
from structkit.errors import ConfigError, JobError
from structkit.values import JSON

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.batch.work import Work

KEPT = "input.jsonl"
"""The rows of a stream, in the job's folder."""


def export(work: Work, path: Path) -> Report:
    """Write what the journal holds to another file; it takes no lock and sends nothing.

    Raises:
        JobError: There is no such job, it is another one, or a file cannot be used.
        ConfigError: The file is the job's own.
    """
    refuse_own(work.job, path)
    reader = Reader(work.job.folder)
    told = work.changes(reader)
    if told and work.job.on_change != "mix":
        raise JobError(f"{reader.folder} is of another job:\n{told}", file=str(reader.folder))
    source = source_of_rows(work.job)
    work.choose(source)
    for _ in work.rows(source):  # what the columns are is known when all rows have been read
        pass
    doubtful = Doubtful(reader.ambiguous(), keyed=source.key is not None)
    with work.sink(source, reader, path) as sink:
        counts = write_rows(sink, work.picked(work.matched(source, reader, full=False)), doubtful)
    report = work.report(reader, counts, output=path, ambiguous=doubtful.names)
    write_manifest(path, {**work.manifest(report, reader), "exported": True})
    return report


def write_rows(sink: Sink, found: Iterable[tuple[Record, Kept | None]], doubtful: Doubtful) -> Mapping[str, int]:
    """Write rows with what is known of each, and see which are in doubt; how many there are in each state."""
    counts = Counter[str]()
    for record, kept in found:
        doubtful.seen(record)
        state = kept.state if kept and kept.state else "open"
        sink.write(row_of(record, kept, state))
        counts[state] += 1
    return counts


def row_of(record: Record, kept: Kept | None, state: str) -> JSON:
    """A row as a sink takes it."""
    outcome = dict((kept.outcome if kept else None) or {})
    row: JSON = {"input": record.values, "run": {**outcome, "status": state}}
    return {**row, "output": outcome["value"]} if "value" in outcome else row


def source_of_rows(job: Job) -> Source:
    """The job's rows; of a stream those that a run has kept.

    Raises:
        JobError: They cannot be read, or no run has kept them.
    """
    source = None if job.source == STANDARD else open_source(job.source, key=job.key)
    if source is not None and source.repeatable:
        return source
    kept = job.folder / KEPT
    if not kept.exists():
        raise JobError("no run has read the stream to its end yet: there are no rows to write", file=str(kept))
    return open_source(kept, key=job.key, format="jsonl")


def refuse_own(job: Job, path: Path) -> None:
    """See that a file is neither the job's input nor its output.

    Raises:
        ConfigError: It is.
    """
    if is_file_of(job.source, path) or is_file_of(job.output, path):
        raise ConfigError(f"{str(path)!r} is the job's own file: export to another one")
