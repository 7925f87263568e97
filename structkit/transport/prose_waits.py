"""Waits in the prose of an error: the time of its end, a duration as on a clock, or one in a European language."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from structkit.transport.rate_limit_headers import MAX_DURATION_S, read_reset, seconds_until

UNIT_WORDS: dict[str, tuple[int, str]] = {
    "second": (1, r"s|sec|sek|sekunden?|secondes?|segundos?|second[io]|seconden|sekundy?|секунд[аыу]?|сек"),
    "minute": (60, r"min|minuten?|minutes?|minutos?|minut[io]|minut[aęy]?|минут[аыу]?|мин"),
    "hour": (3600, r"h|std|stunden?|heures?|horas?|or[ae]|uur|uren|godzin[aęy]?|час(?:\u0430|ов)?"),
    "day": (86400, r"tagen?|tage|jours?|d[ií]as?|giorn[io]|dag(?:en)?|dni|дн(?:я|ей)"),
}
"""Seconds of a unit, and what it is called in German, French, Spanish, Italian, Portuguese, Dutch, Polish and
Russian."""

UNIT = "|".join(f"(?P<{name}>{words})" for name, (_, words) in UNIT_WORDS.items())
PART = re.compile(rf"(\d+(?:[.,]\d+)?)\s*(?:{UNIT})\b", re.IGNORECASE)
ANY_UNIT = "|".join(words for _, words in UNIT_WORDS.values())
NUMBER = rf"\d{{1,9}}(?:[.,]\d{{1,9}})?\s*(?:{ANY_UNIT})\b"
DURATION = rf"({NUMBER}(?:\s*(?:,|und|et|y|e|en|i|и)?\s*{NUMBER}){{0,3}})"

RETRY = (
    r"erneut|wieder|versuch\w*|wart\w*|zurückgesetzt|réessay\w*|recommenc\w*|patientez|attend(?:ez|re|ere)|intént\w*|intent[ea]\w*|"
    r"reint\w*|esper\w*|riprov\w*|atten\w*ere|tent[ea]\w*|aguard\w*|probeer|opnieuw|wacht\w*|spróbuj|ponown\w*|poczekaj|"
    r"повтор\w*|подожд\w*|попроб\w*"
)
LOCAL_WAIT = re.compile(
    rf"\b(?:{RETRY})\b[^.\d]{{0,40}}?\b{DURATION}|\b(?:in|nach|dans|après|en|tra|dopo|em|após|over|za|через) {DURATION}"
    rf"\.?[^.\d]{{0,20}}?\b(?:{RETRY})\b",
    re.IGNORECASE,
)
"""A duration together with a word for another try: "in 20 Sekunden erneut", "Veuillez réessayer dans 1 min"."""

TIME = (
    r"(?:(?P<date>\d{4}-\d\d-\d\d)(?:T| at | um |\s)(?P<time>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s?"
    r"(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)\b|(?P<http>\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)|(?P<unix>\d{10})\b)"
)
"""A time with its zone, or in seconds since 1970; without a zone it would be a guess."""

END = r"\b(?:resets?|retry|try again|wait|until|available(?: again)?|replenished|renewed|wieder|verfügbar)\b"
END_TIME = re.compile(
    rf"{END}(?:[\s:,]+(?:at|on|after|until|is|be|will|again|date|time|am|um|ab|bis)\b){{0,3}}[\s:,]+{TIME}",
    re.IGNORECASE,
)
TIME_OF_END = re.compile(
    rf"\b(?:am|um|ab|on|at) {TIME}[^.\d]{{0,20}}?\b(?:zurückgesetzt|erneut|wieder|again)\b", re.IGNORECASE
)
"""The time at which a limit ends, after and before the word that says so."""

CLOCK = re.compile(r"\b(?:replenished|resets?|available|again|retry) in (\d{1,3}):(\d\d):(\d\d)\b", re.IGNORECASE)
"""A duration as on a clock: "Quota will be replenished in 00:12:34" (Azure API Management)."""


def prose_wait(message: str, current_time: datetime | None = None) -> float | None:
    """Return the seconds of a wait in a message; None without one.

    Args:
        message: The message of an error, of a few thousand characters at most.
        current_time: The time from which dates are counted.

    >>> prose_wait("Bitte versuchen Sie es in 1 Minute und 30 Sekunden erneut."), prose_wait("replenished in 00:12:34")
    (90.0, 754.0)
    >>> from datetime import timezone
    >>> now = datetime(2026, 11, 30, 15, 4, tzinfo=timezone.utc)
    >>> prose_wait("The limit resets at 2026-11-30T15:04:05Z", now), prose_wait("resets at 15:04", now)
    (5.0, None)
    """
    if match := END_TIME.search(message) or TIME_OF_END.search(message):
        return _seconds_to(match, current_time)
    if match := CLOCK.search(message):
        hours, minutes, seconds = map(int, match.groups())
        return float(hours * 3600 + minutes * 60 + seconds)
    match = LOCAL_WAIT.search(message)
    return _sum_parts(next(filter(None, match.groups()))) if match else None


def _sum_parts(duration: str) -> float:
    parts = ((float(part[1].replace(",", ".")), part.lastgroup or "second") for part in PART.finditer(duration))
    return sum(number * UNIT_WORDS[unit][0] for number, unit in parts)


def _seconds_to(match: re.Match[str], current_time: datetime | None) -> float | None:
    if match["unix"]:
        return read_reset(match["unix"], current_time)
    zone = (match["zone"] or "").upper()
    offset = "+00:00" if zone in {"Z", "UTC", "GMT"} else zone
    parse: Callable[[str], datetime] = parsedate_to_datetime if match["http"] else datetime.fromisoformat
    try:
        seconds = seconds_until(parse(match["http"] or f"{match['date']}T{match['time']}{offset}"), current_time)
    except (ValueError, OverflowError):  # the 31st of February
        return None
    return seconds if seconds < MAX_DURATION_S else None
