"""Decompresses a body chunk by chunk, so that a small body that expands to gigabytes is never in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from structkit.errors import MalformedReply

MAX_CHUNK_BYTES = 2**18

GZIP, ZLIB, RAW_DEFLATE = 31, 15, -15
"""zlib's `wbits` for the three containers of one compression."""

ENCODINGS = frozenset({"gzip", "deflate"})
"""The encodings that a request accepts; a body in any other one is passed on unchanged."""


def decompress(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the decoded body of a reply with that `content-encoding`, in chunks of `MAX_CHUNK_BYTES` at most.

    Raises:
        MalformedReply: The body is damaged or incomplete.

    >>> packed = zlib.compress(b"tea for two")
    >>> b"".join(decompress([packed[:5], packed[5:]], "deflate"))
    b'tea for two'
    """
    name = encoding.strip().lower()
    return _inflate(chunks, name) if name in ENCODINGS else iter(chunks)


def _inflate(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    inflater = None
    try:
        for chunk in filter(None, chunks):
            inflater = inflater or zlib.decompressobj(_wbits(name, chunk))
            yield inflater.decompress(chunk, MAX_CHUNK_BYTES)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, MAX_CHUNK_BYTES)
    except zlib.error as error:
        raise _malformed(str(error)) from error
    if inflater and not inflater.eof:
        raise _malformed("it ends too early")


def _wbits(name: str, first_chunk: bytes) -> int:
    """`deflate` means zlib's container in the standard, but some servers send the raw stream."""
    if name != "deflate":
        return GZIP
    return ZLIB if first_chunk[0] & 0x0F == zlib.DEFLATED else RAW_DEFLATE


def _malformed(reason: str) -> MalformedReply:
    return MalformedReply(f"the endpoint's reply cannot be decompressed: {reason}", retryable=True)
