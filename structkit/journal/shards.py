"""The files of a journal as the writer sees them: a few open shards, each group of entries one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from structkit.errors import JobError
from structkit.journal.database import open_database, transaction, translate_damage, translate_errors
from structkit.journal.encoding import pack
from structkit.journal.entries import Entry, Mark, shard_of
from structkit.journal.fence import LAST_RUN_OF_JOB, LAST_RUN_OF_SHARD, RunFence, fence_shard, replace_by_copy
from structkit.journal.file_ids import has_content, missing_file, read_file_id, validate_files
from structkit.journal.group_commit import GroupCommit, Waiting, WaitingRequest
from structkit.journal.migrations import JOB_MIGRATIONS, SHARD_MIGRATIONS
from structkit.values import JSON

MAX_OPEN_FILES = 4
"""Files that are open at a time; rows arrive in order, so that two shards are in use, and a few for late rows."""

TABLES_WITH_IDS = ("exchanges", "waiting", "tool_runs")
LAST_ID = f"SELECT max({', '.join(f'(SELECT coalesce(max(id), 0) FROM {name})' for name in TABLES_WITH_IDS)})"  # noqa: S608 (constants)

FORGET_SHARDS = "DELETE FROM marks WHERE name GLOB 'part-*.db'"
SET_MARK = "INSERT OR REPLACE INTO marks VALUES (?, ?)"

WAITING = "SELECT ordinal, number, id, request, max_prompt, max_completion FROM waiting ORDER BY id"


class WriteResult(NamedTuple):
    """What happened to a group: the entries on disk, the entries that are not, and why."""

    committed_entries: list[Entry]
    failed_entries: list[Entry]
    error: JobError | None


def job_path(folder: Path) -> Path:
    """Return the path of the file with the header."""
    return folder / "job.db"


def shard_path(folder: Path, shard: int) -> Path:
    """Return the path of a shard, which has a million ordinals.

    >>> shard_path(Path("job"), 1).name
    'part-00001.db'
    """
    return folder / f"part-{shard:05}.db"


def list_shards(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield number and path of the shards that a folder has, in order."""
    numbers = (path.stem.removeprefix("part-") for path in folder.glob("part-*.db"))
    for shard in sorted(int(number) for number in numbers if number.isdecimal()):
        yield shard, shard_path(folder, shard)


def has_job_file(folder: Path) -> bool:
    """Return whether a folder has the file with the header of a job.

    Raises:
        JobError: It is missing or empty, although there are rows of a job.
    """
    path = job_path(folder)
    if has_content(path):
        return True
    if any(shard.is_file() for _, shard in list_shards(folder)):
        raise missing_file(path)
    return path.exists()


def delete_shards(folder: Path, run: int) -> None:
    """Delete the shards of a folder, none of which may be open.

    Raises:
        JobError: One cannot be deleted, or a later run has the folder.
    """
    path = job_path(folder)
    with (
        contextlib.closing(open_database(path, JOB_MIGRATIONS)) as connection,
        translate_errors(path),
        transaction(connection),
    ):
        RunFence.of(path, run).validate(connection, LAST_RUN_OF_JOB)
        connection.execute(FORGET_SHARDS)  # before the files: a process that is killed in between has lost none
    # The logs first: one that outlived its file would be replayed into the next file of that name.
    for pattern in ("part-*.db-*", "part-*.db"):
        for path in folder.glob(pattern):
            with translate_errors(path):
                path.unlink()


def start_run(folder: Path, header: JSON, *, by_copy: bool = False) -> int:
    """Count a new run of the job and return its number; earlier runs can write nothing from then on.

    Args:
        folder: Of the job.
        header: Stored if the folder has none yet.
        by_copy: Whether an earlier run may have the files open elsewhere; see `fence_shard`.

    Raises:
        JobError: The file cannot be opened or written, or another file of the journal is missing or exchanged.
    """
    path = job_path(folder)
    if by_copy := has_job_file(folder) and by_copy:
        replace_by_copy(path, JOB_MIGRATIONS)
    run = _count_run(folder, path, header)
    for _, shard in list_shards(folder):
        fence_shard(shard, run, SHARD_MIGRATIONS, by_copy=by_copy)
    return run


def _count_run(folder: Path, path: Path, header: JSON) -> int:
    with (
        contextlib.closing(open_database(path, JOB_MIGRATIONS)) as connection,
        translate_errors(path),
        translate_damage(path),
        transaction(connection),
    ):
        upsert = "INSERT INTO job VALUES (1, ?, 1) ON CONFLICT (one) DO UPDATE SET run = run + 1"
        connection.execute(upsert, (pack(header),))
        connection.executemany(SET_MARK, [*validate_files(folder, connection).items()])
        [run] = connection.execute("SELECT run FROM job").fetchone()
        if not isinstance(run, int):
            raise TypeError(f"the number of the run is {run!r}")
        return run


def _read_waiting(connection: sqlite3.Connection) -> Waiting:
    rows = connection.execute(WAITING)
    return {(ordinal, number): WaitingRequest(*request) for ordinal, number, *request in rows}


class Shard:
    """An open shard: its next id, and its requests without a reply."""

    def __init__(self, path: Path, run: int) -> None:
        """Open it, and read the little that writing needs."""
        self.connection = open_database(path, SHARD_MIGRATIONS)
        self._run = run
        try:
            self._fence = RunFence.of(path, run)
            self._next_id: int = self.connection.execute(LAST_ID).fetchone()[0] + 1
            self._waiting = _read_waiting(self.connection)
        except (sqlite3.Error, OSError):
            self.connection.close()
            raise

    def write(self, entries: Sequence[Entry]) -> None:
        """Write all entries, or none."""
        group = GroupCommit(self._next_id, self._waiting, self._run)
        for entry in entries:
            group.add(entry)
        with transaction(self.connection):
            self._fence.validate(self.connection, LAST_RUN_OF_SHARD)
            group.write(self.connection)
        self._next_id, self._waiting = group.next_id, group.waiting


class JobFile:
    """The open file of the header."""

    def __init__(self, path: Path, run: int) -> None:
        """Open it."""
        self.connection: sqlite3.Connection = open_database(path, JOB_MIGRATIONS)
        self._fence = RunFence.of(path, run)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write all marks, or none; a later mark replaces an earlier one of the same name."""
        with transaction(self.connection):
            self._fence.validate(self.connection, LAST_RUN_OF_JOB)
            for mark in entries:
                if isinstance(mark, Mark):
                    self.connection.execute(SET_MARK, (mark.name, mark.value))


class JournalFiles:
    """The files of one journal; used by one thread."""

    def __init__(self, folder: Path, run: int) -> None:
        """Open nothing yet: each file is opened when it is first needed."""
        self._folder = folder
        self._run = run
        self._open: dict[int | None, Shard | JobFile] = {}

    def write(self, entries: Sequence[Entry]) -> WriteResult:
        """Write entries, those of each file in one transaction; errors are returned, not raised."""
        groups: dict[int | None, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(shard_of(entry), []).append(entry)
        committed: list[Entry] = []
        failed: list[Entry] = []
        first_error: JobError | None = None
        for shard, group in groups.items():
            error = self._write_group(shard, group)
            (committed if error is None else failed).extend(group)
            first_error = first_error or error
        return WriteResult(committed, failed, first_error)

    def close(self) -> None:
        """Close every file; what was committed is safe even if that fails."""
        for shard in list(self._open):
            self._close(shard)

    def _write_group(self, shard: int | None, group: list[Entry]) -> JobError | None:
        path = job_path(self._folder) if shard is None else shard_path(self._folder, shard)
        try:
            with translate_errors(path):
                self._file(shard, path).write(group)
        except JobError as error:
            self._close(shard)  # the next write opens it again, with what is on disk
            return error
        except Exception as error:  # noqa: BLE001 (the thread must survive to report the error)
            self._close(shard)
            return JobError(f"{path}: the entries could not be written: {error!r}", file=str(path))
        return None

    def _file(self, shard: int | None, path: Path) -> Shard | JobFile:
        file = self._open.pop(shard, None)
        if file is None:
            file = JobFile(path, self._run) if shard is None else self._open_shard(path)
        self._open[shard] = file  # moved to the end: the first one is the least recently used
        while len(self._open) > MAX_OPEN_FILES:
            self._close(next(iter(self._open)))
        return file

    def _open_shard(self, path: Path) -> Shard:
        is_new = not path.exists()
        shard = Shard(path, self._run)
        if is_new:
            job_file = job_path(self._folder)
            header = JobFile(job_file, self._run)  # not kept open: it is needed once for each shard
            with contextlib.closing(header.connection), translate_errors(job_file):
                header.write([Mark(path.name, pack(read_file_id(shard.connection)))])
        return shard

    def _close(self, shard: int | None) -> None:
        file = self._open.pop(shard, None)
        if file is not None:
            with contextlib.suppress(sqlite3.Error):
                file.connection.close()
