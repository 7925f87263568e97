"""Reading SQLite files that cannot be written, such as those in a read-only folder or on a read-only file system."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

LOG_HEADER_BYTES = 32
"""The header of a write-ahead log. It has numbers that change when the log is started from the beginning."""

MAX_COPIES = 10
"""How often files are copied whose writer starts its log from the beginning meanwhile."""

REFUSALS = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def cannot_write(error: BaseException | None) -> bool:
    """Return whether an error of SQLite means that it may not write a file, or create one beside it."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and isinstance(code, int) and code & 0xFF in REFUSALS


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a database for reading.

    One with a write-ahead log needs a file of shared memory beside it, which SQLite cannot create in a read-only
    folder (https://www.sqlite.org/wal.html, "Read-Only Databases"). If its log is empty it is then read as a file that
    does not change; else a copy is read, into which the log is merged.

    Raises:
        sqlite3.Error: It is not a database, or cannot be read.
        OSError: It cannot be copied.
    """
    uri = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if not cannot_write(error) or not path.is_file():
            raise
        if _read_log_header(path):
            return _copy_merged(path)
        return sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    return connection


def copy_database(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy that can be written; SQLite deletes its file when it is closed."""
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    connection.backup(copy)
    return copy


def _copy_merged(path: Path) -> sqlite3.Connection:
    with _copied_files(path) as file, closing(sqlite3.connect(file)) as connection:
        return copy_database(connection)


@contextmanager
def _copied_files(path: Path) -> Iterator[Path]:
    """Copy a database and its log for the block."""
    with TemporaryDirectory() as folder:
        copy = Path(folder, "copy.db")
        for _ in range(MAX_COPIES):
            header = _read_log_header(path)
            shutil.copyfile(path, copy)
            # The log last: it still has what a writer merges in between, unless it is started from the beginning.
            if header:
                shutil.copyfile(log_path(path), log_path(copy))
            if header == _read_log_header(path):
                yield copy
                return
    raise sqlite3.OperationalError("another program writes it all the time, so that it cannot be copied")


def _read_log_header(path: Path) -> bytes:
    """Return the header of a database's log; nothing if it has none."""
    try:
        with log_path(path).open("rb") as file:
            return file.read(LOG_HEADER_BYTES)
    except FileNotFoundError:
        return b""


def log_path(path: Path) -> Path:
    """Return the path of a database's write-ahead log, which has what was committed last."""
    return path.with_name(f"{path.name}-wal")
