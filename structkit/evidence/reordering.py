"""Which words of a part of a text are those of a name in another order."""

from __future__ import annotations

from collections.abc import Sequence

MAX_WINDOW_WORDS = 2
"""Words between those of a text in another order."""


def choose_words(alternatives: list[set[str]], words: Sequence[str], window: range, anchor: int) -> list[int]:
    """Return a position for each word, the closest ones to the anchor; empty if one has none."""
    remaining = [*alternatives]
    chosen: list[int] = []
    for position in sorted(window, key=lambda each: abs(each - anchor)):
        match = next((each for each in remaining if words[position] in each), None)
        if match is not None:
            remaining.remove(match)
            chosen.append(position)
    chosen.sort()
    is_close = not remaining and chosen[-1] - chosen[0] < len(alternatives) + MAX_WINDOW_WORDS
    return chosen if is_close else []
