"""A chunked body of the blocking driver, with all of the server's chunks that arrive in one read as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from structkit.transport.http.response_parser import ResponseParser

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
"""Stands for the head, which has been read already."""

READ_BYTES = 2**16


class _BodyParts:
    """Implements `ResponseReceiver`."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the head that stands for another one."""

    def add(self, chunk: bytes) -> None:
        """Take the next part of the body."""
        self.parts.append(chunk)


def read_chunked(file: Any) -> Iterator[bytes]:
    r"""Yield a body as it arrives.

    A server sends a chunk for each event of a stream, of which `http.client` returns one at a time.

    Args:
        file: Where the first chunk begins.

    Raises:
        InvalidResponse: The body is incomplete, or not chunked.

    >>> import io
    >>> [*read_chunked(io.BytesIO(b"3\r\ntea\r\n8\r\n for two\r\n0\r\n\r\n"))]
    [b'tea for two']
    """
    parser, receiver = ResponseParser(), _BodyParts()
    parser.expect(receiver)
    parser.feed(HEAD)
    error: Exception | None = None
    while error is None and not parser.is_complete and (data := file.read1(READ_BYTES)):
        try:
            parser.feed(data)
        except ConnectionError as invalid:  # the parts before it are valid
            error = invalid
        if receiver.parts:
            yield b"".join(receiver.parts)
            receiver.parts.clear()
    if error := error or parser.end():
        raise error
