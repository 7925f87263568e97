"""Which headers of a user's own can be sent."""

from __future__ import annotations

import re

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token of RFC 9110, section 5.6.2."""

HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110, section 5.5: no line break, which would start another header, and nothing outside of Latin-1."""

CONNECTION_HEADERS = frozenset({"content-length", "transfer-encoding", "host", "connection", "content-type"})
"""Headers that belong to the connection or the body."""


def header_problem(name: str, value: object) -> str:
    """Return why a header cannot be sent, without its value; empty if it can.

    >>> header_problem("X Team", "tea")
    "has a name that is not valid in HTTP: 'X Team'"
    >>> header_problem("X-Team", "tea")
    ''
    """
    if not HEADER_NAME.fullmatch(name):
        return f"has a name that is not valid in HTTP: {name!r}"
    if name.lower() in CONNECTION_HEADERS:
        return f"has {name!r}, which the HTTP library sets; leave it out"
    if not isinstance(value, str):
        return f"has {name!r} with a value of type {type(value).__name__}: pass a text"
    if not HEADER_VALUE.fullmatch(value):
        return f"has {name!r} with a line break or another character that no header may have (it is not shown here)"
    return ""
