"""One process per job folder: a lock that the system releases when its holder dies, and who holds it."""

# Not `filelock` (4.3.1, measured): its lock makes the same promises under kill -9, fork and exec, but names no holder,
# so that most of this module would stay; and it takes 480 µs against 60, and 40 ms to import.

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import time
import weakref
from datetime import datetime, timezone
from pathlib import Path

from structkit.disk import read_regular_file, try_lock
from structkit.errors import JobError
from structkit.values import JSON

LOCK_NAME = "lock"
"""The lock's file in its folder. It is never deleted, since two processes could then lock two files."""

MAX_HOLDER_READS = 50
"""How often the name of a holder is read again that is missing, or of a dead one: it may just be written or erased."""

HOLDER_READ_PAUSE_S = 0.02

MAX_HOLDER_BYTES, MAX_PID = 1 << 16, 2**31 - 1


class FolderLock:
    """A lock that this process holds.

    Attributes:
        path: Of its file.
        is_taken_over: Whether the process that held it before may still run, on another machine, or stopped; or its
            lock was deleted, so that nobody knows.
    """

    def __init__(self, file: int, path: Path, *, is_taken_over: bool) -> None:
        """Keep the locked file open: closing it unlocks."""
        self._file: int | None = file
        self.path, self.is_taken_over = path, is_taken_over
        HELD_LOCKS.add(self)

    def release(self) -> None:
        """Erase the holder's name and unlock."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
        self.close()

    def close(self) -> None:
        """Close the file. In a forked child this leaves the lock with the process that took it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


HELD_LOCKS: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _close_all() -> None:
    for lock in list(HELD_LOCKS):
        lock.close()


if hasattr(os, "register_at_fork"):  # otherwise a forked child would keep the lock of a parent that died
    os.register_at_fork(after_in_child=_close_all)


def lock_folder(folder: Path) -> FolderLock:
    """Lock a folder.

    Raises:
        JobError: Another process, or this one, holds the lock; or the file system has no locks.
    """
    path = folder / LOCK_NAME
    has_file = path.exists()
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error}; choose another folder", file=str(path)) from error
    try:
        if not _lock(file, path):
            raise JobError(_describe_holder(path), file=str(path))
        holder = _read_holder(path)  # one that was killed, or has lost its lock
        _write_holder(file)
    except OSError as error:
        os.close(file)
        advice = "put the job on a local disk that has space"
        raise JobError(f"{path} cannot be locked: {error}; {advice}", file=str(path)) from error
    except JobError:
        os.close(file)
        raise
    return FolderLock(file, path, is_taken_over=is_alive(holder) if holder else not has_file)


def _lock(file: int, path: Path) -> bool:
    """Lock a file, at once unless its holder has no name: then it is about to unlock the file, or to write its name."""
    for _ in range(MAX_HOLDER_READS):
        if try_lock(file):
            return True
        if _read_holder(path):
            return False
        time.sleep(HOLDER_READ_PAUSE_S)
    return False


def take_over(folder: Path) -> None:
    """Let the next `lock_folder` succeed, although a process holds the lock that cannot be reached, or is stopped.

    The name of the holder is copied, so that the journal knows that it may still run, and fences it off.

    Raises:
        JobError: The lock cannot be written.
    """
    path = folder / LOCK_NAME
    copy = folder / f"{LOCK_NAME}.{os.getpid()}"
    try:
        shutil.copy(path, copy)
        copy.replace(path)
    except OSError as error:
        raise JobError(f"{path} cannot be replaced: {error}", file=str(path)) from error


def _write_holder(file: int) -> None:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    pid = os.getpid()
    holder = {"pid": pid, "host": platform.node(), "since": since, "started": process_start(pid)}
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, json.dumps(holder).encode())


def _describe_holder(path: Path) -> str:
    """Return who holds a folder that is locked, and what to do."""
    holder = _read_holder(path)
    for _ in range(MAX_HOLDER_READS):
        if holder and is_alive(holder):
            break
        time.sleep(HOLDER_READ_PAUSE_S)
        holder = _read_holder(path)
    if not holder:
        return f"{path.parent} is in use by another process; wait until it ends"
    name = f"process {holder['pid']} on {holder['host']}"
    if not is_alive(holder):
        advice = f"stop that child (`fuser {path}` lists it)"
        return f"{path.parent} is in use by a child of {name}, although {name} has ended; {advice}"
    advice = "wait until it ends, or stop it"
    if holder["host"] != platform.node():
        advice += f"; if that machine is down or unreachable, delete {path}: what the process still writes is rejected"
    return f"{path.parent} is in use by {name} since {holder.get('since')}; {advice}"


def _read_holder(path: Path) -> JSON | None:
    try:
        holder = json.loads(read_regular_file(path, MAX_HOLDER_BYTES))
    except (OSError, ValueError, RecursionError):  # its name is not written yet
        return None
    is_holder = isinstance(holder, dict) and isinstance(holder.get("pid"), int) and isinstance(holder.get("host"), str)
    return holder if is_holder and 0 < holder["pid"] <= MAX_PID else None


def is_in_use(folder: Path) -> bool:
    """Return whether the process that locked a folder last still runs and has not unlocked it.

    This takes no lock, but for a moment if the holder was on another machine, where nobody can look for its process.
    """
    holder = _read_holder(folder / LOCK_NAME)
    if holder is None or holder["host"] == platform.node():
        return holder is not None and is_alive(holder)
    try:
        file = os.open(folder / LOCK_NAME, os.O_RDWR)
    except OSError:
        return True
    with os.fdopen(file, "rb"):
        return not try_lock(file)


def is_alive(holder: JSON) -> bool:
    """Return whether a holder still runs, as far as this system can say; one on another host is assumed to.

    The system reuses process ids, and so the start time is compared too.
    """
    if holder["host"] != platform.node() or os.name != "posix":
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to another user
    return holder.get("started") in {None, process_start(holder["pid"])}


def process_start(pid: int) -> int | None:
    """Return when a process was started, in the system's clock ticks; None where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
