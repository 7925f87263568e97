"""Searches for patterns around a mark that each of their matches has, such as 年 of a date, as most texts have few."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_BEFORE, MAX_AFTER = 32, 64
"""Characters of a match before its first mark, and after it."""


def search_around(pattern: re.Pattern[str], marks: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    r"""Yield the matches of a pattern in a text, from left to right.

    >>> [match[0] for match in search_around(re.compile(r"\d+ ?年"), re.compile("年"), "1 and 2 年, 3年")]
    ['2 年', '3年']
    """
    end = 0
    for mark in marks.finditer(text):
        start, last = mark.span()
        match = pattern.search(text, max(start - MAX_BEFORE, end), last + MAX_AFTER) if start >= end else None
        if match:
            end = match.end()
            yield match
