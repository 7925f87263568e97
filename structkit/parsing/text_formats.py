"""The formats of texts that no single word has, such as dates, so that a word is not one of these texts."""

from __future__ import annotations

import re

from structkit.parsing.numbers import DECIMAL_TEXT
from structkit.values import JSON

FORMATS = frozenset({"date", "date-time", "duration", "email", "ipv4", "ipv6", "time", "uuid"})
"""Formats of texts, none of which a single word has."""

STATED_FORMAT = re.compile(
    r"\bISO 8601 (?:date|time|duration)\b|\bA date, YYYY-MM-DD\.|\bAn email address\.|\bAn IPv[46] address\.|\bA UUID\."
    r"|\bA decimal number\."
)
"""How descriptions state such a format where the endpoint does not take it as a keyword."""


def has_format(schema: JSON) -> bool:
    """Return whether a schema has such a format, as a keyword, a pattern, or in its description.

    >>> has_format({"format": "date"}), has_format({"description": "A UUID."}), has_format({"type": "string"})
    (True, True, False)
    """
    return schema.get("format") in FORMATS or schema.get("pattern") == DECIMAL_TEXT or states_format(schema)


def states_format(schema: JSON) -> bool:
    """Return whether the description states such a format."""
    return STATED_FORMAT.search(str(schema.get("description", ""))) is not None
