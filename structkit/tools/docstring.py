"""A docstring, divided into the description of a function and those of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc

SECTION = re.compile(r"(?:Args|Arguments|Parameters|Params):?\s*")
"""The title of the section on parameters: Google's `Args:`, NumPy's `Parameters` above a line of dashes."""

DASHES = re.compile(r"-{3,}\s*")

GOOGLE_ENTRY = re.compile(r"\*{0,2}(\w+)(?:\s*\([^)]*\))?:(.*)", re.DOTALL)
"""`name: text`, `name (type): text`."""

NUMPY_ENTRY = re.compile(r"\*{0,2}(\w+)[^\n]*(.*)", re.DOTALL)
"""`name : type`, and the text below it."""

FIELD = re.compile(r":param (?:[^:\n]* )?(\w+):((?:[^\n]*)(?:\n[ \t]+[^\n]*)*)\n?")
"""Sphinx's `:param name: text`."""


def read_docstring(docstring: str) -> tuple[str, dict[str, str]]:
    r"""Return the description of a function, and those of its parameters by name.

    The descriptions of parameters are read from Google's, NumPy's and Sphinx's notation. All other text, such as a
    section on what is returned, belongs to the description of the function.

    >>> read_docstring("Return the weather.\n\nArgs:\n    city: The city,\n        in English.\n\nReturns:\n    C.")
    ('Return the weather.\n\nReturns:\n    C.', {'city': 'The city, in English.'})
    >>> read_docstring("Return the weather.\n\n:param str city: The city.")
    ('Return the weather.', {'city': 'The city.'})
    """
    text = cleandoc(docstring)
    fields = {match[1]: _join(match[2]) for match in FIELD.finditer(text)}
    lines = FIELD.sub("", text).splitlines()
    start = next((n for n, line in enumerate(lines) if _is_title(lines, n, line)), len(lines))
    section, remaining = _take_section(lines[start + 1 :])
    description = "\n".join([*lines[:start], *remaining]).strip()
    return description, {**fields, **dict(section)}


def _is_title(lines: list[str], number: int, line: str) -> bool:
    is_underlined = bool(DASHES.fullmatch("".join(lines[number + 1 : number + 2])))
    return bool(SECTION.fullmatch(line)) and (":" in line or is_underlined)


def _take_section(lines: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the entries of the section on parameters, and the lines after it."""
    if lines and DASHES.fullmatch(lines[0]):
        end = next(
            (n for n, _ in enumerate(lines) if n and DASHES.fullmatch("".join(lines[n + 1 : n + 2]))), len(lines)
        )
        return [*_entries(lines[1:end], NUMPY_ENTRY)], lines[end:]
    end = next((n for n, line in enumerate(lines) if line and not line[0].isspace()), len(lines))
    return [*_entries(cleandoc("\n" + "\n".join(lines[:end])).splitlines(), GOOGLE_ENTRY)], lines[end:]


def _entries(lines: list[str], entry: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each entry, which starts with a line that is not indented."""
    for block in re.split(r"\n(?=\S)", "\n".join(lines)):
        if match := entry.fullmatch(block):
            yield match[1], _join(match[2])


def _join(text: str) -> str:
    return " ".join(text.split())
