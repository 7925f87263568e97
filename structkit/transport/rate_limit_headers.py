"""Reads the rate limits in a reply's headers, under the names and in the formats that gateways use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Literal

from structkit.values import RateLimit

LimitKind = Literal["requests", "tokens"]
KINDS: tuple[LimitKind, ...] = ("requests", "tokens")

TEMPLATES: tuple[tuple[LimitKind, str], ...] = (
    ("requests", "x-ratelimit-{}-requests"),
    ("requests", "anthropic-ratelimit-requests-{}"),
    ("requests", "x-ratelimit-{}"),
    ("requests", "ratelimit-{}"),
    ("tokens", "x-ratelimit-{}-tokens"),
    ("tokens", "anthropic-ratelimit-tokens-{}"),
    *((kind, f"x-ratelimit-{{}}-{kind}-{period}") for period in ("minute", "hour", "day") for kind in KINDS),
    *(("tokens", f"anthropic-ratelimit-{part}-tokens-{{}}") for part in ("input", "output")),
)
"""In order of preference: the first name that a reply has decides for its kind. Cerebras has one limit for each period,
Anthropic one for each kind of token."""

HEADER_NAMES: tuple[tuple[LimitKind, list[str]], ...] = tuple(
    (kind, [template.format(part) for part in ("limit", "remaining", "reset")]) for kind, template in TEMPLATES
)

COUNT = re.compile(r"[0-9]{1,12}")
DURATION = re.compile(r"(?=.)(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?", re.ASCII)
UNIT_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
MAX_DURATION_S = 1e8
"""A larger number is a date: seconds or milliseconds since 1970."""

MAX_TIMESTAMP_S = 1e11
"""A larger number is milliseconds since 1970."""


def read_limits(headers: Mapping[str, str], current_time: datetime | None = None) -> tuple[RateLimit, ...]:
    """Return the limits of requests and of tokens; invalid values are ignored.

    Args:
        headers: With lower-case or case-insensitive names.
        current_time: The time from which dates are counted.

    >>> read_limits({"x-ratelimit-limit-requests": "60", "x-ratelimit-reset-requests": "6m0s"})
    (RateLimit(kind='requests', limit=60, remaining=None, reset=360.0),)
    >>> read_limits({"x-ratelimit-remaining-tokens": "-1", "x-request-id": "a"})
    ()
    """
    if not any("ratelimit-" in name.lower() for name in headers):
        return ()
    limits: dict[LimitKind, RateLimit] = {}
    for limit in read_all_limits(headers, current_time):
        limits.setdefault(limit.kind, limit)
    return tuple(limits.values())


def read_all_limits(headers: Mapping[str, str], current_time: datetime | None = None) -> Iterator[RateLimit]:
    """Yield every limit that the headers name, several of a kind too, in order of preference."""
    for kind, names in HEADER_NAMES:
        total, remaining, reset = map(headers.get, names)
        if total is remaining is reset is None:
            continue
        limit = RateLimit(kind, _count(total), _count(remaining), read_reset(reset, current_time))
        if limit != RateLimit(kind):
            yield limit


def _count(text: str | None) -> int | None:
    return int(text) if text and COUNT.fullmatch(text) else None


def read_reset(text: str | None, current_time: datetime | None = None) -> float | None:
    """Return the seconds until a limit is reset, from a duration, a number of seconds, a timestamp or an ISO date.

    Durations have units, or the form of ISO 8601.

    >>> read_reset("1s"), read_reset("6m0s"), read_reset("20ms"), read_reset("2.5"), read_reset("1h0m30.5s")
    (1.0, 360.0, 0.02, 2.5, 3630.5)
    >>> read_reset("PT9S"), read_reset("PT1M0.5S"), read_reset("P1DT1H")
    (9.0, 60.5, 90000.0)
    >>> now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    >>> read_reset("2026-10-21T07:28:09Z", now), read_reset("1792567689", now), read_reset("1792567689000", now)
    (9.0, 9.0, 9.0)
    >>> read_reset("soon"), read_reset("NaN"), read_reset("-3"), read_reset("")
    (None, None, None, None)
    """
    text = (text or "").strip()
    try:
        seconds = _duration(text)
        is_date = seconds is None or seconds > MAX_DURATION_S
        return _seconds_until_reset(text, seconds, current_time) if is_date else seconds
    except (ValueError, OverflowError, OSError):  # `datetime` cannot represent it; which one depends on the platform
        return None


def _duration(text: str) -> float | None:
    """Return the seconds of a number, or of numbers with units; None for any other text."""
    if text.startswith("P"):
        text = text[1:].replace("T", "").lower()
    if match := DURATION.fullmatch(text):
        return math.fsum(float(part) * unit for part, unit in zip(match.groups(), UNIT_SECONDS, strict=True) if part)
    return float(text) if text[:1].isdecimal() and text.isascii() and text.replace(".", "", 1).isdecimal() else None


def _seconds_until_reset(text: str, timestamp: float | None, current_time: datetime | None) -> float | None:
    if timestamp is None:
        date = datetime.fromisoformat(text)
    else:
        unix_s = timestamp / 1000 if timestamp > MAX_TIMESTAMP_S else timestamp
        date = datetime.fromtimestamp(unix_s, timezone.utc)
    seconds = seconds_until(date, current_time)
    return seconds if seconds < MAX_DURATION_S else None


def seconds_until(date: datetime, current_time: datetime | None = None) -> float:
    """Return the seconds until a date, 0 for a past one; a date without a time zone is in UTC."""
    aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, (aware - (current_time or datetime.now(timezone.utc))).total_seconds())
