"""Decompresses a body chunk by chunk, so that a small body that expands to gigabytes is never in memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from structkit.errors import MalformedReply

MAX_CHUNK_BYTES = 2**18

GZIP, ZLIB, RAW_DEFLATE = 31, 15, -15
"""zlib's `wbits` for the three containers of one compression."""

GZIP_START = b"\x1f\x8b"
"""How a member of a gzip body starts."""

ACCEPTED = "gzip, deflate"
"""The header `accept-encoding` of a request."""

ENCODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
"""The accepted encodings under the names that servers use; a body in any other one is passed on unchanged."""


def decompress(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the decoded body of a reply with that `content-encoding`, in chunks of `MAX_CHUNK_BYTES` at most.

    Raises:
        MalformedReply: The body is damaged or incomplete.

    >>> packed = zlib.compress(b"tea for two")
    >>> b"".join(decompress([packed[:5], packed[5:]], "deflate"))
    b'tea for two'
    """
    name = accepted_name(encoding)
    return _inflate(chunks, Inflater(name)) if name else iter(chunks)


def decompress_async(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The async form of `decompress`."""
    name = accepted_name(encoding)
    return _inflate_async(chunks, Inflater(name)) if name else chunks


def decoded_body(response: Any) -> Iterator[bytes]:
    """Return the decoded body of a response of httpx or httpx2.

    They know more encodings, but read no more than the first member of a gzip body.
    """
    encoding = response.headers.get("content-encoding", "")
    return decompress(response.iter_raw(), encoding) if accepted_name(encoding) else iter(response.iter_bytes())


def decoded_body_async(response: Any) -> AsyncIterator[bytes]:
    """The async form of `decoded_body`."""
    encoding = response.headers.get("content-encoding", "")
    chunks: AsyncIterator[bytes] = response.aiter_raw() if accepted_name(encoding) else response.aiter_bytes()
    return decompress_async(chunks, encoding)


def accepted_name(encoding: str) -> str | None:
    """Return the name under which an `Inflater` has a `content-encoding`; None if the body is passed on unchanged."""
    return ENCODINGS.get(encoding.strip().lower())


def _inflate(chunks: Iterable[bytes], inflater: Inflater) -> Iterator[bytes]:
    for chunk in chunks:
        yield from inflater.feed(chunk)
    inflater.finish()


async def _inflate_async(chunks: AsyncIterator[bytes], inflater: Inflater) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for part in inflater.feed(chunk):
            yield part
    inflater.finish()


class Inflater:
    """A body that is decompressed as it arrives.

    A gzip body is a sequence of members. What follows the last one is ignored, as the program gzip does.

    Args:
        encoding: One of the values of `ENCODINGS`.
    """

    def __init__(self, encoding: str) -> None:
        """Start before the first byte."""
        self._is_gzip = encoding == "gzip"
        self._member: Any = None
        self._start = b""  # after a member, until it is long enough to tell whether another one starts
        self._is_at_end = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk contains.

        Raises:
            MalformedReply: It is damaged.
        """
        data, self._start = self._start + chunk, b""
        try:
            while data and self._has_member(data):
                yield from _expand(self._member, data)
                data = self._member.unused_data
        except zlib.error as error:
            raise _malformed(str(error)) from error

    def _has_member(self, data: bytes) -> bool:
        """Return whether *data* belongs to a member, which may be a new one."""
        if self._member is None:
            self._member = zlib.decompressobj(_wbits(data[0], is_gzip=self._is_gzip))
        elif self._member.eof:
            return self._starts_member(data)
        return True

    def _starts_member(self, data: bytes) -> bool:
        self._is_at_end = self._is_at_end or not self._is_gzip or not data.startswith(GZIP_START[: len(data)])
        if self._is_at_end:
            return False
        if len(data) < len(GZIP_START):
            self._start = data
            return False
        self._member = zlib.decompressobj(GZIP)
        return True

    def finish(self) -> None:
        """End the body.

        Raises:
            MalformedReply: It is incomplete.
        """
        if self._member is not None and not self._member.eof:
            raise _malformed("it ends too early")


def _expand(member: Any, data: bytes) -> Iterator[bytes]:
    yield member.decompress(data, MAX_CHUNK_BYTES)
    while member.unconsumed_tail:
        yield member.decompress(member.unconsumed_tail, MAX_CHUNK_BYTES)


def _wbits(first_byte: int, *, is_gzip: bool) -> int:
    """`deflate` means zlib's container in the standard, but some servers send the raw stream."""
    if is_gzip:
        return GZIP
    return ZLIB if first_byte & 0x0F == zlib.DEFLATED else RAW_DEFLATE


def _malformed(reason: str) -> MalformedReply:
    return MalformedReply(f"the endpoint's reply cannot be decompressed: {reason}", retryable=True)
