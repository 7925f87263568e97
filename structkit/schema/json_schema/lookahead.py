"""Patterns that begin with lookaheads as several patterns without: those a linear engine can match."""

from __future__ import annotations

import re

LOOKAHEAD = re.compile(r"\(\?[=!]")
BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[a-zA-Z-]+[:)])?|[)|]", re.DOTALL)
"""What opens, closes and parts groups, sets flags, and what only looks so."""


def split_lookaheads(pattern: str) -> tuple[list[str], list[str]]:
    r"""The patterns that a text must match and those it must not, which together say the same.

    >>> split_lookaheads(r"^(?=.*\d)(?!foo|bar)[a-z\d]{8,}$")
    (['^(?:.*\\d)', '^[a-z\\d]{8,}$'], ['^(?:foo|bar)'])
    """
    ends = _groups(pattern) if pattern.startswith("^") else {}
    wanted: list[str] = []
    unwanted: list[str] = []
    start = 1
    while start in ends and LOOKAHEAD.match(pattern, start):
        inner = f"^(?:{pattern[start + 3 : ends[start]]})"
        (wanted if pattern[start + 2] == "=" else unwanted).append(inner)
        start = ends[start] + 1
    return ([pattern], []) if start == 1 else ([*wanted, f"^{pattern[start:]}"], unwanted)


def _groups(pattern: str) -> dict[int, int]:
    """Where each outermost group begins and ends; none where they are not all of the pattern in a row."""
    depth, opening = 0, 0
    found: dict[int, int] = {}
    for bracket in BRACKETS.finditer(pattern):
        text = bracket.group()
        if (text == "|" and depth == 0) or text.startswith("(?") or text[0] == "[" in text[1:]:
            return {}
        if text == "(":
            opening = opening if depth else bracket.start()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == ")" and depth == 0:
            found[opening] = bracket.start()
    return found
