"""Futures of an event loop that another thread resolves: one wake-up for all that are ready together."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import NamedTuple


class WakeupQueue:
    """Results on their way from a thread to one event loop.

    Waking a loop is a system call that releases the GIL. Intents are committed in groups, so the loop is woken once per
    group.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._ready: deque[tuple[asyncio.Future[None], Exception | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def create_pending(self) -> PendingWrite:
        """Return a pending write that the running event loop can await; all callers must be in the same loop."""
        self._loop = asyncio.get_running_loop()
        return PendingWrite(self._loop.create_future(), self._ready)

    def wake(self) -> None:
        """Wake the loop, so that it resolves every future that is ready."""
        if self._ready and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, so no task is waiting
                self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        while self._ready:
            future, error = self._ready.popleft()
            if future.done():  # the waiting task was cancelled
                continue
            future.set_result(None) if error is None else future.set_exception(error)


class PendingWrite(NamedTuple):
    """What a thread resolves and a task awaits; the task continues after the next `wake`."""

    future: asyncio.Future[None]
    ready: deque[tuple[asyncio.Future[None], Exception | None]]

    def set_result(self, result: None) -> None:
        """Report that the write succeeded."""
        self.ready.append((self.future, result))

    def set_exception(self, error: Exception) -> None:
        """Report that the write failed."""
        self.ready.append((self.future, error))
