"""Futures of an event loop that another thread resolves: one wake-up for all that are ready together."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import NamedTuple


class Wakes:
    """The way from a thread to one event loop.

    To wake a loop is a system call, and gives up Python's lock in the middle of what the thread does: many intents
    are on disk at once, and the loop hears of them at once.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self._ready: deque[tuple[asyncio.Future[None], Exception | None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def promise(self) -> Promise:
        """A promise to the running event loop, which is always the same one."""
        self._loop = asyncio.get_running_loop()
        return Promise(self._loop.create_future(), self._ready)

    def wake(self) -> None:
        """Let the loop hear of what is ready."""
        if self._ready and self._loop is not None:
            with suppress(RuntimeError):  # it is closed: nobody waits
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        while self._ready:
            future, error = self._ready.popleft()
            if future.done():  # who waited was cancelled
                continue
            future.set_result(None) if error is None else future.set_exception(error)


class Promise(NamedTuple):
    """What a thread resolves, and a task awaits; it is heard of with the next `wake`."""

    future: asyncio.Future[None]
    ready: deque[tuple[asyncio.Future[None], Exception | None]]

    def set_result(self, result: None) -> None:
        """It is done."""
        self.ready.append((self.future, result))

    def set_exception(self, error: Exception) -> None:
        """It has failed."""
        self.ready.append((self.future, error))
