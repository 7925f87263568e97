"""Which files belong to a journal: each shard has an id of its own, and the file with the header has all of them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from structkit.errors import JobError
from structkit.journal.database import open_for_reading
from structkit.journal.encoding import pack, unpack
from structkit.journal.entries import SHARD_ORDINALS
from structkit.journal.migrations import SHARD_MIGRATIONS

FILES = "SELECT name, value FROM marks WHERE name GLOB 'part-*.db' ORDER BY name"
"""Each shard has a mark of its name, so that a file which was lost is noticed before its rows are paid for again."""

ORDINALS = "SELECT min(ordinal), max(ordinal) FROM rows"


def read_file_id(shard: sqlite3.Connection) -> str:
    """Return the id of an open shard."""
    return str(shard.execute("SELECT id FROM file").fetchone()[0])


def validate_files(folder: Path, job_file: sqlite3.Connection) -> dict[str, bytes]:
    """Validate that a folder has the shards that its header names, and no others in their place.

    Returns:
        The marks of shards whose id the header does not have: those that an older structkit created.

    Raises:
        JobError: A shard is missing, or is another file.
    """
    marks: dict[str, bytes] = {}
    for name, mark in job_file.execute(FILES).fetchall():
        path = folder / name
        if not has_content(path):
            raise missing_file(path)
        expected = unpack(mark)
        file = _read_file(path)
        if file is None:  # damaged, which is an error when it is used
            continue
        if file.has_other_rows or (file.has_rows and expected not in (None, file.id)):
            raise other_file(path)
        if expected != file.id:
            marks[name] = pack(file.id)
    return marks


def has_content(path: Path) -> bool:
    """Return whether a file is there and not empty; SQLite would start an empty one."""
    return path.exists() and path.stat().st_size > 0


class ShardFile(NamedTuple):
    """What a shard says of itself; one without rows may have lost its id with its log in a power failure."""

    id: str
    has_rows: bool
    has_other_rows: bool


def _read_file(path: Path) -> ShardFile | None:
    """Return what a shard says of itself, or None if it cannot be read."""
    number = int(path.stem.removeprefix("part-"))
    with (
        contextlib.suppress(JobError, sqlite3.Error),
        contextlib.closing(open_for_reading(path, SHARD_MIGRATIONS)) as shard,
    ):
        ordinals = [ordinal for ordinal in shard.execute(ORDINALS).fetchone() if ordinal is not None]
        has_other_rows = any(ordinal // SHARD_ORDINALS != number for ordinal in ordinals)
        return ShardFile(read_file_id(shard), bool(ordinals), has_other_rows)
    return None


def missing_file(path: Path) -> JobError:
    """Return the error that a file is gone."""
    return JobError(
        f"{path} is missing or empty: restore it, or delete the folder to start the job from scratch, and pay again",
        file=str(path),
    )


def other_file(path: Path) -> JobError:
    """Return the error that another file is in the place of one."""
    return JobError(
        f"{path} is not the file that this job wrote: restore it, or delete the folder to start the job from scratch, "
        "and pay again",
        file=str(path),
    )
