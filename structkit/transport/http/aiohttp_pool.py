"""The async connection pool over aiohttp."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Any

import aiohttp
from yarl import URL

from structkit.transport.exceptions import MAX_CONNECT_S
from structkit.transport.http.certificates import ssl_context
from structkit.transport.http.decompress import ACCEPTED, decompress_async
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader

MAX_HEADER_BYTES = 2**16
"""The size of one header: cookies and policies of gateways exceed the 8 KiB that aiohttp accepts by default."""

MAX_DIRECT_BYTES = 2**20
"""A longer body is passed to aiohttp as a file, since it warns that a large `bytes` body blocks the event loop."""


class _ConnectionUse:
    """Whether a request is sent over a connection that had been idle."""

    is_reused = False


def _trace_reuse() -> aiohttp.TraceConfig:
    """Return a configuration that notes in the `_ConnectionUse` of a request whether its connection was idle."""

    async def note(_session: object, context: Any, _params: object) -> None:
        context.trace_request_ctx.is_reused = True

    config = aiohttp.TraceConfig()
    config.on_connection_reuseconn.append(note)
    return config


class AiohttpPool:
    """An `AsyncConnectionPool` over aiohttp."""

    def __init__(self, base_url: str, headers: dict[str, str], connections: int, proxy: str | None) -> None:
        """Read the certificates; the first request opens the session, because it must be in its event loop."""
        self._headers = {"accept-encoding": ACCEPTED, **headers}
        self._connections = connections
        self._proxy = URL(proxy) if proxy else None
        is_secure = base_url.startswith("https:") or (proxy or "").startswith("https:")
        self._certificates = ssl_context() if is_secure else True
        self._url = cache(lambda path: URL(base_url + path, encoded=True))
        self._session: aiohttp.ClientSession | None = None

    async def exchange(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> None:
        """Implement `AsyncConnectionPool.exchange`."""
        async with self._send(method, path, outgoing, timeout_s) as response:
            await reader.read_async((response.status, response.headers, _chunks(response, timeout_s)))

    @asynccontextmanager
    async def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> AsyncIterator[AsyncHTTPReply]:
        """Implement `AsyncConnectionPool.open`."""
        async with self._send(method, path, outgoing, timeout_s) as response:
            yield response.status, response.headers, _chunks(response, timeout_s)

    @asynccontextmanager
    async def _send(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request, again if the server has closed an idle connection just as it was reused."""
        while (response := await self._try(method, path, outgoing, timeout_s)) is None:
            pass
        async with response:
            yield response

    async def _try(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> aiohttp.ClientResponse | None:
        """Return the response; None if a reused connection was closed before the first byte of it."""
        session = self._session = self._session or self._new_session()
        connection = _ConnectionUse()
        body = outgoing.body
        data = body if body is None or len(body) <= MAX_DIRECT_BYTES else io.BytesIO(body)
        try:
            return await session.request(
                method,
                self._url(path),
                data=data,
                headers=outgoing.headers(self._headers),
                timeout=_timeouts(timeout_s),
                allow_redirects=False,
                proxy=self._proxy,
                trace_request_ctx=connection,
            )
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            has_reply = isinstance(getattr(error, "message", None), aiohttp.http.RawResponseMessage)
            if has_reply or not connection.is_reused:
                raise
            return None

    def _new_session(self) -> aiohttp.ClientSession:
        """Return a session without headers that does not read the environment.

        A session's headers are sent to proxies too, the API key as `Proxy-Authorization`; and to read the
        environment aiohttp starts a thread for every request.
        """
        return aiohttp.ClientSession(
            trace_configs=[_trace_reuse()],
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._certificates),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)  # aiohttp closes the sockets in the next iteration of the event loop


def _chunks(response: aiohttp.ClientResponse, timeout_s: float) -> AsyncIterator[bytes]:
    """The decoded body, read alike over every library."""
    return decompress_async(_raw_chunks(response.content, timeout_s), response.headers.get("content-encoding", ""))


async def _raw_chunks(content: aiohttp.StreamReader, timeout_s: float) -> AsyncIterator[bytes]:
    """The body, with a timeout for each chunk, because aiohttp waits forever after a malformed chunk header."""
    while True:
        async with asyncio.timeout(timeout_s):
            chunk = await content.readany()
        if not chunk:
            return
        yield chunk


@lru_cache(maxsize=16)
def _timeouts(timeout: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=min(timeout, MAX_CONNECT_S), sock_read=timeout)
