"""Runs of digits with the signs between them, such as `1.299,50` and `2026-03-14`: a text is split into them once.

A text repeats few of them often, so that each different run is read once, whatever its number of places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from structkit.evidence.folding import Offsets, group_offsets, split_text

RUN = re.compile(
    r"([0-9.,](?:(?<=[0-9])|(?<![\w.].)(?=[0-9]))(?:[0-9.,:/'-]*[0-9])?"
    r"(?:e[+-]?[0-9]{1,3}(?!\w)|h[0-9]{2}(?![0-9]))?(?: ?[ap](?:\.? ?)m(?![^\W\d_]))?)"
)
"""A run, of folded text; with its exponent, the minutes of 21h30, or "pm". It begins with a set of characters, which
`re` searches for fast."""

MAX_GAP_CHARS = 2


class DigitRuns:
    """The runs of a folded text.

    >>> runs = DigitRuns("on 2026-03-14, 7 pm: 1 299,50 or 12.5")
    >>> [*runs.starts]
    ['2026-03-14', '7 pm', '1', '299,50', '12.5']
    >>> [*runs.before_gap(" ")]
    [('1', 21)]
    """

    def __init__(self, folded: str) -> None:
        """Split the text."""
        self.folded = folded
        self._texts, self._starts, self._gaps = split_text(RUN, folded)

    @cached_property
    def starts(self) -> dict[str, Offsets]:
        """Where each different run begins."""
        return group_offsets(self._texts, self._starts)

    @cached_property
    def _short_gaps(self) -> list[tuple[str, int]]:
        """The gaps of a few characters, and the numbers of the runs before them."""
        return [(gap, number) for number, gap in enumerate(self._gaps) if len(gap) <= MAX_GAP_CHARS]

    def before_gap(self, gap: str) -> Iterator[tuple[str, int]]:
        """Yield the runs that only a gap, of two characters at most, separates from the next; and where they begin."""
        for each, number in self._short_gaps:
            if each == gap:
                yield self._texts[number], self._starts[number]
