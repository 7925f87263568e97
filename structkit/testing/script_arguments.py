"""Validates the arguments of test endpoints, replies and completions, so that a mistake shows where it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

HTTP_STATUSES = range(200, 600)
BODY_TYPES = (str, bytes, dict, list, int, float, type(None), Iterator)


def require(name: str, value: Any, is_valid: bool, expected: str) -> None:
    """Validate one argument.

    Raises:
        TypeError: It is not valid; with its name, and what is expected.

    >>> require("Reply(delay=...)", "1 s", is_valid=False, expected="a number of seconds")
    Traceback (most recent call last):
    TypeError: Reply(delay=...) must be a number of seconds, not '1 s'
    """
    if not is_valid:
        raise TypeError(f"{name} must be {expected}, not {value!r}")


def is_text(value: Any) -> bool:
    """Return whether a value is a text."""
    return isinstance(value, str)


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_duration(value: Any) -> bool:
    """Return whether a value is a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def is_header_map(value: Any) -> bool:
    """Return whether a value is headers: texts by texts."""
    return isinstance(value, Mapping) and all(is_text(each) for item in value.items() for each in item)


REPLY_ARGUMENTS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "body": (lambda value: isinstance(value, BODY_TYPES), "a JSON value, a text, bytes or an iterator of bytes"),
    "status": (lambda value: is_whole(value) and value in HTTP_STATUSES, "an HTTP status, such as 200 or 429"),
    "headers": (is_header_map, "a dict of texts"),
    "delay": (is_duration, "a number of seconds, 0 or more"),
    "is_truncated": (lambda value: isinstance(value, bool), "True or False"),
    "rewrite_events": (lambda value: value is None or callable(value), "a function of a list of events"),
}

ENDPOINT_ARGUMENTS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "faults": (lambda value: isinstance(value, Mapping), 'a dict of rates by name, such as {"rate_limited": 0.1}'),
    "seed": (is_whole, "a whole number"),
    "delta": (lambda value: is_whole(value) and value > 0, "a number of characters, 1 or more"),
}


def validate_arguments(
    function: str, arguments: Mapping[str, Any], rules: Mapping[str, tuple[Callable[[Any], bool], str]]
) -> None:
    """Validate the arguments of a function by its rules.

    Raises:
        TypeError: One is not valid.
    """
    for name, (is_valid, expected) in rules.items():
        require(f"{function}({name}=...)", arguments[name], is_valid(arguments[name]), expected)


def validate_texts(function: str, values: Mapping[str, Any], *, may_be_none: bool = False) -> None:
    """Validate that arguments are texts, or None.

    Raises:
        TypeError: One is not.
    """
    expected = "a text or None" if may_be_none else "a text"
    for name, value in values.items():
        require(f"{name} of {function}()", value, is_text(value) or (may_be_none and value is None), expected)
