"""Texts in messages: a hint at the name that was probably meant, and long texts shortened."""

from __future__ import annotations

from collections.abc import Iterable


def suggest_name(name: str, candidates: Iterable[str], prefix: str = "") -> str:
    """Return a hint at the candidate that is closest to a misspelt name, or else the list of all.

    >>> suggest_name("opnai", ["core", "openai"])
    "did you mean 'openai'?"
    >>> suggest_name("xyz", ["core", "openai"], "expected one of: ")
    'expected one of: core, openai'
    """
    from difflib import get_close_matches

    names = [*candidates]
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]!r}?" if close else prefix + ", ".join(names)


def shorten(text: str, max_chars: int) -> str:
    """Return a text of at most *max_chars* characters unchanged, and the start of a longer one with `...` after it.

    >>> shorten("abc", 3), shorten("abcd", 3)
    ('abc', 'abc...')
    """
    return text if len(text) <= max_chars else f"{text[:max_chars]}..."
