"""A packed body while it comes in: no piece of it unpacks to more than a piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from structkit.errors import MalformedReply

PIECE = 2**18
"""The most bytes of a piece: a small body may unpack to gigabytes, and is refused before it has."""

GZIP, ZLIB, RAW = 31, 15, -15
"""What zlib calls the wrappings of the same packing."""

PACKINGS = frozenset({"gzip", "deflate"})
"""Those that a request says it takes; a body in any other is handed on as it is."""


def unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body in pieces, from what a `content-encoding` has made of it.

    Raises:
        MalformedReply: It is not packed like that, or cut.

    >>> packed = zlib.compress(b"tea for two")
    >>> b"".join(unpacked([packed[:5], packed[5:]], "deflate"))
    b'tea for two'
    """
    name = encoding.strip().lower()
    return _inflated(pieces, name) if name in PACKINGS else iter(pieces)


def _inflated(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    packer = None
    try:
        for piece in filter(None, pieces):
            packer = packer or zlib.decompressobj(_wrapping(name, piece))
            yield packer.decompress(piece, PIECE)
            while packer.unconsumed_tail:
                yield packer.decompress(packer.unconsumed_tail, PIECE)
    except zlib.error as error:
        raise _unpackable(str(error)) from error
    if packer and not packer.eof:
        raise _unpackable("it ends too early")


def _wrapping(name: str, start: bytes) -> int:
    """`deflate` is zlib's format by the standard, and the bare stream by what some servers do."""
    if name != "deflate":
        return GZIP
    return ZLIB if start[0] & 0x0F == zlib.DEFLATED else RAW


def _unpackable(reason: str) -> MalformedReply:
    return MalformedReply(f"the endpoint's reply cannot be unpacked: {reason}", retryable=True)
