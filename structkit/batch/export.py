"""What a job's journal holds, as another table, at any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from structkit.batch.ambiguous import Doubtful, in_doubt
from structkit.batch.manifest import write_manifest
from structkit.batch.report import Report
from structkit.batch.validation import is_file_of
from structkit.batch.written import write_rows
from structkit.errors import ConfigError, JobError
from structkit.journal.reader import Reader
from structkit.tables.formats import STANDARD
from structkit.tables.sources import STREAM, Source, open_source

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.batch.runner import Work


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
    doubtful = Doubtful(in_doubt(reader).items(), keyed=source.key is not None)
    with work.sink(source, reader, path) as sink:
        counts = write_rows(sink, work.picked(work.matched(source, reader, full=False)), doubtful)
    report = work.report(reader, counts, output=path, ambiguous=doubtful.names)
    write_manifest(path, {**work.manifest(report, reader), "exported": True})
    return report


def source_of_rows(job: Job) -> Source:
    """The job's rows; of a stream those that a run has kept.

    Raises:
        JobError: They cannot be read, or no run has kept them.
    """
    source = None if job.source == STANDARD else open_source(job.source, key=job.key)
    if source is not None and source.repeatable:
        return source
    kept = job.folder / STREAM
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
