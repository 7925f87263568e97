"""Which run may write a journal: each file has the number of the last run, and rejects the groups of earlier ones."""

# A lock is not enough. A process that was stopped, or a machine that was unreachable, may continue after another one
# has taken over its journal: between its last look at the lock and its next write, any time may pass.

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from structkit.disk import sync_folder
from structkit.errors import JobError
from structkit.journal.database import Migration, open_database, transaction, translate_errors

LAST_RUN_OF_SHARD, LAST_RUN_OF_JOB = "SELECT run FROM file", "SELECT run FROM job"

SET_RUN = "UPDATE file SET run = ?"

LOGS = ("-wal", "-shm")
"""What SQLite has beside a file that is open."""


class RunFence(NamedTuple):
    """The run that has opened a file, and which file that was.

    Args:
        path: Of the file.
        run: The number of the run.
        file: The number that the system gives the file: another file may be in its place later.
    """

    path: Path
    run: int
    file: int

    @classmethod
    def of(cls, path: Path, run: int) -> RunFence:
        """Return the fence of a file that was just opened."""
        return cls(path, run, path.stat().st_ino)

    def validate(self, connection: sqlite3.Connection, last_run: str) -> None:
        """Validate, in the transaction that writes a group, that no later run has the journal.

        Raises:
            JobError: There was one.
        """
        row = connection.execute(last_run).fetchone()
        if (row is not None and row[0] > self.run) or self.path.stat().st_ino != self.file:
            raise JobError(
                f"another run has taken over {self.path.parent} from this one, which was stopped, or lost its "
                "disk, for too long: it ends, and sends nothing more",
                file=str(self.path),
            )


def fence_shard(path: Path, run: int, migrations: tuple[Migration, ...], *, by_copy: bool) -> None:
    """Let a shard reject the groups of earlier runs.

    Args:
        path: Of the shard.
        run: The number of the run that may write.
        migrations: Of a shard.
        by_copy: Whether the earlier run may have the file open on another machine, or in a process that was stopped
            while it wrote: then a copy takes its place, and what is written into the old file is not read.

    Raises:
        JobError: The file cannot be copied, or another program has it open.
    """
    try:
        if by_copy:
            replace_by_copy(path, migrations, lambda connection: set_run(connection, run))
        else:
            with contextlib.closing(open_database(path, migrations)) as connection, translate_errors(path):
                set_run(connection, run)
    except JobError as error:
        name = getattr(error.__cause__, "sqlite_errorname", None) or ""
        if by_copy or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise  # other errors are met when the file is used: nobody else can write it either


def set_run(connection: sqlite3.Connection, run: int) -> None:
    """Store the number of the run that may write."""
    with transaction(connection):
        connection.execute(SET_RUN, (run,))


def replace_by_copy(
    path: Path, migrations: tuple[Migration, ...], change: Callable[[sqlite3.Connection], object] = lambda _: None
) -> None:
    """Put a copy in the place of a file, with all that is committed.

    Raises:
        JobError: It cannot be copied.
    """
    copy = path.with_name(f"{path.name}.copy")
    with translate_errors(path):
        try:
            for suffix in ("", "-wal"):
                if (file := Path(f"{path}{suffix}")).exists():
                    shutil.copy(file, f"{copy}{suffix}")
            with contextlib.closing(open_database(copy, migrations)) as connection:
                change(connection)
            _sync_file(copy)  # closed by its last user, so that it has no log
            copy.replace(path)
        finally:
            for suffix in ("", *LOGS):
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
        # A process that is killed before this leaves a log whose content the copy has already.
        for suffix in LOGS:
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        sync_folder(path.parent)


def _sync_file(path: Path) -> None:
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)
