"""Patterns that start with lookaheads as several patterns without them, which a linear engine can match."""

from __future__ import annotations

import re

LOOKAHEAD = re.compile(r"\(\?[=!]")
BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\\?\Z)|\((?:\?[a-zA-Z-]+[:)])?|[)|]", re.DOTALL)
"""What opens, closes and separates groups or sets flags; escapes and sets, because they may only look so."""


def split_lookaheads(pattern: str) -> tuple[list[str], list[str]]:
    r"""Return the patterns that a text must match, and those it must not match, to match *pattern*.

    >>> split_lookaheads(r"^(?=.*\d)(?!foo|bar)[a-z\d]{8,}$")
    (['^(?:.*\\d)', '^[a-z\\d]{8,}$'], ['^(?:foo|bar)'])
    """
    group_ends = _outermost_groups(pattern) if pattern.startswith("^") else {}
    required: list[str] = []
    forbidden: list[str] = []
    start = 1
    while start in group_ends and LOOKAHEAD.match(pattern, start):
        inner = f"^(?:{pattern[start + 3 : group_ends[start]]})"
        (required if pattern[start + 2] == "=" else forbidden).append(inner)
        start = group_ends[start] + 1
    return ([pattern], []) if start == 1 else ([*required, f"^{pattern[start:]}"], forbidden)


def _outermost_groups(pattern: str) -> dict[int, int]:
    """Return the start and the end of each outermost group; none where flags, `|` or nested sets forbid a split."""
    depth, opening = 0, 0
    groups: dict[int, int] = {}
    for bracket in BRACKETS.finditer(pattern):
        text = bracket.group()
        if (text == "|" and depth == 0) or text.startswith("(?") or text[0] == "[" in text[1:]:
            return {}
        if text == "(":
            opening = opening if depth else bracket.start()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == ")" and depth == 0:
            groups[opening] = bracket.start()
    return groups
