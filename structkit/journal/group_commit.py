"""A group of entries for one shard, folded into a few statements of many rows each.

A statement releases Python's lock while it runs, and has to win it back from a busy event loop afterwards. That costs
more than the row itself, and so one statement writes many rows.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from structkit.journal.entries import Conclusion, Entry, FinishedCall, Intent, ReceivedReply, Reopening, Withdrawal

MAX_VALUES = 900
"""Values in one statement: older SQLites take 999."""

INTEND = (
    "INSERT INTO rows (ordinal, key, digest, since)",
    """
    ON CONFLICT (ordinal) DO UPDATE SET state = NULL, outcome = NULL, key = excluded.key, digest = excluded.digest,
        since = CASE WHEN digest = excluded.digest THEN since ELSE excluded.since END
    """,
)
CONCLUDE = (
    "INSERT INTO rows (ordinal, key, digest, state, outcome)",
    "ON CONFLICT (ordinal) DO UPDATE SET state = excluded.state, outcome = excluded.outcome",
)
TOUCH = ("INSERT INTO rows (ordinal, key, digest)", "ON CONFLICT (ordinal) DO NOTHING")
REOPEN = "UPDATE rows SET state = NULL, outcome = NULL WHERE ordinal IN"
FORGET = "UPDATE rows SET state = NULL, outcome = NULL, since = {} WHERE ordinal IN"

Values: TypeAlias = "tuple[Any, ...]"
Waiting: TypeAlias = "dict[tuple[int, int], WaitingRequest]"
"""Ordinal and number of a request without a reply: its id, and its digest."""


class WaitingRequest(NamedTuple):
    """A request without a reply: its id, its digest, and the tokens that are reserved for it."""

    id: int
    request: str | bytes
    max_prompt: int | None = None
    max_completion: int | None = None


class GroupCommit:
    """Entries of one shard, in the order in which they arrived.

    Attributes:
        next_id: Of the next exchange; ids grow with time.
        waiting: The requests without a reply, after these entries.
    """

    def __init__(self, next_id: int, waiting: Waiting, run: int) -> None:
        """Start from the state of the shard."""
        self.next_id = next_id
        self.waiting = dict(waiting)
        self._run = run
        self._intents: dict[int, Values] = {}
        self._answered: list[Values] = []
        self._exchanges: list[Values] = []
        self._tool_runs: list[Values] = []
        # The n-th change of a row is in the n-th wave: the changes in one wave may be written in any order.
        self._waves: list[dict[str, list[Values]]] = []
        self._changes: defaultdict[int, int] = defaultdict(int)

    def add(self, entry: Entry) -> None:
        """Add one entry."""
        match entry:
            case Intent():
                self._intend(entry)
            case ReceivedReply():
                self._add_reply(entry)
            case Withdrawal():
                self._withdraw(entry)
            case FinishedCall():
                self._tool_runs.append((self.next_id, *entry))
                self.next_id += 1
            case Conclusion():
                self._change("conclude", entry)
            case Reopening(ordinal, ignore_exchanges):
                self._change(f"forget {self.next_id}" if ignore_exchanges else "reopen", (ordinal,))
            case _:
                raise TypeError(entry)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write everything, in the caller's transaction."""
        for wave in self._waves:
            for change, rows in wave.items():
                _write_rows(connection, change, rows)
        _execute_many(connection, _insert("INSERT INTO waiting"), [*self._intents.values()])
        _execute_many(connection, _insert("INSERT INTO exchanges"), self._exchanges)
        _execute_many(connection, _insert("INSERT INTO tool_runs"), self._tool_runs)
        _execute_many(connection, _with_list("DELETE FROM waiting WHERE id IN"), self._answered)

    def _intend(self, entry: Intent) -> None:
        number, self.next_id = self.next_id, self.next_id + 1
        reserved = entry.reservation or (None, None)
        self.waiting[entry.ordinal, entry.number] = WaitingRequest(number, entry.request, *reserved)
        self._intents[number] = (number, entry.ordinal, entry.number, entry.request, self._run, *reserved, entry.batch)
        self._change("intend", (entry.ordinal, entry.key, entry.digest, number))

    def _add_reply(self, entry: ReceivedReply) -> None:
        ordinal, number, reply = entry
        request = self._take_request(ordinal, number)
        usage = reply.usage
        tokens = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.unreported)
        columns = (reply.kind, reply.retries, *tokens, reply.body, reply.cost)
        reserved = (request.max_prompt, request.max_completion)
        self._exchanges.append((request.id, ordinal, number, request.request, self._run, *columns, *reserved))

    def _take_request(self, ordinal: int, number: int) -> WaitingRequest:
        """Return the request of a reply, and remove it from those that wait."""
        request = self.waiting.pop((ordinal, number), None)
        if request is None:  # its request was not announced, but the reply was paid for
            request, self.next_id = WaitingRequest(self.next_id, ""), self.next_id + 1
            self._change("touch", (ordinal, "", ""))
        else:
            self._stop_waiting(request)
        return request

    def _withdraw(self, entry: Withdrawal) -> None:
        if (request := self.waiting.pop((entry.ordinal, entry.number), None)) is not None:
            self._stop_waiting(request)

    def _stop_waiting(self, request: WaitingRequest) -> None:
        if self._intents.pop(request.id, None) is None:
            self._answered.append((request.id,))

    def _change(self, change: str, values: Values) -> None:
        wave = self._changes[values[0]]
        self._changes[values[0]] += 1
        if wave == len(self._waves):
            self._waves.append(defaultdict(list))
        self._waves[wave][change].append(values)


def _write_rows(connection: sqlite3.Connection, change: str, rows: list[Values]) -> None:
    name, _, since = change.partition(" ")
    statement = _with_list(FORGET.format(int(since))) if name == "forget" else STATEMENTS[name]
    _execute_many(connection, statement, rows)


def _insert(head: str, tail: str = "") -> Callable[[int, int], str]:
    def statement(rows: int, columns: int) -> str:
        row = f"({','.join('?' * columns)})"
        return f"{head} VALUES {','.join([row] * rows)} {tail}"

    return statement


def _with_list(head: str) -> Callable[[int, int], str]:
    return lambda rows, columns: f"{head} ({','.join('?' * rows * columns)})"


STATEMENTS = {
    "intend": _insert(*INTEND),
    "conclude": _insert(*CONCLUDE),
    "touch": _insert(*TOUCH),
    "reopen": _with_list(REOPEN),
}
"""The statement of each change that has no parameter of its own."""


def _execute_many(connection: sqlite3.Connection, statement: Callable[[int, int], str], rows: Sequence[Values]) -> None:
    """Execute a statement for many rows at a time."""
    if not rows:
        return
    columns = len(rows[0])
    max_rows = MAX_VALUES // columns
    for start in range(0, len(rows), max_rows):
        chunk = rows[start : start + max_rows]
        values: Iterable[Any] = chain.from_iterable(chunk)
        connection.execute(statement(len(chunk), columns), [*values])
