"""A response of `http.client` with any number of headers, as the awaited driver reads them."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, HTTPResponse, RemoteDisconnected
from typing import Any

MAX_HEAD_BYTES = 2**18
"""The size of all headers together. `http.client` itself stops at 100 headers, which proxies and gateways exceed."""

MAX_EMPTY_BYTES = 8
"""Line breaks that some old servers send after a body, and so before the next response."""

NO_BODY_STATUSES = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class NoReplyError(RemoteDisconnected):
    """The server closed the connection before the first byte of a reply."""


class Response(HTTPResponse):
    """A response that distinguishes a connection closed before any byte from one that breaks later.

    Interim replies (`102 Processing`, `103 Early Hints`) are skipped, as RFC 9110, 15.2, wants it of every client.

    Attributes:
        headers: The headers with lower-case names; of two with one name, the first.
    """

    headers: Any
    _has_interim_reply = False

    def begin(self) -> None:
        """Read the status and the headers.

        Raises:
            HTTPException: They are not those of HTTP/1.1, or too long.
        """
        if self.headers is not None:
            return
        version, status, self.reason = self._read_final_status()
        if status == HTTPStatus.SWITCHING_PROTOCOLS:
            raise HTTPException("the server switches to another protocol, for which nobody has asked")
        if not version.startswith("HTTP/1."):
            raise HTTPException(f"not an HTTP/1.1 response: {version!r}")
        self.code = self.status = status
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers = _read_headers(self.fp)
        self._read_framing()

    def _read_final_status(self) -> tuple[str, int, str]:
        """Return the status line after the interim replies."""
        version, status, reason = Response._read_status(self)
        interim_bytes = 0
        while status == HTTPStatus.CONTINUE:
            interim_bytes += len(f"{version} {status}\r\n\r\n") + sum(len(line) for line in _head_lines(self.fp))
            if interim_bytes > MAX_HEAD_BYTES:
                raise HTTPException(f"more than {MAX_HEAD_BYTES} bytes of headers")
            version, status, reason = Response._read_status(self)
        return version, status, reason

    def _read_status(self) -> tuple[str, int, str]:
        try:
            _skip_line_breaks(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        except ConnectionError as error:
            if self._has_interim_reply:
                raise
            raise NoReplyError(str(error)) from error
        except BadStatusLine as error:
            raise HTTPException(f"not an HTTP/1.1 response: {str(error)[:100].strip()}") from None
        self._has_interim_reply = HTTPStatus.CONTINUE <= status < HTTPStatus.OK
        if self._has_interim_reply and status != HTTPStatus.SWITCHING_PROTOCOLS:
            status = HTTPStatus.CONTINUE
        return version, status, reason.strip()

    def _read_and_discard_trailer(self) -> None:
        """Skip the trailers of a chunked body, of which `http.client` would read any number."""
        for _ in _head_lines(self.fp, may_end=True):
            pass

    def _read_framing(self) -> None:
        """Set how the body ends."""
        coding = self.headers.get("transfer-encoding", "")
        coding = "" if coding.lower() == "identity" else coding
        self.chunked = coding.lower().endswith("chunked")
        self.chunk_left = None
        self.length = None if coding else _content_length(self.headers)
        if self.status in NO_BODY_STATUSES or self.status < HTTPStatus.OK:
            self.length = 0
        ends_with_connection = not self.chunked and self.length is None
        self.will_close = self._check_close() or ends_with_connection  # type: ignore[attr-defined]


class TunnelResponse(Response):
    """The reply of a proxy to CONNECT: any 2xx opens the tunnel, as RFC 9110, 9.3.6, wants it of every client."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = self._read_final_status()
        is_open = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
        return version, HTTPStatus.OK if is_open else status, reason


def _skip_line_breaks(file: Any) -> None:
    for _ in range(MAX_EMPTY_BYTES):
        if file.peek(1)[:1] not in {b"\r", b"\n"}:
            return
        file.read(1)


def _read_headers(file: Any) -> dict[str, str]:
    r"""Return the headers by lower-case names; of two with one name, the first.

    Raises:
        HTTPException: They are too long, or a line is not a header.

    >>> import io
    >>> _read_headers(io.BytesIO(b"A: 1\r\nB: 2\r\n  3\r\na: 4\r\n\r\nrest"))
    {'a': '1', 'b': '2 3'}
    """
    headers: dict[str, str] = {}
    name = ""
    for line in _head_lines(file):
        if line[0] in " \t" and name:
            headers[name] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HTTPException(f"not an HTTP/1.1 response: the header line {line[:100]!r}")
        name, value = name.lower(), value.strip()
        first = headers.setdefault(name, value)
        if name == "content-length" and _lengths(first) != _lengths(value):
            raise HTTPException("not an HTTP/1.1 response: two lengths of its body")
    return headers


def _head_lines(file: Any, *, may_end: bool = False) -> Iterator[str]:
    """The lines of a head, up to the empty one.

    Raises:
        HTTPException: They are too long; or the connection was closed before the empty line, unless it *may_end*.
    """
    size = 0
    while line := file.readline(MAX_HEAD_BYTES + 1 - size):
        size += len(line)
        if size > MAX_HEAD_BYTES:
            raise HTTPException(f"more than {MAX_HEAD_BYTES} bytes of headers")
        if not (text := line.decode("latin-1").rstrip("\r\n")):
            return
        yield text
    if not may_end:  # `http.client` would take this for a reply without a body
        raise HTTPException("the connection was closed before the response was complete")


def _lengths(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")}


def _content_length(headers: dict[str, str]) -> int | None:
    """Return the length that a response declares; None without one.

    Raises:
        HTTPException: It is not a number, or two numbers that differ.

    >>> _content_length({"content-length": "5, 5"}), _content_length({})
    (5, None)
    """
    text = headers.get("content-length")
    if text is None:
        return None
    lengths = _lengths(text)
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise HTTPException(f"not an HTTP/1.1 response: Content-Length {text[:100]!r}")
    return int(length)
