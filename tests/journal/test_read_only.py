"""Promises of reading journals and other SQLite files that cannot be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from structkit.journal.journal import Journal
from structkit.journal.migrations import SHARD_MIGRATIONS
from structkit.parsing import read_completion
from structkit.testing import completion
from structkit.values import Completion

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="only POSIX has modes")

# All modules are imported before the user is changed, because they may be in root's own folder.
READ = """
    import os, sys
    from pathlib import Path
    from structkit.errors import JobError
    from structkit.journal.reader import Reader
    from structkit.tables.sources import open_source
    import structkit.tables.formats.sqlite
    if os.getuid() == 0:
        os.setgroups([])
        os.setuid(65534)
    path = Path(sys.argv[1])
    try:
        if path.is_dir():
            reader = Reader(path)
            print(reader.header, dict(reader.counts()), reader.usage().total_tokens, len(reader.read_rows(0, 9)))
        else:
            print([record.values for record in open_source(path)])
    except JobError as error:
        print(error)
"""

ROWS = "{'done': 1, 'failed': 0, 'held': 0, 'skipped': 0, 'open': 1}"


def execute(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(READ), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def read_as_reader(path: Path) -> str:
    """Read a file or a journal of a folder that cannot be written, as a user who does not own it."""
    folder = path if path.is_dir() else path.parent
    files = [folder, *folder.iterdir()]
    for file in files:
        file.chmod(0o555)
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    result = execute(path)
    assert (result.returncode, result.stderr) == (0, "")
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()} == before
    folder.chmod(0o755)
    return result.stdout.strip()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may open, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        yield Path(temporary) / "job"


def write_rows(folder: Path) -> Journal:
    """Return an open journal: one row is done, of another the reply is missing."""
    reply = read_completion(completion("{}"))
    assert isinstance(reply, Completion)
    journal = Journal.open(folder, {"job": "mine"})
    journal.intend(0, "key 0", "d", 1, "request").result(600)
    journal.add_reply(0, 1, reply)
    journal.conclude(0, "done", {"value": 1})
    journal.intend(1, "key 1", "d", 1, "request").result(600)
    return journal


def leave_closed(folder: Path) -> None:
    write_rows(folder).close()


def leave_killed(folder: Path) -> None:
    """Leave the files that a process has left when it is killed."""
    with write_rows(folder.parent / "open"):
        shutil.copytree(folder.parent / "open", folder)
    assert (folder / "part-00000.db-wal").stat().st_size


def leave_without_index(folder: Path) -> None:
    leave_killed(folder)
    for file in folder.glob("*-shm"):
        file.unlink()


def leave_older(folder: Path) -> None:
    """Leave the shard as structkit wrote it before it had ids, and the number of the last run beside them."""
    leave_closed(folder)
    with closing(sqlite3.connect(folder / "part-00000.db")) as connection:
        connection.execute("DROP TABLE file")
        connection.execute(f"PRAGMA user_version = {len(SHARD_MIGRATIONS) - 2}")
    with closing(sqlite3.connect(folder / "job.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM marks")


@pytest.mark.parametrize("leave", [leave_closed, leave_killed, leave_without_index, leave_older])
def test_a_journal_in_a_read_only_folder_is_read_and_not_changed(folder: Path, leave: Callable[[Path], None]) -> None:
    leave(folder)
    assert read_as_reader(folder) == f"{{'job': 'mine'}} {ROWS} 15 2"


def test_damage_is_reported_in_a_read_only_folder_too(folder: Path) -> None:
    leave_closed(folder)
    (folder / "part-00000.db").write_bytes(b"no database" * 1000)
    assert "part-00000.db: it is damaged" in read_as_reader(folder)


def test_a_table_whose_log_is_not_merged_is_read_from_a_read_only_folder(folder: Path) -> None:
    folder.mkdir()
    path = folder / "in.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (text)")
        connection.execute("INSERT INTO t VALUES ('a')")
        connection.commit()
    assert read_as_reader(path) == "[{'text': 'a'}]"


def test_a_file_that_this_user_may_not_read_is_named(folder: Path) -> None:
    leave_closed(folder)
    folder.chmod(0o755)
    (folder / "job.db").chmod(0)
    result = execute(folder)
    assert os.getuid() or "job.db" in result.stdout, result
    assert not result.stderr
