"""The CPU time that all patterns of a schema may take on one reply."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

R = TypeVar("R")

MAX_MATCH_S = 1.0
"""CPU seconds for the patterns of a schema on one reply. Patterns of real schemas take microseconds."""


@dataclass
class MatchTime:
    """What is left of the time.

    Attributes:
        seconds: Of CPU, of the thread.
    """

    seconds: float

    def measure(self, match: Callable[[float], R]) -> R:
        """Return what a match returns, which is called with its limit in seconds.

        Raises:
            TimeoutError: Nothing is left; or the match raises it.
        """
        if self.seconds <= 0:
            raise TimeoutError
        start = time.thread_time()
        try:
            return match(self.seconds)
        finally:
            self.seconds -= time.thread_time() - start


_current: ContextVar[MatchTime | None] = ContextVar("match_time", default=None)


@contextmanager
def shared_match_time() -> Iterator[None]:
    """Let all matches in a block share `MAX_MATCH_S` seconds; a block inside another one shares those of the outer."""
    if _current.get() is not None:
        yield
        return
    token = _current.set(MatchTime(MAX_MATCH_S))
    try:
        yield
    finally:
        _current.reset(token)


def current_match_time() -> MatchTime:
    """Return the time of the block; outside of one, the time for a single match."""
    return _current.get() or MatchTime(MAX_MATCH_S)
