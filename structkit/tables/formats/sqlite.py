"""SQLite: a table, or what a query finds; values as the database has them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from structkit.errors import JobError
from structkit.tables.columns import input_columns
from structkit.tables.files import Input
from structkit.tables.formats.cells import flat_cell
from structkit.tables.formats.format import Format, Header, Line, Table, Target, headed
from structkit.values import JSON

LARGEST = 2**63
AT_ONCE = 500
"""Rows that are written in one go."""

_QUERY = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)


def _read(source: Input) -> Table:
    """What the query finds, or the table in the order it was written in."""
    connection = _connected(source)
    try:
        cursor = connection.execute(_query(source, connection))
        names = headed([column[0] for column in cursor.description], source)
    except sqlite3.Error as error:
        connection.close()
        raise source.wrong(f"cannot be read: {error}") from None
    return Table(Header(input_columns(names), unit="row"), _rows(source, connection, cursor, names))


def _rows(
    source: Input, connection: sqlite3.Connection, cursor: sqlite3.Cursor, names: tuple[str, ...]
) -> Iterator[Line]:
    number = 0
    with closing(connection):
        try:
            for number, row in enumerate(cursor, 1):
                yield Line(number, dict(zip(names, row, strict=True)))
        except sqlite3.Error as error:
            raise source.wrong(f"cannot be read: {error}", number + 1, unit="row") from None


def _count(source: Input) -> int | None:
    with closing(_connected(source)) as connection:
        try:
            query = _query(source, connection)
            return int(connection.execute(f"SELECT count(*) FROM ({query})").fetchone()[0])  # noqa: S608 (as read)
        except sqlite3.Error as error:
            raise source.wrong(f"cannot be read: {error}") from None


def _connected(source: Input) -> sqlite3.Connection:
    """The database, so that nothing can be written to it."""
    path = source.path or Path()
    try:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise source.wrong(f"cannot be read: {error}") from None


def _query(source: Input, connection: sqlite3.Connection) -> str:
    if source.table and _QUERY.match(source.table):
        return source.table
    found = connection.execute("SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
    tables = [name for name, kind in found if not name.startswith("sqlite_")]
    if source.table is None and len(tables) != 1:
        raise source.wrong(f"which table? It has {_listed(tables)}")
    table = source.table or tables[0]
    if table not in tables:
        raise source.wrong(f"has no table {table!r}; it has {_listed(tables)}")
    return f"SELECT * FROM {_quoted(table)}{_in_order(table, connection)}"  # noqa: S608 (a name of its own, quoted)


def _in_order(table: str, connection: sqlite3.Connection) -> str:
    """The order of writing, where the table keeps it; a view and a table without row numbers do not."""
    try:
        connection.execute(f"SELECT rowid FROM {_quoted(table)} LIMIT 0")  # noqa: S608
    except sqlite3.Error:
        return ""
    kind = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    return " ORDER BY rowid" if kind == "table" else ""


def _listed(tables: list[str]) -> str:
    return ", ".join(islice(map(repr, tables), 20)) or "none"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Writer:
    """Rows as a table whose columns have no type, so that `00501` stays a text and 5 a number."""

    def __init__(self, target: Target) -> None:
        if target.path is None:
            raise JobError("an SQLite database cannot be written to standard output")
        self._name, self._columns, self._waiting = target.name, target.columns, list[list[Any]]()
        self._connection = sqlite3.connect(target.path, isolation_level=None)
        # the file has no name yet, and is synced as a whole when it gets one
        self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        names, marks = (
            ", ".join(_quoted(column.name) for column in target.columns),
            ", ".join("?" * len(self._columns)),
        )
        self._insert = f"INSERT INTO {_quoted(target.table)} VALUES ({marks})"  # noqa: S608 (quoted)
        self._try(lambda: self._connection.execute(f"CREATE TABLE {_quoted(target.table)} ({names})"))

    def write(self, row: JSON) -> None:
        """Take a row."""
        self._waiting.append([_kept(column.cell(row)) for column in self._columns])
        if len(self._waiting) >= AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write what is still to be written."""
        with closing(self._connection):
            self._flush()
            self._try(self._connection.commit)

    def _flush(self) -> None:
        self._try(lambda: self._connection.executemany(self._insert, self._waiting))
        self._waiting = []

    def _try(self, call: Any) -> None:
        try:
            call()
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise JobError(f"cannot write {self._name}: {error}", file=self._name) from None


def _kept(value: Any) -> Any:
    """What SQLite can hold: bytes as they are; a number that is too large for it as text."""
    if isinstance(value, bytes):
        return value
    found = flat_cell(value)
    is_large = type(found) is int and not -LARGEST <= found < LARGEST
    return str(found) if is_large else found


SQLITE = Format("sqlite", (".db", ".sqlite", ".sqlite3"), _read, _Writer, _count, is_flat=True, folds=True)
