"""The command `review`: a page on which a person corrects the labels of a table, and the gold that comes out of it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from structkit.cli.app import app
from structkit.cli.document_options import OCR, Password, read_file_options
from structkit.cli.file_input import Send
from structkit.cli.load import read_text
from structkit.cli.output_file import validate_output
from structkit.cli.request_options import Extras, ExtrasOption
from structkit.cli.row_request import LabelFunction, LabelType, find_format
from structkit.cli.terminal import notice, write_table, write_text
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.review import Disagreement, DocumentColumn, MergedGold, ReviewTable, RowChoice
    from structkit.tables.columns import Column

serve_option = functools.partial(typer.Option, rich_help_panel="Serve")

LOW_CONFIDENCE = 0.8
"""The confidence below which a value is low, by default."""

MAX_LISTED = 20
"""Stale rows and disagreements that are listed."""

MAX_CELL_CHARS = 60
"""Characters of a value in the list of disagreements."""


@app.command(
    epilog="Example: structkit review labels.csv --function recipes/classifier.py:label --text text --key id "
    "-o review.html"
)
def review(
    labels: Annotated[str, typer.Argument(metavar="LABELS", help="The table, such as the output of `label`.")],
    output_type: LabelType = None,
    function: LabelFunction = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The page to write; with --merge, the table of the gold; with --serve, the file of the decisions, by "
            "default LABELS.gold.jsonl.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="The column with the text of a row. Repeatable.", show_default=False),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The column with the path of a document, whose pages are shown. With --merge, what was saved about a "
            "document that has changed since is stale.",
            show_default=False,
        ),
    ] = None,
    ocr: OCR = False,  # noqa: FBT002
    password: Password = False,  # noqa: FBT002
    key: Annotated[
        str | None, typer.Option(help="The column that identifies a row. By default its number.", show_default=False)
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="missing|low|failed|sample=N",
            help="Rows with values that the text does not have, with a low confidence, or without a valid value; or a "
            "random sample, the same each time.",
            show_default=False,
        ),
    ] = None,
    below: Annotated[
        float | None,
        typer.Option(
            help="A confidence below this is low. By default 0.8; --only low: what --review-below has marked.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    serve: Annotated[  # noqa: FBT002
        bool, serve_option("--serve", help="Serve the page, and save each decision at once, until Ctrl-C.")
    ] = False,
    port: Annotated[int, serve_option(help="The port on 127.0.0.1; 0 chooses a free one.", min=0, max=65535)] = 0,
    no_open: Annotated[bool, serve_option("--no-open", help="Open no browser.")] = False,  # noqa: FBT002
    merge: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GOLD.jsonl",
            help="What reviewers have saved on the page: write the gold instead. Repeatable, for several reviewers.",
            show_default=False,
        ),
    ] = None,
    value_column: Annotated[
        str, typer.Option(help="The column of the values, if the type is not an object with fields.")
    ] = "value",
    extras: ExtrasOption = Extras.closed,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the table of the gold.")] = False,  # noqa: FBT002
) -> None:
    """Write a page on which a person corrects, approves and rejects labels; then, with --merge, the gold.

    The page is one file, which needs no network. It keeps what was done in the browser, and saves it as JSONL. With
    --serve, it is served on this machine for tables of any length, and each decision is saved in a file at once; the
    same command again resumes. Rows that were edited since, or on which reviewers disagree, are not in the gold.
    """
    from structkit.cli.review_serve import find_gold_file, serve_page
    from structkit.review import ReviewTable, RowChoice
    from structkit.schema.cache import response_format
    from structkit.tables.sources import open_source

    path = find_gold_file(output, labels) if serve else require_output(output)
    validate_output(path, labels, output_type, function, *(merge or ()))
    output_format = response_format(find_format(output_type, function, extras))

    documents = find_documents(file, labels, ocr, password)
    choice = RowChoice() if merge else find_choice(only, below)
    limit = LOW_CONFIDENCE if below is None else below

    def open_table() -> ReviewTable:
        return ReviewTable(
            open_source(labels, key=key, is_output=True), output_format, tuple(text or ()), value_column, documents
        )

    if merge:
        reject_page_options(text=text, only=only, serve=serve)
        write_gold(open_table(), merge, path, overwrite=overwrite)
    elif serve:
        serve_page(open_table, choice, limit, path, port, Path(labels).name, opens=not no_open)
    else:
        write_page(open_table(), choice, limit, path, Path(labels).name)


def find_documents(column: str | None, labels: str, ocr: bool, password: bool) -> DocumentColumn | None:
    """Return the documents of a table, and ask for their password if that is what an option says.

    Raises:
        ConfigError: An option of documents is used without their column.
    """
    from structkit.review import DocumentColumn

    if column is None:
        if ocr or password:
            raise ConfigError(f"{'--ocr' if ocr else '--password'} is for documents: name their column with --file")
        return None
    reading = read_file_options(Send.auto, None, ocr, password)
    return DocumentColumn(column, Path(labels).parent, ocr=ocr, password=reading.password)


def require_output(output: Path | None) -> Path:
    """Return the file of `--output`.

    Raises:
        ConfigError: There is none.
    """
    if output is None:
        raise ConfigError("name the page to write with --output, such as -o review.html; or serve it with --serve")
    return output


def reject_page_options(**options: Any) -> None:
    """Reject the options of the page beside `--merge`.

    Raises:
        ConfigError: One of them is used.
    """
    if names := [f"--{name}" for name, value in options.items() if value]:
        raise ConfigError(f"{names[0]} is for the page, and cannot be used with --merge; leave it out")


def find_choice(only: str | None, below: float | None) -> RowChoice:
    """Return which rows are reviewed; low is what a job has marked, unless a limit is named.

    Raises:
        ConfigError: There is no such choice.
    """
    from structkit.review import RowChoice, parse_choice

    return parse_choice(only, uses_queue=below is None) if only else RowChoice()


def write_page(table: ReviewTable, choice: RowChoice, below: float, output: Path, title: str) -> None:
    """Write the page of the rows of a table."""
    from structkit.review import review_page

    rows = choice.choose(table, below)
    page, omitted = review_page(rows, table.output_format, below, title)
    write_text(page.html.rstrip("\n"), output)
    note = f"; {count(omitted, 'page')} of documents are shown as text, for want of space (--serve shows all)"
    notice(f"{output}: {count(len(rows), 'row')} to review{note * bool(omitted)}")


def write_gold(table: ReviewTable, files: list[str], output: Path, *, overwrite: bool) -> None:
    """Write the gold of what reviewers have saved, and print how far they agree."""
    from structkit.review import merge_gold, read_gold_entries
    from structkit.review.gold_entries import split_gold_lines
    from structkit.tables.columns import input_columns
    from structkit.tables.sinks import open_sink

    contents = [(file, *split_gold_lines(read_text(file))) for file in files]
    entries = [entry for file, lines, _ in contents for entry in read_gold_entries(lines, file, table.output_format)]
    for file, lines, torn in contents:
        if torn:
            notice(f"{file}, line {len(lines) + 1}: incomplete, so it is left out: its writer was killed")
    gold = merge_gold(entries, dict(table.digests()))
    key = table.source.key or "row"
    with open_sink(
        output, (*input_columns([key], {"type": "string"}), *gold_columns(table, gold)), overwrite=overwrite
    ) as sink:
        for name, value in gold.values.items():
            sink.write({"input": {key: name}, "output": value})
    write_agreement(gold)
    for entry in gold.stale[:MAX_LISTED]:
        change = "was edited or labelled since" + (", or its document has changed" if table.documents else "")
        notice(f"{entry.file}, line {entry.line}: stale: the row {entry.key!r} {change}")
    rows = len({each.key for each in gold.disagreements})
    notice(
        f"{output}: {count(len(gold.values), 'row')}; {len(gold.rejected)} rejected, {len(gold.stale)} stale, "
        f"{rows} with disagreements"
    )


def gold_columns(table: ReviewTable, gold: MergedGold) -> list[Column]:
    """Return the columns of the type; one for undeclared keys only if a value has any."""
    from structkit.tables.columns import output_columns
    from structkit.values import ABSENT

    schema, is_open = table.output_format.natural_schema, isinstance(table.output_format.output_type, dict)
    return [
        column
        for column in output_columns(schema, is_open=is_open, name=table.value_column)
        if column.declared_keys is None
        or any(column.cell({"output": value}) is not ABSENT for value in gold.values.values())
    ]


def write_agreement(gold: MergedGold) -> None:
    """Print the agreement of reviewers on each field, and their disagreements."""
    if not gold.rows_of_several:
        return
    fields = [(each.field, str(each.pairs), f"{each.share:.3f}") for each in gold.agreement]
    write_table([("field", "pairs", "agreement"), *fields])
    if gold.disagreements:
        write_text("", None)
        write_table(disagreement_rows(gold.disagreements, gold.reviewers))


def disagreement_rows(disagreements: tuple[Disagreement, ...], reviewers: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the table of disagreements, with a column for each reviewer."""
    rows = [
        (each.key, each.path, *(each.values.get(name, "")[:MAX_CELL_CHARS] for name in reviewers))
        for each in disagreements[:MAX_LISTED]
    ]
    more = len(disagreements) - len(rows)
    return [("key", "place", *reviewers), *rows, *([(f"{more} more", "", *("" for _ in reviewers))] if more else [])]


def count(number: int, name: str) -> str:
    """Return a number with its noun.

    >>> count(1, "row"), count(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {name}{'' if number == 1 else 's'}"
