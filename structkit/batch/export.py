"""Writes the journal's rows as another table, at any time."""

from __future__ import annotations

from pathlib import Path

from structkit.batch.ambiguous import AmbiguousRows, find_ambiguous
from structkit.batch.conversations import RowConversations
from structkit.batch.job_input import open_input
from structkit.batch.job_prices import job_prices
from structkit.batch.manifest import write_manifest
from structkit.batch.output import RunClock, make_manifest, make_report, open_output, read_through, write_rows
from structkit.batch.report import Report
from structkit.batch.resume import changes_since, spent_before
from structkit.batch.selection import select_rows
from structkit.batch.settings import JobSettings
from structkit.batch.settings_validation import has_output, is_same_file, validate_outside_journal, validate_settings
from structkit.errors import ConfigError, JobError
from structkit.journal.reader import Reader
from structkit.tables.formats import STANDARD
from structkit.tables.source import Source
from structkit.tables.sources import STREAM_FILE, open_source


def export_journal(settings: JobSettings, path: Path) -> Report:
    """Write the journal's rows to a file; it takes no lock and sends nothing.

    Raises:
        JobError: There is no such job, the journal is another job's, or a file cannot be used.
        ConfigError: The file is the job's own, or a setting is invalid.
    """
    validate_settings(settings)
    clock, conversations = RunClock(), RowConversations(settings)
    _validate_target(settings, path)
    reader = Reader(settings.folder)
    changes = changes_since(reader, conversations.fingerprint())
    if changes and settings.on_change != "mix":
        raise JobError(
            f"{reader.folder} was started with other settings; export with the same settings:\n{changes}",
            file=str(reader.folder),
        )
    source = _open_rows(settings)
    selection = select_rows(settings, source)
    read_through(selection, source)
    ambiguous = AmbiguousRows(find_ambiguous(reader).items(), is_keyed=source.key is not None)
    with open_output(conversations, source, reader, path) as sink:
        counts = write_rows(
            conversations, sink, selection.filter(selection.match(source, reader, full=False)), ambiguous
        )
    spent = spent_before(reader, job_prices(settings).max_price)
    report = make_report(settings, reader, counts, clock, output=path, spent=spent, ambiguous=ambiguous.names)
    write_manifest(path, {**make_manifest(settings, report, reader, clock, source), "exported": True})
    return report


def _open_rows(settings: JobSettings) -> Source:
    """Open the job's input; if it is a stream, open the copy that a run has stored.

    Raises:
        JobError: The input cannot be read, or no run has stored the stream.
    """
    is_standard = isinstance(settings.source, str) and settings.source == STANDARD
    source = None if is_standard else open_input(settings)
    if source is not None and source.is_repeatable:
        return source
    stored = settings.folder / STREAM_FILE
    if not stored.exists():
        raise JobError(
            "no run has read the whole input stream yet, so there are no rows to export; run the job first",
            file=str(stored),
        )
    return open_source(stored, key=settings.key, format="jsonl")


def _validate_target(settings: JobSettings, path: Path) -> None:
    validate_outside_journal(path)
    if is_same_file(settings.source, path) or is_same_file(settings.output_path, path):
        raise ConfigError(f"{str(path)!r} is the job's own file: export to another one")
    if has_output(settings.source, path):
        raise ConfigError(f"{str(path)!r} would be a file of the input {str(settings.source)!r}: use another folder")
