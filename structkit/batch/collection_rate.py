"""Garbage collection while a job runs: rare, because its rows leave no reference cycles behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

JOB_THRESHOLD = 20_000
"""Objects after which Python looks for cycles during a job. With its default of 700, a job spends a tenth of its CPU
time on looking, and finds none."""


class CollectionRate:
    """How often this process looks for reference cycles, while jobs run in it: one or several, in any threads.

    A threshold that the caller has raised or switched off stays, and so does one that is set during a job.
    """

    def __init__(self) -> None:
        """Start without a job."""
        self._lock, self._jobs = Lock(), 0
        self._before = gc.get_threshold()

    @contextmanager
    def lower(self) -> Iterator[None]:
        """Look for cycles less often within the block.

        >>> before = gc.get_threshold()
        >>> with CollectionRate().lower():
        ...     gc.get_threshold()[0] >= JOB_THRESHOLD
        True
        >>> gc.get_threshold() == before
        True
        """
        with self._lock:
            if not self._jobs:
                self._before = gc.get_threshold()
                if 0 < self._before[0] < JOB_THRESHOLD:
                    gc.set_threshold(JOB_THRESHOLD, *self._before[1:])
            self._jobs += 1
        try:
            yield
        finally:
            with self._lock:
                self._jobs -= 1
                if not self._jobs and gc.get_threshold() == (JOB_THRESHOLD, *self._before[1:]):
                    gc.set_threshold(*self._before)


COLLECTION_RATE = CollectionRate()
"""That of this process."""
