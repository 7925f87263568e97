"""Loops: where a list or a text begins to repeat itself until the token limit, as small models write at times."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from structkit.values import JSONValue

MIN_COPIES = 4
"""Fewer equal items in a row are no loop."""

MAX_PERIOD = 8
"""Items of the longest sequence that is compared with the one before it."""

MIN_LOOP_CHARS = 48
"""A text whose last part repeats over fewer characters is no loop."""

ANCHOR_CHARS = 24
MAX_LOOP_CHARS = 1_000
"""Characters of the longest part of a text that is compared with the one before it."""

MAX_REPETITION_CHARS = ANCHOR_CHARS + MAX_LOOP_CHARS
"""Characters of the end of a text that show whether it may repeat itself."""

SEGMENT_END = re.compile(r"[\n\t.!?;:,|\u3001\u3002\uff0c\uff1b]+")


@dataclass(frozen=True, slots=True)
class Loop:
    """A repetition at the end of a list or of a text.

    Args:
        size: The items, or the characters, up to the end of the first copy.
        copies: The number of copies.
    """

    size: int
    copies: int


def count_segments(source: str) -> int:
    r"""Return how many lines, sentences and parts of enumerations a source has: no list needs more equal items.

    >>> count_segments("Red, red, red and blue.\nTotal: 4")
    5
    """
    return sum(not part.isspace() and part != "" for part in SEGMENT_END.split(source))


def find_item_loop(items: Sequence[JSONValue], is_allowed: Callable[[JSONValue, int], bool]) -> Loop | None:
    """Return the loop that a list ends with, or None; a list that ends with equal items need not be one.

    Objects whose texts are the same repeat each other even if their numbers differ.

    Args:
        items: The complete items.
        is_allowed: Returns whether a source may have an item that often.

    >>> find_item_loop(["a", "b", "c", "b", "c", "b", "c", "b", "c"], lambda item, copies: copies <= 3)
    Loop(size=3, copies=4)
    >>> find_item_loop(["a", "b", "b", "b", "b"], lambda item, copies: copies <= 4)
    """
    for sequence in (items, [_texts_of(item) for item in items]):
        for period in range(1, min(MAX_PERIOD, len(sequence) // MIN_COPIES) + 1):
            tail = _tail_length(sequence, period)
            copies = tail // period
            if copies >= MIN_COPIES and not all(is_allowed(item, copies) for item in items[-period:]):
                return Loop(len(items) - tail + period, copies)
    return None


def _tail_length(sequence: Sequence[JSONValue], period: int) -> int:
    """Return how many of the last elements repeat with a period, the first copy among them; 0 if they are empty."""
    if not all(sequence[-period:]):  # an object without texts, an empty text, zero
        return 0
    start = len(sequence) - period
    while start and sequence[start - 1] == sequence[start - 1 + period]:
        start -= 1
    return len(sequence) - start


def _texts_of(item: JSONValue) -> tuple[str, ...]:
    """Return the texts of an object, without its other values; nothing of any other item."""
    values = item.values() if isinstance(item, dict) else ()
    return tuple(value for value in values if isinstance(value, str) and value)


def find_text_loop(text: str, *, min_chars: int = MIN_LOOP_CHARS) -> Loop | None:
    """Return the loop that a text ends with, or None: letters or digits that repeat, or nothing but space.

    >>> text = "Her name is " + "Anna-" * 20
    >>> find_text_loop(text), text[: find_text_loop(text).size]
    (Loop(size=17, copies=20), 'Her name is Anna-')
    >>> find_text_loop("-" * 80)
    """
    period = find_period(text)
    if not period:
        return None
    part = text[-period:]
    start = len(text) - period
    while start >= period and text[start - period : start] == part:
        start -= period
    while start and text[start - 1] == text[start - 1 + period]:
        start -= 1
    length = len(text) - start
    if length < max(min_chars, MIN_COPIES * period) or not (part.isspace() or any(map(str.isalnum, part))):
        return None
    return Loop(start + period, length // period)


def find_period(text: str) -> int:
    """Return the distance between the last characters of a text and where they stand before; 0 if they do not.

    It depends on the last `MAX_REPETITION_CHARS` characters only.
    """
    anchor = text[-ANCHOR_CHARS:]
    at = text.rfind(anchor, max(0, len(text) - MAX_REPETITION_CHARS), len(text) - 1)
    return len(text) - ANCHOR_CHARS - at if at >= 0 and len(anchor) == ANCHOR_CHARS else 0
