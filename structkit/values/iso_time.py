"""Times and durations with nanoseconds, which Python's own types do not have, in ISO 8601."""

from __future__ import annotations

import re

_TIME = re.compile(r"(?P<date>[\d-]+[T ])?(?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d:?\d\d)?")
SECOND, MINUTE, HOUR, DAY = 10**9, 60 * 10**9, 3_600 * 10**9, 86_400 * 10**9
"""Nanoseconds of each."""


def iso_time(text: str) -> str:
    """Return a time as `datetime.isoformat` writes it: with six digits of a second, or with nine, or with none.

    >>> iso_time("2026-01-02 03:04:05.120000000"), iso_time("2026-01-02 03:04:05.000000001+0530")
    ('2026-01-02T03:04:05.120000', '2026-01-02T03:04:05.000000001+05:30')
    >>> iso_time("01:30:00.000000000"), iso_time("2026-01-02T03:04:05.000000+00:00"), iso_time("2026-01")
    ('01:30:00', '2026-01-02T03:04:05Z', '2026-01')
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    fraction = (match["fraction"] or "").rstrip("0")
    digits = fraction.ljust(6 if len(fraction) <= 6 else 9, "0")  # noqa: PLR2004 (microseconds, or nanoseconds)
    zone = re.sub(r"(?<=[+-]\d\d)(?=\d\d)", ":", match["zone"] or "")
    zone = "Z" if zone == "+00:00" else zone
    date = (match["date"] or "").replace(" ", "T")
    return f"{date}{match['clock']}{fraction and f'.{digits}'}{zone}"


def iso_duration(nanoseconds: int) -> str:
    """Return a duration.

    >>> iso_duration(5_400 * SECOND), iso_duration(-DAY - 1), iso_duration(0), iso_duration(1_500_000_000)
    ('PT1H30M', '-P1DT0.000000001S', 'PT0S', 'PT1.5S')
    """
    days, remainder = divmod(abs(nanoseconds), DAY)
    clock = _clock(remainder)
    text = f"{days}D" * bool(days) + f"T{clock}" * bool(clock)
    return f"{'-' if nanoseconds < 0 else ''}P{text or 'T0S'}"


def iso_interval(months: int, days: int, nanoseconds: int) -> str:
    """Return a duration of which no part can be given in another, since months and days differ in length.

    >>> iso_interval(14, 0, 0), iso_interval(0, 1, 30 * HOUR), iso_interval(0, -1, 0), iso_interval(0, 0, 0)
    ('P1Y2M', 'P1DT30H', '-P1D', 'PT0S')
    >>> iso_interval(1, -1, -SECOND)
    'P1M-1DT-1S'
    """
    if max(months, days, nanoseconds) <= 0 and min(months, days, nanoseconds) < 0:
        return f"-{iso_interval(-months, -days, -nanoseconds)}"
    sign = "-" if nanoseconds < 0 else ""
    years, months = divmod(months, 12) if months > 0 else (0, months)
    clock = "".join(f"{sign}{part}" for part in re.findall(r"[\d.]+[HMS]", _clock(abs(nanoseconds))))
    date = "".join(f"{count}{unit}" for count, unit in ((years, "Y"), (months, "M"), (days, "D")) if count)
    return f"P{date}{f'T{clock}' * bool(clock)}" if date or clock else "PT0S"


def _clock(nanoseconds: int) -> str:
    """Return the hours, minutes and seconds of a duration; those that are zero are left out."""
    hours, remainder = divmod(nanoseconds, HOUR)
    minutes, remainder = divmod(remainder, MINUTE)
    seconds = f"{remainder // SECOND}.{remainder % SECOND:09}".rstrip("0").rstrip(".")
    return "".join(
        f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count not in {0, "0"}
    )
