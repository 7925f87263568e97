"""Runs of digits with the signs between them, such as `1.299,50` and `2026-03-14`: a text is split into them once.

A text repeats few of them often, so that each different run is read once, whatever its number of places.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from structkit.evidence.folding import group_offsets, split_text

RUN = re.compile(
    r"([0-9.,](?:(?<=[0-9])|(?<![\w.].)(?=[0-9]))(?:[0-9.,:/'-]*[0-9])?"
    r"(?:e[+-]?[0-9]{1,3}(?!\w)|h[0-9]{2}(?![0-9]))?(?: ?[ap](?:\.? ?)m(?![^\W\d_]))?)"
)
"""A run, of folded text; with its exponent, the minutes of 21h30, or "pm". It begins with a set of characters, which
`re` searches for fast."""

GAPS = frozenset({" ", ". "})
"""What is between the parts of a number or a date."""

EASTERN = re.compile("[\u0590-\u1fff\u2e80-\uffff]")


class DigitRuns:
    """The runs of a folded text.

    Args:
        folded: The text.
        is_eastern: Whether it has letters of scripts that are written without capital letters, from Hebrew to Chinese.

    >>> runs = DigitRuns("on 2026-03-14, 7 pm: 1 299,50 or 12.5")
    >>> [*runs.starts]
    ['2026-03-14', '7 pm', '1', '299,50', '12.5']
    >>> [*runs.before_gap(" ", 3)]
    [('1', 21)]
    """

    def __init__(self, folded: str, *, is_eastern: bool | None = None) -> None:
        """Split the text."""
        self.folded = folded
        self.is_eastern = EASTERN.search(folded) is not None if is_eastern is None else is_eastern
        self._texts, self._starts, self._gaps = split_text(RUN, folded)

    @cached_property
    def starts(self) -> Mapping[str, Sequence[int]]:
        """Where each different run begins."""
        return group_offsets(self._texts, self._starts)

    @cached_property
    def _by_gap(self) -> dict[str, list[tuple[str, int]]]:
        """The runs before each gap of a few characters, and where they begin."""
        by_gap = defaultdict[str, list[tuple[str, int]]](list)
        for gap, run, start in zip(self._gaps, self._texts, self._starts, strict=True):
            if gap in GAPS:
                by_gap[gap].append((run, start))
        return by_gap

    def before_gap(self, gap: str, max_chars: int) -> Iterator[tuple[str, int]]:
        """Yield the runs of a few characters that only a space, or a point and a space, separates from the next."""
        return ((run, start) for run, start in self._by_gap.get(gap, ()) if len(run) <= max_chars)
