"""How far a run is, for who started it: told after each row, once a second, and when it is interrupted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from structkit.batch.engines.local import Run
from structkit.costs.forecast import Sample
from structkit.journal.row_state import State
from structkit.values import JSON

EVERY = 1.0
"""Seconds after which it is told also where no row has ended: a run that waits is to be seen waiting."""

RECENT = 100
"""Rows whose tokens are kept, so that what is left can be estimated."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Args:
        counts: Rows that it has taken to their end, by state.
        in_flight: Requests that are out.
        tokens: Of the replies to these rows, where they were reported.
        spend: What the job has cost so far, in this run and those before; without a price, what the endpoint reported
            in this one; None where that is nothing.
        waiting: Seconds for which nothing is sent because the endpoint asked for it, or does not answer.
        grace: Seconds for which an interrupted run still waits for what is under way; None where it goes on.
        recent: What the last hundred rows took.
    """

    counts: Mapping[str, int]
    in_flight: int = 0
    tokens: int = 0
    spend: Decimal | None = None
    waiting: float = 0.0
    grace: float | None = None
    recent: tuple[Sample, ...] = ()


Told: TypeAlias = Callable[[Progress], None]


class Watch:
    """Counts what a run does, and tells it."""

    def __init__(self, told: Told | None, run: Run, *, priced: bool) -> None:
        """Begin with nothing; a run that nobody watches is not counted."""
        self._told, self._run, self._priced = told, run, priced
        self._counts, self._tokens = Counter[str](), 0
        self._recent: deque[Sample] = deque(maxlen=RECENT)
        self._until: float | None = None
        if told:
            run.told = self.ended

    def ended(self, state: State, outcome: JSON) -> None:
        """A row has ended."""
        self._counts[state] += 1
        if usage := outcome.get("usage"):
            self._tokens += usage["total_tokens"]
            if not usage["unreported"]:
                self._recent.append(Sample(usage["prompt_tokens"], usage["completion_tokens"]))
        self.tell()

    def interrupted(self, grace: float) -> None:
        """Nothing more is sent, and what is under way is waited for so many seconds."""
        self._until = time.monotonic() + grace
        self.tell()

    def tell(self) -> None:
        """Say how far it is."""
        if self._told is None:
            return
        limiter, now = self._run.limiter, time.monotonic()
        told = Progress(
            dict(self._counts),
            limiter.in_flight,
            self._tokens,
            self._run.budget.spent if self._priced else self._run.budget.spent or None,
            limiter.pause(now),
            None if self._until is None else max(0.0, self._until - now),
            tuple(self._recent),
        )
        self._told(told)

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Tell it once a second."""

        async def tick() -> None:
            while self._told:
                await asyncio.sleep(EVERY)
                self.tell()

        ticks = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticks.cancel()
            await asyncio.gather(ticks, return_exceptions=True)  # what telling raises, the next row raises too
