"""The one thread that writes a journal: entries of many callers, written to disk in groups."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from structkit.errors import JobError
from structkit.journal.entries import Entry, Intent
from structkit.journal.shards import WriteResult

GROUP_WINDOW_S = 0.01
"""Seconds that the first entry of a group waits for more. A request waits for its intent: if this is longer, a job of
short requests makes fewer rows a second; if it is shorter, there are more commits, which take CPU time."""

WRITE_SHARE, MAX_WINDOW_S = 2.0, 0.03
"""A group waits this many times as long as the last write took, up to a maximum: several jobs that share the cores and
the disk of a machine would otherwise spend both on commits of a few rows. A commit takes the CPU time of forty rows."""

FULL_GROUP = 500
"""Entries that are written without waiting for more."""

MAX_QUEUED = 10_000
"""Entries that may wait; further callers are blocked, or a slow disk would fill the memory."""


class JournalWriter:
    """A queue of entries from any thread, written in the order in which they arrived.

    If the disk has no space for the reply that an intent leads to, the intent is rejected, and everything else is still
    written. After a failed write everything but intents stays in memory, and `flush` and `close` retry it.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Entry]], WriteResult],
        close: Callable[[], None],
        shortage: Callable[[], JobError | None] = lambda: None,
        on_resolved: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread, which alone calls the functions.

        Args:
            write: Writes a group.
            close: Closes the files.
            shortage: Returns why no intent can be accepted; None if they can.
            on_resolved: Called when the futures of a group are resolved.
        """
        self._write = write
        self._shortage = shortage
        self._close = close
        self._on_resolved = on_resolved
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._queue: list[Entry] = []
        self._first_queued_at = 0.0
        self._window_s = GROUP_WINDOW_S
        self._added = self._settled = self._failures = 0
        self._error: JobError | None = None
        self._is_hurried = self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="structkit-journal", daemon=True)
        self._thread.start()

    def add(self, entry: Entry) -> None:
        """Add an entry to the queue; block while the queue is full.

        Raises:
            JobError: Writing has failed, or the journal is closed. Everything that could not be written stays in the
                queue, this entry too, unless it is an intent.
        """
        with self._lock:  # not the condition, which enters it in Python code: this is called three times a row
            self._raise_if_closed()
            if self._error is not None and isinstance(entry, Intent):
                raise self._error.with_attempts(())
            if len(self._queue) >= MAX_QUEUED:
                self._wait_for_space()
            if not self._queue:
                self._first_queued_at = time.monotonic()
            self._queue.append(entry)
            self._added += 1
            if self._error is not None:
                raise self._error.with_attempts(())
            if len(self._queue) in {1, FULL_GROUP}:
                self._changed.notify_all()

    def flush(self) -> None:
        """Wait until every entry that was added is on disk.

        Raises:
            JobError: One could not be written.
        """
        with self._changed:
            self._raise_if_closed()
            if threading.current_thread() is self._thread:
                raise JobError("a callback of a journal's future cannot call flush: it runs in the thread that writes")
            target, failures = self._added, self._failures
            while self._settled < target and self._failures == failures:
                self._is_hurried = True
                self._changed.notify_all()
                self._changed.wait()
            if not self._queue:  # only intents failed, and their callers have the error: the next one may try again
                self._error = None
            if self._error is not None:
                raise self._error.with_attempts(())

    def close(self) -> None:
        """Write the remaining entries and end the thread; a second call does nothing.

        Raises:
            JobError: Entries could not be written, and are lost.
        """
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._queue and self._error is not None:
            count, self._queue = len(self._queue), []
            raise JobError(f"{self._error}; {count} entries were not written", file=self._error.file)

    def _wait_for_space(self) -> None:
        """Block while the queue is full; never the writing thread's callbacks, and not after a failure.

        Raises:
            JobError: The journal was closed meanwhile.
        """
        if threading.current_thread() is self._thread:
            return
        while len(self._queue) >= MAX_QUEUED and self._error is None and not self._is_closing:
            self._changed.wait()
        self._raise_if_closed()

    def _raise_if_closed(self) -> None:
        if self._is_closing:
            raise JobError("the journal is closed; open it again")

    # The thread

    def _work(self) -> None:
        while group := self._next_group():
            group = self._without_rejected(group)
            start = time.monotonic()
            result = self._write(group)
            self._window_s = min(max(GROUP_WINDOW_S, WRITE_SHARE * (time.monotonic() - start)), MAX_WINDOW_S)
            # A caller that flushes finds its futures resolved; one whose future failed finds the journal failed too.
            if result.error is None:
                self._resolve_futures(result)
                self._settle(result)
            else:
                queued = self._settle(result)
                self._resolve_futures(result._replace(failed_entries=[*result.failed_entries, *queued]))
            self._on_resolved()
            del group, result
            if self._error is not None and self._is_closing:
                break
        self._close()

    def _next_group(self) -> list[Entry]:
        """Wait for the next group and return it; an empty one when the journal is closed."""
        with self._changed:
            self._changed.wait_for(self._has_work)
            due_at = self._first_queued_at + self._window_s
            self._changed.wait_for(self._is_group_due, max(0.0, due_at - time.monotonic()))
            group, self._queue = self._queue, []
            self._is_hurried = False
            return group

    def _without_rejected(self, group: list[Entry]) -> list[Entry]:
        """Return the group; without its intents if the disk is nearly full, to leave space for replies in flight."""
        intents = [entry for entry in group if isinstance(entry, Intent)]
        error = self._shortage() if intents else None
        if error is None:
            return group
        with self._changed:
            self._settled += len(intents)
        for intent in intents:
            intent.future.set_exception(error.with_attempts(()))
        return [entry for entry in group if not isinstance(entry, Intent)]

    def _has_work(self) -> bool:
        """Return whether there is something to write; after a failure only `flush` and `close` retry."""
        return self._is_closing or bool(self._queue and (self._error is None or self._is_hurried))

    def _is_group_due(self) -> bool:
        """Return whether a group is to be written before its window ends."""
        return len(self._queue) >= FULL_GROUP or self._is_hurried or self._is_closing

    def _settle(self, result: WriteResult) -> list[Intent]:
        """Count what is done; return the queued intents that a failure rejects.

        They were added while the group was written. Nothing is written after a failure, so they would wait forever.
        """
        retryable = [entry for entry in result.failed_entries if not isinstance(entry, Intent)]
        with self._changed:
            queued = [entry for entry in self._queue if isinstance(entry, Intent) and result.error is not None]
            if queued:
                self._queue = [entry for entry in self._queue if not isinstance(entry, Intent)]
            self._queue[:0] = retryable
            self._settled += len(queued)
            self._settled += len(result.committed_entries) + len(result.failed_entries) - len(retryable)
            self._failures += result.error is not None
            self._error = result.error
            self._changed.notify_all()
        return queued

    @staticmethod
    def _resolve_futures(result: WriteResult) -> None:
        for entry in result.committed_entries:
            if isinstance(entry, Intent):
                entry.future.set_result(None)
        for entry in result.failed_entries:
            if isinstance(entry, Intent) and result.error is not None:
                entry.future.set_exception(result.error.with_attempts(()))
