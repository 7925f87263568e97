"""Files and streams as bytes: compressed or not, read line by line, and written so that no half of one is ever seen."""

from __future__ import annotations

import contextlib
import hashlib
import io
import lzma
import os
import secrets
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from structkit.errors import ConfigError, JobError

COMPRESSIONS = {
    ".gz": ("gzip",),
    ".bz2": ("bz2",),
    ".xz": ("lzma",),
    ".zst": ("compression.zstd", "backports.zstd"),
}
"""By suffix, the modules that can read and write it: whichever this Python has."""

ENDS = 64 * 1024
"""Bytes of a file's head and of its tail that are hashed."""

BROKEN = (EOFError, zlib.error, lzma.LZMAError, OSError)
"""What reading raises where a file cannot be read or its compression is broken."""


@dataclass(frozen=True, slots=True)
class Input:
    """Where rows come from.

    Args:
        name: What to call it in messages.
        path: The file; None for standard input.
        compression: The suffix of its compression; empty where there is none.
        table: The table, query or sheet of it, where it has several.
    """

    name: str
    path: Path | None = None
    compression: str = ""
    table: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it can be read from its beginning again: a file, not a stream."""
        return self.path is not None and self.path.is_file()

    def open(self) -> contextlib.AbstractContextManager[BinaryIO]:
        """The bytes, unpacked.

        Raises:
            JobError: There is no such file, or it cannot be opened.
            ConfigError: This Python cannot unpack it.
        """
        if self.path is None:
            return contextlib.nullcontext(_unpacked(_standard("stdin"), "rb", self.compression))
        try:
            return contextlib.closing(_unpacked(self.path.open("rb"), "rb", self.compression))
        except OSError as error:
            raise JobError(f"cannot read {self.name}: {error.strerror or error}", file=self.name) from None

    def wrong(self, message: str, line: int | None = None, *, unit: str = "line") -> JobError:
        """An error that says where."""
        where = self.name if line is None else f"{self.name}, {unit} {line}"
        return JobError(f"{where}: {message}", file=self.name, line=line)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines with their ends, numbered from 1, without a byte order mark.

        Raises:
            JobError: It cannot be read, or is no UTF-8.
        """
        number = 0
        try:
            with self.open() as file:
                for number, line in enumerate(file, 1):
                    raw = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                    yield number, raw.decode()
        except UnicodeDecodeError as error:
            told = "no UTF-8 text (byte %d of the line); convert it to UTF-8 first" % (error.start + 1)
            raise self.wrong(told, number) from None
        except BROKEN as error:
            raise self.wrong(f"cannot be read: {error}", number or None) from None


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one state of a file from another.

    Args:
        size: In bytes.
        mtime_ns: When it was last written.
        ends: SHA-256 of its first and last 64 KiB.
    """

    size: int
    mtime_ns: int
    ends: str


def identity(path: Path) -> Identity:
    """The state that a file is in."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        head = file.read(ENDS)
        file.seek(max(0, status.st_size - ENDS))
        ends = hashlib.sha256(head + file.read(ENDS)).hexdigest()
    return Identity(status.st_size, status.st_mtime_ns, ends)


def whole_hash(path: Path) -> str:
    """SHA-256 of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_same(path: Path, before: Identity) -> bool:
    """Whether a file is as it was. One that was only touched is: its time has changed, and nothing else."""
    try:
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) == (before.size, before.mtime_ns):
            return True
        return status.st_size == before.size and identity(path).ends == before.ends
    except OSError:
        return False


class Draft:
    """A file in the making: a temporary one in the same folder, which gets its name when it is whole.

    Args:
        path: The name it will have.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        JobError: There is one already, or none can be written there.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Make the temporary file, and remove those that killed processes have left."""
        self.final, self.overwrite = path, overwrite
        self._refuse_existing()
        self.path = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            _remove_abandoned(path)
            self.file = self.path.open("x+b")  # its mode is that of any new file of this user
        except OSError as error:
            raise self.wrong(error) from None
        _lock(self.file)

    def publish(self) -> None:
        """Give the file its name, once all of it is on the disk.

        Raises:
            JobError: It cannot be written, or another file has taken the name in the meantime.
        """
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self._rename()
            _sync_folder(self.final.parent)
        except OSError as error:
            self.discard()
            raise self.wrong(error) from None
        self.file.close()

    def discard(self) -> None:
        """Leave nothing of what is not published."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk: what is buffered cannot be written
            self.file.close()

    def wrong(self, error: OSError) -> JobError:
        """What keeps the file from being written."""
        if isinstance(error, FileExistsError):
            return JobError(f"{self.final} exists; choose another name, or overwrite it", file=str(self.final))
        return JobError(f"cannot write {self.final}: {error.strerror or error}", file=str(self.final))

    def _refuse_existing(self) -> None:
        if self.final.is_dir():
            raise JobError(f"cannot write {self.final}: it is a folder", file=str(self.final))
        if not self.overwrite and os.path.lexists(self.final):
            raise self.wrong(FileExistsError())

    def _rename(self) -> None:
        if self.overwrite:
            self.path.replace(self.final)
            return
        try:
            os.link(self.path, self.final)  # unlike a rename, it never replaces a file
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            self._refuse_existing()
            self.path.replace(self.final)
        self.path.unlink(missing_ok=True)


def packed(file: BinaryIO, compression: str) -> BinaryIO:
    """What is written to it, goes into the file compressed.

    Raises:
        ConfigError: This Python cannot.
    """
    return _unpacked(file, "wb", compression) if compression else file


def standard_output() -> BinaryIO:
    """Standard output, as bytes.

    Raises:
        JobError: It is closed.
    """
    return _standard("stdout")


def _standard(name: str) -> BinaryIO:
    stream = getattr(sys, name)
    if stream is None:
        raise JobError(f"{name} is closed")
    found: BinaryIO = getattr(stream, "buffer", stream)
    return found


def _unpacked(file: BinaryIO, mode: str, compression: str) -> BinaryIO:
    if not compression:
        return file
    for module in COMPRESSIONS[compression]:
        with contextlib.suppress(ImportError):
            opened: Any = import_module(module).open(file, mode)
            buffered: BinaryIO = io.BufferedReader(opened) if mode == "rb" else opened
            return buffered
    raise ConfigError(f"this Python has no module for {compression} files: pip install backports.zstd, or unpack it")


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files of processes that are gone: their locks went with them."""
    for part in path.parent.glob(f".{_literal(path.name)}.????????.part"):
        with contextlib.suppress(OSError, ImportError), part.open("rb") as file:
            if _lock(file):
                part.unlink()


def _literal(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _lock(file: BinaryIO) -> bool:
    """Hold a file as long as this process has it open; False where another one does, or none can."""
    try:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk as well."""
    with contextlib.suppress(OSError):  # not every system can open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
