"""Which bounds a dialect accepts, and how a description states the others."""

from __future__ import annotations

import re
from collections.abc import Callable

from structkit.dialects import Dialect
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

NOT_REGULAR = re.compile(r"\(\?[=!<P(>]|\\[1-9bBAZzGkpPQ]")
"""Lookaround, named and atomic groups, backreferences, boundaries: grammar engines reject or misread them."""

UNSENDABLE_FORMATS = frozenset({"date-time", "time", "duration"})
"""Formats that are narrower than the Python type, so that values would be lost.

RFC 3339 requires an offset in the first two, and allows neither a sign nor a fraction in the last.
"""

FORMAT_DESCRIPTIONS = {
    "date-time": "ISO 8601 date and time.",
    "time": "ISO 8601 time.",
    "duration": "ISO 8601 duration.",
    "uri": "A URL.",
    "binary": "",
    "password": "",
    "path": "A file path.",
    "file-path": "A path of an existing file.",
    "directory-path": "A path of an existing directory.",
    "ipvanyaddress": "An IPv4 or IPv6 address.",
    "ipvanynetwork": "An IPv4 or IPv6 network.",
    "ipvanyinterface": "An IPv4 or IPv6 interface.",
    **{f"uuid{version}": f"A UUID of version {version}." for version in range(1, 9)},
}

BOUND_DESCRIPTIONS: dict[str, Callable[[JSONValue], str]] = {
    "minLength": lambda n: f"At least {_count(n, 'character')}.",
    "maxLength": lambda n: f"At most {_count(n, 'character')}.",
    "pattern": lambda pattern: f"Matches the regular expression `{pattern}`.",
    "format": lambda name: FORMAT_DESCRIPTIONS.get(name, f"Format: {name}."),
    "minimum": lambda n: f"At least {n}.",
    "maximum": lambda n: f"At most {n}.",
    "exclusiveMinimum": lambda n: f"More than {n}.",
    "exclusiveMaximum": lambda n: f"Less than {n}.",
    "multipleOf": lambda n: f"A multiple of {n}.",
    "most digits": lambda n: f"At most {_count(n, 'digit')}.",
    "most decimal places": lambda n: f"At most {_count(n, 'decimal place')}.",
    "minItems": lambda n: f"At least {_count(n, 'item')}.",
    "maxItems": lambda n: f"At most {_count(n, 'item')}.",
    "uniqueItems": lambda on: "No item twice." if on else "",
    "not": lambda schema: f"Must not match {shorten_json(schema)}.",
    "contains": lambda schema: f"Contains an item that matches {shorten_json(schema)}.",
}
"""How each bound is stated in a description."""


def is_sendable(keyword: str, value: JSONValue, dialect: Dialect) -> bool:
    """Return whether the dialect accepts this bound unchanged.

    >>> from structkit.dialects import OPENAI
    >>> is_sendable("pattern", "^a(?=b)$", OPENAI), is_sendable("format", "uuid", OPENAI)
    (False, True)
    """
    if keyword not in dialect.keywords:
        return False
    if keyword == "format":
        return value in dialect.formats - UNSENDABLE_FORMATS
    if keyword == "pattern":
        return is_regular(value) and not (dialect.rejected_pattern and re.search(dialect.rejected_pattern, value))
    return True


def is_regular(pattern: str) -> bool:
    """Return whether a pattern is a regular expression in the narrow sense, anchored at both ends.

    llama.cpp accepts only patterns from `^` to `$`; no vendor accepts lookaround.

    >>> is_regular("^[a-z]+$"), is_regular("[a-z]+"), is_regular("^(?=x)x$")
    (True, False, False)
    """
    return pattern.startswith("^") and pattern.endswith("$") and not NOT_REGULAR.search(pattern)


def split_bounds(schema: JSON, names: tuple[str, ...], dialect: Dialect) -> tuple[JSON, JSON]:
    """Return the named bounds of *schema* in two parts: those that the dialect accepts, and the others.

    >>> from structkit.dialects import OPENAI
    >>> split_bounds({"type": "string", "maxLength": 9, "format": "date"}, ("maxLength", "format"), OPENAI)
    ({'format': 'date'}, {'maxLength': 9})
    """
    bounds = {name: schema[name] for name in names if name in schema}
    accepted = {name: value for name, value in bounds.items() if is_sendable(name, value, dialect)}
    return accepted, {name: value for name, value in bounds.items() if name not in accepted}


def describe_bounds(bounds: JSON) -> str:
    """Return bounds as sentences.

    >>> describe_bounds({"minLength": 1, "maxLength": 20})
    'At least 1 character. At most 20 characters.'
    """
    sentences = (
        BOUND_DESCRIPTIONS[name](value) if name in BOUND_DESCRIPTIONS else f"{name}: {shorten_json(value, 200)}."
        for name, value in bounds.items()
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
