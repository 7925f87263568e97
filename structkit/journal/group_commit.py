"""A group of entries for one part, folded to a few statements of many rows each.

A statement gives up Python's lock while it runs, and must win it back from a busy event loop afterwards: that costs
more than the row, and so is paid for many rows at once.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeAlias

from structkit.journal.entries import Answer, Conclusion, Entry, Intent, Reopening

MOST_VALUES = 900
"""In one statement: older SQLites take 999."""

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
Waiting: TypeAlias = dict[tuple[int, int], tuple[int, str | bytes]]
"""Ordinal and number of a request without a reply: its id, and its digest."""


class Group:
    """Entries of one part, in the order they came.

    Attributes:
        next_id: Of the next exchange; ids grow with time.
        waiting: The requests without a reply, after these entries.
    """

    def __init__(self, next_id: int, waiting: Waiting, run: int) -> None:
        """Begin after what the part has."""
        self.next_id = next_id
        self.waiting = dict(waiting)
        self._run = run
        self._intents: dict[int, Values] = {}
        self._answered: list[Values] = []
        self._exchanges: list[Values] = []
        # The n-th change of a row is in the n-th wave: what is in one wave may be written in any order.
        self._waves: list[dict[str, list[Values]]] = []
        self._changes: defaultdict[int, int] = defaultdict(int)

    def add(self, entry: Entry) -> None:
        """Take one entry more."""
        match entry:
            case Intent():
                self._intend(entry)
            case Answer():
                self._answer(entry)
            case Conclusion():
                self._change("conclude", entry)
            case Reopening(ordinal, afresh):
                self._change(f"forget {self.next_id}" if afresh else "reopen", (ordinal,))
            case _:
                raise TypeError(entry)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write everything; the transaction is the caller's."""
        for wave in self._waves:
            for what, rows in wave.items():
                _write_rows(connection, what, rows)
        _each(connection, _values("INSERT INTO waiting"), [*self._intents.values()])
        _each(connection, _values("INSERT INTO exchanges"), self._exchanges)
        _each(connection, _named("DELETE FROM waiting WHERE id IN"), self._answered)

    def _intend(self, entry: Intent) -> None:
        number, self.next_id = self.next_id, self.next_id + 1
        self.waiting[entry.ordinal, entry.number] = (number, entry.request)
        self._intents[number] = (number, entry.ordinal, entry.number, entry.request, self._run)
        self._change("intend", (entry.ordinal, entry.key, entry.digest, number))

    def _answer(self, entry: Answer) -> None:
        ordinal, number, reply = entry
        known = self.waiting.pop((ordinal, number), None)
        if known is None:  # nobody said that it would be sent; but it was paid for
            known, self.next_id = (self.next_id, ""), self.next_id + 1
            self._change("touch", (ordinal, "", ""))
        elif self._intents.pop(known[0], None) is None:
            self._answered.append((known[0],))
        usage = reply.usage
        tokens = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.unreported)
        told = (reply.kind, reply.retries, *tokens, reply.body, reply.cost)
        self._exchanges.append((known[0], ordinal, number, known[1], self._run, *told))

    def _change(self, what: str, values: Values) -> None:
        wave = self._changes[values[0]]
        self._changes[values[0]] += 1
        if wave == len(self._waves):
            self._waves.append(defaultdict(list))
        self._waves[wave][what].append(values)


def _write_rows(connection: sqlite3.Connection, what: str, rows: list[Values]) -> None:
    match what.split():
        case ["intend"]:
            _each(connection, _values(*INTEND), rows)
        case ["conclude"]:
            _each(connection, _values(*CONCLUDE), rows)
        case ["touch"]:
            _each(connection, _values(*TOUCH), rows)
        case ["forget", since]:
            _each(connection, _named(FORGET.format(int(since))), rows)
        case _:
            _each(connection, _named(REOPEN), rows)


def _values(head: str, tail: str = "") -> Callable[[int, int], str]:
    def statement(rows: int, columns: int) -> str:
        row = f"({','.join('?' * columns)})"
        return f"{head} VALUES {','.join([row] * rows)} {tail}"

    return statement


def _named(head: str) -> Callable[[int, int], str]:
    return lambda rows, columns: f"{head} ({','.join('?' * rows * columns)})"


def _each(connection: sqlite3.Connection, statement: Callable[[int, int], str], rows: Sequence[Values]) -> None:
    """Execute a statement for many rows at a time."""
    if not rows:
        return
    columns = len(rows[0])
    most = MOST_VALUES // columns
    for start in range(0, len(rows), most):
        some = rows[start : start + most]
        values: Iterable[Any] = chain.from_iterable(some)
        connection.execute(statement(len(some), columns), [*values])
