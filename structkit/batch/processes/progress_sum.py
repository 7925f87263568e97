"""The progress of several workers as that of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from structkit.batch.engines.progress import MAX_RECENT_ROWS, Progress


def sum_progress(parts: Sequence[Progress], grace: float | None = None) -> Progress:
    """Return the progress of several parts together.

    Args:
        parts: That of each.
        grace: Seconds for which an interrupted run still waits; None if it is not interrupted.

    >>> total = sum_progress([Progress({"done": 2}, in_flight=3), Progress({"done": 1, "failed": 1}, tokens=9)])
    >>> total.counts, total.in_flight, total.tokens, total.spend
    ({'done': 3, 'failed': 1}, 3, 9, None)
    """
    spends = [part.spend for part in parts if part.spend is not None]
    share = -(-MAX_RECENT_ROWS // max(1, len(parts)))
    return Progress(
        counts=dict(sum((Counter(part.counts) for part in parts), Counter[str]())),
        in_flight=sum(part.in_flight for part in parts),
        tokens=sum(part.tokens for part in parts),
        spend=sum(spends, Decimal(0)) if spends else None,
        waiting=max((part.waiting for part in parts), default=0.0),
        grace=grace,
        last_fault=next((part.last_fault for part in parts if part.last_fault), ""),
        waits_for=next((part.waits_for for part in parts if part.waits_for), ""),
        recent=tuple(row for part in parts for row in part.recent[-share:]),
    )
