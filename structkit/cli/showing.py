"""How far a run is, on stderr: drawn anew in a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from math import ceil

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from structkit.batch.engines.progress import Progress, ProgressCallback
from structkit.cli.app import notice
from structkit.costs.forecast import Estimate, forecast_run
from structkit.costs.price import Price

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""

ENOUGH = 20
"""Rows after which what is left is estimated."""


@contextmanager
def showing(total: int | None, price: Price | None, console: Console) -> Iterator[ProgressCallback]:
    """Show what a run tells of itself.

    Args:
        total: About how many rows it will take; None where that is not known.
        price: What tokens cost, if that is known.
        console: Where.
    """
    shown = Shown(total, price, console)
    if not console.is_terminal:
        yield shown.told
        return
    with Live(get_renderable=shown.drawn, console=console, refresh_per_second=4, transient=True):
        yield shown.told


class Shown:
    """The last that was told, and what a person is to see of it. To be told costs next to nothing."""

    def __init__(self, total: int | None, price: Price | None, console: Console) -> None:
        """Begin the clock."""
        self._total, self._price, self._is_terminal = total, price, console.is_terminal
        self._latest, self._is_ending = Progress({}), False
        self._began = self._last = time.monotonic()

    def told(self, progress: Progress) -> None:
        """Keep it for the next drawing; print what cannot wait."""
        self._latest, now = progress, time.monotonic()
        if progress.grace is not None and not self._is_ending:
            self._is_ending = True
            notice(interrupted(progress.in_flight, progress.grace))
        elif not self._is_terminal and now - self._last >= EVERY:
            self._last = now
            notice(self.line())

    def line(self) -> str:
        """The state of the run."""
        return said(self._latest, time.monotonic() - self._began, self._total, self._price)

    def drawn(self) -> RenderableType:
        """A bar, and the line under it."""
        lines = Table.grid()
        lines.add_row(ProgressBar(self._total or None, sum(self._latest.counts.values()), width=40))
        lines.add_row(Text(self.line()))
        return lines


def interrupted(in_flight: int, grace: float) -> str:
    """What is told at once when a run is interrupted.

    >>> interrupted(12, 60)
    'interrupted: waiting for 12 requests, 60 s at most; Ctrl-C again drops them'
    """
    if not in_flight:
        return "interrupted: nothing is under way"
    return f"interrupted: waiting for {_requests(in_flight)}, {ceil(grace)} s at most; Ctrl-C again drops them"


def said(progress: Progress, seconds: float, total: int | None, price: Price | None = None) -> str:
    """How far a run is, in a line.

    >>> said(Progress({"done": 97, "failed": 3}, in_flight=8, tokens=5_000), 10, 1000)
    '97 done, 3 failed, 8 in flight, 10.0 rows/s, 5,000 tokens, 0:01:30 left'
    >>> said(Progress({}, in_flight=1, grace=41.5, waiting=3.2), 10, 1000)
    '1 in flight, 0.0 rows/s, waiting 4 s for the endpoint, waiting for 1 request, 42 s at most'
    """
    ended = sum(progress.counts.values())
    rate = ended / max(seconds, 0.001)
    parts = [f"{number:,} {state}" for state, number in progress.counts.items()]
    parts += [f"{progress.in_flight:,} in flight", f"{rate:,.1f} rows/s"]
    parts += taken(progress, None if total is None else max(0, total - ended), price)
    if progress.waiting:
        parts.append(f"waiting {ceil(progress.waiting)} s for the endpoint")
    if progress.grace is not None:
        parts.append(f"waiting for {_requests(progress.in_flight)}, {ceil(progress.grace)} s at most")
    elif total and rate:
        parts.append(f"{timedelta(seconds=round(max(0, total - ended) / rate))} left")
    return ", ".join(parts)


def taken(progress: Progress, left: int | None, price: Price | None) -> Iterator[str]:
    """What the rows took, and, once enough have ended, what all will take if the others are as the last ones were.

    >>> from decimal import Decimal
    >>> from structkit.costs.forecast import Sample
    >>> recent = (Sample(90, 10), Sample(110, 10)) * 10
    >>> so_far = Progress({"done": 20}, tokens=2_200, spend=Decimal("0.0024"), recent=recent)
    >>> print(*taken(so_far, 980, Price(Decimal(1), Decimal(2))), sep="; ")
    2,200 tokens of about 110,000; 0.0024 spent of about 0.1200 (0.1155 to 0.1245)
    """
    tokens = f"{progress.tokens:,} tokens"
    cost = "" if progress.spend is None else f"{progress.spend:.4f} spent"
    if left is not None and len(progress.recent) >= ENOUGH:
        rest = forecast_run(left, progress.recent, price)
        tokens += f" of about {progress.tokens + rest.prompt_tokens.expected + rest.completion_tokens.expected:,.0f}"
        if rest.cost and progress.spend is not None:
            cost += f" of about {_amounts(rest.cost, progress.spend)}"
    return filter(None, (tokens if progress.tokens else "", cost))


def _amounts(rest: Estimate, spent: Decimal) -> str:
    low, expected, high = (spent + each for each in (rest.low, rest.expected, rest.high))
    return f"{expected:.4f} ({low:.4f} to {high:.4f})"


def _requests(number: int) -> str:
    return f"{number:,} request{'s' if number != 1 else ''}"
