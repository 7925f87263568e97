"""The lean transport's lines over httpx2, which the SDK brings: for proxies that nothing else here knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import httpx2

from structkit.transport.exceptions import CONNECT
from structkit.transport.reply_body import AsyncOpened, Opened, Reading


class OverHTTPX2:
    """A pool of httpx2's, blocking; any number of threads may use it."""

    def __init__(self, base_url: str, headers: dict[str, str]) -> None:
        """Read proxies and certificates."""
        self._base_url = base_url
        self._headers = headers
        self._client = self._open()

    @contextmanager
    def open(self, method: str, path: str, body: bytes | None, wait: float, _: Reading) -> Iterator[Opened]:
        """Send, and give the reply to be read as it comes."""
        self._client = self._open() if self._client.is_closed else self._client
        limits = httpx2.Timeout(wait, connect=min(wait, CONNECT))
        with self._client.stream(method, self._base_url + path, content=body, timeout=limits) as response:
            yield response.status_code, response.headers, response.iter_bytes()

    def _open(self) -> httpx2.Client:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
        return httpx2.Client(headers=self._headers, limits=limits, follow_redirects=False)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class AsyncOverHTTPX2:
    """The same, awaited."""

    def __init__(self, base_url: str, headers: dict[str, str], connections: int) -> None:
        """Read proxies and certificates."""
        self._base_url = base_url
        self._headers = headers
        self._connections = connections
        self._client = self._open()

    async def exchange(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> None:
        """Send, and take the reply in."""
        async with self._send(method, path, body, wait) as response:
            await reading.read_later((response.status_code, response.headers, response.aiter_bytes()))

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
