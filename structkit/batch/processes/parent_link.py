"""What a worker process and the process that has started it say to each other, seen from the worker."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from structkit.batch.engines.progress import Progress
from structkit.batch.report import Report

Command: TypeAlias = Literal["stop", "drop"]
"""What the parent says: send nothing more and wait for the requests in flight; or do not wait for them either."""

PROGRESS_INTERVAL_S = 0.2
"""Seconds between two messages about the progress: more would only be overwritten on the screen."""


class WorkerMessage(NamedTuple):
    """What a worker says: how far it is, or how its run has ended.

    Args:
        progress: How far it is.
        report: The report of its run.
        error: Why its run has no report.
    """

    progress: Progress | None = None
    report: Report | None = None
    error: BaseException | None = None


class Channel(Protocol):
    """A connection to the parent; that of `multiprocessing` is one."""

    def send(self, message: Any, /) -> None:
        """Send a `WorkerMessage`."""
        ...

    def recv(self) -> Any:
        """Wait for the next `Command`.

        Raises:
            EOFError: There will be none.
        """
        ...


class ParentLink:
    """The worker's end of the connection. If the parent ends, even by kill -9, that is a command to stop."""

    def __init__(self, connection: Channel) -> None:
        """Listen to the parent, in a thread."""
        self._connection = connection
        self._lock = threading.Lock()
        self._commands: list[Command] = []
        self._handler: Callable[[], object] | None = None
        self._last_time, self._last_progress = float("-inf"), Progress({})
        threading.Thread(target=self._receive, name="structkit-parent", daemon=True).start()

    @property
    def is_stopped(self) -> bool:
        """Whether the run is to stop."""
        return bool(self._commands)

    def send(self, message: WorkerMessage) -> None:
        """Send a message; without a parent nobody needs it: what matters is in the journal."""
        with suppress(OSError):
            self._connection.send(message)

    def on_progress(self, progress: Progress) -> None:
        """Send the progress, but not too often; at an interruption at once, since the user waits for it."""
        is_interruption = progress.grace is not None and self._last_progress.grace is None
        time_s, self._last_progress = time.monotonic(), progress
        if is_interruption or time_s - self._last_time >= PROGRESS_INTERVAL_S:
            self._last_time = time_s
            self.send(WorkerMessage(progress=progress))

    def send_report(self, report: Report) -> None:
        """Send the report, with the last progress."""
        self.send(WorkerMessage(self._last_progress, report))

    @contextmanager
    def listen(self, handler: Callable[[], None]) -> Iterator[None]:
        """Call a function in the event loop at each command of the parent, and at a SIGTERM of this process."""
        loop = asyncio.get_running_loop()
        with self._lock:
            self._handler = partial(loop.call_soon_threadsafe, handler)
            for _ in self._commands:
                loop.call_soon(handler)
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows
            loop.add_signal_handler(signal.SIGTERM, self._obey, "stop")
        try:
            yield
        finally:
            with self._lock:
                self._handler = None

    def _receive(self) -> None:
        while True:
            try:
                self._obey(self._connection.recv())
            except (EOFError, OSError):
                return self._obey("stop")

    def _obey(self, command: Command) -> None:
        """Pass a command on; a second one of the same kind says nothing new."""
        with self._lock:
            if command not in self._commands:
                self._commands.append(command)
                if self._handler:
                    self._handler()
