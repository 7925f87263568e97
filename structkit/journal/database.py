"""SQLite files of a job: how they are opened and migrated, and what their errors mean to the user."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from structkit.disk import sync_folder
from structkit.errors import JobError
from structkit.sqlite_reading import cannot_write, connect_read_only, copy_database

Migration: TypeAlias = Callable[[sqlite3.Connection], None]
"""Brings a file from one version to the next; all pending ones run in one transaction."""

PRAGMAS = (
    "journal_mode = WAL",
    # A commit in NORMAL survives a crash of the process, in FULL a power failure too. One sync for a group costs 1 to
    # 10 ms, up to fifty times a second, in the writer's thread alone: only requests about to go out wait for it.
    "synchronous = FULL",
    "fullfsync = ON",  # macOS: otherwise a sync ends at the drive's cache
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4000",
)

BUSY_S, BUSY_PAUSE_S = 5.0, 0.005
"""How long to wait for a file that another process uses, and how long between two tries."""

MIN_FREE_BYTES = 32 * 2**20
"""Reserved for what is in flight: replies, the write-ahead log of 16 MB, and the file that it is merged into."""

MAX_CACHED_STATEMENTS = 512
"""Prepared statements in SQLite's cache: a statement has one form for each number of rows."""

DAMAGED = "it is damaged; restore a copy, or delete the folder to start the job from scratch, and pay again"

MAX_ERROR_CHARS = 200
"""Characters of an error that a message quotes."""

ADVICE = (
    (("FULL",), "the disk is full; free some space, then run the same command again"),
    (("IOERR",), "the disk is full or failing; free some space or repair it, then run the same command again"),
    (("READONLY", "CANTOPEN", "PERM", "AUTH"), "it cannot be written; check its owner, its mode and the disk"),
    (("CORRUPT", "NOTADB"), DAMAGED),
    (("BUSY", "LOCKED", "PROTOCOL"), "another program has it open; close that program"),
)
"""What the user can do, by the start of SQLite's error name."""


@contextlib.contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into a `JobError` with the file and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        matches = (advice for causes, advice in ADVICE if any(name.startswith(f"SQLITE_{cause}") for cause in causes))
        raise JobError(f"{path}: {next(matches, 'SQLite failed')} ({error})", file=str(path)) from error
    except OSError as error:
        raise JobError(f"{path}: {error.strerror or error}; check the disk and the folder", file=str(path)) from error


@contextlib.contextmanager
def translate_damage(path: Path) -> Iterator[None]:
    """Turn the error of reading a value that no structkit has written into a `JobError` with the file."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, zlib.error) as error:
        reason = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARS]
        raise JobError(f"{path}: {DAMAGED} ({reason})", file=str(path)) from error


def disk_shortage(folder: Path) -> JobError | None:
    """Return the error that the disk is nearly full, or None. The check takes a millionth of the time of a commit."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:  # if the disk is unusable, the next write reports it
        return None
    if free >= MIN_FREE_BYTES:
        return None
    space = f"{free / 2**20:.0f} MB are free, {MIN_FREE_BYTES >> 20} MB are reserved for replies in flight"
    message = f"the disk of {folder} is nearly full ({space}); free some space, then run the same command again"
    return JobError(message, file=str(folder))


def open_database(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Open a file, readable by its owner alone, and run the migrations that it lacks; create it if there is none.

    Raises:
        JobError: It cannot be opened, is damaged, or was written by a newer structkit.
    """
    with translate_errors(path), translate_damage(path):
        _create_file(path)
        connection = connect(path)
        try:
            _set_pragmas(connection)
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    return connection


def open_for_reading(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Open a file as `open_database` does; one that cannot be written is read as it is, or migrated as a copy.

    Raises:
        JobError: It cannot be opened, is damaged, or was written by a newer structkit.
    """
    try:
        return open_database(path, migrations)
    except JobError as error:
        if not cannot_write(error.__cause__):
            raise
    with translate_errors(path), translate_damage(path):
        connection = connect_read_only(path)
        if schema_version(connection) == len(migrations):
            return connection
        with contextlib.closing(connection):
            copy = copy_database(connection)
        _migrate(copy, path, migrations)
    return copy


def _set_pragmas(connection: sqlite3.Connection) -> None:
    """Set them, again where another process opens or closes the file at the same moment.

    To switch to a write-ahead log, SQLite may need a lock for which it does not wait, lest two processes wait for each
    other (sqlite3_busy_handler, read 2026-11-30).
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if not (error.sqlite_errorname or "").startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(BUSY_PAUSE_S)
        else:
            return


def connect(path: Path) -> sqlite3.Connection:
    """Open a bare connection, whose transactions the caller begins and ends."""
    return sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=MAX_CACHED_STATEMENTS
    )


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Commit everything that the block does, or nothing if it raises."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have caused a rollback already
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    latest = len(migrations)
    if schema_version(connection) == latest:
        return
    with transaction(connection):
        version = schema_version(connection)
        _validate_version(version, latest, path)
        for migration in migrations[version:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {latest}")


def _validate_version(version: int, latest: int, path: Path) -> None:
    if version > latest:
        reason = f"it has version {version}, but this structkit supports versions up to {latest}; update structkit"
        raise JobError(f"{path}: {reason}", file=str(path))


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations a file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def create_folder(folder: Path) -> None:
    """Create a folder that its owner alone can open, unless there is one.

    Raises:
        JobError: It cannot be created.
    """
    with translate_errors(folder):
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)


def _create_file(path: Path) -> None:
    """Create an empty file before SQLite does, whose file others could read; its log and index copy the mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        sync_folder(path.parent)
