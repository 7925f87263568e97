"""Which words of a part of a text are those of a name in another order."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

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


def keeps_numbers(alternatives: Sequence[AbstractSet[str]], words: Sequence[str]) -> bool:
    """Return whether the numbers of a text that are in another order are still beside a word that they were beside.

    >>> text = [{word} for word in "elm road 14 flat 8".split()]
    >>> keeps_numbers(text, "flat 8 elm road 14".split()), keeps_numbers(text, "elm road 8 flat 14".split())
    (True, False)
    """
    numbers = [index for index, each in enumerate(alternatives) if any(word[0].isdigit() for word in each)]
    places = [next(place for place, word in enumerate(words) if word in alternatives[index]) for index in numbers]
    if places == sorted(places):
        return True
    return all(
        (index > 0 and place > 0 and words[place - 1] in alternatives[index - 1])
        or (index + 1 < len(alternatives) and place + 1 < len(words) and words[place + 1] in alternatives[index + 1])
        for index, place in zip(numbers, places, strict=True)
    )
