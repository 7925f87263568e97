"""Chunked bodies of the blocking driver: what arrives is returned, whatever the reads, and what is damaged is an error."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit.transport.http.chunked_body import read_chunked
from structkit.transport.http.response_parser import InvalidResponse


class Reads:
    """A file whose reads return the given bytes, one after the other."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads: Iterator[bytes] = iter(reads)

    def read1(self, _size: int) -> bytes:
        return next(self._reads, b"")


def encode(chunks: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=6), st.integers(1, 12))
def test_a_body_is_the_same_however_it_arrives(chunks: list[bytes], size: int) -> None:
    data = encode(chunks)
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    parts = [*read_chunked(Reads(reads))]
    assert b"".join(parts) == b"".join(chunks)
    assert all(parts)


def test_chunks_that_arrive_together_are_read_together() -> None:
    assert [*read_chunked(io.BytesIO(encode([b"a", b"b"])))] == [b"ab"]


def test_trailers_and_extensions_are_skipped() -> None:
    assert [*read_chunked(io.BytesIO(b"2;name=x\r\nab\r\n0\r\nx-sum: 1\r\n\r\n"))] == [b"ab"]


@pytest.mark.parametrize("end", [b"0", b"0\r\n", b"0\r\nx-sum: 1\r\n"])
def test_a_body_whose_last_chunk_has_begun_is_complete(end: bytes) -> None:
    assert b"".join(read_chunked(io.BytesIO(b"2\r\nok\r\n" + end))) == b"ok"


@pytest.mark.parametrize("end", [b"", b"5\r\nab", b"zz\r\nab\r\n", b"-1\r\n\r\n"])
def test_what_arrived_before_an_invalid_end_is_returned_before_the_error(end: bytes) -> None:
    parts = read_chunked(io.BytesIO(b"2\r\nok\r\n" + end))
    assert next(parts).startswith(b"ok")
    with pytest.raises(InvalidResponse):
        b"".join(parts)
