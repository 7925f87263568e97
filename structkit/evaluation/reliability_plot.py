"""The reliability plot of a calibration as SVG: per field, the chance against the share of values that is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from structkit.confidence.logistic import ReliabilityBin
from structkit.evaluation.score_report import format_share
from structkit.values.text import escape_controls, shorten

SIDE = 150
"""Pixels of the square of a field."""

GAP = 45
COLUMNS = 4
LARGEST_DOT = 9.0
TITLE_CHARS = 22


class Reliability(NamedTuple):
    """What is drawn of a field.

    Args:
        name: Its name.
        bins: Chances against the share of values that is right.
        error: The mean distance between these.
    """

    name: str
    bins: Sequence[ReliabilityBin]
    error: float | None


def reliability_svg(fields: Iterable[Reliability]) -> str:
    """Return a square for each field that has chances: a dot on the diagonal is a chance that holds.

    The area of a dot shows how many values it stands for.
    """
    drawn = [each for each in fields if each.bins]
    columns = min(COLUMNS, max(len(drawn), 1))
    width, height = columns * (SIDE + GAP) + GAP, -(-len(drawn) // columns) * (SIDE + 2 * GAP) + GAP
    squares = []
    for position, each in enumerate(drawn):
        row, column = divmod(position, columns)
        origin = f"{GAP + column * (SIDE + GAP)} {GAP + row * (SIDE + 2 * GAP)}"
        squares.append(f'<g transform="translate({origin})">{_square(each)}</g>')
    title = "<title>Chance against the share of values that is right</title>"
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img"'
    return f'{opening} font-family="sans-serif" font-size="12">{title}{"".join(squares)}</svg>'


def _square(each: Reliability) -> str:
    ticks = "".join(
        f'<text x="{SIDE * tick / 2:g}" y="{SIDE + 16}" text-anchor="middle">{tick / 2:g}</text>'
        f'<text x="-6" y="{SIDE - SIDE * tick / 2 + 4:g}" text-anchor="end">{tick / 2:g}</text>'
        for tick in range(3)
    )
    total = sum(part.size for part in each.bins)
    dots = "".join(
        f'<circle cx="{SIDE * part.chance:.1f}" cy="{SIDE * (1 - part.accuracy):.1f}" '
        f'r="{LARGEST_DOT * (part.size / total) ** 0.5:.1f}" fill="#36c"/>'
        for part in each.bins
    )
    name = escape(escape_controls(shorten(each.name, TITLE_CHARS), keep=""))
    figures = f"{total} values, error {format_share(each.error)}"
    return (
        f'<text y="-22" font-weight="bold">{name}</text><text y="-7">{figures}</text>'
        f'<rect width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>'
        f'<line x2="{SIDE}" y1="{SIDE}" stroke="#ccc"/>{ticks}{dots}'
    )
