"""The lean transport's awaited line over aiohttp."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, lru_cache

import aiohttp
from yarl import URL

from structkit.transport.exceptions import CONNECT
from structkit.transport.http.certificates import certificates
from structkit.transport.reply_body import AsyncOpened, Reading

HEAD = 2**16
"""The most bytes of one header: gateways' cookies and policies outgrow the 8 KiB that aiohttp takes."""

LARGE = 2**20
"""Bytes of a body up to which it is written at once; of a longer one aiohttp wants a file, not to be held up."""


class OverAiohttp:
    """A pool of aiohttp's."""

    def __init__(self, base_url: str, headers: dict[str, str], connections: int, proxy: str | None) -> None:
        """Read the certificates; the pool is opened by the first exchange, in its event loop."""
        self._headers = headers
        self._connections = connections
        self._proxy = URL(proxy) if proxy else None
        is_secure = base_url.startswith("https:") or (proxy or "").startswith("https:")
        self._certificates = certificates() if is_secure else True
        self._url = cache(lambda path: URL(base_url + path, encoded=True))
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> None:
        """Send, and take the reply in."""
        async with self._send(method, path, body, wait) as response:
            await reading.read_later((response.status, response.headers, _pieces(response.content, wait)))

    @asynccontextmanager
    async def open(self, path: str, body: bytes, wait: float) -> AsyncIterator[AsyncOpened]:
        """Send, and give the reply to be read as it comes."""
        async with self._send("POST", path, body, wait) as response:
            yield response.status, response.headers, _pieces(response.content, wait)

    def _send(
        self, method: str, path: str, body: bytes | None, wait: float
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        session = self._session = self._session or self._open()
        url, limits = self._url(path), _limits(wait)
        data = body if body is None or len(body) <= LARGE else io.BytesIO(body)
        return session.request(
            method, url, data=data, headers=self._headers, timeout=limits, allow_redirects=False, proxy=self._proxy
        )

    def _open(self) -> aiohttp.ClientSession:
        """A pool without headers, and without an eye on the environment.

        A session's headers go to proxies too, the key as `Proxy-Authorization`; and for what the environment says
        aiohttp asks a thread at every request.
        """
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._certificates),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=HEAD,
            max_field_size=HEAD,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)  # a closed connection is gone after the loop's next turn


async def _pieces(content: aiohttp.StreamReader, wait: float) -> AsyncIterator[bytes]:
    """The body as it comes, each piece in its time: after a chunk that is none, aiohttp waits for ever."""
    while True:
        async with asyncio.timeout(wait):
            piece = await content.readany()
        if not piece:
            return
        yield piece


@lru_cache(maxsize=16)
def _limits(wait: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=min(wait, CONNECT), sock_read=wait)
