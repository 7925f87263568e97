"""A process that was stopped, or lost its connection, writes nothing once another one has taken over its journal."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from structkit.errors import JobError
from structkit.journal.journal import Journal, Reader
from structkit.journal.lock import LOCK_NAME, lock_folder, take_over
from structkit.journal.migrations import SHARD_MIGRATIONS

ROOT = Path(__file__).parent.parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")

PRELUDE = """
    import sys, time
    from pathlib import Path
    from structkit.journal.journal import Journal
    from structkit.errors import JobError
    folder = Path(sys.argv[1])
    journal = Journal.open(folder, {})
"""

WAKES = """
    journal.intend(0, "before", "d", 1, "r").result(600)
    print("open", flush=True)
    sys.stdin.readline()
    def attempt(name, action):
        try:
            action()
            print(name, "passed", flush=True)
        except JobError as error:
            print(name, "taken over" if "another run has taken over" in str(error) else error, flush=True)
    attempt("intend", lambda: journal.intend(1, "after", "d", 1, "r").result(600))
    attempt("conclude", lambda: (journal.conclude(0, "done", {"from": "old"}), journal.flush()))
    attempt("mark", lambda: (journal.mark("output", "old"), journal.flush()))
    attempt("new shard", lambda: journal.intend(1_000_000, "after", "d", 1, "r").result(600))
    attempt("close", journal.close)
"""

WRITES = """
    for number in range(10**6):
        journal.intend(number % 50_000, f"key {number}", "d", 1, "r").result(600)
        print(number, flush=True)
"""


def start(folder: Path, code: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(PRELUDE) + textwrap.dedent(code), str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@contextlib.contextmanager
def stopped(process: subprocess.Popen[str]):
    """Stop a process for the time of a block."""
    os.kill(process.pid, signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


@posix
def test_a_stopped_process_that_wakes_after_its_successor_took_over_writes_nothing(tmp_path):
    folder = tmp_path / "job"
    process = start(folder, WAKES)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    with stopped(process):
        with pytest.raises(JobError, match=f"in use by process {process.pid} "):
            Journal.open(folder, {})
        take_over(folder)
        journal = Journal.open(folder, {})
    out, _ = process.communicate("\n", timeout=600)
    actions = ("intend", "conclude", "mark", "new shard", "close")
    assert out.splitlines() == [f"{action} taken over" for action in actions]
    with journal:
        journal.conclude(0, "done", {"from": "new"})
        assert {row.key: row.outcome for row in journal.read_rows(0, 10**7).values()} == {"before": {"from": "new"}}
        assert "output" not in journal.marks
    assert Reader(folder).counts()["open"] == 0


@posix
def test_a_process_that_is_stopped_while_it_writes_does_not_block_its_successor(tmp_path):
    folder = tmp_path / "job"
    process = start(folder, WRITES)
    assert process.stdout is not None
    for number in range(20):
        assert process.stdout.readline() == f"{number}\n"
    for pause in (0.0, 0.003, 0.007, 0.011):  # wherever it is: most of the time it syncs the disk, in a transaction
        time.sleep(pause)
        with stopped(process):
            pass
    with stopped(process):
        start_s = time.monotonic()
        take_over(folder)
        journal = Journal.open(folder, {})
        assert time.monotonic() - start_s < 4, "it would wait for the lock of the database for 5 seconds"
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 1
    with journal:
        keys = {key for _, key in journal.read_keys()}
    committed = {f"key {number}" for number in [*range(20), *map(int, out.split())]}
    assert committed - keys == set(), "a request may have been sent that the journal does not have"
    assert len(keys - committed) <= 1


def test_a_journal_whose_last_holder_was_on_another_machine_is_copied_with_all_rows(tmp_path):
    folder = tmp_path / "job"
    with Journal.open(folder, {}) as journal:
        journal.intend(0, "a", "d", 1, "r").result(600)
        journal.conclude(0, "done", {})
        holder = json.loads((folder / LOCK_NAME).read_text())
    files = {path.name: path.stat().st_ino for path in folder.glob("*.db")}
    Journal.open(folder, {}).close()
    assert {path.name: path.stat().st_ino for path in folder.glob("*.db")} == files
    (folder / LOCK_NAME).write_text(json.dumps({**holder, "host": "elsewhere"}))
    with Journal.open(folder, {}) as journal:
        assert journal.counts()["done"] == 1
        journal.intend(1, "b", "d", 1, "r").result(600)
    assert not {path.name: path.stat().st_ino for path in folder.glob("*.db")}.items() & files.items()
    assert sorted(path.name for path in folder.iterdir()) == ["job.db", LOCK_NAME, "part-00000.db"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir()) or os.name == "nt"


@posix
def test_the_holder_on_another_machine_is_named_with_what_to_do(tmp_path):
    lock = lock_folder(tmp_path)
    holder = json.loads((tmp_path / LOCK_NAME).read_text())
    (tmp_path / LOCK_NAME).write_text(json.dumps({**holder, "host": "elsewhere"}))
    with pytest.raises(JobError, match=r"on elsewhere since .* if that machine is down or unreachable, delete .*lock"):
        lock_folder(tmp_path)
    (tmp_path / LOCK_NAME).unlink()
    second = lock_folder(tmp_path)
    assert second.is_taken_over, "nobody knows who had it"
    lock.close()
    second.release()
    third = lock_folder(tmp_path)
    assert not third.is_taken_over
    assert json.loads((tmp_path / LOCK_NAME).read_text())["host"] == platform.node()
    third.release()


def test_a_lock_that_is_being_released_is_waited_for(tmp_path):
    lock = lock_folder(tmp_path)
    (tmp_path / LOCK_NAME).write_bytes(b"")  # the name is erased first
    release = threading.Timer(0.05, lock.close)
    release.start()
    lock_folder(tmp_path).release()
    release.join()


def test_a_run_that_was_taken_over_cannot_start_the_job_from_scratch(tmp_path):
    old = Journal.open(tmp_path / "job", {})
    take_over(tmp_path / "job")
    with Journal.open(tmp_path / "job", {}) as journal:
        journal.intend(0, "a", "d", 1, "r").result(600)
        with pytest.raises(JobError, match="another run has taken over"):
            old.forget()
        assert journal.counts()["open"] == 1
    old.close()


def test_a_journal_of_the_version_before_fences_gets_them(tmp_path):
    folder = tmp_path / "job"
    with Journal.open(folder, {}) as journal:
        journal.intend(0, "a", "d", 1, "r").result(600)
    with contextlib.closing(sqlite3.connect(folder / "part-00000.db")) as shard, shard:
        shard.execute("ALTER TABLE file DROP COLUMN run")
        shard.execute(f"PRAGMA user_version = {len(SHARD_MIGRATIONS) - 1}")
    assert Reader(folder).counts()["open"] == 1
    old = Journal.open(folder, {})
    old.intend(1, "b", "d", 1, "r").result(600)
    take_over(folder)
    with Journal.open(folder, {}) as journal:
        assert journal.counts()["open"] == 2
        with pytest.raises(JobError, match="another run has taken over"):
            old.intend(2, "c", "d", 1, "r").result(600)
        old.close()
