"""Which character is between the cells of a text file, and how to name another one."""

from __future__ import annotations

import re
from collections.abc import Iterable

OTHER_DELIMITERS = (";", "\t", "|", ",")
"""Delimiters of files that programs write in some countries, or for some uses."""

_DECLARATION = re.compile(r'"?sep=(.)"?[\r\n]*')


def declared_delimiter(line: str) -> str | None:
    r"""Return the delimiter that the first line of a file declares to Excel; None if it is no such line.

    >>> declared_delimiter("sep=;\r\n"), declared_delimiter("id;text")
    (';', None)
    """
    match = _DECLARATION.fullmatch(line)
    return match[1] if match else None


def likelier_delimiter(names: Iterable[str], delimiter: str) -> str | None:
    r"""Return another delimiter that would split a header into more names; None if none would.

    >>> likelier_delimiter(["id;name, first", " age"], ","), likelier_delimiter(["id", "a;b"], ",")
    (None, None)
    >>> likelier_delimiter(["id;text"], ","), likelier_delimiter(["id;name", " first;age"], ",")
    (';', ';')
    """
    columns = list(names)
    other = _most_frequent("".join(columns), delimiter)
    return other if "".join(columns).count(other) >= max(1, len(columns)) else None


def delimiter_hint(header: str, delimiter: str, *, has_settings: bool = True) -> str:
    """Return how to read a file whose header has another delimiter in it; empty if it has none.

    Args:
        header: Its first line.
        delimiter: Between the cells as they were read.
        has_settings: Whether the caller can pass another one.

    >>> delimiter_hint("id;text", ",")
    ": if its cells are separated by ';', pass delimiter=';' (--delimiter ';')"
    """
    other = _most_frequent(header, delimiter)
    if other not in header:
        return ""
    if not has_settings:
        return f": if its cells are separated by {other!r}, save it with {delimiter!r}, or put a line sep={other} first"
    return f": if its cells are separated by {other!r}, pass delimiter={other!r} (--delimiter {other!r})"


def _most_frequent(text: str, delimiter: str) -> str:
    return max((each for each in OTHER_DELIMITERS if each != delimiter), key=text.count)
