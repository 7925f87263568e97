"""A job as its user sees it: what it would ask, how far it is, what it came to."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from shutil import which

from rich.console import Console

from structkit.batch.conversations import RowConversations
from structkit.batch.job import Job
from structkit.batch.report import Report
from structkit.batch.validation import validate_settings
from structkit.cli.app import INTERRUPTED, notice, write, write_text
from structkit.cli.showing import showing
from structkit.costs.forecast import Forecast, estimate_sample, forecast_run
from structkit.errors import ConfigError, JobError, StructkitError
from structkit.journal.journal import Reader
from structkit.tables.formats import STANDARD
from structkit.tables.sources import open_source
from structkit.testing import sample
from structkit.values import Request

SAMPLED = 100
"""Rows that an estimate is made from."""

COUNTED = 100_000
"""Rows that are counted before a run begins, so that it can say when it will end."""


def follow(job: Job) -> int:
    """Run a job, show how far it is and what it came to; the exit code."""
    refuse_taken(job)
    left = rows_left(job)
    try:
        with showing(left, job.price, Console(stderr=True)) as told:
            report = job.run(told)
    except (KeyboardInterrupt, asyncio.CancelledError):
        notice(f"what was answered is kept in {job.folder}; go on with: {again(sys.argv)}")
        return INTERRUPTED
    notice(str(report))
    for line in advice(report, sys.argv):
        notice(line)
    return exit_code(report)


def exit_code(report: Report) -> int:
    """Return 0 if all rows have finished, or the exit code of the error that says why not."""
    try:
        report.raise_for_status()
    except KeyboardInterrupt:
        return INTERRUPTED
    except StructkitError as error:
        return error.exit_code
    return 0


def advice(report: Report, arguments: list[str]) -> Iterator[str]:
    """What can be done next."""
    if not report.is_complete:
        yield f"go on with: {again(arguments)}"
    elif report.counts.get("failed"):
        yield "the output says why rows failed; --retry-failed asks them again"


def again(arguments: list[str]) -> str:
    """The command that goes on, as it was called: by its path where the shell would not find it.

    >>> again([".venv/bin/structkit", "label", "a.csv", "-o", "b.csv", "--prompt", "Label: {text}"])
    ".venv/bin/structkit label a.csv -o b.csv --prompt 'Label: {text}'"
    """
    program, *rest = arguments
    is_script = Path(program).stem == "structkit" and which("structkit") != program
    return shlex.join([program if is_script else "structkit", *rest])


def rows_left(job: Job) -> int | None:
    """About how many rows a run will take; None where that is not cheap to know.

    Raises:
        JobError: The input cannot be read.
    """
    if job.source == STANDARD:
        return None
    source = open_source(job.source, key=job.key)
    rows = source.count()
    if rows is None:
        rows = sum(1 for _ in islice(source, COUNTED))
        rows = rows if rows < COUNTED else job.limit
    return None if rows is None else max(0, min(rows, job.limit or rows, job.sample or rows) - ended(job))


def refuse_taken(job: Job) -> None:
    """See that the output may be written, before anything is paid for.

    Raises:
        JobError: It is somebody else's file.
    """
    if not Path(job.output).exists() or job.overwrite:
        return
    with suppress(JobError):  # no earlier run
        if "output" in Reader(job.folder).marks:
            return
    raise JobError(f"{str(job.output)!r} is there already, and not this job's: --overwrite replaces it")


def ended(job: Job) -> int:
    """How many rows earlier runs have taken to their end."""
    counts: Mapping[str, int] = {}
    with suppress(JobError):  # no earlier run
        counts = Reader(job.folder).counts()
    states = ("done", "skipped") if job.retry_failed else ("done", "skipped", "failed")
    return 0 if job.on_change in {"new", "reparse"} else sum(counts.get(state, 0) for state in states)


def exported(job: Job, path: Path) -> int:
    """Write what the journal of a job holds to another file. The exit code.

    Raises:
        JobError: There is no such job, or a file cannot be used.
    """
    notice(str(job.export(path)))
    return 0


def preview(job: Job) -> int:
    """Print the first request, and what the run may take; nothing is sent. The exit code.

    Raises:
        ConfigError: There are no rows, or the job is not sound.
    """
    validate_settings(job)
    conversations = RowConversations(job)
    rows, requests = asyncio.run(first_requests(conversations))  # noqa: TID251 (here one may)
    if not requests:
        raise ConfigError("the input has no rows")
    write(requests[0].body, None)
    reply = json.dumps(sample(conversations.response_format.schema), ensure_ascii=False)
    samples = [estimate_sample("".join(map(str, (*each.messages, each.fields))), reply) for each in requests]
    rows = min(rows, job.sample or rows)
    notice(f"{rows:,} rows; {expected(forecast_run(rows, samples, job.price))}; nothing was sent")
    return 0


async def first_requests(conversations: RowConversations) -> tuple[int, list[Request]]:
    """How many rows there are, and what would be asked of the first of them."""
    rows, requests = 0, list[Request]()
    settings = conversations.settings
    for record in islice(open_source(settings.source, key=settings.key), settings.limit):
        rows += 1
        if len(requests) < SAMPLED:
            requests.append((await conversations.start(record)).requests[0])
    return rows, requests


def expected(found: Forecast) -> str:
    """An estimate, in a line."""
    read, written = found.prompt_tokens.expected, found.completion_tokens.expected
    cost = "cost unknown without --price-input and --price-output"
    if found.cost:
        cost = f"cost {found.cost.low:.4f} to {found.cost.high:.4f}"
    return f"about {read:,.0f} tokens of input and {written:,.0f} of output, by their characters; {cost}"


def show_status(output: Path) -> int:
    """Print how far a job is, also while it runs. The exit code.

    Raises:
        JobError: There is none.
    """
    reader = Reader(Job(source=(), output=output, output_type=str, prompt="").folder)
    usage, lost = reader.usage(), [key for _, key in reader.ambiguous_rows()]
    lines = [f"{number:,} {state}" for state, number in reader.counts().items()]
    lines.append(f"{usage.total_tokens:,} tokens")
    if lost:
        lines.append(f"{len(lost):,} under way when a run was killed: {', '.join(lost[:5])}")
    write_text("\n".join(lines), None)
    return 0
