"""What a connection pool must do, and which library provides it: the fastest one that can use the proxy."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol
from urllib.parse import urlsplit

from structkit.transport.http.proxies import find_proxy
from structkit.transport.outgoing import OutgoingRequest
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader, HTTPReply

HTTP_CLIENT_PROXIES = frozenset({None, "http"})
"""Schemes of the proxies that `http.client` can use; None is a direct connection."""

ASYNCIO_PROXIES = frozenset({None})
"""The same for the pool over asyncio."""


class ConnectionPool(Protocol):
    """Reusable connections to one address, over one HTTP library; redirects are not followed."""

    def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader, /
    ) -> AbstractContextManager[HTTPReply]:
        """Send a request, and return its reply, whose body is read from the network chunk by chunk.

        Args:
            method: The HTTP method.
            path: Appended to the base URL.
            outgoing: The body, and the headers and query of this request.
            timeout_s: Seconds that the endpoint may be silent.
            reader: Used only to look up the time left until the deadline; the pool stores nothing in it.
        """
        ...

    def close(self) -> None:
        """Close at least the idle connections; the next request opens a new one."""
        ...


class AsyncConnectionPool(Protocol):
    """The async form of `ConnectionPool`."""

    async def exchange(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float, reader: BodyReader
    ) -> None:
        """Send a request, and read its reply into *reader*; faster than through `open`."""
        ...

    def open(
        self, method: str, path: str, outgoing: OutgoingRequest, timeout_s: float
    ) -> AbstractAsyncContextManager[AsyncHTTPReply]:
        """Like `ConnectionPool.open`."""
        ...

    async def close(self) -> None:
        """Like `ConnectionPool.close`."""
        ...


def open_pool(base_url: str, headers: dict[str, str]) -> ConnectionPool:
    """Return a pool over `http.client`, which loads fastest; behind a proxy that it cannot use, over httpx2."""
    proxy = find_proxy(base_url)
    if _scheme(proxy) in HTTP_CLIENT_PROXIES:
        from structkit.transport.http.http_client_pool import HTTPClientPool

        return HTTPClientPool(base_url, headers, proxy)
    from structkit.transport.http.httpx_pool import HTTPXPool

    return HTTPXPool(base_url, headers)


def open_async_pool(base_url: str, headers: dict[str, str], connections: int) -> AsyncConnectionPool:
    """Return a pool over asyncio's own connections; behind a proxy, over httpx2."""
    if _scheme(find_proxy(base_url)) in ASYNCIO_PROXIES:
        from structkit.transport.http.asyncio_pool import AsyncioPool

        return AsyncioPool(base_url, headers)
    from structkit.transport.http.httpx_pool import AsyncHTTPXPool

    return AsyncHTTPXPool(base_url, headers, connections)


def _scheme(proxy: str | None) -> str | None:
    return urlsplit(proxy).scheme if proxy else None
