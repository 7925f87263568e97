"""The command `evaluate`: how good labels are against gold, for people and for CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from structkit.cli.app import Output, app
from structkit.cli.output_file import validate_output
from structkit.cli.request_options import Extras, ExtrasOption
from structkit.cli.row_request import LabelFunction, LabelType, find_format
from structkit.cli.terminal import notice, write, write_text
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.evaluation import Score, ScoreComparison, TrustCurve

BELOW = 6
"""The exit code of a score below `--fail-under`."""

FIGURES = ("f1", "precision", "recall", "accuracy")


class Threshold(NamedTuple):
    """The least that a figure may be.

    Args:
        field: The field; empty for all fields together.
        figure: `f1`, `precision`, `recall`, or `accuracy` (of rows).
        minimum: The least value.
    """

    field: str
    figure: str
    minimum: float

    def describe_failure(self, score: Score) -> str:
        """Return how a score is below it; empty if it is not.

        Raises:
            ConfigError: The score has no such field.
        """
        name = f"{self.field}.{self.figure}" if self.field else self.figure
        if self.field and self.field not in score.fields:
            names = f"only {', '.join(score.fields)}" if score.fields else "and no other: gold has no values"
            raise ConfigError(f"--fail-under: there is no field {self.field!r}, {names}")
        value = getattr(score.fields[self.field] if self.field else score, self.figure)
        if value is None:
            return f"{name} is unknown, because there are no values; it must be {self.minimum:g} or more"
        return f"{name} is {value:.4f}, and must be {self.minimum:g} or more" if value < self.minimum else ""


def parse_threshold(text: str) -> Threshold:
    """Parse a threshold.

    >>> parse_threshold("f1=0.9"), parse_threshold("lines[].price.recall=0.8")
    (Threshold(field='', figure='f1', minimum=0.9), Threshold(field='lines[].price', figure='recall', minimum=0.8))
    """
    name, _, number = text.rpartition("=")
    field, _, figure = name.rpartition(".")
    try:
        minimum = float(number)
    except ValueError:
        minimum = -1.0
    if figure not in FIGURES or not 0 <= minimum <= 1 or (field and figure == "accuracy"):
        raise typer.BadParameter(
            f"{text!r} is not a figure and a number from 0 to 1, such as f1=0.9 or city.recall=0.8"
        )
    return Threshold(field, figure, minimum)


@app.command(
    epilog="Example: structkit evaluate labels.csv --gold recipes/data/reviews_gold.csv "
    "--function recipes/classifier.py:label "
    "--key id --fail-under f1=0.9"
)
def evaluate(
    labels: Annotated[str, typer.Argument(metavar="LABELS", help="The table to score, such as the output of `label`.")],
    gold: Annotated[str, typer.Option(metavar="FILE", help="The table with the right values.")],
    key: Annotated[str, typer.Option(help="The column by which the rows of the tables belong together.")],
    output_type: LabelType = None,
    function: LabelFunction = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Other labels of the same rows: is LABELS better?", show_default=False),
    ] = None,
    value_column: Annotated[
        str, typer.Option(help="The column of the values, if the type is not an object with fields.")
    ] = "value",
    items: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="The list that the tables have a row for each item of.", show_default=False),
    ] = None,
    extras: ExtrasOption = Extras.closed,
    fail_under: Annotated[
        list[Any] | None,
        typer.Option(
            parser=parse_threshold,
            metavar="[FIELD.]FIGURE=N",
            help="Exit with 6 if f1, precision, recall or accuracy (of rows) is below N. Repeatable.",
            show_default=False,
        ),
    ] = None,
    curve: Annotated[bool, typer.Option("--curve", help="Print how good the surest rows are.")] = False,  # noqa: FBT002
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,  # noqa: FBT002
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a report in Markdown, with mistakes.")] = False,  # noqa: FBT002
    output: Output = None,
) -> None:
    """Compare labels with gold: precision, recall and F1 of each field, each with a 95 % interval.

    Nothing is sent. With --against, each field's difference from the other labels follows, with its interval and p.
    With --curve, the rows with the highest confidence follow: where to draw the line for --escalate, or for a person.
    An output that ends with .json, .md, .html or .svg is in that format.
    """
    from structkit.evaluation import compare, read_row_confidence, trust_curve
    from structkit.evaluation import evaluate as score_table

    validate_output(output, labels, gold, against, output_type, function)
    style = find_style(output, json=json, markdown=markdown)
    loaded = find_format(output_type, function, extras)
    if curve and items:
        raise ConfigError("--curve orders rows by their confidence, and with --items several rows are one value")
    form: dict[str, Any] = {"key": key, "value_column": value_column, "items": items}
    score = score_table(gold, labels, loaded, **form)
    comparison = None
    if against is not None:
        other = score_table(gold, against, loaded, **form)
        comparison = compare(other, score, names=(str(against), labels))
    failures = [each.describe_failure(score) for each in fail_under or ()]
    write_report(
        score, comparison, trust_curve(score, read_row_confidence(labels, key)) if curve else None, style, output
    )
    for failure in filter(None, failures):
        notice(failure)
    if any(failures):
        raise typer.Exit(BELOW)


def find_style(output: Path | None, *, json: bool, markdown: bool) -> str:
    """Return the format of the report: that of an option, else that of the file.

    Raises:
        ConfigError: Two formats are named.

    >>> find_style(Path("score.html"), json=False, markdown=False)
    '.html'
    """
    if json and markdown:
        raise ConfigError("use either --json or --markdown")
    suffix = output.suffix.lower() if output else ""
    return ".json" if json else ".md" if markdown else suffix if suffix in {".json", ".md", ".html", ".svg"} else ""


def write_report(
    score: Score, comparison: ScoreComparison | None, curve: TrustCurve | None, style: str, output: Path | None
) -> None:
    """Print a score, a comparison and a curve, or write them to a file."""
    if style == ".json":
        fields = score.to_dict()
        further = {"comparison": comparison, "curve": curve}
        write({**fields, **{name: each.to_dict() for name, each in further.items() if each is not None}}, output)
    elif style in {".html", ".svg"}:
        report = comparison or score
        write_text((report.to_html() if style == ".html" else report.to_svg()).rstrip("\n"), output)
    else:
        parts = [score.to_markdown() if style == ".md" else "\n".join((score.table(), "", *score.notes))]
        if comparison is not None:
            parts.append(comparison.to_markdown())
        if curve is not None:
            parts += ["the surest rows:", curve.table()]
        write_text("\n\n".join(parts), output)
