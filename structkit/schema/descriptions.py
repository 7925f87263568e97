"""Bounds that the strict schema cannot say, said in words; and which bounds it can."""

from __future__ import annotations

import re
from collections.abc import Callable

from structkit.dialects import Dialect
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

BEYOND_REGULAR = re.compile(r"\(\?[=!<P(>]|\\[1-9bBAZzGkpPQ]")
"""Lookaround, named and atomic groups, backreferences, boundaries: refused or misread by grammar engines."""

TOO_NARROW = frozenset({"date-time", "time", "duration"})
"""RFC 3339 demands an offset in the first two, and knows neither sign nor fraction in the last: values would
be lost."""

FORMAT_WORDS = {
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

WORDS: dict[str, Callable[[JSONValue], str]] = {
    "minLength": lambda n: f"At least {_count(n, 'character')}.",
    "maxLength": lambda n: f"At most {_count(n, 'character')}.",
    "pattern": lambda pattern: f"Matches the regular expression {pattern}",
    "format": lambda name: FORMAT_WORDS.get(name, f"Format: {name}."),
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
"""How each bound is said."""


def is_sendable(keyword: str, value: JSONValue, dialect: Dialect) -> bool:
    """Whether the dialect takes this bound as it is.

    >>> from structkit.dialects import OPENAI
    >>> is_sendable("pattern", "^a(?=b)$", OPENAI), is_sendable("format", "uuid", OPENAI)
    (False, True)
    """
    if keyword not in dialect.keywords:
        return False
    if keyword == "format":
        return value in dialect.formats - TOO_NARROW
    if keyword == "pattern":
        return is_regular(value) and not (dialect.no_pattern and re.search(dialect.no_pattern, value))
    return True


def is_regular(pattern: str) -> bool:
    """Whether a pattern is a plain, anchored regular expression.

    llama.cpp takes only patterns from `^` to `$`; no vendor takes lookaround.

    >>> is_regular("^[a-z]+$"), is_regular("[a-z]+"), is_regular("^(?=x)x$")
    (True, False, False)
    """
    return pattern.startswith("^") and pattern.endswith("$") and not BEYOND_REGULAR.search(pattern)


def split_bounds(schema: JSON, names: tuple[str, ...], dialect: Dialect) -> tuple[JSON, JSON]:
    """The named bounds of *schema*: those the dialect takes, and those it does not.

    >>> from structkit.dialects import OPENAI
    >>> split_bounds({"type": "string", "maxLength": 9, "format": "date"}, ("maxLength", "format"), OPENAI)
    ({'format': 'date'}, {'maxLength': 9})
    """
    given = {name: schema[name] for name in names if name in schema}
    kept = {name: value for name, value in given.items() if is_sendable(name, value, dialect)}
    return kept, {name: value for name, value in given.items() if name not in kept}


def describe_bounds(bounds: JSON) -> str:
    """Bounds as sentences.

    >>> describe_bounds({"minLength": 1, "maxLength": 20})
    'At least 1 character. At most 20 characters.'
    """
    said = (
        WORDS[name](value) if name in WORDS else f"{name}: {shorten_json(value, 200)}."
        for name, value in bounds.items()
    )
    return " ".join(text for text in said if text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
