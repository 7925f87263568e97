"""Files and streams as bytes: compressed or not, read line by line, and compared with an earlier state."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import io
import lzma
import os
import re
import sys
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from structkit.errors import ConfigError, JobError
from structkit.tables.compressed_streams import DECOMPRESSORS, CompressedStreams
from structkit.tables.content_kind import START_BYTES, content_kind, text_kind
from structkit.tables.object_store import StoredFile

COMPRESSIONS = {
    ".gz": ("gzip",),
    ".bz2": ("bz2",),
    ".xz": ("lzma",),
    ".zst": ("compression.zstd", "backports.zstd"),
}
"""By suffix, the modules that can read and write it; the first one that this Python has is used."""

SAMPLE_BYTES = 64 * 1024
"""Bytes of a file's start and of its end that are hashed."""

_WIDE_TEXT = re.compile("(?P<le>(?:[^\\0]\\0){3})|(?P<be>(?:\\0[^\\0]){3})")
"""Three Latin characters as two bytes each: UTF-16 without the mark at its start."""

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The marks at the start of a text, and the encoding that each stands for."""

READ_ERRORS = (EOFError, zlib.error, lzma.LZMAError, OSError)
"""The exceptions of a file that cannot be read, or whose compression is corrupt."""


@dataclass(frozen=True, slots=True)
class Input:
    """The file or stream that rows are read from.

    Args:
        name: Its name in messages.
        path: The file; None for standard input.
        compression: The suffix of its compression; empty if there is none.
        table: The table, query or sheet, if it has several.
        delimiter: The character between the cells of a text; None for that of its format.
        encoding: Of a text; None for UTF-8.
        note: What errors add: which of several tables is read.
        stored: The file, if it is in an object store.
        unguarded_columns: Of an output, the columns whose texts have no apostrophe before a formula; None if the texts
            are read as they are.
        has_settings: Whether the caller can pass `table`, `delimiter` and `encoding`, which errors then advise.
        needed_rows: By position, 0 for each row whose cells nobody needs; a format may leave them out. None if all are
            needed.
    """

    name: str
    path: Path | None = None
    compression: str = ""
    table: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    note: str = ""
    stored: StoredFile | None = None
    unguarded_columns: Collection[str] | None = None
    has_settings: bool = True
    needed_rows: bytes | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be read from the start again: a file, not a stream."""
        return self.stored is not None or (self.path is not None and self.path.is_file())

    def open(self) -> contextlib.AbstractContextManager[BinaryIO]:
        """Open it and return the decompressed bytes.

        Raises:
            JobError: There is no such file, or it cannot be opened.
            ConfigError: This Python cannot decompress it.
        """
        if self.stored is not None:
            return contextlib.closing(_open_compressed(self.stored.open(), "rb", self.compression))
        if self.path is None:
            return contextlib.nullcontext(_open_compressed(_standard_stream("stdin"), "rb", self.compression))
        try:
            return contextlib.closing(_open_compressed(self.path.open("rb"), "rb", self.compression))
        except OSError as error:
            raise JobError(f"cannot read {self.name}: {error.strerror or error}", file=self.name) from None

    def error(self, message: str, line: int | None = None, *, unit: str = "line") -> JobError:
        """Return an error with the name of the input and the line."""
        location = self.name if line is None else f"{self.name}, {unit} {line}"
        return JobError(f"{location}: {message}{self.note and f' ({self.note})'}", file=self.name, line=line)

    def content_kind(self) -> str:
        """Return what the file is by its content, in words; empty if that is unknown, or the input is a stream."""
        if not self.is_repeatable:
            return ""
        with self.open() as file:
            return content_kind(file.read(START_BYTES))

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield its lines with their line ends, numbered from 1, without a byte order mark.

        Raises:
            JobError: It cannot be read, or has another encoding.
        """
        number = 0
        try:
            with self.open() as file:
                for number, line in enumerate(self._decoded_lines(file), 1):
                    yield number, self._first_line(line) if number == 1 else line
        except UnicodeError as error:
            raise self._encoding_error(error, number + 1) from None
        except READ_ERRORS as error:
            raise self.error(f"cannot be read: {error}", number or None) from None

    def _first_line(self, line: str) -> str:
        """Return the first line without a byte order mark.

        Raises:
            JobError: It is UTF-16, or the start of a text that is no table.
        """
        if self.encoding is None and (match := _WIDE_TEXT.match(line)):
            name = f"utf-16-{match.lastgroup}"
            advice = f'pass encoding="{name}" (--encoding {name})' if self.has_settings else "save it as UTF-8"
            raise self.error(f"not UTF-8 text but UTF-16: {advice}")
        line = line.removeprefix("\ufeff")
        if kind := text_kind(line[:START_BYTES].encode(errors="replace")):
            raise self._other_kind(kind)
        return line

    def _decoded_lines(self, file: BinaryIO) -> Iterator[str]:
        if self.encoding is None:
            for line in file:
                yield line.decode()
            return
        decoder, parts = codecs.getincrementaldecoder(self.encoding)(), list[str]()
        for data in iter(partial(file.read, SAMPLE_BYTES), b""):
            *line_ends, tail = decoder.decode(data).split("\n")
            for line_end in line_ends:
                yield "".join([*parts, line_end, "\n"])
                parts = []
            parts.append(tail)
        if end := "".join([*parts, decoder.decode(b"", final=True)]):
            yield end

    def _encoding_error(self, error: UnicodeError, line: int) -> JobError:
        """Return an error that says which encoding to name."""
        data, start = (error.object, error.start) if isinstance(error, UnicodeDecodeError) else (b"", None)
        place = "" if start is None else f" (byte {start + 1} of the line)"
        if self.encoding is not None:
            lines_before = data[:start].decode(self.encoding, "ignore").count("\n") if data else 0
            return self.error(f"not {self.encoding} text: {error}", line + lines_before)
        kind = self.content_kind() if self.is_repeatable else content_kind(data) if line == 1 else ""
        if kind not in {"", "text"}:
            return self._other_kind(kind)
        marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
        name = marked or ("utf-16" if b"\0" in data[:100] else "cp1252")
        other = (
            f', or name its encoding, for instance encoding="{name}" (--encoding {name})' if self.has_settings else ""
        )
        return self.error(f"not UTF-8 text{place}: save it as UTF-8{other}", line)

    def _other_kind(self, kind: str) -> JobError:
        promise = "that its suffix promises" if self.is_repeatable else "of a table"
        return self.error(f"not the text {promise}, but {kind}")


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What distinguishes one state of a file from another.

    Args:
        size: In bytes.
        mtime_ns: When it was last written.
        sample_hash: SHA-256 of its first and last 64 KiB.
    """

    size: int
    mtime_ns: int
    sample_hash: str


def identify_file(path: Path) -> FileIdentity:
    """Return the current state of a file."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        head = file.read(SAMPLE_BYTES)
        file.seek(max(0, status.st_size - SAMPLE_BYTES))
        sample_hash = hashlib.sha256(head + file.read(SAMPLE_BYTES)).hexdigest()
    return FileIdentity(status.st_size, status.st_mtime_ns, sample_hash)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and hashes of the files of a folder, as hex digits."""
    if path.is_dir():
        listing = "".join(f"{each.name}\0{hash_file(each)}\n" for each in sorted(path.iterdir()) if each.is_file())
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unchanged(path: Path, before: FileIdentity) -> bool:
    """Return whether a file has the same content as before, as far as size and samples say; its time may differ."""
    try:
        status = path.stat()
        if (status.st_size, status.st_mtime_ns) == (before.size, before.mtime_ns):
            return True
        return status.st_size == before.size and identify_file(path).sample_hash == before.sample_hash
    except OSError:
        return False


def open_compressed(file: BinaryIO, compression: str) -> BinaryIO:
    """Return a file that writes into *file* compressed; *file* itself if *compression* is empty.

    Raises:
        ConfigError: This Python cannot compress it.
    """
    return _open_compressed(file, "wb", compression) if compression else file


def standard_output() -> BinaryIO:
    """Return standard output, as bytes.

    Raises:
        JobError: It is closed.
    """
    return _standard_stream("stdout")


def _standard_stream(name: str) -> BinaryIO:
    stream = getattr(sys, name)
    if stream is None:
        raise JobError(f"{name} is closed")
    binary: BinaryIO = getattr(stream, "buffer", stream)
    return binary


def _open_compressed(file: BinaryIO, mode: str, compression: str) -> BinaryIO:
    if not compression:
        return file
    for module in COMPRESSIONS[compression]:
        with contextlib.suppress(ImportError):
            return _open_stream(file, mode, import_module(module))
    install = "pip install backports.zstd, or " if compression == ".zst" else ""
    raise ConfigError(f"this Python has no module for {compression} files: {install}use an uncompressed file")


def _open_stream(file: BinaryIO, mode: str, module: Any) -> BinaryIO:
    stream: Any
    if mode != "rb":
        stream = module.open(file, mode)
    elif module.__name__ in DECOMPRESSORS:
        stream = io.BufferedReader(CompressedStreams(file, getattr(module, DECOMPRESSORS[module.__name__])))
    else:
        stream = io.BufferedReader(module.open(file, mode))
    content: BinaryIO = stream
    return content
