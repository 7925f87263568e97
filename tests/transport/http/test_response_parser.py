"""HTTP/1.1 responses are parsed alike however their bytes arrive, and what is not HTTP/1.1 is an error."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from structkit.transport.http.request_head import encode_headers
from structkit.transport.http.response_parser import MAX_HEAD_BYTES, InvalidResponse, ResponseParser


class Response:
    """A response as a receiver gets it."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, dict[str, str](), b""

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, dict(headers)

    def add(self, chunk: bytes) -> None:
        assert chunk
        self.body += chunk


def parse(data: bytes, size: int = 0) -> tuple[Response, ResponseParser]:
    """Parse bytes that arrive in pieces of a size, all at once by default."""
    response = Response()
    parser = ResponseParser()
    parser.expect(response)
    for start in range(0, len(data), size or len(data)):
        parser.feed(data[start : start + (size or len(data))])
    return response, parser


CHUNKS = b"4\r\nWiki\r\n6;name=value\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n"
RESPONSES = {
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "empty": (b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", b"", True),
    "without a reason": (b"HTTP/1.1 429\r\nContent-Length: 2\r\n\r\nno", b"no", True),
    "without content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "with a long reason": (b"HTTP/1.1 200 All's \xfcber well\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "with a space after a name": (b"HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello", b"hello", True),
    "with a folded header": (b"HTTP/1.1 200 OK\r\na: b\r\n c\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "with an odd header": (b"HTTP/1.1 200 OK\r\na: \xfc\x7f\xe4\xb8\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", b"", True),
    "with trailers": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + CHUNKS + b"a: b\r\n\r\n", b"", True),
    "without carriage returns": (b"HTTP/1.1 200 OK\ncontent-length: 5\n\nhello", b"hello", True),
    "after a hint": (
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "the last one": (b"HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    "of an old server": (b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello", False),
    "of an old server that keeps the connection": (
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "with equal lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\na: b\r\ncontent-length: 5\r\n\r\nhello",
        b"hello",
        True,
    ),
    "with one length, twice": (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", b"hello", True),
    "before bytes that nobody asked for": (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP", b"hello", False),
}


@pytest.mark.parametrize(("data", "body", "keeps_alive"), RESPONSES.values(), ids=RESPONSES.keys())
def test_a_response_is_the_same_in_pieces_of_any_size(data: bytes, body: bytes, keeps_alive: bool) -> None:
    body = b"Wikipedia in \r\n\r\nchunks." if b"chunked" in data else body
    for size in (0, 1, 2, 3, 7):
        response, parser = parse(data.removesuffix(b"HTTP") if size else data, size)
        assert response.body == body
        assert response.status == int(data.partition(b"HTTP/1.0 " if b"HTTP/1.0" in data else b"HTTP/1.1 ")[2][:3]) or (
            response.status == 200
        )
        assert parser.is_complete
        assert parser.keeps_alive == (keeps_alive or (size > 0 and data.endswith(b"HTTP")))
        assert parser.end() is None


KEEP_ALIVE = {name: (data, body) for name, (data, body, keeps_alive) in RESPONSES.items() if keeps_alive and body}


@pytest.mark.parametrize("first", KEEP_ALIVE.values(), ids=KEEP_ALIVE.keys())
def test_the_next_response_of_a_connection_is_parsed_as_its_first_one(first: tuple[bytes, bytes]) -> None:
    parser = ResponseParser()
    for data, body in (first, *KEEP_ALIVE.values()):
        parser.expect(response := Response())
        assert (parser.has_bytes, parser.is_complete, parser.keeps_alive) == (False, False, False)
        parser.feed(data)
        assert (response.body, parser.is_complete, parser.keeps_alive) == (body, True, True)


@pytest.mark.parametrize("header", [b"", b"transfer-encoding: identity\r\n"])
def test_a_body_without_a_length_ends_with_its_connection(header: bytes) -> None:
    response, parser = parse(b"HTTP/1.1 200 OK\r\n" + header + b"\r\nhello")
    assert (response.body, parser.is_complete) == (b"hello", False)
    assert parser.end() is None
    assert (parser.is_complete, parser.keeps_alive) == (True, False)


@pytest.mark.parametrize("data", [b"HTTP/1.1 2", RESPONSES["with a length"][0][:-1], RESPONSES["in chunks"][0][:-1]])
def test_a_response_that_ends_too_early_is_an_error(data: bytes) -> None:
    assert isinstance(parse(data)[1].end(), InvalidResponse)


INVALID = {
    "another protocol": b"220 mail.example ESMTP\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a line that is not a header": b"HTTP/1.1 200 OK\r\nhello\r\n\r\n",
    "a length without a number": b"HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\nhello",
    "endless hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" * MAX_HEAD_BYTES,
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "a chunk without a size": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk longer than its size": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\na: " + b"x" * MAX_HEAD_BYTES,
    "an endless line before a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;"
    + b"x" * MAX_HEAD_BYTES,
    "endless trailers": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * MAX_HEAD_BYTES,
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID.keys())
def test_what_is_not_a_response_is_an_error_in_pieces_of_any_size(data: bytes) -> None:
    for size in (0, 1, 1000) if len(data) < 1000 else (0, 1000):
        with pytest.raises(InvalidResponse):
            parse(data, size)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\0b", "\u4e2d"])
def test_a_header_that_would_change_the_request_is_rejected_without_quoting_it(value: str) -> None:
    with pytest.raises(ValueError, match="a character that") as caught:
        encode_headers({"authorization": value})
    assert value not in str(caught.value)
