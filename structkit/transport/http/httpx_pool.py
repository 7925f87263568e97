"""Connection pools over httpx2: for proxies that the faster libraries cannot use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from threading import Lock
from typing import Any

import httpx2

from structkit.transport.exceptions import MAX_CONNECT_S
from structkit.transport.http.decompress import decoded_body, decoded_body_async
from structkit.transport.http.end_in_time import end_in_time
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader, HTTPReply
from structkit.transport.stale_connection import Trace, send_on_open_connection, send_on_open_connection_async

MAX_IDLE = 100
"""Idle connections at most."""


class HTTPXPool:
    """A `ConnectionPool` over httpx2; thread-safe."""

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        """Read proxies and certificates from the environment."""
        self._base_url = base_url
        self._headers = headers
        self._client, self._lock = self._new_client(), Lock()

    @contextmanager
    def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> Iterator[HTTPReply]:
        """Implement `ConnectionPool.open`."""
        with self._lock:  # otherwise two threads could each open a client, and one would never be closed
            client = self._client = self._new_client() if self._client.is_closed else self._client
        arguments = _arguments(outgoing, timeout_s)

        def send(trace: Trace) -> httpx2.Response:
            request = client.build_request(method, self._base_url + path, **arguments, extensions={"trace": trace})
            return client.send(request, stream=True)

        with closing(send_on_open_connection(send)) as response, end_in_time(response, reader):
            yield response.status_code, response.headers, decoded_body(response)

    def _new_client(self) -> httpx2.Client:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=MAX_IDLE)
        return httpx2.Client(headers=self._headers, limits=limits, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncHTTPXPool:
    """An `AsyncConnectionPool` over httpx2."""

    def __init__(self, base_url: str, headers: dict[str, str], connections: int) -> None:
        """Read proxies and certificates from the environment."""
        self._base_url = base_url
        self._headers = headers
        self._connections = connections
        self._client = self._new_client()

    async def exchange(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> None:
        """Implement `AsyncConnectionPool.exchange`."""
        async with self.open(method, path, outgoing, timeout_s) as reply:
            await reader.read_async(reply)

    @asynccontextmanager
    async def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> AsyncIterator[AsyncHTTPReply]:
        """Implement `AsyncConnectionPool.open`."""
        client = self._client = self._new_client() if self._client.is_closed else self._client
        arguments = _arguments(outgoing, timeout_s)

        async def send(trace: Trace) -> httpx2.Response:
            request = client.build_request(method, self._base_url + path, **arguments, extensions={"trace": trace})
            return await client.send(request, stream=True)

        async with aclosing(await send_on_open_connection_async(send)) as response:
            yield response.status_code, response.headers, decoded_body_async(response)

    def _new_client(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
        return httpx2.AsyncClient(headers=self._headers, limits=limits, follow_redirects=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _arguments(outgoing: OutgoingRequest, timeout_s: float) -> dict[str, Any]:
    """Return the arguments of a request in both kinds of client."""
    timeouts = httpx2.Timeout(timeout_s, connect=min(timeout_s, MAX_CONNECT_S))
    return {"content": outgoing.body, "headers": outgoing.extra_headers, "timeout": timeouts}
