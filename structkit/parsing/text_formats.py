"""The formats of texts that no single word has, such as dates, so that a word is not one of these texts."""

from __future__ import annotations

import re

from structkit.parsing.numbers import DECIMAL_TEXT
from structkit.values import JSON

URL_FORMATS = frozenset({"iri", "uri"})
FORMATS = URL_FORMATS | {"date", "date-time", "duration", "email", "ipv4", "ipv6", "time", "uuid"}
"""Formats of texts, none of which a single word has."""

STATED_FORMAT = re.compile(
    r"\bISO 8601 (?:date|time|duration)\b|\bA date, YYYY-MM-DD\.|\bAn email address\.|\bAn IPv[46] address\.|\bA UUID\."
    r"|\bA decimal number\.|\bA URL[.,]"
)
"""How descriptions state such a format where the endpoint does not take it as a keyword."""

FORMAT_SIGN = re.compile(r"[\d@:]")
"""What every text has that is in one of the formats."""

URL_SIGN = re.compile(r"\d\S*|\S*(?:://|@)\S*")
"""The same where a URL is allowed, which may be any text with a colon: `Sorry: none` has the scheme `sorry`."""


def has_format(schema: JSON) -> bool:
    """Return whether a schema has such a format, as a keyword, a pattern, or in its description.

    >>> has_format({"format": "date"}), has_format({"description": "A UUID."}), has_format({"type": "string"})
    (True, True, False)
    """
    return schema.get("format") in FORMATS or schema.get("pattern") == DECIMAL_TEXT or states_format(schema)


def states_format(schema: JSON) -> bool:
    """Return whether the description states such a format."""
    return STATED_FORMAT.search(str(schema.get("description", ""))) is not None


def may_have_format(text: str, *, is_url: bool = False) -> bool:
    """Return whether a text has what no word and every format has; a validator may take any prose for a value.

    Args:
        text: The text.
        is_url: Whether it may be a URL.

    >>> may_have_format("2024-01-05"), may_have_format("a@b.co"), may_have_format("Sorry, I cannot say.")
    (True, True, False)
    >>> may_have_format("https://a.b", is_url=True), may_have_format("Sorry: none", is_url=True)
    (True, False)
    """
    return (URL_SIGN.fullmatch(text) if is_url else FORMAT_SIGN.search(text)) is not None


def may_be_url(schema: JSON) -> bool:
    """Return whether a schema allows URLs, by its format or its description."""
    return schema.get("format") in URL_FORMATS or "A URL" in str(schema.get("description", ""))
