"""The files of a job that runs in several processes: whose they are, and what is made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from structkit.batch.engines.stop import Reason
from structkit.batch.failure_limit import describe_excess
from structkit.batch.job_input import open_input
from structkit.batch.part_join import join_parts
from structkit.batch.parts import MAX_PARTS, Part
from structkit.batch.report import Report
from structkit.batch.resume import validate_journals
from structkit.batch.settings import JobSettings
from structkit.errors import ConfigError, JobError
from structkit.tables.output_reading import manifest_path

REASONS: tuple[Reason, ...] = ("interrupted", "endpoint", "limits", "budget", "submitted", "left")
"""Why a run ended before its rows had finished; of several parts, the first of these that one of them has."""


def parts_of(settings: JobSettings, total: Any) -> list[JobSettings]:
    """Return the settings of each part of a job.

    Raises:
        ConfigError: There cannot be as many parts.
    """
    if isinstance(total, bool) or not isinstance(total, int) or not 1 <= total <= MAX_PARTS:
        raise ConfigError(f"processes (--processes) must be a number from 1 to {MAX_PARTS:,}, not {total!r}")
    return [replace(settings, part=Part(number, total)) for number in range(1, total + 1)]


def validate_parts(settings: JobSettings, total: int) -> None:
    """Validate, before anything is paid for, that a job can run in that many processes.

    Raises:
        ConfigError: A setting does not allow several processes.
        JobError: The journals are those of another number of processes, the output is not this job's, or the input
            can be read only once.
    """
    if settings.part is not None:
        raise ConfigError("processes and part divide a job both: leave out one of them")
    if settings.output is None:
        raise ConfigError("several processes need an output: one table is made of the files of all parts")
    if settings.transport is not None or (settings.client is not None and settings.client.endpoint is None):
        raise ConfigError(
            "a transport of your own cannot be used by several processes: name the endpoint with base_url="
        )
    if settings.batch_api:
        raise ConfigError("the vendor's Batch API needs one process: leave out processes (--processes)")
    output = settings.table_path
    validate_journals(settings, total)
    if output.exists() and not settings.overwrite and not _is_joined(output, total):
        raise JobError(f"{str(output)!r} exists and is not this job's output: --overwrite replaces it")
    if not open_input(settings).is_repeatable:
        raise JobError("several processes cannot read one stream: save the input as a file, and name that")


def _is_joined(output: Path, total: int) -> bool:
    """Return whether a table was joined from the parts of this job."""
    with suppress(OSError, ValueError, RecursionError):
        manifest = json.loads(manifest_path(output).read_text(encoding="utf-8"))
        names = [Part(number, total).output(output).name for number in range(1, total + 1)]
        return isinstance(manifest, dict) and manifest.get("parts") == names
    return False


def join_outputs(settings: JobSettings, reports: Sequence[Report], seconds: float) -> Report:
    """Make one table of the outputs of all parts, also of unfinished ones, and return one report.

    Raises:
        JobError: The input has changed, or a file cannot be read or written.
    """
    report = sum_reports(settings, reports, seconds)
    paths = [part.output_path for part in parts_of(settings, len(reports))]
    source = None if isinstance(settings.source, str | Path) else settings.source
    join_parts(paths, settings.table_path, source, overwrite=True, status=report.status)
    return report


def sum_reports(settings: JobSettings, reports: Sequence[Report], seconds: float) -> Report:
    """Return the report of all parts together."""
    counts = sum((Counter(report.counts) for report in reports), Counter[str]())
    errors = sum((Counter(report.errors) for report in reports), Counter[str]())
    spends = [report.spend for report in reports if report.spend is not None]
    review_counts = [report.to_review for report in reports if report.to_review is not None]
    stops = sorted((REASONS.index(each.reason), each.detail) for each in reports if each.reason in REASONS)
    reason: Reason = REASONS[stops[0][0]] if stops else ""
    detail = stops[0][1] if stops else describe_excess(counts, settings.max_failed)
    return Report(
        reason="failed" if detail and not stops else reason,
        detail=detail,
        output=settings.table_path,
        rows=sum(report.rows for report in reports),
        counts=dict(counts),
        errors=dict(errors.most_common()),
        messages=_frequent_messages(reports, [name for name, _ in errors.most_common()]),
        tokens=sum(report.tokens for report in reports),
        unreported=sum(report.unreported for report in reports),
        spend=sum(spends, Decimal(0)) if spends else None,
        unpriced=sum(report.unpriced for report in reports),
        ambiguous=tuple(name for report in reports for name in report.ambiguous),
        seconds=seconds,
        to_review=sum(review_counts) if review_counts else None,
    )


def _frequent_messages(reports: Sequence[Report], names: Sequence[str]) -> dict[str, str]:
    """Return a message for each class of error: that of the part in which most rows failed with it."""
    messages: dict[str, str] = {}
    for name in names:
        counts = [report.errors.get(name, 0) for report in reports]
        part = reports[counts.index(max(counts))]
        messages |= {name: part.messages[name]} if name in part.messages else {}
    return messages
