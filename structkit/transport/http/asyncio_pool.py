"""The async connection pool over asyncio's own connections, without a proxy."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from structkit.transport.exceptions import (
    MAX_CONNECT_S,
    MAX_IDLE_S,
    ConnectError,
    ConnectTimeout,
    NoTLSReply,
    raise_if_late,
)
from structkit.transport.http.asyncio_connection import Connection, NoResponse
from structkit.transport.http.asyncio_receivers import CompleteBody, ResponseStream
from structkit.transport.http.certificates import ssl_context
from structkit.transport.http.decompress import ACCEPTED, decompress_async
from structkit.transport.http.request_head import encode_headers, host_header
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader

HAPPY_EYEBALLS_S = 0.25
"""Seconds after which the next address of a host is tried too, as RFC 8305 recommends."""


class AsyncioPool:
    """An `AsyncConnectionPool` over asyncio, in one event loop.

    Like `HTTPClientPool`, it repeats a request only if the server has closed an idle connection just as it was reused.
    """

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        """Read the certificates; the first request connects."""
        url = urlsplit(base_url)
        is_secure = url.scheme == "https"
        self._host, self._port = url.hostname or "", url.port or (443 if is_secure else 80)
        self._certificates = ssl_context() if is_secure else None
        self._headers = {"host": host_header(base_url), "accept-encoding": ACCEPTED, **headers}
        self._encoded_headers: bytes | None = None
        self._idle: deque[tuple[Connection, float]] = deque()
        self._connections: set[Connection] = set()

    async def exchange(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> None:
        """Implement `AsyncConnectionPool.exchange`."""
        receiver = CompleteBody(reader)
        connection = await self._send(method, path, outgoing, timeout_s, lambda: receiver)
        self._store_idle(connection)

    @asynccontextmanager
    async def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> AsyncIterator[AsyncHTTPReply]:
        """Implement `AsyncConnectionPool.open`."""
        receivers: list[ResponseStream] = []

        def new_receiver() -> ResponseStream:
            receivers.append(ResponseStream())
            return receivers[-1]

        connection = await self._send(method, path, outgoing, timeout_s, new_receiver)
        stream = receivers[-1]
        try:
            chunks = decompress_async(stream.chunks(connection), stream.headers.get("content-encoding", ""))
            yield stream.status, stream.headers, chunks
        finally:
            self._store_idle(connection)

    async def _send(
        self,
        method: str,
        path: str,
        outgoing: OutgoingRequest,
        timeout_s: float,
        new_receiver: Callable[[], CompleteBody | ResponseStream],
    ) -> Connection:
        """Send a request, and return its connection once the receiver has what it waits for.

        Raises:
            ConnectError: There is no connection.
            NoResponse, NoTLSReply: The server closed a new connection before the first byte of a reply.
            LateClose: It closed an old one so late that it may have answered.
        """
        data = self._encode(method, path, outgoing)
        while True:
            idle = self._take_idle()
            connection = idle or await self._connect(timeout_s)
            sent_at = monotonic()
            try:
                await connection.send(data, new_receiver(), timeout_s)
            except NoResponse as error:
                connection.abort()
                if idle is None:
                    raise NoTLSReply(str(error)) if self._certificates else error from None
                raise_if_late(sent_at)
            except BaseException:
                connection.abort()
                raise
            else:
                return connection

    def _encode(self, method: str, path: str, outgoing: OutgoingRequest) -> bytes:
        """Return a request as bytes.

        Raises:
            ValueError: A header has a character that no header may have; the message does not quote it.
        """
        if outgoing.extra_headers:
            headers = encode_headers(outgoing.headers(self._headers))
        else:
            headers = self._encoded_headers = self._encoded_headers or encode_headers(self._headers)
        body = outgoing.body
        length = b"" if body is None else b"content-length: %d\r\n" % len(body)
        return b"%b %b HTTP/1.1\r\n%b%b\r\n%b" % (method.encode(), path.encode("ascii"), headers, length, body or b"")

    async def _connect(self, timeout_s: float) -> Connection:
        loop = asyncio.get_running_loop()
        # uvloop tries the addresses of a host one after the other, and does not know the parameter.
        delay: dict[str, Any] = (
            {"happy_eyeballs_delay": HAPPY_EYEBALLS_S} if isinstance(loop, asyncio.BaseEventLoop) else {}
        )
        try:
            async with asyncio.timeout(min(timeout_s, MAX_CONNECT_S)):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._connections),
                    self._host,
                    self._port,
                    ssl=self._certificates,
                    **delay,
                )
        except TimeoutError as error:
            raise ConnectTimeout from error
        except OSError as error:
            raise ConnectError(str(error)) from error
        return connection

    def _take_idle(self) -> Connection | None:
        """Return the connection used last, if it is still open."""
        while self._idle:
            connection, idle_since = self._idle.pop()
            if connection.is_open and monotonic() - idle_since < MAX_IDLE_S:
                return connection
            connection.abort()
        return None

    def _store_idle(self, connection: Connection) -> None:
        """Keep a connection for the next request; close it if its response did not end, or must be the last one."""
        current_time = monotonic()
        while self._idle and current_time - self._idle[0][1] >= MAX_IDLE_S:  # these would never be taken
            self._idle.popleft()[0].abort()
        if connection.is_reusable:
            self._idle.append((connection, current_time))
        else:
            connection.abort()

    async def close(self) -> None:
        """Close the connections."""
        self._idle.clear()
        for connection in [*self._connections]:
            connection.abort()
        await asyncio.sleep(0)  # asyncio closes the sockets in the next iteration of the event loop
