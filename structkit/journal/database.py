"""SQLite files of a job: how they are opened and brought up to date, and what their faults mean to the user."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from structkit.errors import JobError

Migration: TypeAlias = Callable[[sqlite3.Connection], None]
"""Brings a file from one version to the next; all that are due are one transaction."""

PRAGMAS = (
    "journal_mode = WAL",
    # A commit in NORMAL survives the process, in FULL the power cut too. One sync for a group costs a disk 1 to 10 ms
    # fifty times a second, in the writer's thread alone: nobody waits for it but requests that are about to be sent.
    "synchronous = FULL",
    "fullfsync = ON",  # macOS: else a sync ends at the drive's cache
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4000",
)

RESERVE = 32 * 2**20
"""Bytes that are left free for what is under way: replies, the log of 16 MB, and the file that it ends in."""

STATEMENTS = 512
"""Prepared statements kept: one a number of rows."""

ADVICE = (
    (("FULL",), "the disk is full; make space, then go on with the same command"),
    (("IOERR",), "the disk is full or fails; make space or mend it, then go on with the same command"),
    (("READONLY", "CANTOPEN", "PERM", "AUTH"), "it cannot be written; check its owner, its mode and the disk"),
    (("CORRUPT", "NOTADB"), "it is damaged; put a copy back, or move it away: its rows will be asked for again"),
    (("BUSY", "LOCKED", "PROTOCOL"), "another program has it open; close that one"),
)


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what a file's use raises into a `JobError` that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        found = (advice for causes, advice in ADVICE if any(name.startswith(f"SQLITE_{cause}") for cause in causes))
        raise JobError(f"{path}: {next(found, 'SQLite failed')} ({error})", file=str(path)) from error
    except OSError as error:
        raise JobError(f"{path}: {error.strerror or error}; check the disk and the folder", file=str(path)) from error


def shortage(folder: Path) -> JobError | None:
    """That the disk is nearly full, where it is; it takes a millionth of what a commit does to look."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:  # writing will tell
        return None
    if free >= RESERVE:
        return None
    left = f"{free / 2**20:.0f} MB are left, {RESERVE >> 20} are kept for the replies to come"
    return JobError(
        f"the disk of {folder} is nearly full ({left}); make space, then go on with the same command", file=str(folder)
    )


def open_file(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """A file, made where there is none, brought up to date, readable by its owner alone.

    Raises:
        JobError: It cannot be opened, is damaged, or was written by a newer structkit.
    """
    with telling(path):
        _create(path)
        connection = connect(path)
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A bare connection: transactions are begun and ended by whoever uses it."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All of it or nothing."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled back already
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    latest = len(migrations)
    if version_of(connection) == latest:
        return
    with transaction(connection):
        version = version_of(connection)
        if version > latest:
            newer = f"it has version {version} and this structkit knows {latest}; update structkit"
            raise JobError(f"{path}: {newer}", file=str(path))
        for migration in migrations[version:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {latest}")


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations a file has seen."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make_folder(folder: Path) -> None:
    """A folder for its owner alone, where there is none.

    Raises:
        JobError: It cannot be made.
    """
    with telling(folder):
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(folder.parent)


def _create(path: Path) -> None:
    """An empty file before SQLite makes one that others may read; its log and index take over its mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Keep a folder's new names through a power cut, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some file systems refuse it, and need none
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
