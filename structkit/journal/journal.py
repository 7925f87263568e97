"""The journal of a job: the requests, replies and final state of every row, on disk before they count."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from structkit.costs.budget import Reservation
from structkit.costs.reply_cost import Spending
from structkit.errors import JobError, TransportError
from structkit.journal.database import create_folder, disk_shortage
from structkit.journal.encoding import pack, pack_reply, pack_text, run_to_json
from structkit.journal.entries import (
    Conclusion,
    Entry,
    FinishedCall,
    Intent,
    Mark,
    ReceivedReply,
    Reopening,
    Withdrawal,
)
from structkit.journal.lock import FolderLock, lock_folder
from structkit.journal.reader import Reader
from structkit.journal.row_state import FINAL_STATES, BatchedRequest, Exchange, FinalState, RowState
from structkit.journal.shards import JournalFiles, delete_shards, start_run
from structkit.journal.wakeups import PendingWrite, WakeupQueue
from structkit.journal.writer import JournalWriter
from structkit.values import JSON, Completion, JSONValue, ToolRun, Usage

MAX_NUMBER = 2**53
"""Ordinals and numbers are less: many readers of JSON have no larger exact integers."""

__all__ = ["FINAL_STATES", "Exchange", "FinalState", "Journal", "Reader", "RowState"]


class Journal:
    """The journal of one job, in a folder that one process has open at a time.

    Any number of threads, or one event loop, may use it. Entries are on disk within about 15 ms, or three times what a
    slow disk takes, in the order in which they were added; `flush` waits for that. Every method that reads flushes
    first, and so returns what this process has added. A journal cannot be used after a fork: the child opens the folder
    itself, once the parent has closed it.

    Every method raises `JobError` if the disk fails, after `close`, and in a forked child. If the disk is nearly full,
    intents are rejected, and other entries are accepted. After a failed write intents are rejected too; other entries
    raise, but stay in memory, and `flush` and `close` retry them. Once 10,000 entries wait, callers are blocked.

    Attributes:
        header: The header with which the job was started.
    """

    def __init__(self, folder: Path, lock: FolderLock, run: int, *, keep_raw: bool, verify_raw: bool) -> None:
        """Use `Journal.open`."""
        self._lock = lock
        self._keep_raw, self._verify_raw = keep_raw, verify_raw
        self._pid = os.getpid()
        self._reader = Reader(folder)
        self.header: JSON = self._reader.header
        self._run = run
        files = JournalFiles(folder, run)
        self._wakeups = WakeupQueue()
        self._writer = JournalWriter(files.write, files.close, lambda: disk_shortage(folder), self._wakeups.wake)

    @classmethod
    def open(cls, folder: Path, header: JSON, *, keep_raw: bool = True, verify_raw: bool = False) -> Journal:
        """Start a job, or resume the one that the folder has.

        Args:
            folder: Created if there is none, for its owner alone.
            header: Stored with a new job. An existing job keeps its own: compare `.header`.
            keep_raw: Whether to store the text of replies. Otherwise usage and outcomes are stored, and a row whose
                reply arrived, but that was not finished, is ambiguous after a crash: the reply cannot be read again.
            verify_raw: Whether to check that the body of each completion reads back as the same completion, which may
                not be so for a transport of the caller's.

        Raises:
            JobError: Another process has the folder open; or it cannot be written, is damaged, or was written by a
                newer structkit.
        """
        create_folder(folder)
        lock = lock_folder(folder)
        try:
            run = start_run(folder, header, by_copy=lock.is_taken_over)
            return cls(folder, lock, run, keep_raw=keep_raw, verify_raw=verify_raw)
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # Writing

    def intend(
        self,
        ordinal: int,
        key: str,
        digest: str,
        number: int,
        request: str,
        reservation: Reservation | None = None,
    ) -> Future[None]:
        """Announce a request; it may be sent once the returned future is done.

        A finished row becomes open again. With another digest it starts from scratch: its earlier exchanges no longer
        count for the row, though their usage counts for the job. A request replaces an earlier one of the same number.

        Args:
            ordinal: The row's position in the input.
            key: The row's name.
            digest: Of the row's content.
            number: Of the request within the row, counted from 1.
            request: A digest of the request's body.
            reservation: What the request may take; the job has spent it if the reply never comes or reports no tokens.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # it cannot be cancelled: the request was announced all the same
        self._add(_intent(ordinal, key, digest, number, request, reservation, future))
        return future

    async def intend_async(
        self,
        ordinal: int,
        key: str,
        digest: str,
        number: int,
        request: str,
        reservation: Reservation | None = None,
        batch: str | None = None,
    ) -> None:
        """Announce a request as `intend` does, and wait until that is on disk; all callers are in one event loop.

        Args:
            ordinal: As in `intend`, and so are the next ones.
            key: The row's name.
            digest: Of the row's content.
            number: Of the request within the row.
            request: A digest of the request's body.
            reservation: What the request may take.
            batch: The key of the batch in which it is to go out. The endpoint can be asked for the reply, so that the
                row does not become ambiguous.
        """
        pending = self._wakeups.create_pending()
        self._add(_intent(ordinal, key, digest, number, request, reservation, pending, batch))
        await pending.future

    def withdraw(self, ordinal: int, number: int) -> None:
        """Take back a request that was announced and not answered: it was not sent, or not carried out."""
        self._add(Withdrawal(_validated(ordinal), _validated(number)))

    def add_reply(self, ordinal: int, number: int, reply: Completion | TransportError) -> None:
        """Store a reply: its body as it arrived, its usage and retries, before anything reads it."""
        packed = pack_reply(reply, keep_raw=self._keep_raw, verify_raw=self._verify_raw)
        self._add(ReceivedReply(_validated(ordinal), _validated(number), packed))

    def add_tool_run(self, ordinal: int, number: int, call: str, run: ToolRun) -> None:
        """Store a call of a tool that has finished.

        Args:
            ordinal: The row's position in the input.
            number: Of the call within the row.
            call: A digest of the call.
            run: The call with its result.
        """
        if self._keep_raw:  # without the reply that has the call, the call cannot be found again
            self._add(FinishedCall(_validated(ordinal), _validated(number), call, pack(run_to_json(run))))

    def conclude(self, ordinal: int, state: FinalState, outcome: JSON, *, key: str = "", digest: str = "") -> None:
        """Finish a row.

        Args:
            ordinal: The row's position in the input.
            state: How it finished.
            outcome: Its value or its error, as JSON.
            key: The row's name, for a row without requests.
            digest: Of its content, for a row without requests.

        Raises:
            ValueError, TypeError: There is no such state; or the outcome is not JSON.
        """
        if state not in FINAL_STATES:
            raise ValueError(f"state must be one of {', '.join(FINAL_STATES)}, not {state!r}")
        self._add(Conclusion(_validated(ordinal), pack_text(key), pack_text(digest), state, pack(outcome)))

    def reopen(self, ordinals: Iterable[int], *, ignore_exchanges: bool = False) -> None:
        """Make finished rows open again; ordinals that the journal does not have are skipped.

        Args:
            ordinals: The rows.
            ignore_exchanges: Whether their exchanges no longer count, so that they are requested again. Otherwise the
                replies are read again, for instance with another type.
        """
        for ordinal in ordinals:
            self._add(Reopening(_validated(ordinal), ignore_exchanges))

    def forget(self) -> None:
        """Delete every row with all its replies, irrecoverably; only before anything is written."""
        self.flush()
        delete_shards(self._reader.folder, self._run)

    def mark(self, name: str, value: JSONValue) -> None:
        """Store a named value beside the header, or replace it; `marks` has it."""
        self._add(Mark(name, pack(value)))

    def flush(self) -> None:
        """Wait until every entry is on disk; after a failed write this retries it."""
        self._validate_process()
        self._writer.flush()

    def close(self) -> None:
        """Write the remaining entries and unlock the folder; a second call does nothing.

        Raises:
            JobError: Entries could not be written, and are lost.
        """
        self._validate_process()
        try:
            self._writer.close()
        finally:
            self._lock.release()

    # Reading

    @property
    def folder(self) -> Path:
        """The folder of the job."""
        return self._reader.folder

    @property
    def marks(self) -> Mapping[str, JSONValue]:
        """The marks beside the header, by name."""
        return self._flushed_reader().marks

    def read_rows(self, first: int, last: int, *, with_exchanges: bool = True) -> dict[int, RowState]:
        """Read the rows of a range of ordinals, both ends included; see `Reader.read_rows`."""
        return self._flushed_reader().read_rows(first, last, with_exchanges=with_exchanges)

    def read_rows_at(self, ordinals: Iterable[int], *, with_exchanges: bool = True) -> dict[int, RowState]:
        """Read the rows of some ordinals, in any order; see `Reader.read_rows_at`."""
        return self._flushed_reader().read_rows_at(ordinals, with_exchanges=with_exchanges)

    @property
    def next_ordinal(self) -> int:
        """One more than the highest ordinal in the journal; 0 if it has no row."""
        return self._flushed_reader().next_ordinal

    def read_keys(self, first: int = 0) -> Iterator[tuple[int, str]]:
        """Yield ordinal and key of every row in the journal, in order; see `Reader.read_keys`."""
        return self._flushed_reader().read_keys(first)

    def ambiguous_rows(self, *, include_current_run: bool = False) -> Iterator[tuple[int, str]]:
        """Yield the rows whose reply may have been paid for, but was lost; see `Reader.ambiguous_rows`."""
        return self._flushed_reader().ambiguous_rows(include_current_run=include_current_run)

    def batched_requests(self, batch: str) -> Iterator[BatchedRequest]:
        """Yield the requests without a reply that went out in a batch; see `Reader.batched_requests`."""
        return self._flushed_reader().batched_requests(batch)

    def finished_rows(self, *, with_exchanges: bool = True) -> Iterator[RowState]:
        """Yield the finished rows, in order; see `Reader.finished_rows`."""
        return self._flushed_reader().finished_rows(with_exchanges=with_exchanges)

    def counts(self) -> Mapping[str, int]:
        """Count the rows in each final state, and those that are `open`."""
        return self._flushed_reader().counts()

    def usage(self) -> Usage:
        """Sum the usage of the job so far; see `Reader.usage`."""
        return self._flushed_reader().usage()

    def spending(self, *, include_current_run: bool = False) -> Spending:
        """Sum the costs that replies reported; see `Reader.spending`."""
        return self._flushed_reader().spending(include_current_run=include_current_run)

    def _flushed_reader(self) -> Reader:
        self.flush()
        return self._reader

    def _add(self, entry: Entry) -> None:
        self._validate_process()
        self._writer.add(entry)

    def _validate_process(self) -> None:
        if os.getpid() != self._pid:
            raise JobError(
                f"the journal was opened by process {self._pid}, and this is a fork of it; open it again here"
            )


def _intent(
    ordinal: int,
    key: str,
    digest: str,
    number: int,
    request: str,
    reservation: Reservation | None,
    future: Future[None] | PendingWrite,
    batch: str | None = None,
) -> Intent:
    names = pack_text(key), pack_text(digest)
    return Intent(_validated(ordinal), *names, _validated(number), pack_text(request), reservation, future, batch)


def _validated(number: int) -> int:
    """Return an ordinal or a number if it is in range: otherwise it would only fail later, in the writer's thread."""
    if not 0 <= number < MAX_NUMBER:
        raise ValueError(f"ordinals and numbers are 0 or more and less than 2**53, not {number}")
    return number
