"""How long an endpoint asks to wait before a retry: in its headers, or in the body of its error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from structkit.dialects.error_bodies import error_message
from structkit.dialects.refusals import ECHO_KEYS
from structkit.transport.rate_limit_headers import read_all_limits, read_reset, seconds_until
from structkit.values import JSONValue

UNIT = r"(?:ms|millis\w*|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)"
FILLER = r"(?:your|the|this|requests?|again|will|be|in|after|for|about|approximately|at least|delay|seconds)"
WAIT = re.compile(
    r"\b(?:try|retry|wait|resets?|(?:available|allowed)(?: again)? in)"
    rf"(?:[\W_]{{1,4}}{FILLER}){{0,6}}[\W_]{{1,6}}((?:[\d.]+\s*{UNIT}(?![a-z])[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
"""A wait in a message: "Please try again in 6m0s" (OpenAI), "retry after 20 seconds" (Azure), "Expected available in 27
seconds" (Django REST framework)."""

QUOTED_FIELD = re.compile(
    rf"retry[-_]?(?:after|delay)\W{{1,8}}(?:\{{\W{{0,4}}seconds\W{{1,4}})?([\d.]+(?:{UNIT}\b)?)(?![\d.]*\s*[a-z])",
    re.IGNORECASE,
)
"""A field that a message quotes: "retry_delay { seconds: 34 }" (Google), "Retry-After: 5", and `"retryDelay": "23s"` in
JSON, also if its quotes are escaped."""

BARE_WAIT = re.compile(
    r"\b(?:(?<!max )(?<!maximum )(?<!queue )wait|"
    rf"(?:try|retry)(?:[\W_]{{1,4}}{FILLER}){{0,4}}?[\W_]{{1,4}}(?:in|after))"
    rf"(?: \(?{FILLER}\)?){{0,2}}[\s:=]{{1,4}}"
    r"(\d{1,3}(?:\.\d{1,6})?)(?=\s*(?:$|\n)|[.!;,)\]}\"'\\]+(?!\s*\d)|\s+(?:and|before)\s+[a-z])",
    re.IGNORECASE,
)
"""A wait without a unit, which is in seconds as in the header: "Retry after 5.", "Please retry in 5"; four digits may
be a year."""

ONE_UNIT = re.compile(rf"\b(?:an?|one)\s+(?={UNIT}\b)", re.IGNORECASE)
"""The words in "try again in a minute"."""

CJK_UNITS = {
    **dict.fromkeys(("毫秒", "ミリ秒"), "ms"),
    **dict.fromkeys(("秒钟", "秒", "초"), "s"),
    **dict.fromkeys(("分钟", "分鐘", "分", "분"), "m"),
    **dict.fromkeys(("小时", "小時", "時間", "시간"), "h"),
}
CJK_DURATION = rf"(?:\d+(?:\.\d+)?\s*(?:{'|'.join(CJK_UNITS)})\s*)+"
CJK_WAIT = re.compile(rf"(?:等待|等候)\s*({CJK_DURATION})|(?<![\d.])({CJK_DURATION})[之以]?[后後후뒤]")
"""The same in Chinese, Japanese or Korean: "请在 20 秒后重试"."""

UNITS = ((r"millis\w*", "ms"), (r"(?:secs?|seconds?)\b", "s"), (r"(?:mins?|minutes?)\b", "m"))
LONG_UNITS = (
    *CJK_UNITS.items(),
    *UNITS,
    (r"hours?\b", "h"),
    (r"days?\b", "d"),
    (r"\band\b", ""),
    (r"(?<![\d.,])[\s,]+|\s+(?=[a-z])", ""),
)

MILLISECONDS_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")
WAIT_HEADERS = ("retry-after", "x-retry-after", "x-ratelimit-reset-after")

WAIT_KEYS = frozenset(
    {
        *{"retrydelay", "retryafter", "retryafterseconds", "retryin", "retryinseconds", "retryat"},
        *{"resetafter", "resetin", "resetinseconds", "resetsin", "resetsinseconds"},
        *{"resetat", "resetsat", "resettime", "waitseconds", "estimatedtime"},
    }
)
"""The fields of an error that have a wait, or the time of its end, without `_` and `-`."""

MILLISECONDS_KEYS = frozenset({"retryafterms", "retryinms", "waitms"})
MAX_PARTS = 200

RATELIMIT_ITEM = re.compile(r"\b(?:r|remaining)=0\b[^\n,\"]*[;,]\s*(?:t|reset)=(\d{1,9})\b")
"""An exhausted limit in the `RateLimit` header of the IETF's draft: `"default";r=0;t=50`, `remaining=0, reset=50`."""


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
    milliseconds = (read_reset(headers.get(name)) for name in MILLISECONDS_HEADERS)
    if (wait := next((each for each in milliseconds if each is not None), None)) is not None:
        return wait / 1000
    waits = (_read_wait(headers[name], current_time) for name in WAIT_HEADERS if name in headers)
    return next((wait for wait in waits if wait is not None), None)


def _read_wait(text: str, current_time: datetime | None) -> float | None:
    """Return the seconds of a number, a duration, a timestamp, or a date of HTTP or ISO 8601.

    A proxy that adds a header of its own makes a list of them, of which the longest wait counts.

    >>> _read_wait("7, 30", None)
    30.0
    """
    parts = [_duration(part, current_time) for part in text.split(",")]
    waits = [wait for wait in parts if wait is not None]
    return max(waits) if len(waits) == len(parts) else _seconds_until(text, current_time)


def _body_wait(body: JSONValue, current_time: datetime | None) -> float | None:
    waits = [wait for wait in _field_waits(body, current_time) if wait is not None]
    return max(waits) if waits else _message_wait(error_message(body), current_time)


def _message_wait(message: str, current_time: datetime | None) -> float | None:
    message = ONE_UNIT.sub("1 ", message)
    if (
        match := WAIT.search(message)
        or CJK_WAIT.search(message)
        or QUOTED_FIELD.search(message)
        or BARE_WAIT.search(message)
    ):
        return _duration(next(filter(None, match.groups())))
    if not message:
        return None
    from structkit.transport.prose_waits import prose_wait  # most calls have no errors

    return prose_wait(message, current_time)


def _field_waits(body: JSONValue, current_time: datetime | None) -> Iterator[float | None]:
    """Yield the waits in the fields of an error; OpenRouter puts the headers of the upstream into it."""
    stack, count = [body], 0
    while stack and count < MAX_PARTS:
        part, count = stack.pop(), count + 1
        if isinstance(part, list):
            stack += part[:MAX_PARTS]
        elif isinstance(part, dict):
            first_fields = islice(part.items(), MAX_PARTS)
            fields = {key.lower(): value for key, value in first_fields if key.lower() not in ECHO_KEYS}
            for key, value in fields.items():
                yield _field_wait(key, value, current_time)
            stack += [value for value in fields.values() if isinstance(value, dict | list)]


def _field_wait(key: str, value: Any, current_time: datetime | None) -> float | None:
    if key == "headers" and isinstance(value, dict):
        headers = {name.lower(): str(text) for name, text in value.items()}
        wait = _header_wait(headers, current_time)
        return _reset_wait(headers, current_time) if wait is None else wait
    name = key.replace("_", "").replace("-", "")
    if name in MILLISECONDS_KEYS:
        milliseconds = read_reset(str(value))
        return None if milliseconds is None else milliseconds / 1000
    return _wait_of(value, current_time) if name in WAIT_KEYS else None


def _wait_of(value: Any, current_time: datetime | None) -> float | None:
    """Return the seconds of a field: a number, a text, or the object by which protobuf writes a duration."""
    value = value.get("seconds") if isinstance(value, dict) else value
    return _read_wait(str(value), current_time) if isinstance(value, str | int | float) else None


def _duration(text: str, current_time: datetime | None = None) -> float | None:
    """Return the seconds of a duration, of a timestamp or an ISO date.

    >>> _duration("34.07s"), _duration("1 minute and 30 seconds"), _duration("500 milliseconds"), _duration("nan")
    (34.07, 90.0, 0.5, None)
    """
    if (seconds := read_reset(text, current_time)) is not None:
        return seconds
    for words, unit in LONG_UNITS:
        text = re.sub(words, unit, text, flags=re.IGNORECASE)
    return read_reset(text.rstrip(".,").lower())


def _reset_wait(headers: Mapping[str, str], current_time: datetime | None) -> float | None:
    """Return the seconds until all limits that are used up are reset."""
    limits = read_all_limits(headers, current_time)
    resets = [limit.reset for limit in limits if limit.remaining == 0 and limit.reset is not None]
    resets += map(float, RATELIMIT_ITEM.findall(headers.get("ratelimit", "")))
    return max(resets, default=None)


def _seconds_until(text: str, current_time: datetime | None) -> float | None:
    try:
        return seconds_until(parsedate_to_datetime(text), current_time)
    except (ValueError, TypeError, OverflowError):
        return None
