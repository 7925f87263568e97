"""The command `label`: a table in, a table of values out, and the same command again to go on."""

from __future__ import annotations

import enum
import functools
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from structkit.cli.app import THE_ENDPOINT, THE_MODEL, app, notice, refuse_unwritable
from structkit.cli.client import default_model
from structkit.cli.load import load_type
from structkit.client.endpoint_settings import model_name
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.batch.settings import OnChange
    from structkit.costs.price import Price
    from structkit.functions.function import Decorated


class OnAmbiguous(enum.Enum):
    """What to do with a row whose last request may have been answered."""

    resend = "resend"
    hold = "hold"


def at_once(text: str) -> int | Literal["auto"]:
    """How many requests may be in flight.

    >>> at_once("auto"), at_once("64")
    ('auto', 64)
    """
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise typer.BadParameter(f"{text!r} is neither auto nor a number of requests")
    return "auto" if text == "auto" else int(text)


def amount(text: str) -> Decimal:
    """An amount of money.

    >>> amount("2.50")
    Decimal('2.50')
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        raise typer.BadParameter(f"{text!r} is no amount of money")
    return found


ask = functools.partial(typer.Option, rich_help_panel="What to ask", show_default=False)
rows = functools.partial(typer.Option, rich_help_panel="Rows", show_default=False)
money = functools.partial(typer.Option, rich_help_panel="Money", show_default=False, parser=amount, metavar="AMOUNT")
money_file = functools.partial(typer.Option, rich_help_panel="Money", show_default=False, metavar="FILE")
going = functools.partial(typer.Option, rich_help_panel="Going on")
look = functools.partial(typer.Option, rich_help_panel="Looking", show_default=False)


@app.command(
    epilog="Example: structkit label recipes/data/reviews.csv -o labels.csv --function recipes/classifier.py:label"
)
def label(
    output: Annotated[Path, typer.Option("--output", "-o", help="The table to write; the suffix says the format.")],
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT|-",
            help="The table: CSV, TSV, JSONL, SQLite, Parquet, Excel; `-` is JSONL on standard input.",
            show_default=False,
        ),
    ] = None,
    output_type: Annotated[str | None, ask("--type", metavar="FILE.py:NAME", help="The type of the values.")] = None,
    prompt: Annotated[str | None, ask(help="The user message, with {column} for columns of the input.")] = None,
    function: Annotated[
        str | None,
        ask(
            metavar="FILE.py:NAME",
            help="A function under @structkit.prompt, instead of type and prompt; its parameters are columns.",
        ),
    ] = None,
    model: Annotated[str | None, ask(help=THE_MODEL)] = None,
    base_url: Annotated[str | None, ask("--base-url", help=THE_ENDPOINT)] = None,
    instructions: Annotated[str | None, ask(help="The system message.")] = None,
    temperature: Annotated[float | None, ask(help="0 to 2.")] = None,
    max_tokens: Annotated[int | None, ask(help="The longest reply, in tokens.")] = None,
    key: Annotated[str | None, rows(help="The column that names a row; by default its content does.")] = None,
    limit: Annotated[int | None, rows(help="Only the first so many rows.", min=1)] = None,
    sample: Annotated[
        int | None, rows(help="Only so many rows, drawn fairly, and the same each time; of the first --limit.", min=1)
    ] = None,
    budget: Annotated[Any, money(help="What may be spent, over all runs.")] = None,
    price_input: Annotated[Any, money(help="What a million tokens of input cost.")] = None,
    price_output: Annotated[Any, money(help="What a million tokens of output cost.")] = None,
    prices: Annotated[Path | None, money_file(help="Your own prices by model, TOML or JSON: input and output.")] = None,
    concurrency: Annotated[Any, going(parser=at_once, metavar="auto|N", help="Requests in flight at most.")] = "auto",
    grace: Annotated[
        float, going(help="Seconds for which the first Ctrl-C waits for what is in flight.", metavar="SECONDS", min=0)
    ] = 60,
    on_ambiguous: Annotated[
        OnAmbiguous, going(help="What to do with rows that were under way when the last run was killed.")
    ] = OnAmbiguous.resend,
    retry_failed: Annotated[bool, going("--retry-failed", help="Ask failed rows again.")] = False,  # noqa: FBT002
    reparse: Annotated[bool, going("--reparse", help="Another type: read the replies kept; ask nothing.")] = False,  # noqa: FBT002
    mix: Annotated[bool, going("--mix", help="Another job: go on, and remember the mixture.")] = False,  # noqa: FBT002
    new: Annotated[bool, going("--new", help="Another job: begin anew, and pay again.")] = False,  # noqa: FBT002
    overwrite: Annotated[bool, going("--overwrite", help="Replace a file that is not this job's.")] = False,  # noqa: FBT002
    dry_run: Annotated[bool, look("--dry-run", help="Print the first request and an estimate; ask nothing.")] = False,  # noqa: FBT002
    status: Annotated[bool, look("--status", help="Print how far the job of this output is.")] = False,  # noqa: FBT002
    export: Annotated[
        Path | None,
        look(metavar="FILE", help="Write what there is to this file, also while the job runs; ask nothing."),
    ] = None,
) -> None:
    """Label every row of a table once; the same command again goes on.

    What happens on the way is kept in OUTPUT.job. Rows that failed are in the output, with the reason, and end with
    exit code 0; 3, 5 and 130 are runs that stopped before their last row.
    """
    from structkit.batch.job import Job
    from structkit.cli.labelling import exported, follow, preview, show_status

    if status:
        raise typer.Exit(show_status(output))
    refuse_unwritable(export or output)
    wanted, asked, own, call = what_to_ask(output_type, prompt, function)
    call |= said(instructions=instructions, temperature=temperature, max_tokens=max_tokens)
    job = Job(
        source=named(source),
        output=output,
        output_type=wanted,
        prompt=asked,
        model=default_model(model or own, base_url, notice),
        base_url=base_url or None,
        key=key,
        limit=limit,
        sample=sample,
        concurrency=concurrency,
        grace=grace,
        budget=budget,
        price=price_of(price_input, price_output, prices, model or own),
        on_ambiguous=on_ambiguous.value,
        on_change=on_change(reparse=reparse, mix=mix, new=new),
        retry_failed=retry_failed,
        overwrite=overwrite,
        call=call,
    )
    raise typer.Exit(exported(job, export) if export else preview(job) if dry_run else follow(job))


def said(**given: Any) -> dict[str, Any]:
    """The arguments that were given.

    >>> said(instructions=None, temperature=0)
    {'temperature': 0}
    """
    return {name: value for name, value in given.items() if value is not None}


def named(source: str | None) -> str:
    """The input.

    Raises:
        ConfigError: None is named.
    """
    if source is None:
        raise ConfigError("name the INPUT: a table, or - for JSONL on standard input")
    return source


def what_to_ask(output_type: str | None, prompt: str | None, function: str | None) -> tuple[Any, Any, str | None, Any]:
    """The type, the prompt, the model's name and the arguments of each call.

    Raises:
        ConfigError: It is not said, or said twice.
    """
    if bool(function) == bool(output_type or prompt) or bool(output_type) != bool(prompt):
        raise ConfigError("say what to ask: --type and --prompt, or --function alone")
    if not function:
        return load_type(str(output_type)), prompt, None, {}
    found = decorated(function)
    return found.response_format, found.row_function, found.declaration.model, {**found.declaration.call}


def decorated(name: str) -> Decorated[..., Any]:
    """The function of that name.

    Raises:
        ConfigError: It is not decorated, or has a client of its own.
    """
    from structkit.functions.function import Decorated

    found = load_type(name)
    if not isinstance(found, Decorated):
        raise ConfigError(f"--function {name!r}: not a function under @structkit.prompt")
    if found.declaration.client is not None:
        raise ConfigError(f"--function {name!r} has a client of its own: give it model= instead")
    return found


def price_of(read: Decimal | None, written: Decimal | None, prices: Path | None, model: str | None) -> Price | None:
    """What tokens cost, if that is said: in two parts, or by a file of the user's own prices.

    Raises:
        ConfigError: It is said by half, or twice, or not of this model.
    """
    from structkit.costs.price import Price

    if prices is not None and (read, written) != (None, None):
        raise ConfigError("say what tokens cost once: --prices, or --price-input and --price-output")
    if prices is not None:
        return price_among(prices, model_name(model))
    if read is None and written is None:
        return None
    if read is None or written is None:
        raise ConfigError("a price has two parts: --price-input and --price-output, per million tokens")
    return Price(read, written)


def price_among(prices: Path, model: str) -> Price:
    """What a model's tokens cost by a file.

    Raises:
        ConfigError: It cannot be read, or knows only others.
    """
    from structkit.costs.price import read_prices

    known = read_prices(prices)
    if model not in known:
        raise ConfigError(f"{prices} has no price of {model!r}, only of {', '.join(known) or 'nothing'}")
    return known[model]


def on_change(**chosen: bool) -> OnChange:
    """What to do where the job no longer matches its journal.

    Raises:
        ConfigError: Two things.

    >>> on_change(reparse=False, mix=True, new=False)
    'mix'
    """
    names: list[Any] = [name for name, is_chosen in chosen.items() if is_chosen]
    if len(names) > 1:
        raise ConfigError("choose one of --reparse, --mix and --new")
    return names[0] if names else "stop"
