"""File system calls that differ between systems: locks on open files, and folders whose new names outlive a crash."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

LOCKED_BYTE = 1 << 20
"""The byte that is locked on Windows, where other processes cannot read a locked one: beyond the file's content."""

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""From Linux: paths begin in the working folder, and two names are exchanged."""

UNUSABLE_NAME = {
    errno.ENAMETOOLONG: "; use a shorter one",
    errno.EACCES: "; choose a folder that this user can enter",
    errno.ENOTDIR: "; a folder in its path is a file",
}
"""What a system says about a name that no file can get, and what to do."""

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def try_lock(file: int) -> bool:
        """Lock an open file for as long as it stays open; False if another process, or another handle, has locked it.

        Raises:
            OSError: The file system has no locks.
        """
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def try_lock(file: int) -> bool:
        """Lock an open file for as long as it stays open; False if another process, or another handle, has locked it.

        Raises:
            OSError: The file system has no locks.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: It cannot be read, is not a regular file (to open a FIFO would block for ever), or is longer.
    """
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(file, "rb") as stream:
        mode, size = os.fstat(file).st_mode, os.fstat(file).st_size
        if not stat.S_ISREG(mode) or size > max_bytes:
            raise OSError(f"{path} is not a regular file of at most {max_bytes:,} bytes")
        return stream.read(max_bytes)


def exchange_names(first: Path, second: Path) -> bool:
    """Let two files or folders have each other's name, in one step; False if the system or the file system cannot.

    On Linux this is `renameat2` with `RENAME_EXCHANGE` (renameat2(2)).
    """
    if sys.platform != "linux":
        return False
    import ctypes  # at the first folder that is replaced

    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):  # a C library without it
        return False
    return bool(rename(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) == 0)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, so that a new file is still found after a power failure."""
    if os.name != "posix":  # Windows cannot open a folder
        return
    with contextlib.suppress(OSError):  # some file systems do not support it, and do not need it
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
