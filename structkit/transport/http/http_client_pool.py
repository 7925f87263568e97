"""The lean transport's blocking line over the standard library's `http.client`, with kept connections."""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import Event, Timer
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from structkit.transport.exceptions import CONNECT
from structkit.transport.http.certificates import certificates
from structkit.transport.http.decompress import PIECE, unpacked
from structkit.transport.reply_body import Opened, Reading

KEPT = 100
"""Idle connections at most."""

IDLE = 15.0
"""Seconds after which a connection is not used again: firewalls drop what is idle, and tell nobody."""


class ConnectError(OSError):
    """No connection: nothing was sent."""


class ConnectTimeout(ConnectError, TimeoutError):
    """No connection in time."""


class OverHTTPClient:
    """Connections to one address, directly or through an HTTP proxy; any number of threads may use it.

    A request is never sent twice: one that meets a connection which the other side is just closing is a fault like
    any other, and counts where it is sent again.
    """

    def __init__(self, base_url: str, headers: dict[str, str], proxy: str | None) -> None:
        """Read the certificates; the first exchange connects."""
        self._to, self._over = urlsplit(base_url), urlsplit(proxy) if proxy else None
        self._headers = {"accept-encoding": "gzip, deflate", **headers}
        self._certificates = certificates() if self._to.scheme == "https" else None
        self._start = self._to.path
        if self._over and not self._certificates:  # such a proxy gets the whole address, and the user's name for it
            self._start = base_url
            self._headers |= _credentials(self._over)
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        self._process = os.getpid()

    @contextmanager
    def open(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> Iterator[Opened]:
        """Send, and give the reply to be read as it comes."""
        connection = self._kept(wait) or self._open(wait)
        line: Any = connection.sock  # the connection lets go of it where the reply ends with the connection
        try:
            with _shut_at_the_deadline(line, reading):
                connection.request(method, self._start + path, body, self._headers)
                with closing(connection.getresponse()) as response:
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    pieces = unpacked(_pieces(response), headers.get("content-encoding", ""))
                    yield response.status, headers, _timed(pieces, response, line, wait, reading)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def _kept(self, wait: float) -> HTTPConnection | None:
        """An idle connection that is still open."""
        if self._process != os.getpid():  # forked: they are the parent's, who would get our replies
            self._process = os.getpid()
            self.close()
        while (kept := _popped(self._idle)) is not None:
            connection, since = kept
            if monotonic() - since < IDLE and _is_quiet(connection.sock):
                connection.sock.settimeout(wait)
                return connection
            connection.close()
        return None

    def _keep(self, connection: HTTPConnection) -> None:
        if connection.sock is not None and len(self._idle) < KEPT:
            self._idle.append((connection, monotonic()))
        else:
            connection.close()

    def _open(self, wait: float) -> HTTPConnection:
        connection = self._unopened(min(wait, CONNECT))
        try:
            connection.connect()
            connection.sock.settimeout(wait)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise ConnectTimeout from error
            if isinstance(error, OSError | HTTPException):
                raise ConnectError(str(error)) from error
            raise
        return connection

    def _unopened(self, wait: float) -> HTTPConnection:
        host, port = _address(self._over or self._to)
        if not self._certificates:
            return HTTPConnection(host, port, timeout=wait)
        connection = HTTPSConnection(host, port, timeout=wait, context=self._certificates)
        if self._over:
            connection.set_tunnel(*_address(self._to), headers=_credentials(self._over))
        return connection

    def close(self) -> None:
        """Let go of the connections that are idle."""
        while (kept := _popped(self._idle)) is not None:
            kept[0].close()


def _popped(idle: deque[tuple[HTTPConnection, float]]) -> tuple[HTTPConnection, float] | None:
    """The one used last; another thread may have been faster."""
    try:
        return idle.pop()
    except IndexError:
        return None


def _is_quiet(line: socket.socket) -> bool:
    """Whether nothing came since the last reply: neither an end, nor what nobody asked for."""
    line.settimeout(0)
    try:
        socket.socket.recv(line, 1, socket.MSG_PEEK)  # of TLS too, whose own `recv` cannot peek
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    """The body as it comes.

    Raises:
        IncompleteRead: The connection ended before it.
    """
    came = 0
    while piece := response.read1(PIECE):
        came += len(piece)
        yield piece
    if response.length or not (came or _may_be_empty(response)):
        raise IncompleteRead(b"", response.length)


def _timed(
    pieces: Iterator[bytes], response: HTTPResponse, line: socket.socket, wait: float, reading: Reading
) -> Iterator[bytes]:
    """The pieces, each in the time that is left for it; where that is as long as before, the socket knows it."""
    known = wait
    for piece in pieces:
        yield piece
        if (left := reading.left(wait)) != known and not response.isclosed():
            known = left
            line.settimeout(left)


@contextmanager
def _shut_at_the_deadline(line: socket.socket, reading: Reading) -> Iterator[None]:
    """While a reply is read: `http.client` waits for each byte of a head as long as for the first.

    Raises:
        TimeoutError: The deadline came first.
    """
    if (left := reading.seconds_left) is None:
        yield
        return
    is_shut = Event()
    timer = Timer(max(0.0, left), _shut, [line, is_shut])
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if not is_shut.is_set():
            raise
    finally:
        timer.cancel()
    if is_shut.is_set():  # `http.client` takes some ends for good ones
        raise TimeoutError("the deadline has come")


def _shut(line: socket.socket, is_shut: Event) -> None:
    is_shut.set()
    with suppress(OSError):  # it is closed already
        line.shutdown(socket.SHUT_RDWR)


def _may_be_empty(response: HTTPResponse) -> bool:
    """Whether the head was whole: `http.client` takes one that is cut for one that says nothing of the body."""
    return response.status != HTTPStatus.OK or response.chunked or response.length is not None


def _address(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(pair.encode()).decode()}"}
