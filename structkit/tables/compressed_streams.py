"""Files of bzip2 and xz with several streams, as parallel compressors and `cat` write them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

CHUNK_BYTES = 64 * 1024

DECOMPRESSORS = {"bz2": "BZ2Decompressor", "lzma": "LZMADecompressor"}
"""By module, the class that decompresses one stream."""


class CompressedStreams(io.RawIOBase):
    """The decompressed content of all streams of a file.

    The readers of `bz2` and `lzma` end without an error where the second stream or a later one is damaged in its
    header: the rows from there on would be missing in silence. Zeros after a stream are padding.

    >>> import bz2
    >>> file = io.BytesIO(bz2.compress(b"a") + bytes(4) + bz2.compress(b"b"))
    >>> CompressedStreams(file, bz2.BZ2Decompressor).read()
    b'ab'

    Args:
        file: The compressed file, which is closed with this one.
        make_decompressor: Returns what decompresses one stream.
    """

    def __init__(self, file: BinaryIO, make_decompressor: Callable[[], Any]) -> None:
        """Start at the file's first stream."""
        self._file, self._make_decompressor = file, make_decompressor
        self._decompressor, self._first_input = make_decompressor(), b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes, at most as many as fit; return their number, 0 at the end.

        Raises:
            EOFError: The file ends within a stream.
            OSError, lzma.LZMAError: It is damaged, or something else follows a stream.
        """
        while not (self._decompressor.eof and not self._start_next_stream()):
            if data := self._decompressor.decompress(self._next_input(), len(buffer)):
                buffer[: len(data)] = data
                return len(data)
        return 0

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()

    def _start_next_stream(self) -> bool:
        """Start the next stream; return whether there is one."""
        data = self._decompressor.unused_data.lstrip(b"\0")
        while not data and (chunk := self._file.read(CHUNK_BYTES)):
            data = chunk.lstrip(b"\0")
        if data:
            self._decompressor, self._first_input = self._make_decompressor(), data
        return bool(data)

    def _next_input(self) -> bytes:
        """Return what the decompressor needs next; nothing while it has enough."""
        data, self._first_input = self._first_input, b""
        if data or not self._decompressor.needs_input:
            return data
        if not (data := self._file.read(CHUNK_BYTES)):
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        return data
