"""The rows of a table by their position, while it is still being read: in a temporary database, not in memory."""

from __future__ import annotations

import pickle
import sqlite3
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, NamedTuple

from structkit.batch.sampling import draw_sample
from structkit.errors import JobError
from structkit.review.gold_entries import GoldEntry
from structkit.review.review_rows import ReviewTable
from structkit.review.row_choice import RowChoice
from structkit.review.row_digest import is_same_row
from structkit.tables.records import Record

BATCH_ROWS = 50
"""Rows that are added together."""

WAIT_SECONDS = 0.5
"""How long a page waits for the first rows."""

QUIET_SECONDS, PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 0.001, 0.25
"""How long after a request the table is read further, so that no page waits for it; how often that is tried; and the
longest pause, since a page may ask without a break."""

SCHEMA = """
CREATE TABLE row (number INTEGER PRIMARY KEY, key TEXT UNIQUE, digest TEXT, place INTEGER, record BLOB);
CREATE UNIQUE INDEX row_place ON row (place) WHERE place IS NOT NULL;
CREATE TABLE entry (key TEXT PRIMARY KEY, line INTEGER, decision TEXT, digest TEXT, text TEXT);
"""

COUNT = """SELECT entry.decision, count(*), sum(place IS NOT NULL AND is_same_row(entry.digest, row.digest))
    FROM row JOIN entry USING (key) WHERE row.number BETWEEN ? AND ? GROUP BY entry.decision"""


class StoredRow(NamedTuple):
    """A row of the table.

    Args:
        key: What identifies it.
        digest: Of its content.
        record: Its cells.
    """

    key: str
    digest: str
    record: Record


class StoredEntry(NamedTuple):
    """The latest decision about a row.

    Args:
        line: Its line in the gold file; 0 if there is none.
        decision: What was decided; empty if nothing was.
        digest: The digest of the row that was decided.
        text: The line.
    """

    line: int = 0
    decision: str = ""
    digest: str = ""
    text: str = ""


class RowIndex:
    """The rows to review, of which the first can be read while the others are still being added.

    Args:
        table: The table.
        choice: Which of its rows are reviewed.
        below: A confidence below this is low.

    Attributes:
        count: How many rows there are to review, so far.
        is_complete: Whether all rows have been read.
        error: Why they could not be.
        decisions: How many of these rows have each decision.
    """

    def __init__(self, table: ReviewTable, choice: RowChoice, below: float) -> None:
        """Create an empty index; `fill` adds the rows."""
        self.table, self._choice, self._below = table, choice, below
        self.count, self.is_complete = 0, False
        self.error: Exception | None = None
        self.decisions = Counter[str]()
        self._matches = 0
        self._used_at = 0.0
        self._is_stopped = False
        self._lock = threading.RLock()
        self._progress = threading.Condition(self._lock)
        # without a name it is a temporary file that is deleted when it is closed, or the process dies
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._database.close)
        self._database.create_function("is_same_row", 2, is_same_row, deterministic=True)
        self._database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;{SCHEMA}")

    def fill(self) -> None:
        """Read the table; an error is stored, and raised by what waits for the rows."""
        try:
            records, number = iter(self.table.source), 0
            while not self._is_stopped and (batch := [*islice(records, BATCH_ROWS)]):
                self._add_rows(number, batch)
                number += len(batch)
                self._pause()
            if self._choice.kind == "sample":
                self._choose_sample()
        except Exception as error:  # noqa: BLE001 (also one of the caller's type; it is raised in the thread that waits)
            self.error = error
        with self._progress:
            self.is_complete = True
            self._progress.notify_all()

    def find_missing_row(self) -> StoredEntry | None:
        """Wait until the rows of all entries have been read, and return the first entry of which there is no row."""
        with self._progress:
            ((total,),) = self._select("SELECT count(*) FROM entry")
            self._progress.wait_for(lambda: self.is_complete or self._matches == total)
            if self._matches == total or self.error:
                return None
            missing = """SELECT line, decision, digest, text FROM entry
                WHERE key NOT IN (SELECT key FROM row) ORDER BY line LIMIT 1"""
            return next((StoredEntry(*each) for each in self._select(missing)), None)

    def wait_for_rows(self) -> None:
        """Wait for a moment until there are rows to review, or all have been read."""
        with self._progress:
            self._progress.wait_for(lambda: self.is_complete or self.count > 0, WAIT_SECONDS)

    def row(self, place: int) -> StoredRow | None:
        """Return the row at a position of the list, counted from 0; None if there is none."""
        rows = self.rows(place, 1)
        return rows[0] if rows else None

    def rows(self, start: int, count: int) -> list[StoredRow]:
        """Return the rows from a position of the list on."""
        sql = "SELECT key, digest, record FROM row WHERE place >= ? AND place < ? ORDER BY place"
        rows = self._select(sql, start, start + count)
        return [StoredRow(key, digest, pickle.loads(record)) for key, digest, record in rows]  # noqa: S301 (stored by this process, in a file that has no name)

    def entry(self, key: str) -> StoredEntry:
        """Return the latest decision about a row."""
        rows = self._select("SELECT line, decision, digest, text FROM entry WHERE key = ?", key)
        return StoredEntry(*rows[0]) if rows else StoredEntry()

    def add_entry(self, entry: GoldEntry, text: str) -> None:
        """Add a decision, which replaces an earlier one about the row."""
        with self._lock:
            self._count_entries(entry.key, -1)
            row = (entry.key, entry.line, entry.decision, entry.row_digest, text)
            self._execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", [row])
            self._count_entries(entry.key, 1)

    def copy_entries(self, other: RowIndex) -> None:
        """Add the decisions of another index, before any rows."""
        with self._lock:
            self._execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", other._select("SELECT * FROM entry"))

    def next_open(self, place: int) -> int | None:
        """Return the position of the next row that is not decided, after the last one the first; None if all are."""
        sql = """SELECT place FROM row LEFT JOIN entry
            ON entry.key = row.key AND is_same_row(entry.digest, row.digest) AND entry.decision <> 'open'
            WHERE place >= ? AND place < ? AND entry.key IS NULL ORDER BY place LIMIT 1"""
        for start, end in ((place + 1, self.count), (0, place + 1)):
            for (next_place,) in self._select(sql, start, end):
                return int(next_place)
        return None

    def touch(self) -> None:
        """Note that a page is waiting for a reply."""
        self._used_at = time.monotonic()

    def _pause(self) -> None:
        """Wait while pages are waiting: threads of Python take turns of several milliseconds."""
        latest = time.monotonic() + MAX_PAUSE_SECONDS
        while time.monotonic() < min(self._used_at + QUIET_SECONDS, latest):
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """Read no further rows; the database is deleted once no request reads it any more."""
        self._is_stopped = True

    def close(self) -> None:
        """Delete the database."""
        self.stop()
        with self._lock:
            self._database.close()

    def _add_rows(self, first: int, records: list[Record]) -> None:
        rows, place = [], self.count
        for number, record in enumerate(records, first):
            is_chosen = self._choice.kind == "all" or self._is_chosen(record)
            key, digest = self.table.identify(record)
            rows.append((number, key, digest, place if is_chosen else None, pickle.dumps(record)))
            place += is_chosen
        with self._progress:
            self._execute("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
            self.count = place
            self._count_decisions(first, first + len(records) - 1)
            self._progress.notify_all()

    def _is_chosen(self, record: Record) -> bool:
        return self._choice.kind != "sample" and self._choice.matches(self.table.read_row(record), self._below)

    def _choose_sample(self) -> None:
        keys = (Record(number, key, {}) for number, key in self._select("SELECT number, key FROM row ORDER BY number"))
        numbers = sorted(draw_sample(keys, self._choice.size))
        with self._lock:
            self._execute("UPDATE row SET place = ? WHERE number = ?", enumerate(numbers))
            self.count = len(numbers)
            self._matches = 0
            self._count_decisions(0, 1 << 62)

    def _count_entries(self, key: str, step: int) -> None:
        """Count the decision about a row, or take it out of the counts."""
        for (number,) in self._select("SELECT number FROM row WHERE key = ?", key):
            self._count_decisions(number, number, step)

    def _count_decisions(self, first: int, last: int, step: int = 1) -> None:
        """Count the decisions about rows that have been added."""
        for decision, total, counted in self._select(COUNT, first, last):
            self._matches += step * total
            self.decisions[decision] += step * counted

    def _select(self, sql: str, *values: object) -> list[Any]:
        with self._lock, self._errors():
            return self._database.execute(sql, values).fetchall()

    def _execute(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._lock, self._errors(), closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany(sql, rows)
            cursor.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JobError(f"the temporary copy of the table cannot be written: {error}; set TMPDIR") from None
