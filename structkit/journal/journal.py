"""The journal of a job: what was sent, what came back and how each row ended, on disk before it counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from structkit.costs.reply_cost import Spending
from structkit.errors import JobError, TransportError
from structkit.journal.database import make_folder, shortage
from structkit.journal.encoding import pack, pack_reply, pack_text
from structkit.journal.entries import Answer, Conclusion, Entry, Intent, Mark, Reopening
from structkit.journal.lock import Lock, take
from structkit.journal.reader import Reader
from structkit.journal.row_state import STATES, Exchange, Kept, State
from structkit.journal.shards import Parts, begin, drop_parts
from structkit.journal.wakeups import Promise, Wakes
from structkit.journal.writer import Writer
from structkit.values import JSON, Completion, JSONValue, Usage

MOST = 2**53
"""An ordinal is less, or JSON could not say it."""

__all__ = ["STATES", "Exchange", "Journal", "Kept", "Reader", "State"]


class Journal:
    """The journal of one job, in a folder of its own that one process has at a time.

    Any number of threads, or an event loop, may use it. What is handed over is on disk within about 20 ms, in the
    order in which it came; `flush` waits for that. What has been read is always at least what this process has
    written. No call survives a fork: the child opens the folder itself, when the parent has left it.

    Every method raises `JobError` where the disk does not take or give what it should, after `close`, and in a
    fork. On a disk that is nearly full no intent is taken, and all else is. After a failed write none is taken
    either; answers and conclusions raise, but are kept in memory, and `flush` and `close` try to write them again.
    Whoever hands over faster than the disk takes it is held up, once 10,000 entries wait; and reading waits for what
    was handed over before.

    Attributes:
        header: What the job was begun with.
    """

    def __init__(self, folder: Path, lock: Lock, run: int, *, keep_raw: bool) -> None:
        """Use `Journal.open`."""
        self._lock = lock
        self._keep_raw = keep_raw
        self._pid = os.getpid()
        self._reader = Reader(folder)
        self.header: JSON = self._reader.header
        parts = Parts(folder, run)
        self._wakes = Wakes()
        self._writer = Writer(parts.write, parts.close, lambda: shortage(folder), self._wakes.wake)

    @classmethod
    def open(cls, folder: Path, header: JSON, *, keep_raw: bool = True) -> Journal:
        """Begin a job, or go on with the one that the folder has.

        Args:
            folder: Made where there is none, for its owner alone.
            header: What is to be kept of the job. An existing job keeps its own: compare `.header`.
            keep_raw: Whether the text of replies is kept. Without, usage and outcomes are, and a row whose reply had
                come, but that had not ended, is ambiguous after a crash: the reply cannot be read again.

        Raises:
            JobError: Another process has the folder; or it cannot be written, is damaged, or of a newer structkit.
        """
        make_folder(folder)
        lock = take(folder)
        try:
            _, run = begin(folder, header)
            return cls(folder, lock, run, keep_raw=keep_raw)
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # Writing

    def intend(self, ordinal: int, key: str, digest: str, number: int, request: str) -> Future[None]:
        """Say that a request is about to go out; it may when the future is done.

        The row is open again, if it had ended. With another digest it begins anew: its earlier exchanges no longer
        count for it, though their usage does for the job. An intent with the number of an earlier one takes its place.

        Args:
            ordinal: The row's place in the input.
            key: The row's name.
            digest: Of the row's content.
            number: Of the request within the row, counted from 1.
            request: A digest of the request's body.
        """
        written: Future[None] = Future()
        written.set_running_or_notify_cancel()  # a request that is no longer wanted was intended all the same
        self._put(_intent(ordinal, key, digest, number, request, written))
        return written

    async def intended(self, ordinal: int, key: str, digest: str, number: int, request: str) -> None:
        """As `intend`, awaited; all tasks that await it are of one event loop."""
        promise = self._wakes.promise()
        self._put(_intent(ordinal, key, digest, number, request, promise))
        await promise.future

    def answer(self, ordinal: int, number: int, reply: Completion | TransportError) -> None:
        """Keep a reply: its body as it came, its usage and retries, before anybody has read it."""
        self._put(Answer(_counted(ordinal), _counted(number), pack_reply(reply, keep_raw=self._keep_raw)))

    def conclude(self, ordinal: int, state: State, outcome: JSON, *, key: str = "", digest: str = "") -> None:
        """Say how a row has ended.

        Args:
            ordinal: The row's place in the input.
            state: How.
            outcome: What came of it, as JSON.
            key: The row's name, for a row that nothing was intended for.
            digest: Of its content, likewise.

        Raises:
            ValueError, TypeError: There is no such state; or the outcome is no JSON.
        """
        if state not in STATES:
            raise ValueError(f"state: one of {', '.join(STATES)}, not {state!r}")
        self._put(Conclusion(_counted(ordinal), pack_text(key), pack_text(digest), state, pack(outcome)))

    def reopen(self, ordinals: Iterable[int], *, afresh: bool = False) -> None:
        """Let rows begin again that had ended; of unknown ones nothing is made.

        Args:
            ordinals: The rows.
            afresh: Whether their exchanges are set aside, so that they are sent again. Else they stand, and can be
                read with another type.
        """
        for ordinal in ordinals:
            self._put(Reopening(_counted(ordinal), afresh))

    def forget(self) -> None:
        """Drop every row with all its replies, which cannot be had again; before anything is written."""
        self.flush()
        drop_parts(self._reader.folder)

    def mark(self, name: str, value: JSONValue) -> None:
        """Add to the header, or change what was added; `marks` has it."""
        self._put(Mark(name, pack(value)))

    def flush(self) -> None:
        """Wait until all that was handed over is on disk; after a failed write this tries again."""
        self._check_process()
        self._writer.flush()

    def close(self) -> None:
        """Write what is left, and let the next one have the folder; a second time it is nothing.

        Raises:
            JobError: Something could not be written, and is lost.
        """
        self._check_process()
        try:
            self._writer.close()
        finally:
            self._lock.release()

    # Reading

    @property
    def marks(self) -> Mapping[str, JSONValue]:
        """What was added to the header."""
        return self._flushed().marks

    def known(self, first: int, last: int, *, full: bool = True) -> dict[int, Kept]:
        """What is known of a range of ordinals, both ends included; see `Reader.known`."""
        return self._flushed().known(first, last, full=full)

    def known_at(self, ordinals: Iterable[int], *, full: bool = True) -> dict[int, Kept]:
        """What is known of some ordinals, in any order; see `Reader.known`."""
        return self._flushed().known_at(ordinals, full=full)

    @property
    def end(self) -> int:
        """One more than the greatest ordinal there ever was; 0 where there is none."""
        return self._flushed().end

    def every_key(self, first: int = 0) -> Iterator[tuple[int, str]]:
        """Ordinal and key of every row there ever was, in order; see `Reader.every_key`."""
        return self._flushed().every_key(first)

    def ambiguous(self, *, now: bool = False) -> Iterator[tuple[int, str]]:
        """Rows whose reply may have been paid for and lost with an earlier run; see `Reader.ambiguous`."""
        return self._flushed().ambiguous(now=now)

    def outcomes(self, *, full: bool = True) -> Iterator[Kept]:
        """The rows that have ended, in order, streamed; see `Reader.outcomes`."""
        return self._flushed().outcomes(full=full)

    def counts(self) -> Mapping[str, int]:
        """How many rows are in each state, and how many are `open`."""
        return self._flushed().counts()

    def usage(self) -> Usage:
        """What the job has cost so far; see `Reader.usage`."""
        return self._flushed().usage()

    def spending(self) -> Spending:
        """What replies have told of their cost; see `Reader.spending`."""
        return self._flushed().spending()

    def _flushed(self) -> Reader:
        self.flush()
        return self._reader

    def _put(self, entry: Entry) -> None:
        self._check_process()
        self._writer.put(entry)

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise JobError(f"the journal was opened by process {self._pid}, of which this is a fork; open it here")


def _intent(ordinal: int, key: str, digest: str, number: int, request: str, written: Future[None] | Promise) -> Intent:
    names = pack_text(key), pack_text(digest)
    return Intent(_counted(ordinal), *names, _counted(number), pack_text(request), written)


def _counted(number: int) -> int:
    """The number, if it is one that can count: the writer's thread could only fail on another."""
    if not 0 <= number < MOST:
        raise ValueError(f"ordinals and numbers are 0 or more and less than 2**53, not {number}")
    return number
