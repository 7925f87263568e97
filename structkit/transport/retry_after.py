"""How long an endpoint asks to wait before a retry: in its headers, or in the body of its error."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from structkit.dialects.error_kind import error_message
from structkit.dialects.refusals import ECHO_KEYS
from structkit.transport.rate_limit_headers import read_limits, read_reset, seconds_until
from structkit.values import JSONValue

UNIT = r"(?:ms|millis\w*|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)"
WAIT = re.compile(
    r"(?:try(?: your request)? again|retry|wait|resets?)\W{1,4}(?:\w+\W{1,4})?(?:in|after|for)?\W{0,4}"
    r"(?:(?:about|approximately|at least)\W{1,4})?"
    rf"((?:[\d.]+\s*{UNIT}(?![a-z])[\s,]*)+)",
    re.IGNORECASE,
)
"""A wait in a message: "Please try again in 6m0s" (OpenAI), "retry after 20 seconds" (Azure)."""

CHINESE_WAIT = re.compile(r"(\d+(?:\.\d+)?)\s*(毫秒|秒|分)钟?[之以]?后")
CHINESE_UNITS = {"毫秒": 0.001, "秒": 1.0, "分": 60.0}

UNITS = ((r"millis\w*", "ms"), (r"(?:secs?|seconds?)\b", "s"), (r"(?:mins?|minutes?)\b", "m"))
LONG_UNITS = (*UNITS, (r"hours?\b", "h"), (r"days?\b", "d"), (r"[\s,]+", ""))

SECONDS_KEYS = frozenset({"retrydelay", "retry_delay", "retryafter", "retry_after", "retry_after_seconds"})
MILLISECONDS_KEYS = frozenset({"retry_after_ms", "retryafterms"})
MAX_PARTS = 200


def read_retry_after(
    headers: Mapping[str, str],
    body: JSONValue = None,
    current_time: datetime | None = None,
    *,
    is_rate_limit: bool = False,
) -> float | None:
    """Return the seconds that the endpoint asks to wait; None if it does not, or if the number makes no sense.

    The header comes first, then the body, then, for a rate limit, the time at which an exhausted limit is reset.

    Args:
        headers: With lower-case names.
        body: The body of the error.
        current_time: The time from which dates are counted.
        is_rate_limit: Whether the error is a rate limit.

    >>> read_retry_after({"retry-after": "7"}), read_retry_after({"retry-after-ms": "250"})
    (7.0, 0.25)
    >>> read_retry_after({"retry-after": "NaN"}), read_retry_after({"retry-after": "-1"})
    (None, None)
    >>> from datetime import timezone
    >>> now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    >>> read_retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT"}, None, now)
    9.0
    >>> read_retry_after({}, {"error": {"message": "Limit reached. Please try again in 300ms."}})
    0.3
    >>> read_retry_after({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "6m0s"}, is_rate_limit=True)
    360.0
    """
    if (wait := _header_wait(headers, current_time)) is not None:
        return wait
    if (wait := _body_wait(body, current_time)) is not None:
        return wait
    return _reset_wait(headers, current_time) if is_rate_limit else None


def _header_wait(headers: Mapping[str, str], current_time: datetime | None) -> float | None:
    if (milliseconds := _seconds(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _seconds(text)
    return seconds if seconds is not None or text is None else _seconds_until(text, current_time)


def _body_wait(body: JSONValue, current_time: datetime | None) -> float | None:
    waits = [wait for wait in _field_waits(body, current_time) if wait is not None]
    if waits:
        return max(waits)
    message = error_message(body)
    if match := WAIT.search(message):
        return _duration(match[1])
    return float(match[1]) * CHINESE_UNITS[match[2]] if (match := CHINESE_WAIT.search(message)) else None


def _field_waits(body: JSONValue, current_time: datetime | None) -> Iterator[float | None]:
    """Yield the waits in the fields of an error; OpenRouter puts the headers of the upstream into it."""
    stack, count = [body], 0
    while stack and count < MAX_PARTS:
        part, count = stack.pop(), count + 1
        if isinstance(part, list):
            stack += part[:MAX_PARTS]
        elif isinstance(part, dict):
            fields = {key.lower(): value for key, value in part.items() if key.lower() not in ECHO_KEYS}
            for key, value in fields.items():
                yield _field_wait(key, value, current_time)
            stack += [value for value in fields.values() if isinstance(value, dict | list)]


def _field_wait(key: str, value: Any, current_time: datetime | None) -> float | None:
    if key == "headers" and isinstance(value, dict):
        headers = {name.lower(): str(text) for name, text in value.items()}
        wait = _header_wait(headers, current_time)
        return _reset_wait(headers, current_time) if wait is None else wait
    if key in MILLISECONDS_KEYS:
        milliseconds = _seconds(str(value))
        return None if milliseconds is None else milliseconds / 1000
    return _duration(str(value)) if key in SECONDS_KEYS and isinstance(value, str | int | float) else None


def _duration(text: str) -> float | None:
    """Return the seconds of a duration.

    >>> _duration("34.07s"), _duration("1 minute, 30 seconds"), _duration("500 milliseconds"), _duration("nan")
    (34.07, 90.0, 0.5, None)
    """
    for words, unit in LONG_UNITS:
        text = re.sub(words, unit, text, flags=re.IGNORECASE)
    return read_reset(text.rstrip(".,").lower())


def _reset_wait(headers: Mapping[str, str], current_time: datetime | None) -> float | None:
    """Return the seconds until all limits that are used up are reset."""
    limits = read_limits(headers, current_time)
    return max((limit.reset for limit in limits if limit.remaining == 0 and limit.reset is not None), default=None)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_until(text: str, current_time: datetime | None) -> float | None:
    try:
        return seconds_until(parsedate_to_datetime(text), current_time)
    except (ValueError, TypeError, OverflowError):
        return None
