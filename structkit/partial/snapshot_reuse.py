"""Snapshots of a growing list or map: separate values, without copying the whole container for each.

A snapshot that has no other reference left is updated and returned again. A consumer that stores snapshots pays for one
copy each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from structkit.values import ABSENT

C = TypeVar("C", list[Any], dict[Any, Any])

MAX_POOLED = 4
"""Snapshots that are remembered: the consumer's current one, the one before, and those of drivers in between."""

MIN_REUSED_LENGTH = 64
"""The number of members from which a copy costs more than checking whether it is needed."""

GROWTH_DIVISOR = 16
"""A long tuple, set or text is updated each time it has grown by 1/16 of its length, because each update is a copy."""

count_references: Callable[[object], int] | None = getattr(sys, "getrefcount", None)
_probe: list[list[Any]] = [[]]
SOLE_REFERENCE_COUNT = count_references(_probe[0]) if count_references else 0
"""The reference count of a value that is in one list and nowhere else, measured since it depends on the interpreter."""


class SnapshotPool(Generic[C]):
    """The latest snapshots of one growing container."""

    __slots__ = ("_counts", "_snapshots")

    def __init__(self) -> None:
        """Start with an empty pool."""
        self._snapshots: list[C] = []
        self._counts: list[int] = []

    def reuse(self, count: int) -> tuple[C, int] | None:
        """Return a snapshot without other references, and its number of closed members, which becomes *count*.

        A snapshot that its consumer has changed is dropped, as far as its length shows that.
        """
        snapshots = self._snapshots
        for position in range(len(snapshots)):
            if count_references is not None and count_references(snapshots[position]) == SOLE_REFERENCE_COUNT:
                snapshot, old_count = snapshots[position], self._counts[position]
                if old_count <= len(snapshot) <= old_count + 1:
                    self._counts[position] = count
                    return snapshot, old_count
                del snapshots[position], self._counts[position]
                return None
        return None

    def remember(self, snapshot: C, count: int) -> None:
        """Remember a new snapshot with its number of closed members."""
        self._snapshots.append(snapshot)
        self._counts.append(count)
        if len(self._snapshots) > MAX_POOLED:
            del self._snapshots[0], self._counts[0]


def list_snapshot(pool: SnapshotPool[list[Any]], closed: list[Any], inner: Any) -> list[Any]:
    """Return a snapshot of a list: its closed items, and the open one unless it is `ABSENT`."""
    total = len(closed)
    if total >= MIN_REUSED_LENGTH and (reused := pool.reuse(total)):
        snapshot, count = reused
        if snapshot[0] is closed[0] and snapshot[count - 1] is closed[count - 1]:
            snapshot[count:] = (inner,) if count == total else [*closed[count:], inner]
        else:  # the consumer has changed it
            snapshot[:] = [*closed, inner]
    else:
        snapshot = [*closed, inner]
        if total >= MIN_REUSED_LENGTH:
            pool.remember(snapshot, total)
    if inner is ABSENT:
        del snapshot[-1]
    return snapshot


def map_snapshot(
    pool: SnapshotPool[dict[Any, Any]], closed: dict[Any, Any], keys: list[Any], inner: Any
) -> dict[Any, Any]:
    """Return a snapshot of a map: its closed members, and the open one, a (key, value) pair, unless it is `ABSENT`."""
    total = len(closed)
    if total >= MIN_REUSED_LENGTH and (reused := pool.reuse(total)):
        snapshot, count = reused
        while len(snapshot) > count:
            snapshot.popitem()
        for key in keys[count:]:
            snapshot[key] = closed[key]
    else:
        snapshot = {**closed}
        if total >= MIN_REUSED_LENGTH:
            pool.remember(snapshot, total)
    if inner is not ABSENT:
        snapshot.setdefault(*inner)
    return snapshot
