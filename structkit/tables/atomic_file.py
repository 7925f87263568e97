"""A file that appears under its name when it is complete, so that no reader ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from structkit.disk import UNUSABLE_NAME, sync_folder, try_lock
from structkit.errors import JobError
from structkit.values.text import shorten

MAX_NAME_CHARS = 100
"""Characters of a name that an error message quotes."""


class AtomicFile:
    """A temporary file in the same folder, which gets its name when it is complete.

    Args:
        path: The name that it will have.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        JobError: There is one already, or the folder cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Create the temporary file, and remove those that killed processes have left."""
        self.final, self.overwrite = path, overwrite
        self.path = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            self._validate_name()
            _remove_abandoned(path)
            self.file = self.path.open("x+b")  # unlike tempfile's, it has the mode of any new file of this user
        except OSError as error:
            raise self.error(error) from None
        _hold(self.file)

    def publish(self) -> None:
        """Give the file its name, once all of it is on the disk.

        Raises:
            JobError: It cannot be written, or another file has taken the name in the meantime.
        """
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self._rename()
            sync_folder(self.final.parent)
        except OSError as error:
            self.discard()
            raise self.error(error) from None
        self.file.close()

    def discard(self) -> None:
        """Remove the temporary file, unless it is published."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # on a full disk the buffer cannot be written
            self.file.close()

    def error(self, error: OSError) -> JobError:
        """Return the error that says why the file cannot be written."""
        if isinstance(error, FileExistsError):
            return JobError(f"{self.final} exists; choose another name, or overwrite it", file=str(self.final))
        return JobError(f"cannot write {self.final}: {error.strerror or error}", file=str(self.final))

    def _validate_name(self) -> None:
        if self.final.is_dir():
            raise JobError(f"cannot write {self.final}: it is a folder", file=str(self.final))
        if self.final.exists() and not self.final.is_file():
            raise JobError(f"cannot write {self.final}: it is a device or a pipe, not a file", file=str(self.final))
        if not self.overwrite and os.path.lexists(self.final):
            raise self.error(FileExistsError())

    def _rename(self) -> None:
        if self.overwrite:
            self.path.replace(self.final)
            return
        try:
            os.link(self.path, self.final)  # unlike a rename, it never replaces a file
        except FileExistsError:
            raise
        except OSError:  # the file system has no links
            self._validate_name()
            self.path.replace(self.final)
        self.path.unlink(missing_ok=True)


def validate_name(path: Path) -> None:
    """Check, before there is anything to write, that a file of this name, and its temporary one, can be looked up.

    Raises:
        JobError: They cannot.
    """
    try:
        os.lstat(path.with_name(f".{path.name}.{'0' * 8}.part"))
    except OSError as error:
        if (advice := UNUSABLE_NAME.get(error.errno or 0)) is not None:
            name = shorten(str(path), MAX_NAME_CHARS)
            raise JobError(f"cannot write {name}: {error.strerror}{advice}", file=str(path)) from None


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file, or replace it, once all of its chunks are known.

    Raises:
        JobError: It cannot be written.
    """
    draft = AtomicFile(path, overwrite=True)
    try:
        for chunk in chunks:
            draft.file.write(chunk)
        draft.publish()
    except OSError as error:
        raise draft.error(error) from None
    finally:
        draft.discard()


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of processes that have died: their locks ended with them."""
    for part in path.parent.glob(f".{_escape_glob(path.name)}.????????.part"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            if _hold(file):
                part.unlink()


def _escape_glob(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


def _hold(file: BinaryIO) -> bool:
    """Lock a file while this process has it open; False if another process does, or if there are no locks.

    A lock on Windows would keep SQLite from writing the file, which opens it by its name.
    """
    if os.name != "posix":
        return False
    try:
        return try_lock(file.fileno())
    except OSError:
        return False
