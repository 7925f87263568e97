"""Which bounds a dialect accepts, and how a description states the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from itertools import starmap

from structkit.dialects import Dialect
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

NOT_REGULAR = re.compile(r"\(\?[=!<P(>]|\\[1-9bBAZzGkpPQ]")
"""Lookaround, named and atomic groups, backreferences, boundaries: grammar engines reject or misread them."""

UNSENDABLE_FORMATS = frozenset({"duration"})
"""Formats that are narrower than what is validated: RFC 3339 allows neither a sign nor a fraction in a duration."""

FORMAT_DESCRIPTIONS = {
    "date": "A date, YYYY-MM-DD.",
    "date-time": "ISO 8601 date and time with a UTC offset.",
    "date-time-local": "ISO 8601 date and time without a UTC offset.",
    "iso-date-time": "ISO 8601 date and time.",
    "time": "ISO 8601 time with a UTC offset.",
    "time-local": "ISO 8601 time without a UTC offset.",
    "iso-time": "ISO 8601 time.",
    "duration": "ISO 8601 duration.",
    "zoneinfo": "An IANA time zone.",
    "email": "An email address.",
    "name-email": "An email address, with or without a name.",
    "hostname": "A host name.",
    "uri": "A URL.",
    "multi-host-uri": "A URL, which may have several hosts.",
    "base16": "Hexadecimal digits.",
    "base64": "Base64.",
    "base64url": "URL-safe Base64.",
    "regex": "A regular expression.",
    "fraction": "A fraction, as 1/3.",
    "color": "A color.",
    "binary": "",
    "password": "",
    "path": "A file path.",
    "file-path": "A path of an existing file.",
    "directory-path": "A path of an existing directory.",
    **{f"ipv{version}": f"An IPv{version} address." for version in (4, 6)},
    **{f"ipv{version}network": f"An IPv{version} network." for version in (4, 6)},
    **{f"ipv{version}interface": f"An IPv{version} interface." for version in (4, 6)},
    "ipvanyaddress": "An IPv4 or IPv6 address.",
    "ipvanynetwork": "An IPv4 or IPv6 network.",
    "ipvanyinterface": "An IPv4 or IPv6 interface.",
    "uuid": "A UUID.",
    **{f"uuid{version}": f"A UUID of version {version}." for version in range(1, 9)},
}
"""How each format is stated.

The names with `-local` are in OpenAPI's registry. Those with `iso-` are ours, for Python types that accept values with
and without a UTC offset: RFC 3339, which defines `date-time` and `time`, requires one.
"""

BOUND_DESCRIPTIONS: dict[str, Callable[[JSONValue], str]] = {
    "minLength": lambda n: f"At least {_count(n, 'character')}.",
    "maxLength": lambda n: f"At most {_count(n, 'character')}.",
    "pattern": lambda pattern: f"Matches the regular expression `{pattern}`.",
    "format": lambda name: FORMAT_DESCRIPTIONS.get(name, f"Format: {name}."),
    "contentEncoding": lambda name: FORMAT_DESCRIPTIONS.get(name, f"Encoded as {name}."),
    "contentMediaType": lambda name: "JSON text." if name == "application/json" else f"Media type: {name}.",
    "contentSchema": lambda schema: _describe_content(schema) if schema else "",
    "minimum": lambda n: f"At least {n}.",
    "maximum": lambda n: f"At most {n}.",
    "exclusiveMinimum": lambda n: f"More than {n}.",
    "exclusiveMaximum": lambda n: f"Less than {n}.",
    "multipleOf": lambda n: f"A multiple of {n}.",
    **{name: partial("{} {}.".format, name.capitalize()) for name in ("not before", "after", "not after", "before")},
    "in the past": lambda _: "In the past.",
    "in the future": lambda _: "In the future.",
    "most digits": lambda n: f"At most {_count(n, 'digit')}.",
    "most decimal places": lambda n: f"At most {_count(n, 'decimal place')}.",
    "minItems": lambda n: f"At least {_count(n, 'item')}.",
    "maxItems": lambda n: f"At most {_count(n, 'item')}.",
    "uniqueItems": lambda on: "No item twice." if on else "",
    "minProperties": lambda n: f"At least {_count(n, 'key')} given.",
    "maxProperties": lambda n: f"At most {_count(n, 'key')} given.",
    "patternProperties": lambda patterns: " ".join(starmap(_describe_pattern, patterns.items())),
    "anyOf": lambda branches: _describe_alternatives("anyOf", "At least one", branches),
    "oneOf": lambda branches: _describe_alternatives("oneOf", "Exactly one", branches),
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


def _describe_alternatives(word: str, number: str, branches: list[JSONValue]) -> str:
    """Describe the branches of a union; those that only require keys by their names."""
    names = [part["required"] for part in branches if isinstance(part, dict) and part.keys() == {"required"}]
    if len(names) < len(branches):
        return f"{word}: {shorten_json(branches, 200)}."
    return f"{number} of these is given: {'; '.join(' and '.join(map(str, each)) for each in names)}."


def _describe_content(schema: JSONValue) -> str:
    """Return what the content of a text matches, unless the definitions that it refers to would not be there."""
    return "" if '"$ref"' in json.dumps(schema) else f"It matches {shorten_json(schema)}."


def _describe_pattern(pattern: str, schema: JSONValue) -> str:
    if schema is False:
        return f"No key that matches `{pattern}`."
    return f"The value of a key that matches `{pattern}` matches {shorten_json(schema)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
