"""Requests that go out in a batch: the journal knows in which one, and calls none of them ambiguous."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from structkit.costs.budget import Reservation
from structkit.errors import TransportError
from structkit.journal.encoding import pack
from structkit.journal.journal import Journal
from structkit.journal.row_state import BatchedRequest


def announce(folder: Path, *requests: tuple[int, int, str | None]) -> None:
    """Announce requests of a run that ends without their replies: ordinal, number and batch of each."""

    async def intend(journal: Journal) -> None:
        for ordinal, number, batch in requests:
            await journal.intend_async(ordinal, f"k{ordinal}", "d", number, "r", Reservation(7, 9), batch)

    with Journal.open(folder, {}) as journal:
        asyncio.run(intend(journal))


def test_the_requests_of_a_batch_are_listed_by_its_key(tmp_path: Path) -> None:
    announce(tmp_path, (0, 1, "a"), (1, 1, "b"), (1_000_000, 2, "a"), (2, 1, None))
    with Journal.open(tmp_path, {}) as journal:
        reserved = Reservation(7, 9)
        assert sorted(journal.batched_requests("a")) == [
            BatchedRequest(0, 1, "r", reserved),
            BatchedRequest(1_000_000, 2, "r", reserved),
        ]
        journal.add_reply(0, 1, TransportError("no"))
        assert [each.ordinal for each in journal.batched_requests("a")] == [1_000_000]


def test_a_request_in_a_batch_is_not_ambiguous_but_counts_as_spent(tmp_path: Path) -> None:
    announce(tmp_path, (0, 1, "a"), (1, 1, None))
    with Journal.open(tmp_path, {}) as journal:
        assert list(journal.ambiguous_rows()) == [(1, "k1")]
        assert journal.usage().unreported == 1
        assert journal.spending().reserved_completion == 18


def test_a_request_that_is_withdrawn_was_neither_sent_nor_paid_for(tmp_path: Path) -> None:
    announce(tmp_path, (0, 1, "a"), (1, 1, "a"))
    with Journal.open(tmp_path, {}) as journal:
        journal.withdraw(0, 1)
        journal.withdraw(5, 1)  # was never announced
        assert [each.ordinal for each in journal.batched_requests("a")] == [1]
        assert journal.spending().reserved_completion == 9
        assert journal.counts()["open"] == 2
        assert [row.exchanges for row in journal.read_rows(0, 0).values()] == [()]


def test_a_request_can_be_announced_and_withdrawn_in_one_group(tmp_path: Path) -> None:
    with Journal.open(tmp_path, {}) as journal:
        journal.intend(0, "k", "d", 1, "r")
        journal.withdraw(0, 1)
        assert journal.read_rows(0, 0)[0].exchanges == ()
        assert list(journal.ambiguous_rows(include_current_run=True)) == []


def test_a_journal_of_an_older_version_gets_the_column(tmp_path: Path) -> None:
    announce(tmp_path, (0, 1, None))
    with closing(sqlite3.connect(tmp_path / "part-00000.db")) as shard:
        shard.execute("ALTER TABLE waiting DROP COLUMN batch")
        shard.execute("DROP TABLE file")
        shard.execute("PRAGMA user_version = 4")
        shard.commit()
    with closing(sqlite3.connect(tmp_path / "job.db")) as header:
        header.execute("UPDATE marks SET value = ?", (pack(None),))
        header.commit()
    with Journal.open(tmp_path, {}) as journal:
        assert list(journal.ambiguous_rows()) == [(0, "k0")]
