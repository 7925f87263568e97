"""The lean transport's line over httpx2, which the SDK brings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2

from structkit.transport.failures import CONNECT
from structkit.transport.reading import Reading
from structkit.transport.streaming import AsyncOpened


class OverHTTPX2:
    """A pool of httpx2's."""

    def __init__(self, base_url: str, headers: dict[str, str], connections: int) -> None:
        """Read proxies and certificates."""
        self._base_url = base_url
        self._headers = headers
        self._connections = connections
        self._client = self._open()

    async def exchange(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> None:
        """Send, and take the reply in."""
        async with self._send(method, path, body, wait) as response:
            reading.begin(response.status_code, response.headers)
            async for piece in response.aiter_bytes():
                reading.take(piece)

    @asynccontextmanager
    async def open(self, path: str, body: bytes, wait: float) -> AsyncIterator[AsyncOpened]:
        """Send, and give the reply to be read as it comes."""
        async with self._send("POST", path, body, wait) as response:
            yield response.status_code, response.headers, response.aiter_bytes()

    def _send(
        self, method: str, path: str, body: bytes | None, wait: float
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        self._client = self._open() if self._client.is_closed else self._client
        limits = httpx2.Timeout(wait, connect=min(wait, CONNECT))
        return self._client.stream(method, self._base_url + path, content=body, timeout=limits)

    def _open(self) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
        return httpx2.AsyncClient(headers=self._headers, limits=limits, follow_redirects=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
