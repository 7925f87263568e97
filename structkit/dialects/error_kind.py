"""What an endpoint's error is about, by its codes first and by its words only where no code says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal, TypeAlias

from structkit.dialects.refusals import (
    ECHO_KEYS,
    EMPTY_ACCOUNT,
    EMPTY_ACCOUNT_CODES,
    FILTERED,
    FILTERED_CODES,
    GRAMMAR_FAILURE,
    MODE_FIELD,
    RATE_LIMIT,
    RATE_LIMIT_CODES,
    TOO_LARGE,
    TOO_LARGE_CODES,
    UNSUPPORTED,
    WEB_PAGE,
)
from structkit.values import JSONValue

ErrorKind: TypeAlias = Literal["empty_account", "rate_limit", "too_large", "filtered", "unsupported_mode", "other"]
"""The account is empty; a limit that passes; one request is larger than a limit; a filter rejected the prompt; a field
that a mode sets, or the schema in it, is not supported; or anything else, which the status decides."""

CODE_KEYS = frozenset({"code", "type", "status", "reason", "error_code", "error_type", "err_code"})
MESSAGE_KEYS = frozenset({"message", "detail", "msg", "error", "error_message", "error_msg", "raw"})

MAX_PARTS = 200
MAX_MESSAGE_CHARS = 2_000
"""Limits on what is read of an error body; anything larger is not an explanation."""

QUOTED = re.compile(r"\"[^\"]*\"|`[^`]*`|(?<!\w)'[^']*'(?!\w)|“[^”]*”|「[^」]*」")
"""Quotations in a message; they may be the text of a row, which may be about money too."""


def error_kind(body: JSONValue) -> ErrorKind:
    """Return what the body of an error is about.

    A code of an empty account counts more than that of a rate limit, because gateways give every 429 the latter.

    >>> url = "https://platform.openai.com/account/billing"
    >>> error_kind({"error": {"message": f"Rate limit reached. Visit {url}", "code": "rate_limit_exceeded"}})
    'rate_limit'
    >>> error_kind({"error": {"message": "Please recharge.", "type": "rate_limit_error", "code": "1113"}})
    'empty_account'
    >>> error_kind({"error": {"message": "blocked: 'my card has insufficient funds'"}})
    'other'
    """
    codes, message = frozenset(_codes(body)), error_message(body)
    if codes & FILTERED_CODES or FILTERED.search(QUOTED.sub("", message)):
        return "filtered"
    if codes & EMPTY_ACCOUNT_CODES:
        return "empty_account"
    if codes & TOO_LARGE_CODES or TOO_LARGE.match(message):
        return "too_large"
    if codes & RATE_LIMIT_CODES:
        return "rate_limit"
    return _kind_by_words(message)


def _kind_by_words(message: str) -> ErrorKind:
    if GRAMMAR_FAILURE.search(message) or (MODE_FIELD.search(message) and UNSUPPORTED.search(message)):
        return "unsupported_mode"
    statement = QUOTED.sub("", message)
    if RATE_LIMIT.search(statement):
        return "rate_limit"
    return "empty_account" if EMPTY_ACCOUNT.search(statement) else "other"


def _codes(body: JSONValue) -> Iterator[str]:
    for key, value in _fields(body):
        if key in CODE_KEYS and isinstance(value, str | int):
            yield re.sub(r"[\s.-]+", "_", str(value)).lower()


def error_message(body: JSONValue) -> str:
    """Return the messages in an error body, without those that repeat the request; empty for a web page.

    >>> error_message([{"error": {"code": 429, "message": "slow down", "input": "my row"}}])
    'slow down'
    """
    if isinstance(body, str):
        return "" if WEB_PAGE.match(body) else body[:MAX_MESSAGE_CHARS]
    messages = [value for key, value in _fields(body) if key in MESSAGE_KEYS and isinstance(value, str)]
    return "\n".join(messages)[:MAX_MESSAGE_CHARS]


def _fields(body: JSONValue) -> Iterator[tuple[str, JSONValue]]:
    return islice(_all_fields(body), MAX_PARTS)


def _all_fields(body: JSONValue) -> Iterator[tuple[str, JSONValue]]:
    """Yield the fields of an error body with their keys in lower case, except those that echo the request."""
    stack: list[JSONValue] = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += reversed(part[:MAX_PARTS])
        elif isinstance(part, dict):
            fields = [(key.lower(), value) for key, value in part.items() if key.lower() not in ECHO_KEYS]
            yield from fields
            stack += [value for _, value in reversed(fields) if isinstance(value, dict | list)]
