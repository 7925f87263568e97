"""Scores as tables and reports: Markdown, HTML and an SVG plot. No name or value of the data becomes markup."""
# ruff: noqa: D102 (the properties of the protocols are those of `Score` and `FieldScore`)

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Protocol, TypeVar

from structkit.evaluation.judgments import Mistake
from structkit.evaluation.resampling import Interval
from structkit.values.text import escape_controls, shorten

T = TypeVar("T")

HEAD = ("field", "n", "precision", "recall", "F1", "95 % interval", "wrong", "invented", "missed")
MAX_CELL_CHARS = 200
MAX_NAMES = 5
"""Keys of rows that a report names."""

MAX_CHOICES = 20
"""Values of an enum up to which its confusion matrix is drawn."""

ROW_HEIGHT, LABEL_WIDTH, PLOT_WIDTH = 26, 220, 480


class FieldFigures(Protocol):
    """The score of a field."""

    @property
    def name(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def precision(self) -> float | None: ...
    @property
    def recall(self) -> float | None: ...
    @property
    def f1(self) -> float | None: ...
    @property
    def interval(self) -> Interval | None: ...
    @property
    def wrong(self) -> int: ...
    @property
    def invented(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def confusion(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def kappa(self) -> float | None: ...
    @property
    def mistakes(self) -> tuple[Mistake, ...]: ...


class ScoreFigures(Protocol):
    """A score: of fields, and of all together as the last one."""

    def __iter__(self) -> Iterator[FieldFigures]: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def exact_rows(self) -> int: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def accuracy_interval(self) -> Interval | None: ...
    @property
    def failed(self) -> tuple[str, ...]: ...
    @property
    def only_in_gold(self) -> tuple[str, ...]: ...
    @property
    def only_in_got(self) -> tuple[str, ...]: ...
    @property
    def unscored(self) -> tuple[str, ...]: ...
    @property
    def tokens(self) -> int | None: ...
    @property
    def cost(self) -> Decimal | None: ...
    @property
    def seconds(self) -> float | None: ...


def format_share(share: float | None) -> str:
    """Return a share with three digits; a dash for none.

    >>> format_share(2 / 3)
    '0.667'
    """
    return "–" if share is None else f"{share:.3f}"  # noqa: RUF001 (a dash)


def format_interval(interval: Interval | None) -> str:
    """Return an interval; a dash for none.

    >>> format_interval((0.5, 0.75))
    '[0.500, 0.750]'
    """
    return "–" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"  # noqa: RUF001 (a dash)


def score_rows(score: ScoreFigures) -> list[tuple[str, ...]]:
    """Return the table of a score, the head first; of a single field, without a row for all fields."""
    return [HEAD, *map(_field_row, table_lines(score))]


def table_lines(lines: Iterable[T]) -> list[T]:
    """Return the lines of a table, without the last one if it would repeat the only other one."""
    all_lines = [*lines]
    return all_lines[:1] if len(all_lines) == 2 else all_lines  # noqa: PLR2004 (a field, and all fields)


def _field_row(each: FieldFigures) -> tuple[str, ...]:
    shares = map(format_share, (each.precision, each.recall, each.f1))
    counts = (f"{count:,}" for count in (each.wrong, each.invented, each.missed))
    return (each.name, f"{each.n:,}", *shares, format_interval(each.interval), *counts)


def score_table(score: ScoreFigures) -> str:
    """Return the table of a score in Markdown."""
    return markdown_table(score_rows(score))


def score_lines(score: ScoreFigures) -> list[str]:
    """Return what a score says beside its table."""
    rows = len(score.keys)
    interval = format_interval(score.accuracy_interval)
    lines = [f"{score.exact_rows:,} of {rows:,} rows without a mistake: {format_share(score.accuracy)} {interval}"]
    lines += _list_rows(score.failed, "failed; their values are missed")
    lines += _list_rows(score.only_in_gold, "only in gold; their values are missed")
    lines += _list_rows(score.only_in_got, "not in gold, and not counted")
    if score.unscored:
        lines.append(f"without a column in gold, and not counted: {', '.join(map(_line, score.unscored))}")
    if (figures := cost_line(score)) != "":
        lines.append(figures)
    return lines


def cost_line(score: ScoreFigures) -> str:
    """Return the tokens, costs and seconds of a score that are known."""
    tokens = [] if score.tokens is None else [f"{score.tokens:,} tokens"]
    cost = [] if score.cost is None else [f"{score.cost:f} spent"]
    seconds = [] if score.seconds is None else [f"{score.seconds:,.1f} s"]
    return ", ".join((*tokens, *cost, *seconds))


def _list_rows(keys: Sequence[str], fact: str) -> list[str]:
    if not keys:
        return []
    names = ", ".join(_line(shorten(key, 40)) for key in keys[:MAX_NAMES])
    more = f" and {len(keys) - MAX_NAMES:,} more" if len(keys) > MAX_NAMES else ""
    return [f"{len(keys):,} {'row' if len(keys) == 1 else 'rows'} {fact}: {names}{more}"]


def confusion_rows(each: FieldFigures) -> list[tuple[str, ...]]:
    """Return the confusion matrix of a field, the head first: a row for each gold value."""
    names = [sorted({pair[side] for pair in each.confusion}) for side in (0, 1)]
    head = ("gold", *names[1])
    return [head, *((gold, *(f"{each.confusion.get((gold, got), 0):,}" for got in names[1])) for gold in names[0])]


def confusions(score: ScoreFigures) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield the title and the matrix of each enum of a score."""
    for each in score:
        if each.confusion and len({name for pair in each.confusion for name in pair}) <= MAX_CHOICES:
            kappa = "" if each.kappa is None else f" (kappa {each.kappa:.3f})"
            yield f"{each.name}: gold against what was answered{kappa}", confusion_rows(each)


def score_markdown(score: ScoreFigures) -> str:
    """Return the report of a score in Markdown."""
    parts = [score_table(score), "\n".join(f"- {markdown_line(line)}" for line in score_lines(score))]
    parts += [f"{markdown_line(title)}\n\n{markdown_table(rows)}" for title, rows in confusions(score)]
    if mistakes := [mistake for each in score for mistake in each.mistakes if each.name != "all fields"]:
        parts.append(
            "The first mistakes of each field:\n\n" + "\n".join(f"- {markdown_line(str(m))}" for m in mistakes)
        )
    return "\n\n".join(parts)


def score_html(score: ScoreFigures) -> str:
    """Return the report of a score as one HTML file, which runs nothing and loads nothing."""
    body = [score_svg(score), html_table(score_rows(score)), html_list(score_lines(score))]
    body += [f"<h2>{_html(title)}</h2>{html_table(rows)}" for title, rows in confusions(score)]
    mistakes = [str(mistake) for each in score for mistake in each.mistakes if each.name != "all fields"]
    if mistakes:
        body.append(f"<h2>The first mistakes of each field</h2>{html_list(mistakes)}")
    return html_document("Score", "".join(body))


def score_svg(score: ScoreFigures) -> str:
    """Return a plot: F1 of each field as a dot on its interval."""
    marks = [(each.name, each.f1, each.interval) for each in table_lines(score)]
    return plot_svg(marks, (0.0, 1.0), "F1 with its 95 % interval")


def plot_svg(
    marks: Sequence[tuple[str, float | None, Interval | None]], bounds: tuple[float, float], title: str
) -> str:
    """Return a plot of numbers with intervals, one line each, as SVG.

    Args:
        marks: Name, number and interval of each line.
        bounds: The ends of the axis.
        title: What is drawn.
    """
    low, high = bounds

    def place(number: float) -> float:
        return LABEL_WIDTH + PLOT_WIDTH * (min(max(number, low), high) - low) / (high - low)

    width, height = LABEL_WIDTH + PLOT_WIDTH + 80, ROW_HEIGHT * (len(marks) + 2)
    ticks = [low + (high - low) * step / 4 for step in range(5)]
    parts = [
        f'<line x1="{place(t):.1f}" x2="{place(t):.1f}" y1="20" y2="{height - 24}" stroke="#ddd"/>'
        f'<text x="{place(t):.1f}" y="{height - 8}" text-anchor="middle">{t:g}</text>'
        for t in ticks
    ]
    for row, (name, number, interval) in enumerate(marks):
        y = ROW_HEIGHT * (row + 1) + 8
        parts.append(f'<text x="{LABEL_WIDTH - 10}" y="{y + 4}" text-anchor="end">{_html(shorten(name, 32))}</text>')
        if interval is not None:
            ends = f'x1="{place(interval[0]):.1f}" x2="{place(interval[1]):.1f}"'
            parts.append(f'<line {ends} y1="{y}" y2="{y}" stroke="#36c" stroke-width="2"/>')
        if number is not None:
            parts.append(f'<circle cx="{place(number):.1f}" cy="{y}" r="4" fill="#36c"/>')
            parts.append(f'<text x="{LABEL_WIDTH + PLOT_WIDTH + 12}" y="{y + 4}">{number:.3f}</text>')
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img"'
    return f'{opening} font-family="sans-serif" font-size="13"><title>{_html(title)}</title>{"".join(parts)}</svg>'


STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}svg{max-width:100%;"
    "height:auto}table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}td,th{padding:.25rem .6rem;"
    "border-bottom:1px solid #ccc;text-align:left}h2{font-size:1.1rem}li{white-space:pre-wrap;overflow-wrap:anywhere}"
)


def html_document(title: str, body: str) -> str:
    """Return a page in one file, under a policy that lets nothing run and nothing load."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{_html(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{_html(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def html_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table as HTML, the head first."""
    head, *body = rows
    lines = ["".join(f"<td>{_html(cell)}</td>" for cell in row) for row in body]
    heads = "".join(f'<th scope="col">{_html(cell)}</th>' for cell in head)
    return (
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"
    )


def markdown_table(rows: Iterable[tuple[str, ...]]) -> str:
    r"""Return a table in Markdown, the head first.

    >>> print(markdown_table([("a", "b"), ("x|y", "<i>")]))
    | a | b |
    |---|---|
    | x\|y | &lt;i> |
    """
    head, *body = ([markdown_line(cell).replace("|", "\\|") for cell in row] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in (head, *body)]
    return "\n".join((lines[0], f"|{'---|' * len(head)}", *lines[1:]))


def html_list(lines: Iterable[str]) -> str:
    """Return a list as HTML."""
    return f"<ul>{''.join(f'<li>{_html(line)}</li>' for line in lines)}</ul>"


def _html(text: str) -> str:
    return escape(escape_controls(shorten(text, 4 * MAX_CELL_CHARS)))


def markdown_line(text: str) -> str:
    """Return a text from elsewhere as one line of Markdown, without HTML."""
    return " ".join(escape_controls(shorten(text, 4 * MAX_CELL_CHARS)).replace("<", "&lt;").split())


def _line(text: str) -> str:
    return escape_controls(text, keep="")
