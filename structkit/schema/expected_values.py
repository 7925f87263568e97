"""What is expected of a value, in the words of an issue: enough for the model to write another value."""

from __future__ import annotations

from structkit.values import JSONValue
from structkit.values.text import shorten_json

MISSING = "required, but missing"
OTHER_FORM = "Input should have one of the forms that are allowed here"
"""The message where the form of a value is wrong, until the allowed forms are looked up in the nodes."""

MAX_LISTED_VALUES = 20
"""Values that an issue lists."""

FORMATS = {
    "date": 'a date, as "2026-11-29"',
    "date-time": 'a date and time with a UTC offset, as "2026-11-29T10:30:00Z"',
    "date-time-local": 'a date and time without a UTC offset, as "2026-11-29T10:30:00"',
    "iso-date-time": 'a date and time, as "2026-11-29T10:30:00"',
    "time": 'a time with a UTC offset, as "10:30:00Z"',
    "time-local": 'a time without a UTC offset, as "10:30:00"',
    "iso-time": 'a time, as "10:30:00"',
    "duration": 'a duration, as "P1DT2H30M"',
    "email": 'an email address, as "ada@example.org"',
    "idn-email": 'an email address, as "ada@example.org"',
    "hostname": 'a host name, as "example.org"',
    "idn-hostname": 'a host name, as "example.org"',
    "uri": 'a URL, as "https://example.org/"',
    "iri": 'a URL, as "https://example.org/"',
    "uri-reference": 'a URL or a path, as "/about"',
    "uuid": 'a UUID, as "123e4567-e89b-12d3-a456-426614174000"',
    "ipv4": 'an IPv4 address, as "192.0.2.1"',
    "ipv6": 'an IPv6 address, as "2001:db8::1"',
    "json-pointer": 'a JSON Pointer, as "/items/0"',
    "regex": "a regular expression",
}
"""Formats with an example."""

TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def unexpected_key(name: str | int) -> str:
    """Return the message about a key, or a position of a tuple, that is not declared.

    >>> unexpected_key("age")
    'the key "age" is not allowed here; leave it out'
    """
    return f"the {'key' if isinstance(name, str) else 'item'} {shorten_json(name)} is not allowed here; leave it out"


def expected_format(name: str) -> str:
    """Return what a format is, with an example where there is one.

    >>> expected_format("date"), expected_format("x-key")
    ('a date, as "2026-11-29"', 'a string of the format "x-key"')
    """
    return FORMATS.get(name, f"a string of the format {shorten_json(name)}")


def any_one_of(texts: list[str]) -> str:
    """Return alternatives as one text.

    >>> any_one_of(["a", "b", "c"]), any_one_of(["a"])
    ('a, b or c', 'a')
    """
    return " or ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def listed_values(values: list[JSONValue]) -> str:
    """Return values as alternatives in JSON, as many as an issue lists.

    >>> listed_values(["red", 3, None])
    '"red", 3 or null'
    """
    texts = [shorten_json(value) for value in values[:MAX_LISTED_VALUES]]
    remaining = len(values) - len(texts)
    return any_one_of(texts) if not remaining else f"one of {', '.join(texts)} and {remaining} others"


def count_of(number: int, noun: str) -> str:
    """Return a number of things.

    >>> count_of(1, "item"), count_of(3, "item")
    ('1 item', '3 items')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
