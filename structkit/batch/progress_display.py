"""The progress of a run on stderr: updated in place in a terminal, otherwise a line every ten seconds."""

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
from structkit.costs.forecast import Estimate, forecast_run
from structkit.costs.price import Price
from structkit.values.text import escape_controls

LINE_INTERVAL_S = 10.0
"""Seconds between two lines without a terminal."""

MIN_FORECAST_ROWS = 20
"""Rows after which the remaining ones are estimated."""


@contextmanager
def display_progress(total: int | None, price: Price | None, console: Console) -> Iterator[ProgressCallback]:
    """Display the progress of a run; yields the callback for it.

    Args:
        total: About how many rows it will process; None if that is unknown.
        price: The price of tokens, if it is known.
        console: Where.
    """
    display = ProgressDisplay(total, price, console)
    if not console.is_terminal:
        yield display.on_progress
        return
    with Live(get_renderable=display.render, console=console, refresh_per_second=4, transient=True):
        yield display.on_progress


class ProgressDisplay:
    """The latest progress, rendered when the terminal is refreshed, so that the callback costs almost no time."""

    def __init__(self, total: int | None, price: Price | None, console: Console) -> None:
        """Start the clock."""
        self._total, self._price, self._console = total, price, console
        self._latest, self._is_interrupted, self._waits_for = Progress({}), False, ""
        self._start = self._last_line = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        """Store the progress for the next refresh; print an interruption at once."""
        self._latest, time_s = progress, time.monotonic()
        if progress.grace is not None and not self._is_interrupted:
            self._is_interrupted = True
            self._print(interruption_line(progress.in_flight, progress.grace))
        elif progress.waits_for != self._waits_for:
            self._waits_for = progress.waits_for
            if self._waits_for and not self._console.is_terminal:
                self._print(f"waiting for {self._waits_for}")
        elif not self._console.is_terminal and time_s - self._last_line >= LINE_INTERVAL_S:
            self._last_line = time_s
            self._print(self.line())

    def _print(self, text: str) -> None:
        self._console.print(Text(escape_controls(text)), highlight=False, soft_wrap=True)

    def line(self) -> str:
        """Return the progress as a line."""
        return progress_line(self._latest, time.monotonic() - self._start, self._total, self._price)

    def render(self) -> RenderableType:
        """Return a bar, and the line below it."""
        lines = Table.grid()
        lines.add_row(ProgressBar(self._total or None, sum(self._latest.counts.values()), width=40))
        lines.add_row(Text(escape_controls(self.line())))
        return lines


def interruption_line(in_flight: int, grace: float) -> str:
    """Return the line that is printed at once when a run is interrupted.

    >>> interruption_line(12, 60)
    'interrupted: waiting for 12 requests, 60 s at most; Ctrl-C again drops them'
    """
    if not in_flight:
        return "interrupted: no request is in flight"
    return f"interrupted: waiting for {_requests(in_flight)}, {ceil(grace)} s at most; Ctrl-C again drops them"


def progress_line(progress: Progress, seconds: float, total: int | None, price: Price | None = None) -> str:
    """Return the progress of a run as a line.

    >>> progress_line(Progress({"done": 97, "failed": 3}, in_flight=8, tokens=5_000), 10, 1000)
    '97 done, 3 failed, 8 in flight, 10.0 rows/s, 5,000 tokens, 0:01:30 left'
    >>> progress_line(Progress({}, in_flight=1, grace=41.5, waiting=3.2), 10, 1000)
    '1 in flight, 0.0 rows/s, waiting 4 s for the endpoint, waiting for 1 request, 42 s at most'
    """
    rows = sum(progress.counts.values())
    rate = rows / max(seconds, 0.001)
    parts = [f"{number:,} {state}" for state, number in progress.counts.items()]
    parts += [f"{progress.in_flight:,} in flight", f"{rate:,.1f} rows/s"]
    parts += usage_parts(progress, None if total is None else max(0, total - rows), price)
    if progress.waiting:
        fault = f" ({progress.last_fault})" if progress.last_fault else ""
        parts.append(f"waiting {ceil(progress.waiting)} s for the endpoint{fault}")
    if progress.waits_for:
        parts.append(f"waiting for {progress.waits_for}")
    if progress.grace is not None:
        parts.append(f"waiting for {_requests(progress.in_flight)}, {ceil(progress.grace)} s at most")
    elif total and rate:
        parts.append(f"{timedelta(seconds=round(max(0, total - rows) / rate))} left")
    return ", ".join(parts)


def usage_parts(progress: Progress, remaining: int | None, price: Price | None) -> Iterator[str]:
    """Return the tokens and the cost so far, and, once enough rows have finished, a forecast for all rows.

    >>> from decimal import Decimal
    >>> from structkit.costs.forecast import Sample
    >>> recent = (Sample(90, 10), Sample(110, 10)) * 10
    >>> progress = Progress({"done": 20}, tokens=2_200, spend=Decimal("0.0024"), recent=recent)
    >>> print(*usage_parts(progress, 980, Price(Decimal(1), Decimal(2))), sep="; ")
    2,200 tokens of about 110,000; 0.0024 spent of about 0.1200 (0.1155 to 0.1245)
    """
    tokens = f"{progress.tokens:,} tokens"
    cost = "" if progress.spend is None else f"{progress.spend:.4f} spent"
    if remaining is not None and len(progress.recent) >= MIN_FORECAST_ROWS:
        forecast = forecast_run(remaining, progress.recent, price)
        total = progress.tokens + forecast.prompt_tokens.expected + forecast.completion_tokens.expected
        tokens += f" of about {total:,.0f}"
        if forecast.cost and progress.spend is not None:
            cost += f" of about {_amounts(forecast.cost, progress.spend)}"
    return filter(None, (tokens if progress.tokens else "", cost))


def _amounts(remaining: Estimate, spent: Decimal) -> str:
    low, expected, high = (spent + each for each in (remaining.low, remaining.expected, remaining.high))
    return f"{expected:.4f} ({low:.4f} to {high:.4f})"


def _requests(number: int) -> str:
    return f"{number:,} request{'s' if number != 1 else ''}"
