"""What `label` does with a job: run it, preview it, print its status, export its rows."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from structkit.batch.ambiguous import name_ambiguous
from structkit.batch.conversations import RowConversations
from structkit.batch.engines.batch_log import read_records
from structkit.batch.job import Job
from structkit.batch.job_input import open_input
from structkit.batch.parts import journal_totals
from structkit.batch.placement import ONE_PROCESS, WorkerPlacement, run_divided
from structkit.batch.processes.part_files import parts_of
from structkit.batch.processes.worker_process import LoadJob
from structkit.batch.progress_display import display_progress
from structkit.batch.report import Report, describe_ambiguous
from structkit.batch.resume import validate_new_journal
from structkit.batch.selection import estimate_rows, reopened_states, select_without_sample
from structkit.batch.settings import JobSettings
from structkit.batch.settings_validation import validate_columns, validate_settings
from structkit.batch.stderr_console import stderr_console
from structkit.cli.received_jobs import receive_job
from structkit.cli.request_options import parse_setting
from structkit.cli.terminal import INTERRUPTED, SUBMITTED, notice, write, write_text
from structkit.costs.budget import estimate_prompt_tokens
from structkit.costs.forecast import Forecast, Sample, estimate_sample, forecast_run
from structkit.errors import ConfigError, JobError, StructkitError
from structkit.journal.reader import Reader, find_reader
from structkit.tables.formats import STANDARD
from structkit.tables.source import Source
from structkit.tables.sources import STREAM_FILE, store_stream
from structkit.tables.store_address import StoreAddress
from structkit.testing import sample
from structkit.values import Request
from structkit.values.credentials import hide_credentials

MAX_SAMPLED_ROWS = 100
"""The number of rows from which an estimate is made."""

STATUS_WORDS = {"open": "open (of the rows that were started)"}
"""The journal has no row that no run has reached: without these words, the counts would seem to be of all rows."""

MAX_COUNTED_ROWS = 100_000
"""The number of rows that are counted before a run starts, to estimate the remaining time."""


WEB_QUERY = re.compile(r"\A(https?://[^?]*)\?.*", re.DOTALL)
"""An address with a query, which may have the signature of a link."""


def run_job(job: Job, placement: WorkerPlacement = ONE_PROCESS, load: LoadJob | None = None) -> int:
    """Run a job, and print its progress and its report; return the exit code.

    Args:
        job: The job.
        placement: How many processes work on it, and where.
        load: Returns the job in each of several processes.
    """
    if receive_job(job):
        return 0
    if not placement.is_divided:
        validate_output_owner(job)
    rows = count_remaining_rows(job, placement.processes)
    try:
        with display_progress(rows, job.price, stderr_console()) as on_progress:
            report = run_divided(job, placement, on_progress, load) if placement.is_divided else job.run(on_progress)
    except (KeyboardInterrupt, asyncio.CancelledError):
        notice(f"the replies so far are stored in {job.folder}; resume with: {resume_command(sys.argv)}")
        return INTERRUPTED
    _print_report(report)
    return exit_code(report)


def _print_report(report: Report) -> None:
    notice(str(report))
    for line in advice(report, sys.argv):
        notice(line)


def exit_code(report: Report) -> int:
    """Return 0 if the run succeeded, or the exit code of the error that says why not."""
    if report.reason == "submitted":
        return SUBMITTED
    try:
        report.raise_for_status()
    except KeyboardInterrupt:
        return INTERRUPTED
    except StructkitError as error:
        return error.exit_code
    return 0


def advice(report: Report, arguments: list[str]) -> Iterator[str]:
    """Return what the user can do next."""
    if report.reason == "submitted":
        yield f"collect the replies later with: {resume_command(arguments)}"
    elif not report.is_complete:
        yield f"resume with: {resume_command(arguments)}"
    elif report.counts.get("failed"):
        yield "the output has the reason of each failed row; --retry-failed sends them again"


def resume_command(arguments: list[str]) -> str:
    """Return the command that resumes a job: the same one, with its path if the shell would not find it.

    >>> resume_command([".venv/bin/structkit", "label", "a.csv", "-o", "b.csv", "--prompt", "Label: {text}"])
    ".venv/bin/structkit label a.csv -o b.csv --prompt 'Label: {text}'"
    """
    program, *options = arguments
    needs_path = Path(program).stem == "structkit" and which("structkit") != program
    return shlex.join([program if needs_path else "structkit", *hide_secrets(options)])


def hide_secrets(arguments: list[str]) -> list[str]:
    """Return the arguments of a command without what may be secret: headers, credentials, and queries of addresses.

    >>> hide_secrets(["a.csv", "--header", "X-Key: hunter2", "--header=X-Key: hunter2"])
    ['a.csv', '--header', 'X-Key: ...', '--header=X-Key: ...']
    >>> hide_secrets(["https://files.example/a.csv?sig=hunter2", "--base-url=https://a.example?key=hunter2"])
    ['https://files.example/a.csv?...', '--base-url=https://a.example?...']
    >>> hide_secrets(["--set", "top_k=5", "--set", 'litellm={"api_key": "hunter2"}'])
    ['--set', 'top_k=5', '--set', 'litellm=...']
    """
    return [_hide_secret(*pair) for pair in zip(["", *arguments], arguments, strict=False)]


def _hide_secret(option: str, argument: str) -> str:
    """Return an argument without what may be secret, by the one before it, which may be its option."""
    if argument.startswith("--") and "=" in argument:
        option, _, value = argument.partition("=")
        return f"{option}={_hide_secret(option, value)}"
    if option == "--header":
        return f"{argument.partition(':')[0]}: ..."
    if option == "--set":
        name, value = parse_setting(argument)
        return argument if hide_credentials({name: value}) == {name: value} else f"{name}=..."
    return WEB_QUERY.sub(r"\1?...", argument)


def count_remaining_rows(job: Job, processes: int = 1) -> int | None:
    """Return about how many rows a run will process; None if that is not cheap to know.

    Raises:
        JobError: The input cannot be read.
    """
    if job.source == STANDARD:
        return None
    source = open_rows(job)
    rows = source.count()
    if rows is None:
        rows = sum(1 for _ in islice(source, MAX_COUNTED_ROWS))
        rows = rows if rows < MAX_COUNTED_ROWS else job.limit
    if rows is None:
        return None
    parts = [job] if processes == 1 else parts_of(job, processes)
    return max(0, estimate_rows(rows, job) - sum(map(count_finished_rows, parts)))


def open_rows(settings: JobSettings) -> Source:
    """Open the input of a job, and print which of several sheets it is unless the user has chosen one."""
    source = open_input(settings)
    if source.note:
        notice(source.note)
    return source


def count_finished_rows(job: JobSettings) -> int:
    """Return how many rows earlier runs have finished and this one will not process again."""
    reader = None if job.on_change in {"new", "reparse"} else find_reader(job.folder)
    counts: Mapping[str, int] = {} if reader is None else reader.counts()
    states = {"done", "skipped", "failed"} - reopened_states(job)
    return sum(counts.get(state, 0) for state in states)


def validate_output_owner(job: Job) -> None:
    """Check, before anything is paid for, that the output may be replaced if it exists.

    Raises:
        JobError: The file is not this job's, its journal cannot be read, or the job was run in other parts.
    """
    if not job.output_path.exists() or job.overwrite:
        return
    validate_new_journal(job)
    reader = find_reader(job.folder)
    if reader is None or "output" not in reader.marks:
        raise JobError(f"{str(job.output)!r} exists and is not this job's output: --overwrite replaces it")


def export_job(job: Job, path: Path) -> int:
    """Write the journal's rows to another file; return the exit code.

    Raises:
        JobError: There is no such job, or a file cannot be used.
    """
    notice(str(job.export(path)))
    return 0


def preview_job(job: Job) -> int:
    """Print the first request and an estimate of the run; send nothing; return the exit code.

    Raises:
        ConfigError: The input has no rows, or a setting is invalid.
    """
    validate_settings(job)
    conversations = RowConversations(job)
    rows, requests = asyncio.run(read_requests(conversations))  # noqa: TID251 (the command line may)
    if not requests:
        raise ConfigError("the input has no rows that would be sent, so there is no request to show")
    write(requests[0][0].body, None)
    samples = [_estimate_row(each, conversations) for each in requests]
    rows = min(rows, job.sample or rows)
    request_count = round(rows * sum(map(len, requests)) / len(requests))
    count = f"{rows:,} rows" if request_count == rows else f"{rows:,} rows, about {request_count:,} requests"
    notice(f"{count}; {forecast_line(forecast_run(rows, samples, job.price))}; nothing was sent")
    return 0


def _estimate_row(requests: tuple[Request, ...], conversations: RowConversations) -> Sample:
    """Estimate a row by its first requests: of all chunks of its text, or of all parts of its type."""
    messages = [message for request in requests for message in request.messages]
    texts = [str(each) for each in messages if isinstance(each.content, str)]
    files = [each for each in messages if not isinstance(each.content, str)]
    fields = [str(request.fields) for request in requests]
    reply = json.dumps(sample(conversations.response_format.schema), ensure_ascii=False)
    row = estimate_sample("".join(texts + fields), reply * (len(requests) if conversations.chunk else 1))
    return replace(row, prompt_tokens=row.prompt_tokens + estimate_prompt_tokens(files))


async def read_requests(conversations: RowConversations) -> tuple[int, list[tuple[Request, ...]]]:
    """Return the number of rows that will be sent, and the first requests about up to `MAX_SAMPLED_ROWS` of them."""
    rows, requests = 0, list[tuple[Request, ...]]()
    settings = conversations.settings
    with TemporaryDirectory() as folder:
        source = store_stream(open_rows(settings), Path(folder) / STREAM_FILE, settings.limit)
        validate_columns(settings.prompt, source)
        for record in select_without_sample(settings).records(source):
            if conversations.blank_outcome(record):
                continue
            rows += 1
            if len(requests) < MAX_SAMPLED_ROWS:
                requests.append((await conversations.start(record)).requests)
    return rows, requests


def forecast_line(forecast: Forecast) -> str:
    """Return an estimate as a line."""
    prompt, completion = forecast.prompt_tokens.expected, forecast.completion_tokens.expected
    cost = "cost unknown without --price-input and --price-output"
    if forecast.cost:
        cost = f"cost {forecast.cost.low:.4f} to {forecast.cost.high:.4f}"
    return f"about {prompt:,.0f} tokens of input and {completion:,.0f} of output, by their characters; {cost}"


def print_status(
    output: Path | StoreAddress, part: str | None = None, processes: int = 1, journal: Path | None = None
) -> int:
    """Print how many rows of a job are in each state, even while it runs; return the exit code.

    Raises:
        JobError: There is no job of this output.
    """
    job = Job(source=(), output=output, output_type=str, prompt="", part=part, journal=journal)
    totals = journal_totals(job.journal_folder, job.table_path.name)
    if processes == 1 and part is None and totals and not job.folder.exists():
        raise JobError(f"the job of {str(output)!r} was run in {min(totals)} parts: pass --processes {min(totals)}")
    readers = [Reader(each.folder) for each in ([job] if processes == 1 else parts_of(job, processes))]
    counts = Counter[str]()
    for reader in readers:
        counts.update(reader.counts())  # a sum of counters would leave out states without rows
    lines = [f"{number:,} {STATUS_WORDS.get(state, state)}" for state, number in counts.items()]
    lines.append(f"{sum(reader.usage().total_tokens for reader in readers):,} tokens")
    batches = [record for reader in readers for record in read_records(reader) if record.state == "submitted"]
    if requests := sum(record.requests for record in batches):
        lines.append(f"{requests:,} requests are in batches at the endpoint")
    if names := tuple(name for reader in readers for name in name_ambiguous(reader)):
        lines.append(describe_ambiguous(names))
    write_text("\n".join(lines), None)
    return 0
