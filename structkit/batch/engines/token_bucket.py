"""How much of a rate limit is left between two replies that tell of it."""

from __future__ import annotations

from structkit.values import RateLimit

UNSAID = 1.0
"""Seconds for which a reply is believed that tells what is left and not until when."""


NOTHING = 1e-6
"""Less than this is rounding, and no reason to wait."""


class Bucket:
    """Requests, or tokens, that an endpoint still allows: as the last reply said, less what has gone out since.

    It fills evenly until the moment that the reply named; after that, nothing is known of it and nothing held back.

    >>> bucket = Bucket(longest=60)
    >>> bucket.learn(RateLimit("requests", limit=60, remaining=0, reset=60.0), now=0, under_way=0)
    >>> bucket.wait(0, 1), bucket.wait(5, 1), bucket.wait(61, 30)
    (1.0, 0.0, 0.0)
    """

    def __init__(self, longest: float) -> None:
        """Know nothing yet.

        Args:
            longest: Seconds after which even a reply that speaks of more is no longer believed.
        """
        self._longest = longest
        self._level = self._rate = self._at = 0.0
        self._most = 1.0
        self._whole_at = float("-inf")

    def learn(self, told: RateLimit, now: float, under_way: float) -> None:
        """Take what a reply told; what is under way may not be counted in it yet, and is taken off."""
        if told.remaining is None:
            return
        reset = UNSAID if told.reset is None else told.reset
        gone = max(0, (told.limit or 0) - told.remaining)
        self._most = float(max(told.limit or 0, told.remaining, 1))
        self._rate = gone / reset if reset > NOTHING else 0.0  # or it could be infinite
        self._level, self._at = told.remaining - under_way, now
        self._whole_at = now + min(reset, self._longest)

    def wait(self, now: float, amount: float) -> float:
        """Seconds until *amount* is there; no more is waited for than there can be."""
        short = min(amount, self._most) - (self._level + self._rate * (now - self._at))
        if now >= self._whole_at or short < NOTHING:
            return 0.0
        until_whole = min(self._whole_at - now, self._longest)
        return min(short / self._rate, until_whole) if self._rate else until_whole

    def spend(self, amount: float) -> None:
        """Take *amount* out."""
        self._level -= amount
