"""A store of replies in one SQLite file, for many threads and processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from structkit.errors import ConfigError

VERSION = 1
"""Of the file's layout, in its `user_version`."""

TABLE = "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, value BLOB NOT NULL, stored_at REAL NOT NULL)"

PRIVATE_FILE = 0o600

MAX_LOCK_WAIT_S = 30.0
"""Seconds that a process waits for another one to finish its write."""


class SQLiteStore:
    """Replies by key in an SQLite file; each call opens the file, so that threads and processes may share it.

    Args:
        path: The file; created with the first reply.
        max_age: The age above which a stored reply is not used, in seconds or as a `timedelta`; None for no limit.

    Raises:
        ConfigError: The file is not a cache of this version, or cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], max_age: float | timedelta | None = None) -> None:
        """Validate the file if it exists; nothing is written."""
        if not isinstance(path, str | os.PathLike):
            raise ConfigError(f"the cache must be the path of a file, not {path!r}")
        self.path = Path(path).expanduser()
        self.max_age_s = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        if self.max_age_s is not None and not _is_positive(self.max_age_s):
            raise ConfigError(f"max_age must be seconds, more than 0, or a timedelta, not {max_age!r}")
        try:
            self.path = self.path.absolute()  # SQLite takes `:memory:` for no file, and a program may change its folder
            has_folder, exists = self.path.parent.is_dir(), self.path.exists()
        except (OSError, ValueError) as error:  # a name that no file can have
            raise ConfigError(f"the cache {str(self.path)!r} cannot be used: {error}") from None
        if not has_folder:
            raise ConfigError(f"the cache {str(self.path)!r} cannot be used: its folder does not exist")
        if exists:
            self._find("")

    def get(self, key: str) -> bytes | None:
        """Return the reply of a key, if it is not too old.

        Raises:
            ConfigError: The file cannot be read; or it has no such reply, and cannot be written when one is paid for.
        """
        value = self._find(key)
        if value is None and not self._is_writable():
            raise ConfigError(
                f"the cache {str(self.path)!r} cannot be written, and does not have the reply to this request: nothing "
                "was sent"
            )
        return value

    def _is_writable(self) -> bool:
        """Return whether nothing forbids to write the file; SQLite writes another one beside it."""
        paths = [self.path.parent, *([self.path] if self.path.exists() else [])]
        return all(os.access(path, os.W_OK) for path in paths)

    def _find(self, key: str) -> bytes | None:
        oldest = 0.0 if self.max_age_s is None else time.time() - self.max_age_s
        if not self.path.exists():
            return None
        with self._open() as connection:
            if not _has_table(connection, self.path):
                return None
            query = "SELECT value FROM replies WHERE key = ? AND stored_at >= ?"
            row = connection.execute(query, (key, oldest)).fetchone()
            return None if row is None else cast("bytes", row[0])

    def set(self, key: str, value: bytes) -> None:
        """Store a reply in place of an earlier one.

        Raises:
            ConfigError: The file cannot be written.
        """
        self._create()
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")  # another process may be creating the table
            if not _has_table(connection, self.path):
                connection.execute(TABLE)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", (key, value, time.time()))

    def _create(self) -> None:
        """Create the file, if there is none, for its owner only: replies may have personal data."""
        with suppress(OSError, ValueError):  # opening it says what is wrong
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, PRIVATE_FILE))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction.

        Raises:
            ConfigError: It cannot be used.
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=MAX_LOCK_WAIT_S)) as connection, connection:
                yield connection
        except (sqlite3.Error, ValueError) as error:
            raise ConfigError(f"the cache {str(self.path)!r} cannot be used: {error}") from None


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _has_table(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether a file has the table; it has none while it is created.

    Raises:
        ConfigError: It has another layout.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and (version != VERSION or tables != {"replies"}):
        raise ConfigError(f"{str(path)!r} is not a cache of this version of structkit: name another file")
    return bool(tables)
