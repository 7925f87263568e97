"""What a run writes: the output table, the report and the manifest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from structkit.batch.ambiguous import AmbiguousRows
from structkit.batch.conversations import RowConversations
from structkit.batch.engines.stop import StopCause
from structkit.batch.error_counts import ErrorCounts
from structkit.batch.failure_limit import describe_excess
from structkit.batch.manifest import versions
from structkit.batch.matching import MatchedRow, RemovedRows
from structkit.batch.outcome import output_row
from structkit.batch.report import Report
from structkit.batch.selection import Selection
from structkit.batch.settings import JobSettings
from structkit.errors import ConfigError, JobError
from structkit.journal.journal import Journal
from structkit.journal.reader import Reader
from structkit.schema import ResponseFormat
from structkit.tables.columns import Column, output_columns, run_columns
from structkit.tables.files import hash_file
from structkit.tables.formats import find_format, is_folder_name
from structkit.tables.item_rows import item_columns, item_rows, with_page
from structkit.tables.object_store import public_url
from structkit.tables.source import Source
from structkit.tables.table_sink import TableSink
from structkit.tables.table_writing import open_table_sink
from structkit.values import JSON
from structkit.values.text import format_names

VALUE_COLUMN = JobSettings.__dataclass_fields__["value_column"].default
EVIDENCE_COLUMNS = ("evidence", "missing")
"""The columns of the run that an output has if its values are looked for in the rows."""

CONFIDENCE_COLUMNS = ("confidence", "lowest_confidence")
"""The columns of the run that an output has if the calls say how sure the model was."""

REVIEW_COLUMN = "review"
"""The column of the run that says whether a person should look at a row."""


@dataclass(frozen=True, slots=True)
class RunClock:
    """When a run started.

    Args:
        started_at: In seconds since 1970, for the manifest.
        start: On a clock that never goes back.
    """

    started_at: float = field(default_factory=time.time)
    start: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The seconds since then."""
        return time.monotonic() - self.start


def validate_run_columns(conversations: RowConversations) -> None:
    """Check, before the journal is started, that the settings of columns fit the type and the calls.

    Raises:
        ConfigError: They do not.
    """
    value_columns(conversations)
    confidence_columns(conversations)


def validate_output(conversations: RowConversations, selection: Selection, source: Source, journal: Journal) -> None:
    """Check, before anything is paid for, that the output can be written and that no key is a duplicate.

    Raises:
        JobError: The output cannot be written, or the input has a duplicate key.
    """
    open_output(conversations, source, journal).discard()
    if source.key is not None:
        read_through(selection, source)


def validate_cells(settings: JobSettings, selection: Selection, source: Source) -> None:
    """Check, before anything is paid for, that the output's format can hold each cell that is copied from the input.

    Raises:
        JobError: It cannot; with the row.
    """
    name = str(settings.output_path)
    cell_error = None if is_folder_name(name) else find_format(name).format.cell_error
    if cell_error is None:
        return
    for record in selection.records(source):
        for name, cell in record.values.items():
            if reason := cell_error(cell):
                file, place = str(settings.output), f"row {record.row}, column {name!r} of the input"
                raise JobError(f"cannot write {file}: {place}: {reason}", file=file)


def read_through(selection: Selection, source: Source) -> None:
    """Read all rows: only then are the columns of every row known, and has every key been compared."""
    for _ in selection.read_part(source):
        pass


def open_output(
    conversations: RowConversations, source: Source, journal: Journal | Reader, path: Path | None = None
) -> TableSink:
    """Open the job's output, or another file, with the columns of the input, of the type and of the run.

    Raises:
        JobError: The file exists and is not this job's, cannot be written, or its format cannot hold the columns.
    """
    settings = conversations.settings
    may_replace = settings.overwrite or (path is None and "output" in journal.marks)
    values = value_columns(conversations)
    if settings.items is not None:
        values = item_columns(values, settings.items)
    places = EVIDENCE_COLUMNS if conversations.evidence else ()
    columns = (
        *source.fields,
        *values,
        *run_columns(*dict.fromkeys((*settings.columns, *places, *confidence_columns(conversations)))),
    )
    target = path or settings.output_path
    return open_table_sink(target, columns, overwrite=may_replace, guard_formulas=settings.guard_formulas)


def confidence_columns(conversations: RowConversations) -> tuple[str, ...]:
    """Return the names of the columns of the run about confidence.

    Raises:
        ConfigError: `review_below` is set, and the calls have no confidence.
    """
    limit, has_confidence = conversations.settings.review_below, bool(conversations.call.get("confidence"))
    if limit is None:
        return CONFIDENCE_COLUMNS if has_confidence else ()
    if not has_confidence:
        raise ConfigError("review_below (--review-below) needs a confidence: pass confidence= (--confidence) as well")
    return (*CONFIDENCE_COLUMNS, REVIEW_COLUMN)


def with_review(cells: JSON, limit: float | None) -> JSON:
    """Return a row that says whether a person should look at it; if its confidence is not known, it does not say.

    >>> [with_review({"run": {"lowest_confidence": score}}, 0.6)["run"].get("review") for score in (0.5, 0.6, None)]
    [True, False, None]
    """
    score = cells["run"].get("lowest_confidence")
    return cells if limit is None or score is None else {**cells, "run": {**cells["run"], "review": score < limit}}


def value_columns(conversations: RowConversations) -> tuple[Column, ...]:
    """Return the columns of the type of a job.

    Raises:
        ConfigError: A name for its only column is set, and it has a column for each field.
    """
    output_type: ResponseFormat[object] = conversations.response_format
    name, is_open = conversations.settings.value_column, isinstance(output_type.output_type, dict)
    columns = output_columns(output_type.natural_schema, is_open=is_open, name=name)
    if name != VALUE_COLUMN and columns[0].path != ("output",):
        raise ConfigError(
            f"value_column (--value-column) {name!r} names the column of a type without fields; {output_type.name} has "
            f"a column for each field ({format_names([column.name for column in columns])}); leave it out"
        )
    return columns


class RowCounts(NamedTuple):
    """The number of rows in each state, the errors of the failed ones, and the number of those to review."""

    by_state: Mapping[str, int]
    errors: ErrorCounts
    to_review: int = 0


def write_rows(
    conversations: RowConversations, sink: TableSink, rows: Iterable[MatchedRow], ambiguous: AmbiguousRows
) -> RowCounts:
    """Write rows with their outcomes, and locate the ambiguous ones; return how many ended in which way."""
    counts, errors, to_review = Counter[str](), ErrorCounts(), 0
    items, columns = conversations.settings.items, value_columns(conversations)
    for record, row in rows:
        ambiguous.locate(record)
        state = row.state if row and row.state else "open"
        cells = output_row(record, row, state)
        for each in (cells,) if items is None else item_rows(cells, columns, items):
            reviewed = with_review(each, conversations.settings.review_below)
            to_review += bool(reviewed["run"].get("review"))
            sink.write(with_page(reviewed))
        counts[state] += 1
        if row and row.outcome and state == "failed":
            errors.add(row.outcome)
    return RowCounts(counts, errors, to_review)


def make_report(  # noqa: PLR0913 (one argument a fact)
    settings: JobSettings,
    journal: Journal | Reader,
    counts: RowCounts,
    clock: RunClock,
    *,
    output: Path,
    spent: Decimal | None,
    stop_cause: StopCause | None = None,
    ambiguous: tuple[str, ...] = (),
    removed: RemovedRows | None = None,
) -> Report:
    """Return the report of a run, or of an export.

    Args:
        settings: The job's.
        journal: Its journal, with the tokens and costs of all runs.
        counts: How many rows ended in which way.
        clock: When the run started.
        output: The file that was written.
        spent: What all runs have spent by the job's prices; None if one of them is not known.
        stop_cause: Why the run ended before its rows did, if it did.
        ambiguous: Names of rows that may have been paid for twice.
        removed: Rows of the journal that the input no longer has.
    """
    usage, spending = journal.usage(), journal.spending()
    excess = describe_excess(counts.by_state, settings.max_failed)
    cause = StopCause("failed", excess) if excess else StopCause("")
    if counts.by_state.get("open", 0):
        cause = stop_cause or StopCause("left")
    return Report(
        reason=cause.reason,
        detail=cause.detail,
        output=output,
        rows=sum(counts.by_state.values()),
        counts=dict(counts.by_state),
        errors=counts.errors.by_class,
        messages=counts.errors.messages,
        tokens=usage.total_tokens,
        unreported=usage.unreported,
        spend=spending.reported_cost if spent is None else spent,
        unpriced=spending.without_cost if spent is None else 0,
        ambiguous=ambiguous,
        seconds=clock.seconds,
        removed=removed,
        to_review=None if settings.review_below is None else counts.to_review,
    )


def make_manifest(
    settings: JobSettings, report: Report, journal: Journal | Reader, clock: RunClock, rows: Source
) -> JSON:
    """Return what the output was made of, what it cost, and how many rows are in each state."""
    source = settings.source
    return {
        "status": report.status,
        "rows": report.rows,
        "counts": dict(report.counts),
        "errors": dict(report.errors),
        "source": public_url(str(source)) if isinstance(source, str | Path) else type(source).__name__,
        "source_sha256": rows.content_hash(),
        "limit": settings.limit,
        "sample": settings.sample,
        "part": settings.part and [*settings.part],
        "reading": {name: getattr(settings, name) for name in ("key", "table", "delimiter", "encoding")},
        "items": settings.items,
        "guard_formulas": settings.guard_formulas,
        "unguarded_columns": [*rows.columns] if settings.guard_formulas == "output" else [],
        "output": str(report.output),
        "output_sha256": hash_file(Path(report.output)) if settings.part and report.output else None,
        "journal": None if settings.journal is None else str(settings.folder.absolute()),
        "job": journal.marks.get("fingerprint", journal.header),
        "versions": versions(),
        "tokens": report.tokens,
        "unreported_replies": report.unreported,
        "spend": None if report.spend is None else f"{report.spend:f}",
        "replies_of_unknown_cost": report.unpriced,
        "ambiguous": list(report.ambiguous),
        "removed": asdict(report.removed) if report.removed else None,
        "started_at": clock.started_at,
        "seconds": round(report.seconds, 3),
    }
