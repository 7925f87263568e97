"""The command `label`: labels a table; running the same command again resumes it."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from structkit.cli.app import ENDPOINT_HELP, MODEL_HELP, app
from structkit.cli.document_options import OCR, Password, SendOption
from structkit.cli.evidence_option import Evidence, EvidenceCommand, read_evidence
from structkit.cli.file_input import Send
from structkit.cli.label_input import find_input
from structkit.cli.label_options import (
    Blank,
    GuardFormulas,
    OnAmbiguous,
    find_on_change,
    find_price,
    parse_amount,
    parse_concurrency,
    parse_max_failed,
)
from structkit.cli.output_file import TableOutput, validate_output
from structkit.cli.placement_options import (
    Address,
    EngineChoice,
    EngineOption,
    JournalFolder,
    Processes,
    read_placement,
)
from structkit.cli.prompt_options import InstructionsFile, PromptFile, read_instructions, read_template
from structkit.cli.request_options import (
    Below,
    Chunk,
    Confidence,
    DialectName,
    Escalate,
    Extras,
    ExtrasOption,
    Header,
    MaxCompletionTokens,
    Mode,
    ReviewBelow,
    Seed,
    Set,
    ShowForm,
    Temperature,
    Timeout,
    read_call_options,
    read_chunk,
    read_confidence,
)
from structkit.cli.row_request import find_request
from structkit.cli.worker_job import job_of_command
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.batch.placement import WorkerPlacement


call_option = functools.partial(typer.Option, rich_help_panel="Request", show_default=False)
rows = functools.partial(typer.Option, rich_help_panel="Rows", show_default=False)
cost = functools.partial(
    typer.Option, rich_help_panel="Costs", show_default=False, parser=parse_amount, metavar="AMOUNT"
)
cost_file = functools.partial(typer.Option, rich_help_panel="Costs", show_default=False, metavar="FILE")
run = functools.partial(typer.Option, rich_help_panel="Run and resume")
inspect = functools.partial(typer.Option, rich_help_panel="Inspect without sending", show_default=False)


@app.command(
    cls=EvidenceCommand,
    epilog="Example: structkit label recipes/data/reviews.csv -o labels.csv --function recipes/classifier.py:label",
)
def label(
    output: TableOutput,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT|-",
            help="The table: CSV, TSV, JSONL, SQLite, Parquet, Excel; `-` is JSONL on standard input. A folder, or a "
            "pattern in quotes such as 'texts/*.parquet', is one table in many files; of other files, it is a table of "
            "documents, with {text} for the text of each. s3:// and other addresses need the extra `objects`.",
            show_default=False,
        ),
    ] = None,
    output_type: Annotated[
        str | None, call_option("--type", metavar="FILE.py:NAME", help="The type of the values.")
    ] = None,
    prompt: Annotated[str | None, call_option(help="The user message, with {column} for columns of the input.")] = None,
    prompt_file: PromptFile = None,
    function: Annotated[
        str | None,
        call_option(
            metavar="FILE.py:NAME",
            help="A function under @structkit.prompt, instead of --type and --prompt. Its parameters are columns.",
        ),
    ] = None,
    model: Annotated[str | None, call_option(help=MODEL_HELP)] = None,
    base_url: Annotated[str | None, call_option("--base-url", help=ENDPOINT_HELP)] = None,
    instructions: Annotated[str | None, call_option(help="The system message.")] = None,
    instructions_file: InstructionsFile = None,
    temperature: Temperature = None,
    max_tokens: Annotated[int | None, call_option(help="The maximum number of tokens in a reply.")] = None,
    max_completion_tokens: MaxCompletionTokens = None,
    seed: Seed = None,
    mode: Mode = None,
    dialect: DialectName = None,
    extras: ExtrasOption = Extras.closed,
    timeout: Timeout = None,
    show_form: ShowForm = None,
    evidence: Evidence = None,
    confidence: Confidence = None,
    escalate: Escalate = None,
    below: Below = None,
    review_below: ReviewBelow = None,
    chunk: Chunk = None,
    send: SendOption = Send.auto,
    ocr: OCR = False,  # noqa: FBT002
    password: Password = False,  # noqa: FBT002
    settings: Set = None,
    header: Header = None,
    key: Annotated[
        str | None, rows(help="The column that identifies a row. By default, the content of a row identifies it.")
    ] = None,
    sheet: Annotated[
        str | None, rows("--sheet", "--table", help="The sheet or table, if the file has several.")
    ] = None,
    delimiter: Annotated[
        str | None, rows(help="The character between the cells of a CSV file; a tab is '\\t'.")
    ] = None,
    encoding: Annotated[str | None, rows(help="The encoding of a text file. By default utf-8.")] = None,
    limit: Annotated[int | None, rows(help="Only the first N rows.", min=1)] = None,
    sample: Annotated[
        int | None,
        rows(help="A random sample of N rows, the same rows each time. With --limit, of the first rows.", min=1),
    ] = None,
    part: Annotated[
        str | None,
        rows(metavar="N/M", help="Only part N of M, in an output and a journal of its own; see `structkit join`."),
    ] = None,
    blank: Annotated[
        Blank, rows(help="What to do with rows that are blank in the columns of the prompt.", show_default=True)
    ] = Blank.skip,
    value_column: Annotated[
        str, rows(help="The column of the values, if the type is not an object with fields.", show_default=True)
    ] = "value",
    items: Annotated[
        str | None, rows(metavar="FIELD", help="A row of the output for each item of this list, not for each row.")
    ] = None,
    guard_formulas: Annotated[
        GuardFormulas,
        rows(help="Columns of a CSV output in which formulas get an apostrophe.", show_default=True),
    ] = GuardFormulas.all,
    budget: Annotated[Any, cost(help="The maximum that all runs together may spend.")] = None,
    price_input: Annotated[Any, cost(help="The price of a million tokens of input.")] = None,
    price_output: Annotated[Any, cost(help="The price of a million tokens of output.")] = None,
    prices: Annotated[Path | None, cost_file(help="Your prices by model, in TOML or JSON: input and output.")] = None,
    concurrency: Annotated[
        Any, run(parser=parse_concurrency, metavar="auto|N", help="The maximum number of requests in flight.")
    ] = "auto",
    processes: Processes = 1,
    engine: EngineOption = EngineChoice.local,
    address: Address = None,
    journal: JournalFolder = None,
    limits_server: Annotated[
        str | None,
        run(
            "--limits",
            metavar="URL",
            help="A `structkit limits` server, for one limit of all parts.",
            show_default=False,
        ),
    ] = None,
    grace: Annotated[
        float, run(help="Seconds that the first Ctrl-C waits for requests in flight.", metavar="SECONDS", min=0)
    ] = 60,
    batch_api: Annotated[  # noqa: FBT002
        bool, run("--batch-api", help="Send the requests as batches, at the price of the vendor's Batch API.")
    ] = False,
    no_wait: Annotated[  # noqa: FBT002
        bool, run("--no-wait", help="With --batch-api: submit or collect, and end; run the command again later.")
    ] = False,
    on_ambiguous: Annotated[
        OnAmbiguous, run(help="What to do with rows whose request was in flight when the last run was killed.")
    ] = OnAmbiguous.resend,
    retry_failed: Annotated[bool, run("--retry-failed", help="Process failed rows again, from scratch.")] = False,  # noqa: FBT002
    reparse: Annotated[  # noqa: FBT002
        bool, run("--reparse", help="If the type has changed: read the stored replies as the new type; send nothing.")
    ] = False,
    mix: Annotated[bool, run("--mix", help="If the job has changed: continue, and keep the finished rows.")] = False,  # noqa: FBT002
    new: Annotated[bool, run("--new", help="If the job has changed: start from scratch, and pay again.")] = False,  # noqa: FBT002
    max_failed: Annotated[
        Any,
        run(
            parser=parse_max_failed,
            metavar="N|P%",
            help="The maximum number or share of failed rows. By default, the run fails only if all rows fail.",
        ),
    ] = None,
    overwrite: Annotated[bool, run("--overwrite", help="Replace an output that is not this job's.")] = False,  # noqa: FBT002
    dry_run: Annotated[bool, inspect("--dry-run", help="Print the first request and an estimate.")] = False,  # noqa: FBT002
    status: Annotated[bool, inspect("--status", help="Print the number of rows in each state.")] = False,  # noqa: FBT002
    export: Annotated[
        Path | None,
        inspect(metavar="FILE", help="Write the rows so far to this file, even while the job runs."),
    ] = None,
) -> None:
    """Label every row of a table exactly once; the same command again resumes.

    Requests and replies are stored in OUTPUT.job. Failed rows are in the output, with the reason. The exit code is 0
    unless all rows failed, more rows failed than --max-failed, or the run stopped before its last row.
    """
    from structkit.batch.job import Job
    from structkit.cli.job_actions import print_status

    if status:
        raise typer.Exit(print_status(output, part, processes, journal))
    inputs = (source, output_type, function, prompt_file, instructions_file, prices)
    validate_output(export or output, *inputs, may_be_folder=True)
    label_input = find_input(source, function, encoding, send, ocr, password)
    request = find_request(output_type, read_template(prompt, prompt_file), function, extras, label_input.reading)
    options: Any = {"instructions": read_instructions(instructions, instructions_file), "temperature": temperature}
    options |= {"confidence": read_confidence(confidence), "mode": mode, "dialect": dialect, "escalate": escalate}
    options |= {"show_form": show_form}
    caps: Any = {"max_tokens": max_tokens, "max_completion_tokens": max_completion_tokens, "seed": seed, "below": below}
    reading: Any = {"blank": blank.value, "table": sheet, "delimiter": delimiter and delimiter.replace(r"\t", "\t")}
    limits: Any = {"concurrency": concurrency, "grace": grace, "budget": budget, "max_failed": max_failed}
    limits |= {"batch_api": batch_api, "wait": not no_wait, "limits": limits_server, "journal": journal}
    selection: Any = {"limit": limit, "sample": sample, "part": part, "retry_failed": retry_failed, "prices": prices}
    results: Any = {"value_column": value_column, "guard_formulas": guard_formulas.value, "overwrite": overwrite}
    results |= {"evidence": read_evidence(evidence), "review_below": review_below, "items": items}
    job = Job(
        **label_input.job_settings(request.prompt, key),
        output=output,
        **request.job_settings(model, base_url),
        **reading | selection | limits | results,
        price=find_price(price_input, price_output, prices, model or request.model),
        on_ambiguous=on_ambiguous.value,
        on_change=find_on_change(reparse=reparse, mix=mix, new=new),
        call=read_call_options(settings, header, timeout, request.call, **options, **caps, chunk=read_chunk(chunk)),
    )
    raise typer.Exit(start_job(job, read_placement(processes, engine, address), export, dry_run=dry_run))


def start_job(job: Job, placement: WorkerPlacement, export: Path | None, *, dry_run: bool) -> int:
    """Run a job, or export or preview it; return the exit code.

    Raises:
        ConfigError: The rows are in the journals of several processes, of which no export is made.
    """
    from structkit.cli.job_actions import export_job, preview_job, run_job

    if export and placement.is_divided:
        raise ConfigError("--export writes the rows of one journal: name a part with --part instead of --processes")
    if export or dry_run:
        return export_job(job, export) if export else preview_job(job)
    return run_job(job, placement, functools.partial(job_of_command, sys.argv[1:]))
