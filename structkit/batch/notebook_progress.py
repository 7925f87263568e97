"""The progress of a run in a notebook: a bar below the cell, updated in place."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from structkit.batch.engines.progress import Progress, ProgressCallback
from structkit.batch.progress_display import progress_line
from structkit.costs.price import Price
from structkit.values.text import escape_controls

UPDATE_INTERVAL_S = 0.25
"""Seconds between two updates: each is a message to the browser."""


@contextmanager
def display_in_notebook(total: int | None, price: Price | None) -> Iterator[ProgressCallback]:
    """Display the progress of a run below the cell; yields the callback for it. The last state stays.

    Args:
        total: About how many rows it will process; None if that is unknown.
        price: The price of tokens, if it is known.
    """
    bar = NotebookBar(total, price)
    try:
        yield bar.on_progress
    finally:
        bar.update()


class NotebookBar:
    """A bar and a line of text in the output of a cell."""

    def __init__(self, total: int | None, price: Price | None) -> None:
        """Show an empty bar."""
        ipython: Any = import_module("IPython.display")  # untyped
        self._total, self._price, self._latest = total, price, Progress({})
        self._start = self._last_update = time.monotonic()
        self._html = ipython.HTML
        self._handle = ipython.display(ipython.HTML(self.render()), display_id=True)

    def on_progress(self, progress: Progress) -> None:
        """Show the progress, four times a second at most."""
        self._latest, time_s = progress, time.monotonic()
        if time_s - self._last_update >= UPDATE_INTERVAL_S:
            self._last_update = time_s
            self.update()

    def update(self) -> None:
        """Show the latest progress."""
        self._handle.update(self._html(self.render()))

    def render(self) -> str:
        """Return the bar and the line as HTML."""
        line = progress_line(self._latest, time.monotonic() - self._start, self._total, self._price)
        rows = sum(self._latest.counts.values())
        value = f' value="{rows}" max="{max(self._total, rows, 1)}"' if self._total is not None else ""
        return f"<progress{value}></progress> {html.escape(escape_controls(line))}"
