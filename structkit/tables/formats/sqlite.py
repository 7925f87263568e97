"""SQLite: a table, or the rows of a query; values as the database has them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from structkit.errors import JobError
from structkit.sqlite_reading import connect_read_only
from structkit.tables.columns import input_columns
from structkit.tables.files import Input
from structkit.tables.formats.cells import flat_cell
from structkit.tables.formats.format import Format, Header, SourceRow, Table, Target, read_header
from structkit.values import JSON
from structkit.values.text import format_names

READ_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""The exceptions of a database that cannot be read; of a damaged one, SQLite's message may be no text."""

VOLATILE_FUNCTIONS = frozenset({"random", "randomblob", "current_date", "current_time", "current_timestamp"})
"""Functions whose results differ from call to call, or with the time."""

TIME_FUNCTIONS = frozenset({"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"})
"""Functions that read the clock for the argument `now`."""

INT64_BOUND = 2**63
OPCODE, P4 = 1, 5
"""The columns of EXPLAIN with the name of an instruction, and with a constant of it."""

ROW_IDS = ("rowid", "_rowid_", "oid")
"""The names of a row's number, of which a table may have columns."""

DAMAGE = "*** in database main ***"
"""How SQLite's check of a table starts where its pages are damaged."""

GROUP_ROWS = 500
"""Rows that are written with one call."""

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUERY = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)


def _read(source: Input) -> Table:
    """Open the rows of the query, or those of the table in the order in which they were written."""
    connection = _connect(source)
    try:
        query = _query(source, connection)
        program = _compile(connection, query)
        _validate_repeatable(source, program)
        _validate_undamaged(source, connection, program.tables)
        cursor = connection.execute(query)
        names = read_header([column[0] for column in cursor.description], source)
    except (*READ_ERRORS, JobError) as error:
        connection.close()
        raise error if isinstance(error, JobError) else source.error(f"cannot be read: {error}") from None
    return Table(Header(input_columns(names), unit="row"), _rows(source, connection, cursor, names))


class _Program(NamedTuple):
    """What a query calls and reads."""

    functions: set[str]
    tables: set[str]
    has_now: bool


def _compile(connection: sqlite3.Connection, query: str) -> _Program:
    """Return what a query calls and reads, itself or in a view; it is compiled, and not run."""
    functions, tables = set[str](), set[str]()

    def add_name(action: int, table: str | None, function: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_FUNCTION and function:
            functions.add(function.lower())
        if action == sqlite3.SQLITE_READ and table:
            tables.add(table)
        return sqlite3.SQLITE_OK

    connection.set_authorizer(add_name)
    steps = [*connection.execute(f"EXPLAIN {query}")]
    connection.set_authorizer(None)
    has_now = any(step[OPCODE] == "String8" and str(step[P4]).lower() == "now" for step in steps)
    return _Program(functions, tables, has_now)


def _validate_repeatable(source: Input, program: _Program) -> None:
    """Validate that a query has the same rows each time: a table is read several times.

    Raises:
        JobError: It calls a function of random numbers or of the clock.
    """
    forbidden = VOLATILE_FUNCTIONS | TIME_FUNCTIONS if program.has_now else VOLATILE_FUNCTIONS
    if calls := program.functions & forbidden:
        raise source.error(
            f"the query calls {min(calls)}({'now' * (min(calls) in TIME_FUNCTIONS)}), so that it has other rows each "
            "time: store its rows in a table first, write the time itself in place of 'now', or label a random sample "
            "of the table (sample=, --sample)"
        )


def _validate_undamaged(source: Input, connection: sqlite3.Connection, tables: set[str]) -> None:
    """Validate the pages of the tables that are read: SQLite reads a page of zeros as rows of NULL.

    Raises:
        JobError: A table is damaged.
    """
    stored = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for table in sorted(tables & stored):
        try:
            (finding,) = connection.execute(f"PRAGMA quick_check({_quote(table)})").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR_MISSING_COLLSEQ:
                raise
            continue  # an index has a collation of another program: its table can be read, and not be checked
        if finding.startswith(DAMAGE):  # others are about rules, such as NOT NULL
            detail = finding.removeprefix(DAMAGE).strip().partition("\n")[0]
            raise source.error(f"the database is damaged ({detail}): restore it from a copy")


def _rows(
    source: Input, connection: sqlite3.Connection, cursor: sqlite3.Cursor, names: tuple[str, ...]
) -> Iterator[SourceRow]:
    number = 0
    with closing(connection):
        try:
            for number, row in enumerate(cursor, 1):
                yield SourceRow(number, dict(zip(names, row, strict=True)))
        except READ_ERRORS as error:
            raise source.error(f"cannot be read: {error}", number + 1, unit="row") from None


def _count(source: Input) -> int | None:
    with closing(_connect(source)) as connection:
        try:
            query = _query(source, connection)
            return int(connection.execute(f"SELECT count(*) FROM (\n{query}\n)").fetchone()[0])  # noqa: S608 (the user's own query)
        except READ_ERRORS as error:
            raise source.error(f"cannot be read: {error}") from None


def _connect(source: Input) -> sqlite3.Connection:
    """Open the database read-only."""
    path = source.path or Path()
    try:
        return connect_read_only(path)
    except (OSError, *READ_ERRORS) as error:
        raise source.error(f"cannot be read: {error}") from None


def _query(source: Input, connection: sqlite3.Connection) -> str:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
    tables = [name for (name,) in rows if not name.startswith("sqlite_")]
    if source.table is None and len(tables) != 1:
        advice = (
            "choose a table with table= (--table)" if source.has_settings else "store one table in a file of its own"
        )
        raise source.error(f"{advice}; it has {format_names(tables)}")
    table = tables[0] if source.table is None else source.table
    if table not in tables:
        if _QUERY.match(_COMMENT.sub("", table)):
            return table.rstrip().removesuffix(";")
        raise source.error(f"has no table {table!r}; it has {format_names(tables)}")
    return f"SELECT * FROM {_quote(table)}{_order_clause(table, connection)}"  # noqa: S608 (an existing name, quoted)


def _order_clause(table: str, connection: sqlite3.Connection) -> str:
    """Return the clause for the order of writing; a view and a table without row ids do not have one."""
    names = {column[0].lower() for column in connection.execute(f"SELECT * FROM {_quote(table)} LIMIT 0").description}  # noqa: S608
    row_id = next((each for each in ROW_IDS if each not in names), None)
    if row_id is None:
        return ""
    try:
        connection.execute(f"SELECT {row_id} FROM {_quote(table)} LIMIT 0")  # noqa: S608
    except sqlite3.Error:
        return ""
    kind = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    return f" ORDER BY {row_id}" if kind == "table" else ""


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _SQLiteWriter:
    """Writes rows to a table whose columns have no type, so that `00501` stays a text and 5 a number."""

    def __init__(self, target: Target) -> None:
        if target.path is None:
            raise JobError("an SQLite database cannot be written to standard output")
        self._name, self._columns, self._buffer = target.name, target.columns, list[list[Any]]()
        self._connection = sqlite3.connect(target.path, isolation_level=None)
        # a crash only loses the temporary file, which is synced as a whole before it gets its name
        self._connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        names = ", ".join(_quote(column.name) for column in target.columns)
        marks = ", ".join("?" * len(self._columns))
        self._insert = f"INSERT INTO {_quote(target.table)} VALUES ({marks})"  # noqa: S608 (quoted)
        self._run(lambda: self._connection.execute(f"CREATE TABLE {_quote(target.table)} ({names})"))

    def write(self, row: JSON) -> None:
        """Write a row."""
        self._buffer.append([_storable(column.cell(row)) for column in self._columns])
        if len(self._buffer) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write everything that is buffered."""
        with closing(self._connection):
            self._flush()
            self._run(self._connection.commit)

    def _flush(self) -> None:
        self._run(lambda: self._connection.executemany(self._insert, self._buffer))
        self._buffer = []

    def _run(self, call: Any) -> None:
        try:
            call()
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise JobError(f"cannot write {self._name}: {error}", file=self._name) from None


def _storable(value: Any) -> Any:
    """Return a value as SQLite stores it: bytes unchanged, and an integer of more than 64 bits as text."""
    if isinstance(value, bytes):
        return value
    cell = flat_cell(value)
    is_large = type(cell) is int and not -INT64_BOUND <= cell < INT64_BOUND
    return str(cell) if is_large else cell


SQLITE = Format("sqlite", (".db", ".sqlite", ".sqlite3"), _read, _SQLiteWriter, _count, is_flat=True, folds_case=True)
