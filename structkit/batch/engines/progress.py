"""How far a run is: reported after each row, once a second, and when the run is interrupted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from structkit.batch.engines.engine import Engine
from structkit.batch.outcome import Outcome
from structkit.costs.budget import Budget
from structkit.costs.forecast import Sample

REPORT_INTERVAL_S = 1.0
"""Seconds after which progress is reported even if no row has finished, so that users see that the run waits."""

MAX_RECENT_ROWS = 100
"""Rows whose tokens are remembered, to estimate what the remaining ones will take."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Args:
        counts: Rows that this run has finished, by state.
        in_flight: Requests without a reply at the moment.
        tokens: The tokens of these rows' replies, where they were reported.
        spend: What the job has cost so far, in this run and earlier ones; without a price, what the endpoint reported
            in this run; None if that is nothing.
        waiting: Seconds for which nothing is sent because the endpoint asked for it, or does not answer.
        grace: Seconds for which an interrupted run still waits for requests in flight; None if it is not interrupted.
        recent: The tokens and the cost of the last hundred rows.
        waits_for: What has to happen before the run continues, in words; empty if it continues.
        last_fault: The message of the endpoint's last fault, on one line; empty once it answers again.
    """

    counts: Mapping[str, int]
    in_flight: int = 0
    tokens: int = 0
    spend: Decimal | None = None
    waiting: float = 0.0
    grace: float | None = None
    recent: tuple[Sample, ...] = ()
    waits_for: str = ""
    last_fault: str = ""


ProgressCallback: TypeAlias = Callable[[Progress], None]
"""What `Job.run` calls with the progress; what it raises ends the run."""


class ProgressReporter:
    """Counts the rows that finish, and calls a callback with the progress."""

    def __init__(self, on_progress: ProgressCallback | None, budget: Budget, *, is_priced: bool) -> None:
        """Start with no rows.

        Args:
            on_progress: The callback; without one, nothing is counted.
            budget: Of the run; it knows what was spent.
            is_priced: Whether the job has a price.
        """
        self._on_progress, self._budget, self._is_priced = on_progress, budget, is_priced
        self._engine: Engine | None = None
        self._counts, self._tokens = Counter[str](), 0
        self._recent: deque[Sample] = deque(maxlen=MAX_RECENT_ROWS)
        self._grace_end: float | None = None

    def on_row(self, outcome: Outcome) -> None:
        """Count a row that has finished."""
        if self._on_progress is None:
            return
        self._counts[outcome.state] += 1
        if usage := outcome.fields.get("usage"):
            self._tokens += usage["total_tokens"]
            if not usage["unreported"]:
                cost = outcome.fields.get("cost")
                amount = None if cost is None else Decimal(cost)
                self._recent.append(Sample(usage["prompt_tokens"], usage["completion_tokens"], amount))
        self.report()

    def on_interrupt(self, grace: float) -> None:
        """Report that nothing more is sent, and that requests in flight have so many seconds."""
        self._grace_end = time.monotonic() + grace
        self.report()

    def report(self) -> None:
        """Call the callback with the progress."""
        if self._on_progress is None:
            return
        grace = None if self._grace_end is None else max(0.0, self._grace_end - time.monotonic())
        progress = Progress(
            counts=dict(self._counts),
            in_flight=self._engine.in_flight if self._engine else 0,
            tokens=self._tokens,
            spend=self._budget.spent if self._is_priced else self._budget.spent or None,
            waiting=self._engine.pause if self._engine else 0.0,
            grace=grace,
            recent=tuple(self._recent),
            waits_for=self._budget.waits_for,
            last_fault=self._engine.last_fault if self._engine else "",
        )
        self._on_progress(progress)

    @asynccontextmanager
    async def watching(self, engine: Engine) -> AsyncIterator[None]:
        """Report the progress of an engine once a second."""
        self._engine = engine

        async def tick() -> None:
            while self._on_progress:
                await asyncio.sleep(REPORT_INTERVAL_S)
                self.report()

        ticks = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticks.cancel()
            # A callback that raises in a tick raises again with the next row, which ends the run.
            await asyncio.gather(ticks, return_exceptions=True)
