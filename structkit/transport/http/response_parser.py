"""HTTP/1.1 responses, parsed as their bytes arrive; does no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol

MAX_HEAD_BYTES = 2**18
"""The size of all headers together, or of all trailers."""

MAX_CHUNK_LINE = 4096
"""The size of the line before a chunk, which may have extensions."""

STATUS_LINE = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: [^\r\n]*)?")
HEAD_END = re.compile(rb"\r?\n\r?\n")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""As RFC 9112 has them, but for line ends without a carriage return, which every client accepts."""

NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class InvalidResponse(ConnectionError):
    """What the server sends is not HTTP/1.1, or ends too early."""


class ResponseReceiver(Protocol):
    """Takes a response as it is parsed; what it raises ends the response."""

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the status, and the headers with lower-case names; of two with one name, the first."""
        ...

    def add(self, chunk: bytes) -> None:
        """Take the next part of the body."""
        ...


class ResponseParser:
    """One response of a connection.

    Args:
        receiver: Is given the response.

    Attributes:
        has_bytes: Whether a byte has arrived.
        is_complete: Whether the response has ended.
        keeps_alive: Whether another request may be sent over the connection after it.
    """

    __slots__ = ("_data", "_feed", "_missing", "_receiver", "_search_start", "has_bytes", "is_complete", "keeps_alive")

    def __init__(self, receiver: ResponseReceiver) -> None:
        """Start before the first byte."""
        self._receiver = receiver
        self.has_bytes = self.is_complete = self.keeps_alive = False
        self._data = b""  # what has arrived and is not parsed yet
        self._missing = 0  # bytes of the body or of a chunk; of the trailers, those that have arrived
        self._search_start = 0  # bytes of a head in which its end is not
        self._feed: Callable[[bytes, int], int | None] = self._feed_head

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        Raises:
            InvalidResponse: They are not HTTP/1.1.
        """
        self.has_bytes = True
        if self._data:
            data, self._data = self._data + data, b""
        position: int | None = 0
        while position is not None and position < len(data) and not self.is_complete:
            start, position = position, self._feed(data, position)
            if position is None:
                self._data = data[start:]
        if self.is_complete and position != len(data):  # nobody has asked for another response
            self.keeps_alive = False

    def end(self) -> InvalidResponse | None:
        """Note that the connection was closed; return an error if the response is not complete."""
        self.is_complete = self.is_complete or self._feed == self._feed_until_closed
        message = "the connection was closed before the response was complete"
        return None if self.is_complete else InvalidResponse(message)

    # Each parses what starts at a position, and returns the position after it; None if it has not arrived completely.

    def _feed_head(self, data: bytes, position: int) -> int | None:
        end = HEAD_END.search(data, max(position, self._search_start))
        if (end.start() if end else len(data)) - position > MAX_HEAD_BYTES:
            raise InvalidResponse(f"the headers have more than {MAX_HEAD_BYTES} bytes")
        if end is None:
            self._search_start = max(0, len(data) - position - 3)  # its end may have begun
            return None
        self._search_start = 0
        self._start(data[position : end.start()])
        return end.end()

    def _start(self, head: bytes) -> None:
        line, _, fields = head.partition(b"\n")
        match = STATUS_LINE.fullmatch(line.rstrip(b"\r"))
        if match is None:
            raise InvalidResponse(f"not an HTTP status line: {line[:40]!r}")
        status = int(match[2])
        if status < HTTPStatus.OK:  # informational: the response comes after it
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise InvalidResponse("the server switches to another protocol")
            return
        headers = parse_headers(fields)
        connection = headers.get("connection", "").lower()
        self.keeps_alive = "close" not in connection and (match[1] == b"1" or "keep-alive" in connection)
        self._start_body(status, headers)
        self._receiver.start(status, headers)

    def _start_body(self, status: int, headers: Mapping[str, str]) -> None:
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if status in NO_BODY:
            self.is_complete = True
        elif coding is not None and coding.lower().endswith("chunked"):
            self._feed = self._feed_chunk_line
        elif coding is None and length is not None:
            if not (length.isascii() and length.isdecimal()):
                raise InvalidResponse(f"an invalid Content-Length: {length[:40]!r}")
            self._missing = int(length[:20])  # int() of a text of any length would take long, or raise
            self._feed = self._feed_body
            self.is_complete = not self._missing
        else:
            self._feed, self.keeps_alive = self._feed_until_closed, False

    def _feed_body(self, data: bytes, position: int) -> int | None:
        end = self._add(data, position)
        self.is_complete = not self._missing
        return end

    def _add(self, data: bytes, position: int) -> int:
        """Pass on what has arrived of the bytes that are missing."""
        end = min(len(data), position + self._missing)
        self._missing -= end - position
        self._receiver.add(data[position:end])
        return end

    def _feed_until_closed(self, data: bytes, position: int) -> int | None:
        self._receiver.add(data[position:])
        return len(data)

    def _feed_chunk_line(self, data: bytes, position: int) -> int | None:
        end = self._find_line_end(data, position, MAX_CHUNK_LINE)
        if end is None:
            return None
        match = CHUNK_SIZE.fullmatch(data[position:end].rstrip(b"\r"))
        if match is None:
            raise InvalidResponse(f"not the size of a chunk: {data[position : position + 40]!r}")
        self._missing = int(match[1], 16)
        self._feed = self._feed_chunk if self._missing else self._feed_trailers
        return end + 1

    def _feed_chunk(self, data: bytes, position: int) -> int | None:
        end = self._add(data, position)
        if not self._missing:
            self._feed = self._feed_chunk_end
        return end

    def _feed_chunk_end(self, data: bytes, position: int) -> int | None:
        end = self._find_line_end(data, position, 1)
        if end is None:
            return None
        if data[position:end] not in {b"", b"\r"}:
            raise InvalidResponse("a chunk is longer than its size")
        self._feed = self._feed_chunk_line
        return end + 1

    def _feed_trailers(self, data: bytes, position: int) -> int | None:
        """Skip the trailers, up to an empty line."""
        end = self._find_line_end(data, position, MAX_HEAD_BYTES - self._missing)
        if end is None:
            return None
        self._missing += end - position
        self.is_complete = data[position:end] in {b"", b"\r"}
        return end + 1

    def _find_line_end(self, data: bytes, position: int, limit: int) -> int | None:
        """Return the position of the next line feed; None if it has not arrived.

        Raises:
            InvalidResponse: The line has more bytes than the limit.
        """
        end = data.find(b"\n", position, position + limit + 1)
        if end < 0 and len(data) - position > limit:
            raise InvalidResponse(f"a line of a chunked body is longer than {limit} bytes")
        return None if end < 0 else end


def parse_headers(fields: bytes) -> dict[str, str]:
    r"""Return the headers of a head, without its first line.

    Raises:
        InvalidResponse: A line is not a header, or two lengths of the body differ.

    >>> parse_headers(b"Server:  nginx \r\nX-A: 1\r\n  2\r\nx-a: 3")
    {'server': 'nginx', 'x-a': '1 2'}
    """
    headers: dict[str, str] = {}
    name = ""
    for line in fields.split(b"\n") if fields else ():
        before, colon, after = line.partition(b":")
        if line[:1] in {b" ", b"\t"} and name:  # an old server has folded a long header
            headers[name] += f" {line.decode('latin-1').strip()}"
            continue
        if not colon or not HEADER_NAME.fullmatch(before):
            raise InvalidResponse(f"not a header: {before[:40]!r}")
        name, value = before.decode("ascii").lower(), after.decode("latin-1").strip()
        if headers.setdefault(name, value) != value and name == "content-length":
            raise InvalidResponse("two values of Content-Length")
    return headers
