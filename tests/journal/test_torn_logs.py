"""A journal whose log was torn by a power failure, at any byte: it opens, and has a prefix of the entries."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from structkit.journal.database import open_database
from structkit.journal.journal import Journal
from structkit.journal.migrations import SHARD_MIGRATIONS
from structkit.values import Choice, Completion, Usage

GROUPS = 25
LOG = "part-00000.db-wal"


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the files of a journal while it is being written: each row has a few transactions of its own."""
    live, copied = tmp_path_factory.mktemp("live") / "job", tmp_path_factory.mktemp("copied") / "job"
    with Journal.open(live, {}) as journal:
        for row in range(GROUPS):
            journal.intend(row, f"key {row}", "d", 1, "r").result()
            journal.add_reply(row, 1, Completion((Choice(0, f"{row}"),), Usage(1, 1, 2)))
            journal.flush()
            journal.conclude(row, "done", {"value": row})
            journal.flush()
        shutil.copytree(live, copied)
    (copied / f"{LOG[:-4]}-shm").unlink(missing_ok=True)
    return copied


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=some.floats(0, 1), garbage=some.binary(max_size=64))
@example(share=0.0, garbage=b"")
@example(share=1.0, garbage=b"")
def test_a_log_torn_at_any_byte_has_a_prefix_of_the_entries(torn: Path, share: float, garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "job"
        shutil.copytree(torn, folder)
        size = (folder / LOG).stat().st_size
        os.truncate(folder / LOG, round(size * share))
        with (folder / LOG).open("ab") as log:
            log.write(garbage)
        with Journal.open(folder, {}) as journal:
            rows, counts = journal.read_rows(0, GROUPS), journal.counts()
        with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [*rows] == [*range(len(rows))], "no row is missing before the last one"
    states = [row.state for row in rows.values()]
    assert states in ([*["done"] * len(rows)], [*["done"] * (len(rows) - 1), None])
    assert all(row.outcome == {"value": row.ordinal} for row in rows.values() if row.state)
    assert counts["done"] + counts["open"] == len(rows)
    assert len(rows) == GROUPS or share < 1


def test_a_commit_is_on_the_disk_before_it_counts(tmp_path: Path) -> None:
    with contextlib.closing(open_database(tmp_path / "part.db", SHARD_MIGRATIONS)) as connection:
        values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert values == ["wal", 2], "2 is FULL: an acknowledged commit survives a power failure"
