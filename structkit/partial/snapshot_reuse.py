"""Snapshots of a list or map that grows: each a value of its own, without copying all of it each time.

A snapshot that nobody holds any more is brought up to date and handed out again. Whoever keeps snapshots pays a
copy for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from structkit.values import ABSENT

C = TypeVar("C", list[Any], dict[Any, Any])

MOST = 4
"""Snapshots that are remembered: the consumer's last one, the one before, and those of drivers in between."""

SHORT = 64
"""Members up to which a copy costs less than the question whether it is needed."""

references: Callable[[object], int] | None = getattr(sys, "getrefcount", None)
_spare: list[list[Any]] = [[]]
ALONE = references(_spare[0]) if references else 0
"""What is counted for a value that stands in one list and nowhere else."""


class Copies(Generic[C]):
    """The snapshots of one growing container that were handed out last."""

    __slots__ = ("_counts", "_handed")

    def __init__(self) -> None:
        """With none."""
        self._handed: list[C] = []
        self._counts: list[int] = []

    def take(self, count: int) -> tuple[C, int] | None:
        """A snapshot that nobody holds, to be handed out again with *count* closed members, and how many it has now.

        One that its holder has changed is not taken, as far as its size tells.
        """
        handed = self._handed
        for position in range(len(handed)):
            if references is not None and references(handed[position]) == ALONE:
                free, before = handed[position], self._counts[position]
                if before <= len(free) <= before + 1:
                    self._counts[position] = count
                    return free, before
                del handed[position], self._counts[position]
                return None
        return None

    def hand(self, made: C, count: int) -> C:
        """Remember a new one that is handed out, with so many closed members."""
        self._handed.append(made)
        self._counts.append(count)
        if len(self._handed) > MOST:
            del self._handed[0], self._counts[0]
        return made


def grown_list(copies: Copies[list[Any]], closed: list[Any], inner: Any) -> list[Any]:
    """A snapshot of a list: its closed items, and the open one if there is any."""
    total = len(closed)
    if total >= SHORT and (found := copies.take(total)):
        made, count = found
        if made[0] is closed[0] and made[count - 1] is closed[count - 1]:
            made[count:] = [*closed[count:], inner]
        else:
            made[:] = [*closed, inner]
    else:
        made = [*closed, inner]
        if total >= SHORT:
            copies.hand(made, total)
    if inner is ABSENT:
        del made[-1]
    return made


def grown_map(copies: Copies[dict[Any, Any]], closed: dict[Any, Any], names: list[Any], inner: Any) -> dict[Any, Any]:
    """A snapshot of a map: its closed members, and the open one, a pair of key and value, if there is any."""
    total = len(closed)
    if total >= SHORT and (found := copies.take(total)):
        made, count = found
        while len(made) > count:
            made.popitem()
        for name in names[count:]:
            made[name] = closed[name]
    else:
        made = {**closed}
        if total >= SHORT:
            copies.hand(made, total)
    if inner is not ABSENT:
        made.setdefault(*inner)
    return made
