"""Where a value is in the source: spans of characters, and how they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

How: TypeAlias = Literal[
    "exact", "folded", "letters", "words", "fuzzy", "number", "date", "time", "judged", "empty", ""
]
"""How a value was found.

A text: `exact`; `folded`, but for case, width, accents, dashes, quotes and spaces; `letters`, but for hyphenation and
punctuation; `words` in another order; `fuzzy`, where each word is near. A value that is compared as such: `number`,
`date`, `time`. `judged` and `empty` values are not looked for; "" is missing.
"""


class Span(NamedTuple):
    """A range of characters of the source: `source[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The places of one value.

    Args:
        spans: All places, the likeliest first; at most `MAX_SPANS`.
        how: How they were found.
        text: The source at the likeliest place.
    """

    spans: tuple[Span, ...]
    how: How
    text: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether the value was looked for and is not in the source."""
        return not self.how

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is at several places."""
        return len(self.spans) > 1


MAX_SPANS = 100
"""Places of one value that are listed."""
