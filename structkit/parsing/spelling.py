"""Names that are written slightly differently: the one of several that a text can only mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

SEPARATORS = re.compile(
    r"(?<=[^\W_])[\s_-]+(?=[^\W\d_])|(?<=[^\W\d_])[\s_-]+(?=[^\W_])|\A_+(?=[^\W\d_])|(?<=[^\W\d_])_+\Z"
)
"""Spaces, hyphens and underscores between words, and underscores around them, as in Python's `class_`.

Not between two digits, where they distinguish numbers.
"""

QUOTES = {'"': '"', "'": "'", "`": "`", "*": "*", "\u201c": "\u201d"}
"""Quotes, and the marks of emphasis in Markdown, each with its end."""


MAX_NAME_CHARS = 200
"""A longer text is not a name."""


def find_name(text: str, names: Mapping[str, str]) -> str | None:
    """Return the only name that differs from a text at most in case, spaces, accents, and quotes and `_` around it.

    Args:
        text: The text.
        names: The names, as `index_names` returns them.

    >>> find_name(" in progress", index_names(["IN_PROGRESS", "DONE"])), find_name("**Cafe**", index_names(["café"]))
    ('IN_PROGRESS', 'café')
    >>> find_name("firstName", index_names(["first_name"])), find_name("-1", index_names(["1"]))
    ('first_name', None)
    >>> find_name("Ab", index_names(["AB", "ab"]))
    """
    return names.get(_comparable(text)) if len(text) <= MAX_NAME_CHARS else None


def index_names(names: Iterable[str]) -> dict[str, str]:
    """Return names by what distinguishes them in any spelling, without those that nothing distinguishes."""
    return {key: group[0] for key, group in group_names(names).items() if len(group) == 1}


def names_like(text: str, groups: Mapping[str, list[str]]) -> list[str]:
    """Return all names that differ from a text as in `find_name`, from the groups of `group_names`.

    >>> names_like("Ab", group_names(["AB", "ab", "b"]))
    ['AB', 'ab']
    """
    return groups.get(_comparable(text), []) if len(text) <= MAX_NAME_CHARS else []


def group_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names that differ in spelling only, by what they have in common."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if key := _comparable(name):
            groups.setdefault(key, []).append(name)
    return groups


def _comparable(name: str) -> str:
    """Return a name without what does not distinguish names."""
    words = SEPARATORS.sub("", unquote(name))
    decomposed = unicodedata.normalize("NFD", words.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


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
