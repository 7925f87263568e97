"""A table that is written as a folder of files, `part-00000.parquet` and so on, which appears when it is complete."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from structkit.disk import exchange_names, sync_folder, try_lock
from structkit.errors import JobError
from structkit.tables.sinks import Sink
from structkit.tables.table_sink import TableSink
from structkit.values import JSON

FILE_ROWS = 100_000
"""Rows of each file."""

FILE_NAME = re.compile(r"part-[0-9]{5,}(\.[a-z0-9]+)+")


class AtomicFolder:
    """A temporary folder beside the final one, which gets its name when it is complete.

    Args:
        path: The name that it will have.
        overwrite: Whether a folder of that name may be replaced; one with other files never is.

    Raises:
        JobError: There is one already, or the folder cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Create the temporary folder, and remove those that killed processes have left."""
        self.final, self.overwrite = path, overwrite
        self.path = self._temporary_name()
        self._lock: int | None = None
        try:
            self._validate_name()
            self._remove_abandoned()
            self.path.mkdir()
            self._lock = _lock_folder(self.path)
        except OSError as error:
            raise self.error(error) from None

    def publish(self) -> None:
        """Give the folder its name.

        Raises:
            JobError: It cannot, or another one has taken the name in the meantime.
        """
        try:
            self._validate_name()
            sync_folder(self.path)
            if not (self.final.exists() and exchange_names(self.path, self.final)):
                self._rename()
            sync_folder(self.final.parent)
        except OSError as error:
            raise self.error(error) from None
        finally:
            self.discard()

    def _rename(self) -> None:
        """Give the folder its name in two steps, as some systems need: a kill in between leaves none of the name."""
        former = self._temporary_name()
        if self.final.exists():
            self.final.rename(former)
        self.path.rename(self.final)
        shutil.rmtree(former, ignore_errors=True)

    def discard(self) -> None:
        """Remove what has the temporary name: the folder, or once it is published, the one that it has replaced."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def error(self, error: OSError) -> JobError:
        """Return the error that says why the folder cannot be written."""
        return JobError(f"cannot write {self.final}: {error.strerror or error}", file=str(self.final))

    def _validate_name(self) -> None:
        final = self.final
        if not os.path.lexists(final):
            return
        if not final.is_dir() or final.is_symlink():
            raise JobError(f"cannot write {final}: it is not a folder", file=str(final))
        names = [each.name for each in final.iterdir()]
        if names and not self.overwrite:
            raise JobError(f"{final} exists; choose another name, or overwrite it", file=str(final))
        if strangers := [name for name in names if not FILE_NAME.fullmatch(name)]:
            raise JobError(f"{final} has other files, such as {strangers[0]!r}: choose another name", file=str(final))

    def _temporary_name(self) -> Path:
        return self.final.with_name(f".{self.final.name}.{secrets.token_hex(4)}.parts")

    def _remove_abandoned(self) -> None:
        """Remove the temporary folders of processes that have died: their locks ended with them."""
        form = re.compile(re.escape(f".{self.final.name}.") + r"[0-9a-f]{8}\.parts")
        for folder in [each for each in self.final.parent.iterdir() if form.fullmatch(each.name)]:
            lock = _lock_folder(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock_folder(folder: Path) -> int | None:
    """Lock a folder until the number that is returned is closed; None if another process has it, or without locks."""
    if os.name != "posix":
        return None
    with contextlib.suppress(OSError):
        lock = os.open(folder, os.O_RDONLY)
        if try_lock(lock):
            return lock
        os.close(lock)
    return None


class FolderSink(TableSink):
    """A table that is being written into several files of a folder.

    Args:
        folder: Where the files are written.
        suffix: That of the files.
        open_file: Starts the table of one file.
        file_rows: Rows of each file.
    """

    def __init__(
        self, folder: AtomicFolder, suffix: str, open_file: Callable[[Path], Sink], file_rows: int = FILE_ROWS
    ) -> None:
        """Start the first file."""
        self._folder, self._suffix, self._open_file, self._file_rows = folder, suffix, open_file, file_rows
        self._files = self._rows = 0
        try:
            self._sink = self._next_file()
        except BaseException:
            folder.discard()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """Implement `TableSink.names`."""
        return self._sink.names

    def write(self, row: JSON) -> None:
        """Implement `TableSink.write`."""
        self._start_row().write(row)

    def write_line(self, line: str) -> None:
        """Implement `TableSink.write_line`."""
        self._start_row().write_line(line)

    def close(self) -> None:
        """Implement `TableSink.close`: the last file is finished, and then the folder gets its name."""
        try:
            self._sink.close()
            self._folder.publish()
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Implement `TableSink.discard`."""
        self._sink.discard()
        self._folder.discard()

    def _start_row(self) -> Sink:
        """Return the file that the next row is written to, and count the row."""
        if self._rows == self._file_rows:
            self._sink.close()
            self._sink, self._rows = self._next_file(), 0
        self._rows += 1
        return self._sink

    def _next_file(self) -> Sink:
        number, self._files = self._files, self._files + 1
        return self._open_file(self._folder.path / f"part-{number:05}{self._suffix}")
