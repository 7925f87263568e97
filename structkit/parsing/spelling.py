"""Names that are written slightly differently: the one of several that a text can only mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

SEPARATORS = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W\d_])|(?<=[^\W\d_])[\s_-]+(?=[^\W_])")
"""Spaces, hyphens and underscores between words; not between two digits, where they distinguish numbers."""

OUTER_SIGNS = re.compile(r"\A_+(?=[^\W\d_])|(?<=[^\W\d_])_+\Z|(?<=[^\W_])\s*+:\Z")
"""Underscores around a name, as in Python's `class_`, and a colon after it, which distinguish names only beside ones
without them."""

QUOTES = {'"': '"', "'": "'", "`": "`", "*": "*", "\u201c": "\u201d"}
"""Quotes, and the marks of emphasis in Markdown, each with its end."""


MAX_NAME_CHARS = 200
"""A longer text is not a name."""


def find_name(text: str, groups: Mapping[str, list[str]]) -> str | None:
    """Return the only name that differs from a text at most in case, spaces, accents, quotes, `_` and a colon.

    Args:
        text: The text.
        groups: The names, as `group_names` returns them.

    >>> find_name(" in progress", group_names(["IN_PROGRESS", "DONE"])), find_name("**Cafe**", group_names(["café"]))
    ('IN_PROGRESS', 'café')
    >>> find_name("firstName", group_names(["first_name"])), find_name("-1", group_names(["1"]))
    ('first_name', None)
    >>> find_name("Type", group_names(["type", "_type"]))
    'type'
    >>> find_name("**Total:**", group_names(["total"])), find_name("a:", group_names(["a", "a:"]))
    ('total', 'a:')
    >>> find_name("Ab", group_names(["AB", "ab"]))
    """
    names = names_like(text, groups)
    return names[0] if len(names) == 1 else None


def names_like(text: str, groups: Mapping[str, list[str]]) -> list[str]:
    """Return all names that differ from a text as in `find_name`: those with the same underscores, if there are any.

    >>> names_like("Ab", group_names(["AB", "ab", "b"])), names_like("A", group_names(["a", "_a"]))
    (['AB', 'ab'], ['a'])
    """
    if len(text) > MAX_NAME_CHARS:
        return []
    folded = _fold(text)
    names = groups.get(_without_outer_signs(folded), [])
    return [name for name in names if _fold(name) == folded] or names if len(names) > 1 else names


def group_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names that differ in spelling only, by what they have in common."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if key := _without_outer_signs(_fold(name)):
            groups.setdefault(key, []).append(name)
    return groups


def _fold(name: str) -> str:
    """Return a name without what does not distinguish names."""
    words = SEPARATORS.sub("", unquote(name))
    decomposed = unicodedata.normalize("NFD", words.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _without_outer_signs(name: str) -> str:
    return OUTER_SIGNS.sub("", name)


def unquote(text: str) -> str:
    """Return a text without space, quotes and emphasis around it.

    >>> unquote(" **'yes'** ")
    'yes'
    """
    start, end = 0, len(text)
    while True:  # by position: a copy for each pair of a long run of quotes would take quadratic time
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end - start <= 1 or QUOTES.get(text[start]) != text[end - 1]:
            return text[start:end]
        start, end = start + 1, end - 1
