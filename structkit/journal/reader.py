"""What a job's files say, read beside their writer or without one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from structkit.costs.reply_cost import Spending
from structkit.errors import JobError
from structkit.journal.database import open_file, telling, transaction
from structkit.journal.encoding import BILLIONTH, PackedReply, unpack, unpack_reply, unpack_text
from structkit.journal.entries import PART
from structkit.journal.migrations import JOB_MIGRATIONS, PART_MIGRATIONS
from structkit.journal.row_state import STATES, Exchange, Kept
from structkit.journal.shards import job_file, parts_in
from structkit.values import JSON, JSONValue, Usage

PAGE = 1000
"""Ordinals read at a time: what streams holds no transaction open, in which the log would grow."""

SOME = 450
"""Ordinals that are asked for one by one: a query names them twice, and older SQLites take 999 values."""

BETWEEN = "BETWEEN ? AND ?"

ROWS = "SELECT ordinal, key, digest, state, since, outcome FROM rows WHERE ordinal {} ORDER BY ordinal"

ENDED = ROWS.replace("ORDER", "AND state IS NOT NULL ORDER")

WAITING = "SELECT ordinal, id, number, request FROM waiting WHERE ordinal {}"

REPLIES = """
    SELECT ordinal, id, number, request, kind, retries,
        prompt_tokens, completion_tokens, total_tokens, unreported, body
    FROM exchanges WHERE ordinal {}
"""

REPLIES_OF_OPEN = f"{REPLIES} AND ordinal IN (SELECT ordinal FROM rows WHERE ordinal {{}} AND state IS NULL)"  # noqa: S608 (both are constants)

KEYS_AT_ONCE = 10_000

KEYS = "SELECT ordinal, key FROM rows WHERE ordinal >= ? ORDER BY ordinal LIMIT ?"

# `CROSS JOIN` keeps the order, and `INDEXED BY` the index: the planner would read a million replies to find none.
LOST = """
    SELECT lost.ordinal, rows.key FROM waiting AS lost JOIN rows USING (ordinal)
    WHERE lost.run < :run AND lost.id >= rows.since
        AND NOT EXISTS (SELECT 1 FROM waiting AS w
            WHERE w.ordinal = lost.ordinal AND w.number = lost.number AND w.id > lost.id)
        AND NOT EXISTS (SELECT 1 FROM exchanges AS e
            WHERE e.ordinal = lost.ordinal AND e.number = lost.number AND e.id > lost.id)
    UNION
    SELECT rows.ordinal, rows.key
    FROM rows INDEXED BY open_rows CROSS JOIN exchanges AS unread ON unread.ordinal = rows.ordinal
    WHERE rows.state IS NULL AND unread.body IS NULL AND unread.run < :run AND unread.id >= rows.since
        AND NOT EXISTS (SELECT 1 FROM waiting AS w
            WHERE w.ordinal = unread.ordinal AND w.number = unread.number AND w.id > unread.id)
        AND NOT EXISTS (SELECT 1 FROM exchanges AS e
            WHERE e.ordinal = unread.ordinal AND e.number = unread.number AND e.id > unread.id)
    ORDER BY 1
"""

SPENT = "SELECT prompt_tokens, completion_tokens, total_tokens, unreported FROM spent"

COSTS = "SELECT cost, told, bare_prompt, bare_completion, bare, bare_unreported FROM spent"

NEVER_ANSWERED = "SELECT count(*) FROM waiting WHERE run < ?"


class Reader:
    """A job folder, to be read; it takes no lock, so that a job can be looked at while it runs.

    What it says is what is on disk. Its methods raise `JobError` where a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Look whether there is a job.

        Raises:
            JobError: There is none.
        """
        self.folder = folder
        path = job_file(folder)
        if not path.exists():
            raise JobError(f"there is no job in {folder}", file=str(path))
        with _opened(path, part=False) as connection:
            found = connection.execute("SELECT header, run FROM job").fetchone()
        if found is None:
            raise JobError(f"the job in {folder} was never begun; start it again", file=str(path))
        self.header: JSON = unpack(found[0])
        self.run: int = found[1]

    @property
    def marks(self) -> Mapping[str, JSONValue]:
        """What was added to the header."""
        with _opened(job_file(self.folder), part=False) as connection:
            return {name: unpack(value) for name, value in connection.execute("SELECT * FROM marks ORDER BY name")}

    def known(self, first: int, last: int, *, full: bool = True) -> dict[int, Kept]:
        """What is known of the ordinals from *first* to *last*, both included.

        Args:
            first: An ordinal.
            last: Another.
            full: Whether the exchanges of rows that have ended are read too; those of others always are.
        """
        kept: dict[int, Kept] = {}
        for part, path in parts_in(self.folder):
            if first // PART <= part <= last // PART:
                with _opened(path) as connection:
                    kept.update((row.ordinal, row) for row in _rows(connection, ROWS, (first, last), full=full))
        return kept

    def known_at(self, ordinals: Iterable[int], *, full: bool = True) -> dict[int, Kept]:
        """What is known of some ordinals, in any order; *full* as with `known`."""
        wanted: defaultdict[int, list[int]] = defaultdict(list)
        for ordinal in ordinals:
            wanted[ordinal // PART].append(ordinal)
        kept: dict[int, Kept] = {}
        for part, path in parts_in(self.folder):
            for start in range(0, len(wanted[part]), SOME):
                some = wanted[part][start : start + SOME]
                with _opened(path) as connection:
                    rows = _rows(connection, ROWS, some, f"IN ({','.join('?' * len(some))})", full=full)
                kept.update((row.ordinal, row) for row in rows)
        return kept

    def outcomes(self, *, full: bool = True) -> Iterator[Kept]:
        """The rows that have ended, in order of their ordinals; *full* as with `known`."""
        for part, path in parts_in(self.folder):
            first: int | None = part * PART
            while first is not None:
                with _opened(path) as connection:
                    rows = _rows(connection, ENDED, (first, first + PAGE - 1), full=full)
                    first = connection.execute(
                        "SELECT min(ordinal) FROM rows WHERE ordinal >= ?", (first + PAGE,)
                    ).fetchone()[0]
                yield from rows

    @property
    def end(self) -> int:
        """One more than the greatest ordinal there ever was; 0 where there is none."""
        for _, path in reversed([*parts_in(self.folder)]):
            with _opened(path) as connection:
                if (last := connection.execute("SELECT max(ordinal) FROM rows").fetchone()[0]) is not None:
                    return int(last) + 1
        return 0

    def every_key(self, first: int = 0) -> Iterator[tuple[int, str]]:
        """Ordinal and key of every row there ever was, in order, streamed; from the ordinal *first* on."""
        for part, path in parts_in(self.folder):
            while first // PART <= part:
                with _opened(path) as connection:
                    rows = connection.execute(KEYS, (first, KEYS_AT_ONCE)).fetchall()
                yield from ((ordinal, unpack_text(key)) for ordinal, key in rows)
                first = rows[-1][0] + 1 if rows else (part + 1) * PART

    def ambiguous(self, *, now: bool = False) -> Iterator[tuple[int, str]]:
        """Ordinal and key of the rows with a request of an earlier run whose reply the journal does not have.

        It may have been paid for. A row is no longer among them once the request has been sent again; and where raw
        text is not kept, a reply is had only by a row that has ended.

        Args:
            now: Whether the last run is over too: what it had under way is lost.
        """
        for _, path in parts_in(self.folder):
            with _opened(path) as connection:
                rows = connection.execute(LOST, {"run": self.run + now}).fetchall()
            yield from ((ordinal, unpack_text(key)) for ordinal, key in rows)

    def counts(self) -> Mapping[str, int]:
        """How many rows are in each state, and `open`: known, and not ended."""
        total: dict[str, int] = dict.fromkeys((*STATES, "open"), 0)
        for _, path in parts_in(self.folder):
            with _opened(path) as connection:
                for state, rows in connection.execute("SELECT state, rows FROM counts"):
                    total[state] += rows
        return total

    def usage(self) -> Usage:
        """What every reply there ever was has cost, those set aside too.

        A request of an earlier run that was never answered is one unreported.
        """
        total = Usage()
        for _, path in parts_in(self.folder):
            with _opened(path) as connection, transaction(connection, "DEFERRED"):
                total += Usage(*connection.execute(SPENT).fetchone())
                lost = connection.execute(NEVER_ANSWERED, (self.run,)).fetchone()[0]
                total += Usage(unreported=lost)
        return total

    def spending(self) -> Spending:
        """What all replies there ever were have told of their cost, and what is known of the others.

        A request of an earlier run that was never answered is one that told nothing.
        """
        total = Spending()
        for _, path in parts_in(self.folder):
            with _opened(path) as connection, transaction(connection, "DEFERRED"):
                cost, *counts = connection.execute(COSTS).fetchone()
                lost = connection.execute(NEVER_ANSWERED, (self.run,)).fetchone()[0]
                total += Spending(cost * BILLIONTH, *counts) + Spending(without_cost=lost, unreported=lost)
        return total


@contextlib.contextmanager
def _opened(path: Path, *, part: bool = True) -> Iterator[sqlite3.Connection]:
    with (
        telling(path),
        contextlib.closing(open_file(path, PART_MIGRATIONS if part else JOB_MIGRATIONS)) as connection,
    ):
        yield connection


def _rows(
    connection: sqlite3.Connection, query: str, ordinals: Sequence[int], which: str = BETWEEN, *, full: bool
) -> list[Kept]:
    """The rows of some ordinals with their exchanges, as they stood at one moment."""
    with transaction(connection, "DEFERRED"):
        rows = connection.execute(query.format(which), ordinals).fetchall()
        waiting = connection.execute(WAITING.format(which), ordinals).fetchall()
        asked = (REPLIES, ordinals) if full else (REPLIES_OF_OPEN, (*ordinals, *ordinals))
        replies = connection.execute(asked[0].format(which, which), asked[1]).fetchall()
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for ordinal, *exchange in (*replies, *waiting):
        found[ordinal].append(tuple(exchange))
    return [_kept(row, found[row[0]]) for row in rows]


def _kept(row: tuple[Any, ...], exchanges: list[tuple[Any, ...]]) -> Kept:
    ordinal, key, digest, state, since, outcome = row
    counted = sorted(exchange for exchange in exchanges if exchange[0] >= since)
    last = {number: (number, unpack_text(request), *reply) for _, number, request, *reply in counted}
    return Kept(
        ordinal,
        unpack_text(key),
        unpack_text(digest),
        state,
        tuple(_exchange(*last[number]) for number in sorted(last)),
        None if outcome is None else unpack(outcome),
    )


def _exchange(number: int, request: str, *reply: Any) -> Exchange:
    if not reply:
        return Exchange(number, request, None)
    kind, retries, prompt, completion, total, unreported, body = reply
    return Exchange(
        number, request, unpack_reply(PackedReply(kind, retries, Usage(prompt, completion, total, unreported), body))
    )
