"""The thread that writes: what becomes of entries that arrive while a write fails."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from structkit.errors import JobError
from structkit.journal.entries import Entry, Intent, Reopening
from structkit.journal.shards import WriteResult
from structkit.journal.writer import JournalWriter


def intent(ordinal: int) -> Intent:
    return Intent(ordinal, "key", "digest", 1, "request", None, Future())


class FailingDisk:
    """A disk whose first write fails, after the test has had time to add more."""

    def __init__(self) -> None:
        self.has_started, self.may_fail = threading.Event(), threading.Event()
        self.groups: list[list[Entry]] = []

    def write(self, entries: Sequence[Entry]) -> WriteResult:
        self.groups.append([*entries])
        if len(self.groups) > 1:
            return WriteResult([*entries], [], None)
        self.has_started.set()
        self.may_fail.wait()
        return WriteResult([], [*entries], JobError("the disk is full"))


def test_an_intent_that_arrives_while_a_write_fails_is_rejected_and_what_else_arrives_is_written_later() -> None:
    disk = FailingDisk()
    writer = JournalWriter(disk.write, lambda: None)
    first, second, reopening = intent(0), intent(1), Reopening(2, ignore_exchanges=False)
    writer.add(first)
    disk.has_started.wait()
    writer.add(second)
    writer.add(reopening)
    disk.may_fail.set()
    for future in (first.future, second.future):
        with pytest.raises(JobError, match="the disk is full"):
            future.result(timeout=600)
    writer.flush()
    writer.close()
    assert disk.groups[1:] == [[reopening]]
