"""HTTP/1.1 responses, parsed by httptools as their bytes arrive; does no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD_BYTES = 2**18
"""The size of all headers together, of all trailers, or of the line before a chunk, which may have extensions."""

LENIENCIES = {"lenient_headers": True, "lenient_optional_cr_before_lf": True, "lenient_spaces_after_chunk_size": True}
LENIENCIES |= {"lenient_chunked_length": True, "lenient_version": True}
"""Old servers fold headers, and end lines without a carriage return; aiohttp 3.13 accepts the same. Proxies that make
chunks of a body leave its length beside them, which RFC 9112, 6.3, ignores. A later minor version is read as 1.1."""

MAX_QUOTED_BYTES = 100

END_OF_CHUNKS = b"\r\n\r\n"
"""The end of a body after the size of its last chunk, which is 0."""


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


LENGTH_LINE = b"\ncontent-length:"
LENGTH_LIST = re.compile(rb"\ncontent-length:[^\n]*,")


def with_one_length(data: bytes) -> bytes:
    r"""Return a head, and what follows it, with equal lengths of its body as one, as RFC 9112, 6.3, allows.

    >>> with_one_length(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2, 2\r\n\r\n{}")
    b'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'
    """
    head, blank_line, body = data.partition(b"\r\n\r\n")
    lines: list[bytes] = []
    lengths: set[bytes] = set()
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            lengths.update(part.strip() for part in value.split(b","))
        else:
            lines.append(line)
    if len(lengths) != 1:
        return data
    return b"\r\n".join([*lines, b"content-length: %b" % lengths.pop()]) + blank_line + body


class ResponseParser:
    """The responses of a connection, one after the other.

    Attributes:
        has_bytes: Whether a byte of the response has arrived.
        is_complete: Whether the response has ended.
        keeps_alive: Whether another request may be sent over the connection after it.
    """

    def __init__(self) -> None:
        """Start without a response: `expect` has to be called for each."""
        self._parser = self._new_parser()
        self._receiver: ResponseReceiver | None = None
        self.has_bytes = self.is_complete = self.keeps_alive = self._is_started = False
        self._headers: dict[str, str] = {}
        self._framing_bytes = 0  # of what has arrived since the last byte of the body
        self._has_lengths = False  # more than one, so that the parser has rejected it
        self._head = bytearray()  # what has arrived of a head that is not complete
        self._remaining: int | None = None  # bytes of a body whose length the parser does not read

    def _new_parser(self) -> HttpResponseParser:
        parser = HttpResponseParser(self)
        parser.set_dangerous_leniencies(**LENIENCIES)
        return parser

    def expect(self, receiver: ResponseReceiver) -> None:
        """Start before the first byte of a response; the one before it is complete, and keeps the connection alive.

        Args:
            receiver: Is given the response.
        """
        self._receiver = receiver
        self.has_bytes = self.is_complete = self.keeps_alive = self._is_started = False
        self._headers = {}
        self._framing_bytes = 0
        self._head = bytearray()
        self._remaining = None

    def feed(self, data: bytes | memoryview) -> None:
        """Parse the next bytes.

        Raises:
            InvalidResponse: They are not HTTP/1.1.
        """
        self.has_bytes = True
        self._framing_bytes += len(data)
        try:
            self._parse(data)
        except HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except HttpParserUpgrade:
            raise InvalidResponse("the server switches to another protocol, for which nobody has asked") from None
        except HttpParserError as error:
            if not self.is_complete:
                raise InvalidResponse(f"not an HTTP/1.1 response: {self._other_protocol(data) or error}") from None
            self.keeps_alive = False  # these bytes come after it, and nobody has asked for them
        if not self._is_started:
            self._head += data
        if self._framing_bytes > MAX_HEAD_BYTES and not self.is_complete:
            raise InvalidResponse(f"more than {MAX_HEAD_BYTES} bytes of headers")

    def _other_protocol(self, data: bytes | memoryview) -> str:
        """Return the start of the first line, if it is not that of HTTP."""
        head = (bytes(self._head) + data).lstrip(b"\r\n")
        is_http = self._is_started or head.startswith(b"HTTP/")
        return "" if is_http else head[:MAX_QUOTED_BYTES].partition(b"\n")[0].strip().decode("latin-1")

    def _parse(self, data: bytes | memoryview) -> None:
        """Parse the next bytes; a head with two lengths of its body as a whole, since these may be equal."""
        try:
            if not self._has_lengths:
                self._parser.feed_data(data)
                return
        except (HttpParserCallbackError, HttpParserUpgrade):
            raise
        except HttpParserError:
            lower_head = (self._head + data).lower()
            has_lengths = lower_head.count(LENGTH_LINE) > 1 or bool(LENGTH_LIST.search(lower_head))
            self._has_lengths = not self._is_started and has_lengths
            if not self._has_lengths:
                raise
        if b"\r\n\r\n" in (head := bytes(self._head) + data):
            self._parser, self._headers, self._has_lengths = self._new_parser(), {}, False
            self._parser.feed_data(with_one_length(head))

    def end(self) -> InvalidResponse | None:
        """Note that the connection was closed; return an error if the response is not complete."""
        coding = self._headers.get("transfer-encoding")
        is_chunked = coding is not None and coding.lower().endswith("chunked")
        if is_chunked and self._is_started and not self.is_complete:
            self._receiver = None  # it has the whole body, if the last chunk has begun
            with suppress(HttpParserError):
                self._parser.feed_data(END_OF_CHUNKS)
        has_length = is_chunked or (coding is None and "content-length" in self._headers)
        self.is_complete = self.is_complete or (self._is_started and not has_length)
        message = "the connection was closed before the response was complete"
        return None if self.is_complete else InvalidResponse(message)

    # Called by httptools

    def on_message_begin(self) -> None:
        """Start a response: the first one, the one after an informational one, or one that nobody has asked for."""
        self.keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers are skipped."""
        if not self._is_started:
            self._headers.setdefault(name.decode("latin-1").strip().lower(), value.decode("latin-1").strip())

    def on_headers_complete(self) -> None:
        """Pass on the status and the headers, but for those of an informational response."""
        status = self._parser.get_status_code()
        if self._is_started:
            return
        if status < HTTPStatus.CONTINUE:
            raise InvalidResponse(f"not an HTTP/1.1 response: the status {status}")
        if not (version := self._parser.get_http_version()).startswith("1."):
            raise InvalidResponse(f"not an HTTP/1.1 response: the version {version}")
        if status < HTTPStatus.OK:  # the response comes after it
            self._headers.clear()
            return
        self._is_started = True
        self._read_identity()
        if self._receiver is not None:
            self._receiver.start(status, self._headers)
        self.is_complete = self._remaining == 0

    def _read_identity(self) -> None:
        """Read the length of a body with the coding `identity`, which is none: the parser waits for its connection."""
        length = self._headers.get("content-length", "")
        if self._headers.get("transfer-encoding", "").lower() == "identity":
            del self._headers["transfer-encoding"]
            self._remaining = int(length) if length.isdecimal() else None

    def on_body(self, chunk: bytes) -> None:
        """Pass on a part of the body."""
        self._framing_bytes = 0
        if self._remaining is not None:
            chunk, self._remaining = chunk[: self._remaining], max(0, self._remaining - len(chunk))
        if self._receiver is not None:
            self._receiver.add(chunk)
        if self._remaining == 0:
            self.is_complete = True

    def on_message_complete(self) -> None:
        """Note the end of the response."""
        if self._is_started and not self.is_complete:
            self.is_complete, self.keeps_alive = True, self._parser.should_keep_alive()
            self._receiver = None  # an idle connection keeps no reply in memory
