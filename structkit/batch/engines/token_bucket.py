"""How much of a rate limit is left between two replies that report it."""

from __future__ import annotations

from structkit.values import RateLimit

DEFAULT_RESET_S = 1.0
"""Seconds for which a reply counts if it reports what is left, but not when the limit is reset."""

NEGLIGIBLE = 1e-6
"""Less than this is rounding, and not a reason to wait."""


class Bucket:
    """Requests, or tokens, that an endpoint still allows: what the last reply reported, less what was sent since.

    It fills evenly until the moment that the reply named; after that, nothing is known and nothing is held back.

    >>> bucket = Bucket(max_wait=60)
    >>> bucket.update(RateLimit("requests", limit=60, remaining=0, reset=60.0), time_s=0, in_flight=0)
    >>> bucket.wait(0, 1), bucket.wait(5, 1), bucket.wait(61, 30)
    (1.0, 0.0, 0.0)
    """

    def __init__(self, max_wait: float) -> None:
        """Start without a limit.

        Args:
            max_wait: Seconds after which a reply no longer counts, whatever reset it reported.
        """
        self._max_wait = max_wait
        self._level = self._rate = self._updated_at = 0.0
        self._capacity = 1.0
        self._full_at = float("-inf")

    def update(self, limit: RateLimit, time_s: float, in_flight: float) -> None:
        """Take what a reply reported, less what is in flight: the endpoint may not have counted that yet."""
        if limit.remaining is None:
            return
        reset = DEFAULT_RESET_S if limit.reset is None else limit.reset
        used = max(0, (limit.limit or 0) - limit.remaining)
        self._capacity = float(max(limit.limit or 0, limit.remaining, 1))
        self._rate = used / reset if reset > NEGLIGIBLE else 0.0  # with a denormal reset, the rate would be infinite
        self._level, self._updated_at = limit.remaining - in_flight, time_s
        self._full_at = time_s + min(reset, self._max_wait)

    def wait(self, time_s: float, amount: float) -> float:
        """Return the seconds until *amount* is available; more than the capacity is never waited for."""
        shortage = min(amount, self._capacity) - (self._level + self._rate * (time_s - self._updated_at))
        if time_s >= self._full_at or shortage < NEGLIGIBLE:
            return 0.0
        until_full = min(self._full_at - time_s, self._max_wait)
        return min(shortage / self._rate, until_full) if self._rate else until_full

    def spend(self, amount: float) -> None:
        """Take *amount* out."""
        self._level -= amount
