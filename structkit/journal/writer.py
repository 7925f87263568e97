"""The one thread that writes a journal: entries of many callers, put on disk in groups."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from structkit.errors import JobError
from structkit.journal.entries import Entry, Intent
from structkit.journal.shards import Written

WINDOW = 0.02
"""Seconds for which a group is gathered."""

ENOUGH = 500
"""Entries that are written without waiting for more."""

MOST = 10_000
"""Entries that may wait; who brings more waits, or a slow disk would fill the memory."""


class Writer:
    """Takes entries from any thread, and writes them in the order they came.

    Where there is no room for what an intent leads to, it is refused, and all else still written. After a failure
    everything but intents is kept in memory, and tried again by `flush` and `close`.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Entry]], Written],
        close: Callable[[], None],
        refusal: Callable[[], JobError | None] = lambda: None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread; it alone calls the functions, the last one when a group's intents have been told."""
        self._write = write
        self._refusal = refusal
        self._close = close
        self._told = told
        self._changed = threading.Condition()
        self._queue: list[Entry] = []
        self._given = self._settled = self._failures = 0
        self._error: JobError | None = None
        self._is_hurried = self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="structkit-journal", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Take an entry.

        Raises:
            JobError: Writing has failed, or the journal is closed. What failed to be written is kept, this entry too,
                unless it is an intent.
        """
        with self._changed:
            self._raise_closed()
            if self._error is not None and isinstance(entry, Intent):
                raise self._error.after(())
            while self._is_full():
                self._changed.wait()
            self._raise_closed()
            self._queue.append(entry)
            self._given += 1
            if self._error is not None:
                raise self._error.after(())
            if len(self._queue) in {1, ENOUGH}:
                self._changed.notify_all()

    def flush(self) -> None:
        """Wait until everything that was put is on disk.

        Raises:
            JobError: It is not.
        """
        with self._changed:
            self._raise_closed()
            if threading.current_thread() is self._thread:
                raise JobError("the journal cannot be flushed by the thread that writes it, in a future's callback")
            wanted, failures = self._given, self._failures
            while self._settled < wanted and self._failures == failures:
                self._is_hurried = True
                self._changed.notify_all()
                self._changed.wait()
            if not self._queue:  # all that failed was refused to those who waited for it: the next may try
                self._error = None
            if self._error is not None:
                raise self._error.after(())

    def close(self) -> None:
        """Write what is left, and end the thread; a second time it is nothing.

        Raises:
            JobError: Something could not be written, and is lost.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._queue and self._error is not None:
            lost, self._queue = len(self._queue), []
            raise JobError(f"{self._error}; {lost} entries were not written", file=self._error.file)

    def _is_full(self) -> bool:
        """Whether the caller must wait; callbacks in the writing thread must not, and after a failure it is no use."""
        is_other = threading.current_thread() is not self._thread
        return len(self._queue) >= MOST and is_other and self._error is None and not self._is_closing

    def _raise_closed(self) -> None:
        if self._is_closing:
            raise JobError("the journal is closed; open it again")

    # The thread

    def _work(self) -> None:
        while group := self._gathered():
            group = self._admitted(group)
            written = self._write(group)
            if written.error is None:  # who flushes finds futures done; who finds one failed, finds the journal so
                self._tell(written)
                self._settle(written)
            else:
                self._settle(written)
                self._tell(written)
            self._told()
            del group, written
            if self._error is not None and self._is_closing:
                break
        self._close()

    def _gathered(self) -> list[Entry]:
        """The next group; an empty one is the end."""
        with self._changed:
            while not self._is_ready():
                self._changed.wait()
            until = time.monotonic() + WINDOW
            while len(self._queue) < ENOUGH and not self._is_hurried and not self._is_closing:
                if (left := until - time.monotonic()) <= 0:
                    break
                self._changed.wait(left)
            group, self._queue = self._queue, []
            self._is_hurried = False
            return group

    def _admitted(self, group: list[Entry]) -> list[Entry]:
        """What is to be written; on a disk that is nearly full no intents, so that there is room for what comes in."""
        intents = [entry for entry in group if isinstance(entry, Intent)]
        refusal = self._refusal() if intents else None
        if refusal is None:
            return group
        with self._changed:
            self._settled += len(intents)
        for intent in intents:
            intent.written.set_exception(refusal.after(()))
        return [entry for entry in group if not isinstance(entry, Intent)]

    def _is_ready(self) -> bool:
        """Whether there is something to write; after a failure only who asks for it makes another try."""
        return self._is_closing or bool(self._queue and (self._error is None or self._is_hurried))

    def _settle(self, written: Written) -> None:
        kept = [entry for entry in written.left if not isinstance(entry, Intent)]
        with self._changed:
            self._queue[:0] = kept
            self._settled += len(written.done) + len(written.left) - len(kept)
            self._failures += written.error is not None
            self._error = written.error
            self._changed.notify_all()

    @staticmethod
    def _tell(written: Written) -> None:
        """Resolve the futures; what a callback raises is its own."""
        for entry in written.done:
            if isinstance(entry, Intent):
                entry.written.set_result(None)
        for entry in written.left:
            if isinstance(entry, Intent) and written.error is not None:
                entry.written.set_exception(written.error.after(()))
