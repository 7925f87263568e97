"""The blocking connection pool over the standard library's `http.client`."""

from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import Event, Timer
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from structkit.transport.exceptions import MAX_CONNECT_S, MAX_IDLE_S, ConnectError, ConnectTimeout, raise_if_late
from structkit.transport.http.certificates import ssl_context
from structkit.transport.http.decompress import ACCEPTED, MAX_CHUNK_BYTES, decompress
from structkit.transport.http.http_client_response import NoReplyError, Response, TunnelResponse
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import BodyReader, HTTPReply, is_event_stream
from structkit.transport.request_scope import hold_socket

MAX_IDLE = 100
"""Idle connections at most."""


def _send(connection: HTTPConnection, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> None:
    """Send a request.

    Raises:
        NoReplyError: The server closed the connection.
    """
    try:
        connection.request(method, target, body, headers)
    except ConnectionError as error:
        raise NoReplyError(str(error)) from error


class HTTPClientPool:
    """A `ConnectionPool` over `http.client`, directly or through an HTTP proxy; thread-safe.

    The pool repeats a request only if the server has closed an idle connection just as it was reused: some servers
    close a connection after a stream without saying so. On a new connection that is an error like any other.
    """

    def __init__(self, base_url: str, headers: dict[str, str], proxy: str | None) -> None:
        """Read the certificates; the first request connects."""
        self._target, self._proxy = urlsplit(base_url), urlsplit(proxy) if proxy else None
        self._headers = {"accept-encoding": ACCEPTED, **headers}
        self._certificates = ssl_context() if self._target.scheme == "https" else None
        self._path_prefix = self._target.path
        if self._proxy and not self._certificates:
            # Over plain HTTP the proxy is sent the full URL, and the proxy credentials as a header.
            self._path_prefix = base_url
            self._headers |= _credentials(self._proxy)
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        self._process = os.getpid()

    @contextmanager
    def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> Iterator[HTTPReply]:
        """Implement `ConnectionPool.open`."""
        if (idle := self._take_idle(timeout_s)) is not None:
            sent_at = monotonic()
            try:
                with self._use(idle, method, path, outgoing, timeout_s, reader) as reply:
                    yield reply
                    return
            except NoReplyError:
                raise_if_late(sent_at)
        with self._use(self._connect(timeout_s), method, path, outgoing, timeout_s, reader) as reply:
            yield reply

    @contextmanager
    def _use(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        outgoing: OutgoingRequest,
        timeout_s: float,
        reader: BodyReader,
    ) -> Iterator[HTTPReply]:
        """Send a request over a connection.

        Raises:
            NoReplyError: The server closed the connection before the first byte of a reply.
        """
        sock: Any = connection.sock  # kept, as the connection forgets it if the reply ends with `Connection: close`
        try:
            with _shut_down_at_deadline(sock, reader), hold_socket(sock):
                _send(connection, method, self._path_prefix + path, outgoing.body, outgoing.headers(self._headers))
                with closing(connection.getresponse()) as response:
                    headers: dict[str, str] = response.headers  # type: ignore[assignment]  # as `Response` reads them
                    chunks = decompress(_chunks(response, headers), headers.get("content-encoding", ""))
                    yield response.status, headers, _with_timeouts(chunks, response, sock, timeout_s, reader)
        except BaseException:
            connection.close()
            raise
        self._store_idle(connection)

    def _take_idle(self, timeout_s: float) -> HTTPConnection | None:
        """Return an idle connection that is still open, if there is one."""
        if self._process != os.getpid():  # after a fork the sockets are shared: the parent could read our replies
            self._process = os.getpid()
            self.close()
        while (entry := _pop(self._idle)) is not None:
            connection, idle_since = entry
            if monotonic() - idle_since < MAX_IDLE_S and _is_quiet(connection.sock):
                connection.sock.settimeout(timeout_s)
                return connection
            connection.close()
        return None

    def _store_idle(self, connection: HTTPConnection) -> None:
        current_time = monotonic()
        # Close the expired ones here: reuse is last-in first-out, so after a burst the older connections would never be
        # checked, and would stay open.
        while (entry := _pop_oldest(self._idle)) is not None:
            if current_time - entry[1] < MAX_IDLE_S:
                self._idle.appendleft(entry)
                break
            entry[0].close()
        if connection.sock is not None and len(self._idle) < MAX_IDLE:
            self._idle.append((connection, current_time))
        else:
            connection.close()

    def _connect(self, timeout_s: float) -> HTTPConnection:
        connection = self._new_connection(min(timeout_s, MAX_CONNECT_S))
        connection.response_class = TunnelResponse
        try:
            connection.connect()
            connection.response_class = Response
            connection.sock.settimeout(timeout_s)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise ConnectTimeout from error
            if isinstance(error, OSError | HTTPException):
                raise ConnectError(str(error)) from error
            raise
        return connection

    def _new_connection(self, timeout_s: float) -> HTTPConnection:
        host, port = _address(self._proxy or self._target)
        if not self._certificates:
            return HTTPConnection(host, port, timeout=timeout_s)
        connection = HTTPSConnection(host, port, timeout=timeout_s, context=self._certificates)
        if self._proxy:
            connection.set_tunnel(*_address(self._target), headers=_credentials(self._proxy))
        return connection

    def close(self) -> None:
        """Close the idle connections."""
        while (entry := _pop(self._idle)) is not None:
            entry[0].close()


def _pop(idle: deque[tuple[HTTPConnection, float]]) -> tuple[HTTPConnection, float] | None:
    """Take the connection used last; None if there is none.

    Checking for emptiness first would race with other threads.
    """
    try:
        return idle.pop()
    except IndexError:
        return None


def _pop_oldest(idle: deque[tuple[HTTPConnection, float]]) -> tuple[HTTPConnection, float] | None:
    """Like `_pop`, with the connection that has been idle for the longest time."""
    try:
        return idle.popleft()
    except IndexError:
        return None


def _is_quiet(sock: socket.socket) -> bool:
    """Whether the server has neither closed an idle connection nor sent unrequested bytes."""
    sock.settimeout(0)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # the plain socket's method, since that of TLS cannot peek
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _chunks(response: HTTPResponse, headers: dict[str, str]) -> Iterator[bytes]:
    """The body as it arrives.

    Raises:
        IncompleteRead: The connection was closed before the body was complete.
    """
    if response.chunked and is_event_stream(headers):
        from structkit.transport.http.chunked_body import read_chunked  # a plain call imports no parser

        yield from read_chunked(response.fp)
        return
    while chunk := response.read1(MAX_CHUNK_BYTES):
        yield chunk
    if response.length:
        raise IncompleteRead(b"", response.length)


def _with_timeouts(
    chunks: Iterator[bytes], response: HTTPResponse, sock: socket.socket, timeout_s: float, reader: BodyReader
) -> Iterator[bytes]:
    """The chunks, each within the time that remains.

    The socket's timeout is set only when the remaining time changes.
    """
    current = timeout_s
    for chunk in chunks:
        yield chunk
        if (remaining := reader.chunk_timeout(timeout_s)) != current and not response.isclosed():
            current = remaining
            sock.settimeout(remaining)


@contextmanager
def _shut_down_at_deadline(sock: socket.socket, reader: BodyReader) -> Iterator[None]:
    """Shut the socket down when the deadline passes.

    A socket timeout is not enough: `http.client` applies it to every single read of the status line and headers, so a
    server that sends a byte now and then would never time out.

    Raises:
        TimeoutError: The deadline has passed.
    """
    if (remaining := reader.remaining_s) is None:
        yield
        return
    is_shut_down = Event()
    timer = Timer(max(0.0, remaining), _shut_down, [sock, is_shut_down])
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if not is_shut_down.is_set():
            raise
    finally:
        timer.cancel()
    if is_shut_down.is_set():  # `http.client` may read a closed socket as the end of the reply, and raise nothing
        raise TimeoutError("the deadline has passed")


def _shut_down(sock: socket.socket, is_shut_down: Event) -> None:
    is_shut_down.set()
    with suppress(OSError):  # already closed
        sock.shutdown(socket.SHUT_RDWR)


def _address(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {b64encode(pair.encode()).decode()}"}
