"""One process a job folder: a lock that the system lets go of when its holder dies, and who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import time
import weakref
from datetime import datetime, timezone
from pathlib import Path

from structkit.errors import JobError
from structkit.values import JSON

NAME = "lock"
"""The lock's file in its folder; it stays there: to delete it would let two processes lock two files."""

TRIES = 10
"""How often a holder that does not live is looked at again: a new one may be about to write its name."""

PAUSE = 0.02

LOCKED_BYTE = 1 << 20
"""Where Windows locks: beyond the name, which others must be able to read."""

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_to_lock(file: int) -> bool:
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_to_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Lock:
    """A lock that is held."""

    def __init__(self, file: int, path: Path) -> None:
        """Keep the locked file open: closing it unlocks."""
        self._file: int | None = file
        self.path = path
        HELD.add(self)

    def release(self) -> None:
        """Let the next one in."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
        self.leave()

    def leave(self) -> None:
        """Close the file; where it came by a fork, the lock stays with the process that took it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


HELD: weakref.WeakSet[Lock] = weakref.WeakSet()


def _leave_all() -> None:
    for lock in list(HELD):
        lock.leave()


if hasattr(os, "register_at_fork"):  # else a forked child would keep the lock of a parent that died
    os.register_at_fork(after_in_child=_leave_all)


def take(folder: Path) -> Lock:
    """Lock a folder.

    Raises:
        JobError: Another process, or this one, holds it; or the file system takes no locks.
    """
    path = folder / NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error}; choose another folder", file=str(path)) from error
    return _taken(file, path)


def _taken(file: int, path: Path) -> Lock:
    try:
        if not _try_to_lock(file):
            raise JobError(_refusal(path), file=str(path))
        _sign(file)
    except OSError as error:
        os.close(file)
        where = "put the job on a local disk that has space"
        raise JobError(f"{path} cannot be locked: {error}; {where}", file=str(path)) from error
    except JobError:
        os.close(file)
        raise
    return Lock(file, path)


def _sign(file: int) -> None:
    since = datetime.now(timezone.utc).isoformat(timespec="seconds")
    pid = os.getpid()
    holder = {"pid": pid, "host": platform.node(), "since": since, "started": started(pid)}
    text = json.dumps(holder).encode()
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, text)


def _refusal(path: Path) -> str:
    """Who holds a lock that is held, and what to do."""
    holder = _holder(path)
    for _ in range(TRIES):
        if holder and is_alive(holder):
            break
        time.sleep(PAUSE)
        holder = _holder(path)
    if not holder:
        return f"{path.parent} is in use by another process; wait for it to end"
    who = f"process {holder['pid']} on {holder['host']}"
    if not is_alive(holder):
        return f"{path.parent} is in use by a process that {who} has left behind; stop it (`fuser {path}` names it)"
    return f"{path.parent} is in use by {who} since {holder.get('since')}; wait for it to end, or stop it"


def _holder(path: Path) -> JSON | None:
    try:
        holder = json.loads(path.read_bytes())
    except (OSError, ValueError):  # it is about to be written
        return None
    return holder if isinstance(holder, dict) and {"pid", "host"} <= holder.keys() else None


def is_alive(holder: JSON) -> bool:
    """Whether the process that signed still runs, as far as can be known: on another host it is believed to.

    A number is given to a new process some day; the time at which it was started tells them apart.
    """
    if holder["host"] != platform.node() or os.name != "posix":
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is another user's
    return holder.get("started") in {None, started(holder["pid"])}


def started(pid: int) -> int | None:
    """When a process was started, in the system's own ticks; None where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
