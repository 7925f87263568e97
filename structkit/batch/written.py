"""The rows of a job as its tables have them: what came in, and what is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from structkit.batch.ambiguous import Doubtful
from structkit.journal.row_state import Kept
from structkit.tables.records import Record
from structkit.tables.sinks import Sink
from structkit.values import JSON


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
