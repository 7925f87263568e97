"""The commands `extract`, `schema`, `models` and `serve`, and how errors become lines and exit codes."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from structkit.cli.default_client import default_client
from structkit.cli.document_options import OCR, Password, SendOption, read_file_options
from structkit.cli.evidence_option import (
    Evidence,
    EvidenceCommand,
    Show,
    read_evidence,
    validate_show,
)
from structkit.cli.file_input import Send
from structkit.cli.file_table import FileRowPrompt, is_table, reject_table_options, run_table, table_option
from structkit.cli.file_value import read_value
from structkit.cli.input_files import extract_files, is_several, list_files
from structkit.cli.load import load_format
from structkit.cli.output_file import ValueOutput, validate_output
from structkit.cli.prompt_options import (
    InstructionsFile,
    PromptFile,
    build_prompt,
    read_instructions,
    read_template,
)
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
    Seed,
    Set,
    ShowForm,
    Temperature,
    Timeout,
    complete_dialect,
    read_call_options,
    read_chunk,
    read_confidence,
    read_probe_options,
)
from structkit.cli.shell_names import to_shell_names
from structkit.cli.terminal import INTERRUPTED, notice, write, write_text
from structkit.disk import UNUSABLE_NAME
from structkit.errors import ConfigError, StructkitError
from structkit.values.text import shorten

PROGRAM = "structkit"
"""The name in usage and completion, also for `python -m structkit`, which a shell cannot complete."""

COMPLETION = "_STRUCTKIT_COMPLETE"
"""The variable by which the scripts of shells ask for completions."""

UNEXPECTED = 1
"""The exit code of an exception that is none of structkit's."""

MAX_NAME_CHARS = 100
"""Characters of a file's name that an error message quotes."""

app = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Type = Annotated[
    str,
    typer.Option("--type", metavar="FILE.py:NAME", help="The type: FILE.py:Name, package.module:Name or schema.json."),
]
MODEL_HELP = "The model's name, or `local`. By default STRUCTKIT_MODEL."
ENDPOINT_HELP = "The endpoint, with or without /v1. By default OPENAI_BASE_URL."

Model = Annotated[str | None, typer.Option(help=MODEL_HELP, show_default=False)]
BaseURL = Annotated[str | None, typer.Option("--base-url", help=ENDPOINT_HELP, show_default=False)]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)
]


@app.callback(invoke_without_command=True)
def structkit(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,  # noqa: FBT002
) -> None:
    """Structured output of any type from any OpenAI-compatible endpoint.

    The API key is read from OPENAI_API_KEY, never from the command line. Results go to stdout, progress
    and notices to stderr. Exit codes: 0 success; 2 an invalid setting or file; 3 the endpoint failed;
    4 no valid answer from the model; 5 the budget is used up; 6 a score is too low; 7 batches are at the
    endpoint; 130 interrupted.
    """
    if version:
        from structkit import __version__

        write_text(__version__, None)
        raise typer.Exit


@app.command(
    cls=EvidenceCommand,
    epilog="Example: structkit extract recipes/data/invoice.txt --type recipes/invoice.py:Invoice; or, for a table: "
    "structkit extract 'invoices/*.pdf' --type recipes/pdf_invoice.py:Invoice -o lines.csv --items lines",
)
def extract(
    files: Annotated[
        list[str],
        typer.Argument(
            help="The text, PDF, DOCX, PPTX, XLSX, HTML, EML, image or recording to read; `-` is standard input. "
            "Several files, a folder or a pattern such as 'invoices/*.pdf' give a line of JSON each, or a table.",
            metavar="FILE...|-",
        ),
    ],
    output_type: Type,
    model: Model = None,
    base_url: BaseURL = None,
    instructions: Annotated[str | None, typer.Option(help="The system message.", show_default=False)] = None,
    instructions_file: InstructionsFile = None,
    prompt: Annotated[
        str | None, typer.Option(help="The user message, with {text} for the file's text.", show_default=False)
    ] = None,
    prompt_file: PromptFile = None,
    encoding: Annotated[
        str | None, typer.Option(help="The encoding of a text. By default utf-8.", show_default=False)
    ] = None,
    temperature: Temperature = None,
    max_tokens: Annotated[
        int | None, typer.Option(help="The maximum number of tokens in a reply.", show_default=False)
    ] = None,
    max_completion_tokens: MaxCompletionTokens = None,
    seed: Seed = None,
    mode: Mode = None,
    dialect: DialectName = None,
    extras: ExtrasOption = Extras.closed,
    timeout: Timeout = None,
    show_form: ShowForm = None,
    chunk: Chunk = None,
    evidence: Evidence = None,
    confidence: Confidence = None,
    escalate: Escalate = None,
    below: Below = None,
    show: Show = None,
    send: SendOption = Send.auto,
    ocr: OCR = False,  # noqa: FBT002
    password: Password = False,  # noqa: FBT002
    settings: Set = None,
    header: Header = None,
    output: ValueOutput = None,
    items: Annotated[
        str | None, table_option(metavar="FIELD", help="A row for each item of this list, not for each file.")
    ] = None,
    value_column: Annotated[
        str | None, table_option(help="The column of the values, if the type is not an object; by default `value`.")
    ] = None,
    review_below: Annotated[
        float | None,
        table_option(
            "--review-below", metavar="N", help="Mark rows with a confidence below this in the column `review`."
        ),
    ] = None,
    retry_failed: Annotated[bool, table_option("--retry-failed", help="Read failed files again.")] = False,  # noqa: FBT002
    new: Annotated[bool, table_option("--new", help="If the type or an option has changed: start again.")] = False,  # noqa: FBT002
    overwrite: Annotated[bool, table_option("--overwrite", help="Replace an output that is not this job's.")] = False,  # noqa: FBT002
) -> None:
    """Read a value of a type from a text or document, and print it as JSON.

    Of several files, each line has the name of a file with its value, or with the error of that file. The exit code is
    0 if all succeeded, or that of the first error. With --evidence or --confidence, the JSON has these beside the
    value. With a table as the output, such as -o invoices.csv, there is a row for each file, and the same command again
    resumes.
    """
    from structkit.schema.cache import response_format

    validate_output(output, *files, output_type, prompt_file, instructions_file)
    validate_show(show, is_several(files) or is_table(output), *files, output_type, prompt_file, instructions_file)
    values_type = response_format(load_format(output_type, extras.value))
    caps: Any = {"max_tokens": max_tokens, "max_completion_tokens": max_completion_tokens}
    template, system = read_template(prompt, prompt_file), read_instructions(instructions, instructions_file)
    options: Any = {"instructions": system, "temperature": temperature, "seed": seed, "chunk": read_chunk(chunk)}
    options |= {"confidence": read_confidence(confidence), "escalate": escalate, "below": below, "show_form": show_form}
    places = read_evidence(evidence)
    call: Any = read_call_options(settings, header, timeout, **options, **caps, mode=mode, dialect=dialect)
    reading, names = read_file_options(send, encoding, ocr, password), list_files(files) if is_several(files) else files
    table: Any = {"items": items, "value_column": value_column, "retry_failed": retry_failed, "overwrite": overwrite}
    table |= {"review_below": review_below}
    if is_table(output):
        endpoint, row_prompt = {"model": model, "base_url": base_url}, FileRowPrompt(template, reading)
        raise typer.Exit(run_table(names, output, values_type, row_prompt, endpoint, call, new, places, table))
    reject_table_options(new=new, **table)
    first_prompt = None if is_several(files) else build_prompt(files[0], template, reading)
    with default_client(model, base_url, notice) as client:
        read = partial(read_value, client, values_type, call=call, evidence=places, show=show)
        if first_prompt is None:
            raise typer.Exit(extract_files(names, lambda name: read(build_prompt(name, template, reading)), output))
        fields = read(first_prompt)
        write(fields if places or confidence else fields["value"], output)


@app.command(epilog="Example: structkit schema recipes/invoice.py:Invoice --explain --dialect all")
def schema(
    output_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="FILE.py:Name, package.module:Name or schema.json.")
    ],
    explain: Annotated[bool, typer.Option(help="List every rewrite, and each rule only structkit checks.")] = False,  # noqa: FBT002
    dialect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A vendor's dialect. With --explain, several of them or `all` are compared. By default openai.",
            autocompletion=complete_dialect,
            show_default=False,
        ),
    ] = None,
    extras: ExtrasOption = Extras.closed,
    output: Output = None,
) -> None:
    """Print the `response_format` payload of a type, or explain it."""
    from structkit.dialects import DIALECTS, get_dialect
    from structkit.schema import ResponseFormat, compare

    validate_output(output, output_type)
    names = [*DIALECTS] if dialect == ["all"] else dialect or ["openai"]
    loaded = load_format(output_type, extras.value)
    base: ResponseFormat[Any] = loaded if isinstance(loaded, ResponseFormat) else ResponseFormat(loaded)
    formats = [base.in_dialect(get_dialect(name)) for name in names]
    if len(formats) > 1 and not explain:
        raise ConfigError("a payload is for one dialect: name one, or compare them with --explain")
    if explain:
        explanations = {each.dialect.name: each.explain() for each in formats}
        write_text(compare(explanations) if len(explanations) > 1 else str(formats[0].explain()), output)
    else:
        write(formats[0].payload, output)


@app.command(epilog="Example: structkit models --base-url https://gateway.example/v1")
def models(model: Model = None, base_url: BaseURL = None, header: Header = None, output: Output = None) -> None:
    """List the endpoint's models, as a JSON array."""
    validate_output(output)
    call = read_probe_options(None, header)
    with default_client(model, base_url, notice, fallback="any", call=call) as client:
        write([*client.models()], output)


@app.command(epilog="Example: structkit serve --port 8080, then curl http://127.0.0.1:8080/v1/models")
def serve(
    port: Annotated[int, typer.Option(help="The port; 0 chooses a free one.", min=0, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    model: Annotated[str, typer.Option(help="`local`, or `local:PATH.gguf`.")] = "local",
) -> None:
    """Serve the embedded model to any OpenAI-compatible client, until Ctrl-C."""
    from structkit.local import LocalServer, Proxy
    from structkit.local.model import NAME, model_file

    name, _, argument = model.partition(":")
    if name != "local":
        raise ConfigError(f"--model {model!r}: only embedded models can be served: local or local:PATH.gguf")
    path = model_file(argument or None)
    with Proxy(host, port) as proxy, LocalServer(path, name=None if argument else NAME) as server:
        proxy.start(server.name, server.base_url)
        notice(f"serving {server.name} at {proxy.base_url} (Ctrl-C stops)")
        wait_forever()


def wait_forever() -> NoReturn:
    """Sleep until a signal ends the program."""
    import threading

    while True:
        threading.Event().wait(3600)


def main() -> None:
    """Run the command line; the exit code says who has to act."""
    if COMPLETION in os.environ:
        os.environ["COLUMNS"] = "1000"  # a shell would take the second line of a help text for another completion
    sys.exit(run(partial(app, prog_name=PROGRAM)))


def _system_message(error: Exception) -> str:
    """Return what the system says about a file or a disk that is the user's to change; empty for other errors."""
    if not isinstance(error, OSError):
        return ""
    if error.errno in UNUSABLE_NAME and error.filename is not None:
        name, advice = shorten(str(error.filename), MAX_NAME_CHARS), UNUSABLE_NAME[error.errno]
        return f"{name!r}: {error.strerror}{advice}"
    return f"cannot write: {error.strerror}" if error.errno == errno.ENOSPC else ""


def run(command: Callable[[], Any]) -> int:
    """Run a command; print an error as one line, and return the exit code."""
    try:
        command()
    except StructkitError as error:
        notice(f"{type(error).__name__}: {to_shell_names(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        notice("stopped")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (a bug, or one of the caller's type: Python would print its text unescaped)
        if message := _system_message(error):
            notice(f"ConfigError: {message}")
            return ConfigError.exit_code
        notice(traceback.format_exc().rstrip())
        return UNEXPECTED
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            notice("stopped")
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0
