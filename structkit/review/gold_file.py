"""The file of a review that is served: each decision is a line, which is on the disk before anybody is answered."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from structkit.disk import sync_folder, try_lock
from structkit.errors import JobError
from structkit.review.gold_entries import split_gold_lines


class GoldFile:
    """A file of gold entries that is appended to by one process at a time.

    Args:
        path: The file; it is created if there is none.

    Attributes:
        has_torn_line: Whether `read_lines` has left out the beginning of a line, which a killed process has written.

    Raises:
        JobError: It cannot be written, is not a regular file, or another process writes it.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the file."""
        self.path = path
        self.has_torn_line = False
        self._is_new = not path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise self._error(f"cannot be written: {error.strerror or error}") from None
        try:
            self._lock()
        except BaseException:
            os.close(self._file)
            raise
        self._size = self._end = os.fstat(self._file).st_size
        self._separator = b""

    def read_lines(self) -> Iterator[tuple[int, str]]:
        """Yield its lines with their numbers.

        Raises:
            JobError: It cannot be read, or is not UTF-8.
        """
        end, number, line = 0, 0, b""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.endswith(b"\n"):
                        end += len(line)
                        yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
            lines, torn = split_gold_lines(line.decode("utf-8", "replace")) if end < self._size else ([], "")
        except (OSError, UnicodeError) as error:
            raise self._error(f"line {number} cannot be read: {error}") from None
        self.has_torn_line = bool(torn)
        if lines:
            yield number, lines[0].removeprefix("\ufeff")
        self._separator = b"\n" if lines else b""
        self._end = end if torn else self._size

    def append(self, line: str) -> None:
        """Write a line, and return when it is on the disk; if that fails, the file is as it was.

        Raises:
            JobError: It cannot be written, or another program has changed the file.
        """
        self._validate_unchanged()
        data, end = self._separator + line.encode() + b"\n", self._end
        try:
            if end < self._size:
                os.ftruncate(self._file, end)
            _write(self._file, data)
            os.fsync(self._file)
            if self._is_new:
                sync_folder(self.path.parent)
        except OSError as error:
            self._truncate()
            raise self._error(f"cannot be written: {error.strerror or error}") from None
        self._size = self._end = end + len(data)
        self._separator, self._is_new = b"", False

    def close(self) -> None:
        """Close it; a file in which nothing was decided is removed."""
        with contextlib.suppress(OSError):
            if self._is_new and not self._size and self._is_same_file():
                self.path.unlink()
        os.close(self._file)

    def _lock(self) -> None:
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            raise self._error("is not a file")
        try:
            is_locked = try_lock(self._file)
        except OSError as error:
            raise self._error(f"cannot be locked: {error}; put it on a local disk") from None
        if not is_locked:
            raise self._error("is in use by another review; stop that one, or name another file with --output")

    def _truncate(self) -> None:
        """Remove what is there of a line that could not be written."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._end)
            self._size = self._end

    def _is_same_file(self) -> bool:
        return os.path.samestat(self.path.stat(), os.fstat(self._file))

    def _validate_unchanged(self) -> None:
        try:
            is_unchanged = self._is_same_file() and os.fstat(self._file).st_size == self._size
        except OSError:
            is_unchanged = False
        if not is_unchanged:
            raise self._error("was changed by another program, so nothing more is written to it: start again")

    def _error(self, message: str) -> JobError:
        return JobError(f"{self.path}: {message}", file=str(self.path))


def _write(file: int, data: bytes) -> None:
    """Write all bytes."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
