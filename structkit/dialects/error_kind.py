"""What an endpoint's error is about, by its codes first and by its words only where no code says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal, TypeAlias

from structkit.dialects.refusals import (
    AMBIGUOUS_CODES,
    ECHO_KEYS,
    EMPTY_ACCOUNT,
    EMPTY_ACCOUNT_CODES,
    FILTERED,
    FILTERED_CODES,
    GRAMMAR_FAILURE,
    LIMIT_AND_REQUEST,
    MODE_FIELD,
    RATE_LIMIT,
    RATE_LIMIT_CODE,
    RATE_LIMIT_CODES,
    RATE_LIMIT_STATEMENT,
    SPENT,
    TOO_LARGE,
    TOO_LARGE_CODES,
    UNSUPPORTED,
    WEB_PAGE,
    bare_code,
)
from structkit.errors import MalformedReply, StatusError, TransportError
from structkit.values import JSONValue

ErrorKind: TypeAlias = Literal["empty_account", "rate_limit", "too_large", "filtered", "unsupported_mode", "other"]
"""The account is empty; a limit that passes; one request is larger than a limit; a filter rejected the prompt; a field
that a mode sets, or the schema in it, is not supported; or anything else, which the status decides."""

CODE_KEYS = frozenset(
    {"code", "type", "status", "reason", "error_code", "errorcode", "error_type", "err_code", "__type"}
)
MESSAGE_KEYS = frozenset({"message", "detail", "msg", "error", "error_message", "error_msg", "raw", "faultstring"})

CODE_PARTS = frozenset(
    {
        *{"error", "errors", "detail", "details", "inner_error", "innererror", "metadata", "response", "fault"},
        *{"base_resp", "cause", "result", "data", "output", "message", "status", "upstream_error", "provider_error"},
        *{"errorresponse", "exception", "extra", "failure", "meta", "original_error", "upstream"},
    }
)
"""The fields of an error that may have codes inside; others describe a limit, or what was sent or used."""

MAX_PARTS = 200
MAX_MESSAGE_CHARS = 2_000
"""Limits on what is read of an error body; anything larger is not an explanation."""

TOO_MANY_REQUESTS = 429
OTHER_MEANINGS = frozenset({401, 402, 407, 413})
"""Statuses that are about the key, the account, a proxy or the size of one request, whatever the body states."""

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
    if codes & EMPTY_ACCOUNT_CODES or re.search(SPENT, QUOTED.sub("", message), re.IGNORECASE):
        return "empty_account"
    if codes & TOO_LARGE_CODES or TOO_LARGE.match(message) or _is_above_limit(message):
        return "too_large"
    if codes & RATE_LIMIT_CODES or _has_limit_code(codes):
        return "rate_limit"
    kind = _kind_by_words(message)
    is_stated = str(TOO_MANY_REQUESTS) in codes or _starts_with_limit(message)
    return "rate_limit" if kind == "other" and is_stated else kind


def _starts_with_limit(message: str) -> bool:
    """Return whether a message starts with the statement of a rate limit, and not with a quotation of a row's text."""
    statement = QUOTED.sub("", message)
    return bool(re.match(RATE_LIMIT_STATEMENT, statement if statement.strip() else message, re.IGNORECASE))


def _is_above_limit(message: str) -> bool:
    """Return whether one request has more tokens than the limit of a whole period, so that no wait helps.

    >>> _is_above_limit("Rate limit reached: Limit 10,000, Used 0, Requested 12000"), _is_above_limit("Limit 9")
    (True, False)
    """
    match = re.search(LIMIT_AND_REQUEST, message, re.IGNORECASE)
    limit, requested = (int(number.replace(",", "")) for number in match.groups()) if match else (0, 0)
    return requested > limit


def _has_limit_code(codes: frozenset[str]) -> bool:
    """Return whether a code states a rate limit, whoever has sent it under whatever status."""
    return not codes.isdisjoint(RATE_LIMIT_CODES - AMBIGUOUS_CODES) or any(
        re.search(RATE_LIMIT_CODE, code) for code in codes
    )


def states_rate_limit(body: JSONValue) -> bool:
    """Return whether the body of an error states a rate limit beyond doubt, whatever the status.

    >>> states_rate_limit({"error": {"message": "User Rate Limit Exceeded", "errors": [{"reason": "usageLimits"}]}})
    True
    >>> states_rate_limit({"error": {"message": "This key may not use the model; try again later"}})
    False
    """
    if error_kind(body) != "rate_limit":
        return False
    codes = frozenset(_codes(body))
    has_code = str(TOO_MANY_REQUESTS) in codes or _has_limit_code(codes)
    return has_code or _starts_with_limit(error_message(body))


def is_rate_limit(error: TransportError) -> bool:
    """Return whether an error is a rate limit: a 429, or one that its body states under another status.

    An error inside a 200 is one only if the model has written nothing, since that may have been paid for.

    >>> is_rate_limit(StatusError("429", body=None)), is_rate_limit(MalformedReply("200", body={"code": "throttling"}))
    (False, True)
    """
    if isinstance(error, StatusError):
        is_stated = error.status_code not in OTHER_MEANINGS and states_rate_limit(error.body)
        return error.status_code == TOO_MANY_REQUESTS or is_stated
    body = error.body if isinstance(error.body, dict) else {}
    return isinstance(error, MalformedReply) and not body.get("choices") and states_rate_limit(body)


def _kind_by_words(message: str) -> ErrorKind:
    if GRAMMAR_FAILURE.search(message) or (MODE_FIELD.search(message) and UNSUPPORTED.search(message)):
        return "unsupported_mode"
    statement = QUOTED.sub("", message)
    if RATE_LIMIT.search(statement):
        return "rate_limit"
    return "empty_account" if EMPTY_ACCOUNT.search(statement) else "other"


def _codes(body: JSONValue) -> Iterator[str]:
    for key, value in islice(_all_fields(body, CODE_PARTS), MAX_PARTS):
        if key in CODE_KEYS and isinstance(value, str | int):
            yield bare_code(str(value))


def error_message(body: JSONValue) -> str:
    """Return the messages in an error body, without those that repeat the request; empty for a web page.

    >>> error_message([{"error": {"code": 429, "message": "slow down", "input": "my row"}}])
    'slow down'
    """
    if isinstance(body, str):
        return "" if WEB_PAGE.match(body) else body[:MAX_MESSAGE_CHARS]
    fields = islice(_all_fields(body), MAX_PARTS)
    messages = [value for key, value in fields if key in MESSAGE_KEYS and isinstance(value, str)]
    return "\n".join(messages)[:MAX_MESSAGE_CHARS]


def _all_fields(body: JSONValue, parts: frozenset[str] | None = None) -> Iterator[tuple[str, JSONValue]]:
    """Yield the fields of an error body with their keys in lower case, except those that echo the request.

    Args:
        body: The body.
        parts: The fields whose inner fields are yielded; None for all.
    """
    stack: list[JSONValue] = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += reversed(part[:MAX_PARTS])
        elif isinstance(part, dict):
            first_fields = islice(part.items(), MAX_PARTS)
            fields = [(key.lower(), value) for key, value in first_fields if key.lower() not in ECHO_KEYS]
            yield from fields
            inner = [value for key, value in fields if parts is None or key in parts]
            stack += [value for value in reversed(inner) if isinstance(value, dict | list)]
