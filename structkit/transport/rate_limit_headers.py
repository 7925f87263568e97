"""The rate limits that a reply's headers tell of, in the spellings that gateways use."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Literal

from structkit.values import RateLimit

Kind = Literal["requests", "tokens"]

SPELLINGS: tuple[tuple[Kind, str], ...] = (
    ("requests", "x-ratelimit-{}-requests"),
    ("requests", "anthropic-ratelimit-requests-{}"),
    ("requests", "x-ratelimit-{}"),
    ("requests", "ratelimit-{}"),
    ("tokens", "x-ratelimit-{}-tokens"),
    ("tokens", "anthropic-ratelimit-tokens-{}"),
)
"""Names of headers; the first that a reply has for a kind is believed."""

COUNT = re.compile(r"[0-9]{1,12}")
DURATION = re.compile(r"(?=.)(?:([\d.]+)d)?(?:([\d.]+)h)?(?:([\d.]+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?", re.ASCII)
IN_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
LONGEST = 1e8
"""Seconds: a larger number is a date, as seconds or milliseconds since 1970."""

MILLISECONDS = 1e11
"""A larger number is milliseconds since 1970."""


def read_limits(headers: Mapping[str, str], now: datetime | None = None) -> tuple[RateLimit, ...]:
    """What the headers say of requests and of tokens; what makes no sense is left out.

    Args:
        headers: With lower-case or case-insensitive names.
        now: The moment from which dates are counted.

    >>> read_limits({"x-ratelimit-limit-requests": "60", "x-ratelimit-reset-requests": "6m0s"})
    (RateLimit(kind='requests', limit=60, remaining=None, reset=360.0),)
    >>> read_limits({"x-ratelimit-remaining-tokens": "-1", "x-request-id": "a"})
    ()
    """
    if not any("ratelimit-" in name.lower() for name in headers):
        return ()
    found: dict[Kind, RateLimit] = {}
    for limit in _all(headers, now):
        found.setdefault(limit.kind, limit)
    return tuple(found.values())


def _all(headers: Mapping[str, str], now: datetime | None) -> Iterator[RateLimit]:
    for kind, spelling in SPELLINGS:
        limit, remaining, reset = (headers.get(spelling.format(what)) for what in ("limit", "remaining", "reset"))
        read = RateLimit(kind, _count(limit), _count(remaining), read_reset(reset, now))
        if read != RateLimit(kind):
            yield read


def _count(text: str | None) -> int | None:
    return int(text) if text and COUNT.fullmatch(text) else None


def read_reset(text: str | None, now: datetime | None = None) -> float | None:
    """Seconds until a limit is whole again, from a duration, a number of seconds, or a date in numbers or words.

    >>> read_reset("1s"), read_reset("6m0s"), read_reset("20ms"), read_reset("2.5"), read_reset("1h0m30.5s")
    (1.0, 360.0, 0.02, 2.5, 3630.5)
    >>> now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    >>> read_reset("2026-10-21T07:28:09Z", now), read_reset("1792567689", now), read_reset("1792567689000", now)
    (9.0, 9.0, 9.0)
    >>> read_reset("soon"), read_reset("NaN"), read_reset("-3"), read_reset("")
    (None, None, None, None)
    """
    text = (text or "").strip()
    try:
        seconds = _duration(text)
        return (
            _until(text, seconds, now or datetime.now(timezone.utc))
            if seconds is None or seconds > LONGEST
            else seconds
        )
    except (ValueError, OverflowError):
        return None


def _duration(text: str) -> float | None:
    """Seconds; None where the text is neither a number nor numbers with units."""
    if parts := DURATION.fullmatch(text):
        return math.fsum(float(part) * unit for part, unit in zip(parts.groups(), IN_SECONDS, strict=True) if part)
    return float(text) if text[:1].isdecimal() and text.isascii() and text.replace(".", "", 1).isdecimal() else None


def _until(text: str, number: float | None, now: datetime) -> float | None:
    if number is not None:
        left = (number / 1000 if number > MILLISECONDS else number) - now.timestamp()
    else:
        when = datetime.fromisoformat(text)
        left = ((when if when.tzinfo else when.replace(tzinfo=timezone.utc)) - now).total_seconds()
    return max(0.0, left) if left < LONGEST else None
