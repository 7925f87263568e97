"""The files of a journal as the writer sees them: a few open parts, each group of entries one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from structkit.errors import JobError
from structkit.journal.database import open_file, telling, transaction
from structkit.journal.encoding import pack, unpack
from structkit.journal.entries import Entry, Mark, part_of
from structkit.journal.group_commit import Group, Waiting
from structkit.journal.migrations import JOB_MIGRATIONS, PART_MIGRATIONS
from structkit.values import JSON

MOST_OPEN = 4
"""Parts that are open at a time; rows come in order, and two are enough but for stragglers."""

LAST_ID = "SELECT max((SELECT coalesce(max(id), 0) FROM exchanges), (SELECT coalesce(max(id), 0) FROM waiting))"


class Written(NamedTuple):
    """What became of a group: entries on disk, entries that are not, and why."""

    done: list[Entry]
    left: list[Entry]
    error: JobError | None


def job_file(folder: Path) -> Path:
    """Where the header is."""
    return folder / "job.db"


def part_file(folder: Path, part: int) -> Path:
    """Where a million ordinals are.

    >>> part_file(Path("job"), 1).name
    'part-00001.db'
    """
    return folder / f"part-{part:05}.db"


def parts_in(folder: Path) -> Iterator[tuple[int, Path]]:
    """The parts that a folder has, in order."""
    numbers = (path.stem.removeprefix("part-") for path in folder.glob("part-*.db"))
    for part in sorted(int(number) for number in numbers if number.isdecimal()):
        yield part, part_file(folder, part)


def drop_parts(folder: Path) -> None:
    """Remove the parts of a folder that nobody has open.

    Raises:
        JobError: One cannot be removed.
    """
    for pattern in ("part-*.db-*", "part-*.db"):  # a log that outlived its file would be read into the next one
        for path in folder.glob(pattern):
            with telling(path):
                path.unlink()


def begin(folder: Path, header: JSON) -> tuple[JSON, int]:
    """The header that a folder has, or now gets, and the number of the run that begins.

    Raises:
        JobError: The file cannot be opened or written.
    """
    path = job_file(folder)
    with contextlib.closing(open_file(path, JOB_MIGRATIONS)) as connection, telling(path), transaction(connection):
        fresh = "INSERT INTO job VALUES (1, ?, 1) ON CONFLICT (one) DO UPDATE SET run = run + 1"
        connection.execute(fresh, (pack(header),))
        kept, run = connection.execute("SELECT header, run FROM job").fetchone()
    return unpack(kept), run


class Part:
    """An open part: where its ids have come to, and its requests without a reply."""

    def __init__(self, path: Path, run: int) -> None:
        """Open it, and read the little that writing takes."""
        self.connection = open_file(path, PART_MIGRATIONS)
        self._run = run
        try:
            self._next_id: int = self.connection.execute(LAST_ID).fetchone()[0] + 1
            rows = self.connection.execute("SELECT ordinal, number, id, request FROM waiting ORDER BY id")
            self._waiting: Waiting = {(ordinal, number): (id_, request) for ordinal, number, id_, request in rows}
        except sqlite3.Error:
            self.connection.close()
            raise

    def write(self, entries: Sequence[Entry]) -> None:
        """Write a group, or nothing of it."""
        group = Group(self._next_id, self._waiting, self._run)
        for entry in entries:
            group.add(entry)
        with transaction(self.connection):
            group.write(self.connection)
        self._next_id, self._waiting = group.next_id, group.waiting


class JobFile:
    """The open file of the header."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.connection: sqlite3.Connection = open_file(path, JOB_MIGRATIONS)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write marks, all or none; the last one of a name stays."""
        with transaction(self.connection):
            for mark in entries:
                if isinstance(mark, Mark):
                    self.connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (mark.name, mark.value))


class Parts:
    """The files of one journal; used by one thread."""

    def __init__(self, folder: Path, run: int) -> None:
        """Nothing is opened before it is needed."""
        self._folder = folder
        self._run = run
        self._open: dict[int | None, Part | JobFile] = {}

    def write(self, entries: Sequence[Entry]) -> Written:
        """Write entries, those of each file in one transaction; nothing is raised."""
        groups: dict[int | None, list[Entry]] = {}
        for entry in entries:
            groups.setdefault(part_of(entry), []).append(entry)
        done: list[Entry] = []
        left: list[Entry] = []
        error: JobError | None = None
        for part, group in groups.items():
            fault = self._write_group(part, group)
            (done if fault is None else left).extend(group)
            error = error or fault
        return Written(done, left, error)

    def close(self) -> None:
        """Close every file; what was committed is safe, also where that fails."""
        for part in list(self._open):
            self._close(part)

    def _write_group(self, part: int | None, group: list[Entry]) -> JobError | None:
        path = job_file(self._folder) if part is None else part_file(self._folder, part)
        try:
            with telling(path):
                self._opened(part, path).write(group)
        except JobError as error:
            self._close(part)  # it is opened anew, from what is on disk
            return error
        except Exception as error:  # noqa: BLE001 (the thread must live to tell)
            self._close(part)
            return JobError(f"{path}: what was to be written could not be: {error!r}", file=str(path))
        return None

    def _opened(self, part: int | None, path: Path) -> Part | JobFile:
        found = self._open.pop(part, None)
        if found is None:
            found = JobFile(path) if part is None else Part(path, self._run)
        self._open[part] = found  # at the end: the first is the one that was not used for longest
        while len(self._open) > MOST_OPEN:
            self._close(next(iter(self._open)))
        return found

    def _close(self, part: int | None) -> None:
        found = self._open.pop(part, None)
        if found is not None:
            with contextlib.suppress(sqlite3.Error):
                found.connection.close()
