"""Reading a job's files, beside their writer or without one."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from structkit.costs.attempt_cost import ZERO
from structkit.costs.budget import Reservation
from structkit.costs.reply_cost import Spending
from structkit.errors import JobError
from structkit.journal.database import Migration, open_for_reading, transaction, translate_damage, translate_errors
from structkit.journal.encoding import (
    BILLIONTH,
    COMPLETION,
    PackedReply,
    run_from_json,
    unpack,
    unpack_object,
    unpack_reply,
    unpack_text,
)
from structkit.journal.entries import SHARD_ORDINALS
from structkit.journal.file_ids import validate_files
from structkit.journal.migrations import JOB_MIGRATIONS, SHARD_MIGRATIONS
from structkit.journal.row_state import FINAL_STATES, BatchedRequest, Exchange, RowState, StoredRun
from structkit.journal.shards import has_job_file, job_path, list_shards
from structkit.values import JSON, JSONValue, Usage

PAGE_ORDINALS = 1000
"""Ordinals that are read in one transaction; a longer one would make the write-ahead log grow."""

MAX_LISTED_ORDINALS = 450
"""Ordinals in one list of a query: it contains the list twice, and older SQLites take 999 values."""

PAGE_KEYS = 10_000

BETWEEN = "BETWEEN ? AND ?"

ROWS = "SELECT ordinal, key, digest, state, since, outcome FROM rows WHERE ordinal {} ORDER BY ordinal"

FINISHED_ROWS = ROWS.replace("ORDER", "AND state IS NOT NULL ORDER")

WAITING = "SELECT ordinal, id, number, request FROM waiting WHERE ordinal {}"

REPLIES = """
    SELECT ordinal, id, number, request, kind, retries,
        prompt_tokens, completion_tokens, total_tokens, unreported, body
    FROM exchanges WHERE ordinal {}
"""

TOOL_RUNS = "SELECT ordinal, id, number, call, body FROM tool_runs WHERE ordinal {}"

OF_OPEN = "AND ordinal IN (SELECT ordinal FROM rows WHERE ordinal {} AND state IS NULL)"

REPLIES_OF_OPEN, TOOL_RUNS_OF_OPEN = f"{REPLIES} {OF_OPEN}", f"{TOOL_RUNS} {OF_OPEN}"

KEYS = "SELECT ordinal, key FROM rows WHERE ordinal >= ? ORDER BY ordinal LIMIT ?"

# `CROSS JOIN` fixes the join order and `INDEXED BY` the index: the planner would read a million replies to find none.
AMBIGUOUS = """
    SELECT lost.ordinal, rows.key FROM waiting AS lost JOIN rows USING (ordinal)
    WHERE lost.run < :run AND lost.batch IS NULL AND lost.id >= rows.since
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

BATCHED = """
    SELECT ordinal, number, request, coalesce(max_prompt, 0), coalesce(max_completion, 0) FROM waiting WHERE batch = ?
"""

# Without the marks that say which files there are.
MARKS = "SELECT * FROM marks WHERE name NOT GLOB 'part-*.db' ORDER BY name"

# Read backwards: only rejections can be after the last answer.
LAST_ANSWER = "SELECT id FROM exchanges WHERE kind = ? ORDER BY id DESC LIMIT 1"

TOKENS = "SELECT prompt_tokens, completion_tokens, total_tokens, unreported FROM spent"

COSTS = """
    SELECT cost, told, bare_prompt, bare_completion, bare, bare_unreported,
        reserved, reserved_prompt, reserved_completion
    FROM spent
"""

UNANSWERED = """
    SELECT count(*), count(max_completion), coalesce(sum(max_prompt), 0), coalesce(sum(max_completion), 0)
    FROM waiting WHERE run < ?
"""

UNBATCHED = "SELECT count(*) FROM waiting WHERE run < ? AND batch IS NULL"


class Reader:
    """A job folder that is read. It takes no lock, so that a job can be inspected while it runs.

    It returns what is on disk. Its methods raise `JobError` if a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """Read the header.

        Raises:
            JobError: The folder has no job.
        """
        self.folder = folder
        path = job_path(folder)
        if not has_job_file(folder):
            raise JobError(f"there is no job in {folder}; run it first, or check the path", file=str(path))
        with _open(path, JOB_MIGRATIONS) as connection:
            row = connection.execute("SELECT header, run FROM job").fetchone()
            validate_files(folder, connection)
        if row is None:
            raise JobError(f"the job in {folder} was interrupted before it started; run it again", file=str(path))
        with translate_errors(path), translate_damage(path):
            self.header: JSON = unpack_object(row[0])
            self.run: int = operator.index(row[1])
        self._last_answers: dict[Path, int] = {}

    @property
    def marks(self) -> Mapping[str, JSONValue]:
        """The marks beside the header, by name."""
        with _open(job_path(self.folder), JOB_MIGRATIONS) as connection:
            return {name: unpack(value) for name, value in connection.execute(MARKS)}

    def read_rows(self, first: int, last: int, *, with_exchanges: bool = True) -> dict[int, RowState]:
        """Read the rows of the ordinals from *first* to *last*, both included.

        Args:
            first: The lowest ordinal.
            last: The highest ordinal.
            with_exchanges: Whether to read the exchanges of finished rows too; those of others are always read.
        """
        rows: dict[int, RowState] = {}
        for shard, path in list_shards(self.folder):
            if first // SHARD_ORDINALS <= shard <= last // SHARD_ORDINALS:
                with _open(path) as connection:
                    last_answer = self._last_answer(connection, path)
                    values = (first, last)
                    page = _read_rows(connection, ROWS, values, with_exchanges=with_exchanges, last_answer=last_answer)
                rows.update((row.ordinal, row) for row in page)
        return rows

    def read_rows_at(self, ordinals: Iterable[int], *, with_exchanges: bool = True) -> dict[int, RowState]:
        """Read the rows of some ordinals, in any order; *with_exchanges* as in `read_rows`."""
        by_shard: defaultdict[int, list[int]] = defaultdict(list)
        for ordinal in ordinals:
            by_shard[ordinal // SHARD_ORDINALS].append(ordinal)
        rows: dict[int, RowState] = {}
        for shard, path in list_shards(self.folder):
            for start in range(0, len(by_shard[shard]), MAX_LISTED_ORDINALS):
                chunk = by_shard[shard][start : start + MAX_LISTED_ORDINALS]
                condition = f"IN ({','.join('?' * len(chunk))})"
                with _open(path) as connection:
                    last_answer = self._last_answer(connection, path)
                    page = _read_rows(
                        connection, ROWS, chunk, condition, with_exchanges=with_exchanges, last_answer=last_answer
                    )
                rows.update((row.ordinal, row) for row in page)
        return rows

    def finished_rows(self, *, with_exchanges: bool = True) -> Iterator[RowState]:
        """Yield the finished rows, in order of their ordinals; *with_exchanges* as in `read_rows`."""
        for shard, path in list_shards(self.folder):
            first: int | None = shard * SHARD_ORDINALS
            while first is not None:
                page = (first, first + PAGE_ORDINALS - 1)
                with _open(path) as connection:
                    rows = _read_rows(connection, FINISHED_ROWS, page, with_exchanges=with_exchanges)
                    first = connection.execute(
                        "SELECT min(ordinal) FROM rows WHERE ordinal >= ?", (first + PAGE_ORDINALS,)
                    ).fetchone()[0]
                yield from rows

    @property
    def next_ordinal(self) -> int:
        """One more than the highest ordinal in the journal; 0 if it has no row."""
        for _, path in reversed([*list_shards(self.folder)]):
            with _open(path) as connection:
                if (last := connection.execute("SELECT max(ordinal) FROM rows").fetchone()[0]) is not None:
                    return int(last) + 1
        return 0

    def read_keys(self, first: int = 0) -> Iterator[tuple[int, str]]:
        """Yield ordinal and key of every row in the journal, in order, from the ordinal *first* on."""
        for shard, path in list_shards(self.folder):
            while first // SHARD_ORDINALS <= shard:
                with _open(path) as connection:
                    rows = connection.execute(KEYS, (first, PAGE_KEYS)).fetchall()
                    keys = [(ordinal, unpack_text(key)) for ordinal, key in rows]
                yield from keys
                first = rows[-1][0] + 1 if rows else (shard + 1) * SHARD_ORDINALS

    def ambiguous_rows(self, *, include_current_run: bool = False) -> Iterator[tuple[int, str]]:
        """Yield ordinal and key of the rows with a request of an earlier run whose reply the journal does not have.

        The request may have been paid for. A row is no longer ambiguous once its request has been retried. Where raw
        text is not stored, a row whose reply arrived is ambiguous until it is finished.

        Args:
            include_current_run: Whether the last run is over too, so that its requests in flight are lost.
        """
        for _, path in list_shards(self.folder):
            with _open(path) as connection:
                rows = connection.execute(AMBIGUOUS, {"run": self.run + include_current_run}).fetchall()
                keys = [(ordinal, unpack_text(key)) for ordinal, key in rows]
            yield from keys

    def batched_requests(self, batch: str) -> Iterator[BatchedRequest]:
        """Yield the requests without a reply that went out in the batch with this key, in no order."""
        for _, path in list_shards(self.folder):
            with _open(path) as connection:
                requests = [
                    BatchedRequest(ordinal, number, unpack_text(request), Reservation(*reserved))
                    for ordinal, number, request, *reserved in connection.execute(BATCHED, (batch,))
                ]
            yield from requests

    def _last_answer(self, connection: sqlite3.Connection, path: Path) -> int:
        """Return the id of the last request in a shard that the model answered, as it was when first asked for."""
        if path not in self._last_answers:
            row = connection.execute(LAST_ANSWER, (COMPLETION,)).fetchone()
            self._last_answers[path] = row[0] if row else 0
        return self._last_answers[path]

    def counts(self) -> Mapping[str, int]:
        """Count the rows in each final state, and those in the journal that are not finished, as `open`."""
        total: dict[str, int] = dict.fromkeys((*FINAL_STATES, "open"), 0)
        for _, path in list_shards(self.folder):
            with _open(path) as connection:
                for state, rows in connection.execute("SELECT state, rows FROM counts"):
                    total[state] += rows
        return total

    def usage(self) -> Usage:
        """Sum the usage of every reply in the journal, of ignored ones too.

        A request of an earlier run that was never answered counts as one unreported, unless it is in a batch.
        """
        total = Usage()
        for _, path in list_shards(self.folder):
            with _open(path) as connection, transaction(connection, "DEFERRED"):
                total += Usage(*connection.execute(TOKENS).fetchone())
                total += Usage(unreported=connection.execute(UNBATCHED, (self.run,)).fetchone()[0])
        return total

    def spending(self, *, include_current_run: bool = False) -> Spending:
        """Sum the costs that the replies in the journal reported, and the tokens of those that reported none.

        A request of an earlier run that was never answered counts as a reply that reported neither.

        Args:
            include_current_run: Whether the last run is over too, so that its requests in flight are lost.
        """
        total = Spending()
        for _, path in list_shards(self.folder):
            with _open(path) as connection, transaction(connection, "DEFERRED"):
                cost, *counts = connection.execute(COSTS).fetchone()
                run = self.run + include_current_run
                unanswered, *reserved = connection.execute(UNANSWERED, (run,)).fetchone()
                total += Spending(Decimal(cost) * BILLIONTH, *counts)  # SQLite has a sum above 2**63 as a float
                total += Spending(ZERO, 0, 0, 0, unanswered, unanswered, *reserved)
        return total


def find_reader(folder: Path) -> Reader | None:
    """Return the reader of a folder, or None if no run of its job has started.

    Raises:
        JobError: There was a run, and its journal cannot be read.
    """
    path = job_path(folder)
    if not has_job_file(folder):
        return None
    with _open(path, JOB_MIGRATIONS) as connection:
        has_header = connection.execute("SELECT 1 FROM job").fetchone() is not None
    return Reader(folder) if has_header else None


@contextlib.contextmanager
def _open(path: Path, migrations: Sequence[Migration] = SHARD_MIGRATIONS) -> Iterator[sqlite3.Connection]:
    with (
        translate_errors(path),
        contextlib.closing(open_for_reading(path, migrations)) as connection,
        translate_damage(path),
    ):
        yield connection


def _read_rows(
    connection: sqlite3.Connection,
    query: str,
    ordinals: Sequence[int],
    condition: str = BETWEEN,
    *,
    with_exchanges: bool,
    last_answer: int = 0,
) -> list[RowState]:
    """Read the rows of some ordinals with their exchanges, from one snapshot of the database."""
    with transaction(connection, "DEFERRED"):
        rows = connection.execute(query.format(condition), ordinals).fetchall()
        waiting = connection.execute(WAITING.format(condition), ordinals).fetchall()
        queries = (REPLIES, TOOL_RUNS) if with_exchanges else (REPLIES_OF_OPEN, TOOL_RUNS_OF_OPEN)
        values = ordinals if with_exchanges else (*ordinals, *ordinals)
        replies, tool_runs = (
            connection.execute(each.format(condition, condition), values).fetchall() for each in queries
        )
    exchanges, runs = _by_ordinal([*replies, *waiting]), _by_ordinal(tool_runs)
    return [_row_state(row, exchanges[row[0]], runs[row[0]], last_answer) for row in rows]


def _by_ordinal(rows: list[tuple[Any, ...]]) -> defaultdict[int, list[tuple[Any, ...]]]:
    """Group rows by their first column, which the groups omit."""
    groups: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for ordinal, *columns in rows:
        groups[ordinal].append(tuple(columns))
    return groups


def _row_state(
    row: tuple[Any, ...], exchanges: list[tuple[Any, ...]], tool_runs: list[tuple[Any, ...]], last_answer: int
) -> RowState:
    ordinal, key, digest, state, since, outcome = row
    current = sorted(exchange for exchange in exchanges if exchange[0] >= since)
    last = {
        number: (number, unpack_text(request), id_ < last_answer, *reply) for id_, number, request, *reply in current
    }
    replies = tuple(_exchange(*last[number]) for number in sorted(last))
    end = None if outcome is None else unpack_object(outcome)
    if state is not None and state not in FINAL_STATES:
        raise ValueError(f"no such state: {state!r}")
    return RowState(ordinal, unpack_text(key), unpack_text(digest), state, replies, end, _stored_runs(tool_runs, since))


def _stored_runs(tool_runs: list[tuple[Any, ...]], since: int) -> tuple[StoredRun, ...]:
    """Return the calls that count for a row, in order of their numbers; of a call that was repeated, the last one."""
    current = {number: (call, body) for id_, number, call, body in sorted(tool_runs) if id_ >= since}
    return tuple(
        StoredRun(number, call, run_from_json(unpack_object(body))) for number, (call, body) in sorted(current.items())
    )


def _exchange(number: int, request: str, is_before_answer: bool, *columns: Any) -> Exchange:
    if not columns:
        return Exchange(number, request, None, is_before_answer)
    kind, retries, prompt, completion, total, unreported, body = columns
    reply = unpack_reply(PackedReply(kind, retries, Usage(prompt, completion, total, unreported), body))
    return Exchange(number, request, reply, is_before_answer)
