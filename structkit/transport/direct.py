"""The lean transports: an address and a key; little is done but the HTTP call itself."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    aclosing,
    asynccontextmanager,
    contextmanager,
)
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit

from structkit.transport.base_url import COMPLETIONS, MODELS
from structkit.transport.exceptions import translate
from structkit.transport.http.proxies import proxy_for
from structkit.transport.http_reply import read_reply
from structkit.transport.models import model_names
from structkit.transport.reply_body import AsyncOpened, Opened, Reading
from structkit.transport.retrying import is_final, persisting, persisting_later
from structkit.transport.stream_options import Asking
from structkit.transport.transport import AsyncStreamed, Reply, Streamed
from structkit.values import Policy, Request

if TYPE_CHECKING:
    import asyncio

AT_ONCE = 256
"""Requests in flight at most, where nothing else is said: half of the files that a process may open on some systems."""

BY_HTTP_CLIENT = frozenset({None, "http"})
"""Schemes of the proxies that `http.client` goes through, None being no proxy."""

BY_AIOHTTP = frozenset({None, "http", "https"})
"""The same of aiohttp."""


class Line(Protocol):
    """An HTTP library: one pool of connections to one address."""

    def open(
        self, method: str, path: str, body: bytes | None, wait: float, reading: Reading, /
    ) -> AbstractContextManager[Opened]:
        """Send, and give the reply to be read as it comes; no redirect is followed.

        Args:
            method: The HTTP method.
            path: What follows the base URL.
            body: What to send.
            wait: Seconds without a sign from the endpoint.
            reading: Is asked for the time only.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class AsyncLine(Protocol):
    """As `Line`, awaited."""

    async def exchange(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> None:
        """Send, and read the reply until it ends or is refused: a shorter way than through `open`."""
        ...

    def open(self, path: str, body: bytes, wait: float) -> AbstractAsyncContextManager[AsyncOpened]:
        """As `Line.open`, for what is posted."""
        ...

    async def close(self) -> None:
        """As `Line.close`."""
        ...


class HTTPTransport:
    """Requests to one address, blocking; any number of threads may use it.

    Proxies and certificates come from the environment, as does what the SDK reads there: OPENAI_ORG_ID,
    OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS.

    Args:
        base_url: The address, with its version segment.
        api_key: The key.

    Raises:
        ValueError, ImportError, OSError: The proxies or certificates of the environment are none.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        """Set up; nothing is sent."""
        self._secret, self._host = api_key, _host(base_url)
        self._line = _line(_quoted(base_url), _headers(api_key))
        self._asking = Asking()

    def send(self, request: Request, policy: Policy) -> Reply:
        """Send, again where that may help."""
        reply = self._once(request, policy)
        return reply if is_final(reply, policy) else persisting(reply, partial(self._once, request, policy), policy)

    def _once(self, request: Request, policy: Policy) -> Reply:
        try:
            reading = self._read("POST", COMPLETIONS, request.text.encode(), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return translate(error, self._host, self._secret)
        return read_reply(reading.status, reading.headers, reading.body, self._secret)

    def stream(self, request: Request, policy: Policy) -> Streamed:
        """Send, and give the reply as it comes; it holds a connection until it is over or closed."""
        from structkit.transport.streaming import stream

        return stream(partial(self._try, policy), self._asking, request, policy)

    def _try(self, policy: Policy, asked: Request) -> Streamed:
        from structkit.transport.stream_reply import Incoming
        from structkit.transport.streaming import receive

        incoming = Incoming(asked, policy, lambda: (self._host, self._secret))
        return receive(self._reply(asked, policy, incoming.reading), incoming)

    @contextmanager
    def _reply(self, asked: Request, policy: Policy, reading: Reading) -> Iterator[Opened]:
        """The line's, but what cannot be encoded shows when it is entered, where it is made a fault."""
        with self._line.open("POST", COMPLETIONS, asked.text.encode(), _wait(policy), reading) as opened:
            yield opened

    def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reading = self._read("GET", MODELS, None, Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise translate(error, self._host, self._secret) from None
        return model_names(reading.status, reading.headers, reading.body, self._secret)

    def _read(self, method: str, path: str, body: bytes | None, policy: Policy) -> Reading:
        reading = Reading(policy)
        with self._line.open(method, path, body, _wait(policy), reading) as opened:
            reading.read(opened)
        return reading

    def close(self) -> None:
        """Let go of the connections; the next request opens new ones."""
        self._line.close()


class AsyncHTTPTransport:
    """As `HTTPTransport`, awaited. It belongs to one event loop, and when that ends lets go of its connections.

    Args:
        base_url: The address, with its version segment.
        api_key: The key.
        connections: Requests in flight at most; others wait for their turn, and their clocks with them.

    Raises:
        ValueError, ImportError, OSError: As `HTTPTransport`, or there is no room for a connection.
    """

    def __init__(self, base_url: str, api_key: str, *, connections: int = AT_ONCE) -> None:
        """Set up; nothing is sent."""
        if connections < 1:
            raise ValueError(f"connections: 1 or more, not {connections}")
        self._secret, self._host = api_key, _host(base_url)
        self._connections = connections
        self._asking = Asking()
        self._line = _async_line(_quoted(base_url), _headers(api_key), connections)
        self._room: asyncio.Semaphore | None = None
        self._open: AsyncGenerator[None] | None = None

    async def send(self, request: Request, policy: Policy) -> Reply:
        """Send, again where that may help."""
        reply = await self._once(request, policy)
        if is_final(reply, policy):
            return reply
        return await persisting_later(reply, partial(self._once, request, policy), policy)

    async def _once(self, request: Request, policy: Policy) -> Reply:
        try:
            reading = await self._read("POST", COMPLETIONS, request.text.encode(), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return translate(error, self._host, self._secret)
        return read_reply(reading.status, reading.headers, reading.body, self._secret)

    def stream(self, request: Request, policy: Policy) -> AsyncStreamed:
        """As `LeanTransport.stream`, awaited."""
        from structkit.transport.streaming import stream_later

        return stream_later(partial(self._try, policy), self._asking, request, policy)

    async def _try(self, policy: Policy, asked: Request) -> AsyncStreamed:
        from structkit.transport.stream_reply import Incoming
        from structkit.transport.streaming import receive_later

        async with self._room or await self._opened():
            incoming = Incoming(asked, policy, lambda: (self._host, self._secret))
            async with aclosing(receive_later(self._reply(asked, policy), incoming)) as items:
                async for item in items:
                    yield item

    @asynccontextmanager
    async def _reply(self, asked: Request, policy: Policy) -> AsyncIterator[AsyncOpened]:
        """As `LeanTransport._reply`, awaited."""
        async with self._line.open(COMPLETIONS, asked.text.encode(), _wait(policy)) as opened:
            yield opened

    async def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reading = await self._read("GET", MODELS, None, Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise translate(error, self._host, self._secret) from None
        return model_names(reading.status, reading.headers, reading.body, self._secret)

    async def _read(self, method: str, path: str, body: bytes | None, policy: Policy) -> Reading:
        import asyncio

        async with self._room or await self._opened():
            reading = Reading(policy)
            exchange = self._line.exchange(method, path, body, _wait(policy), reading)
            if policy.deadline is None:
                await exchange
            else:
                async with asyncio.timeout(policy.deadline):
                    await exchange
            return reading

    async def _opened(self) -> asyncio.Semaphore:
        """Room for requests, in the event loop that runs."""
        import asyncio

        self._room, self._open = asyncio.Semaphore(self._connections), self._while_the_loop_runs()
        await anext(self._open)
        return self._room

    async def _while_the_loop_runs(self) -> AsyncGenerator[None]:
        """Open until closed, or until nobody has it: an event loop that ends closes its generators before."""
        try:
            yield
        finally:
            self._room = self._open = None
            await self._line.close()

    async def close(self) -> None:
        """Let go of the connections; the next request opens new ones."""
        if self._open is not None:
            await self._open.aclose()


def _wait(policy: Policy) -> float:
    return min(policy.timeout, policy.deadline or policy.timeout)


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or base_url


def _quoted(base_url: str) -> str:
    """As it goes out: what no path may hold is written with percent signs."""
    parts = urlsplit(base_url)
    return parts._replace(path=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")).geturl()


def _headers(api_key: str) -> dict[str, str]:
    found = {
        "authorization": f"Bearer {api_key}",
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "structkit",
        "openai-organization": os.environ.get("OPENAI_ORG_ID"),
        "openai-project": os.environ.get("OPENAI_PROJECT_ID"),
        **_custom(os.environ.get("OPENAI_CUSTOM_HEADERS", "")),
    }
    return {name: value for name, value in found.items() if value}


def _custom(lines: str) -> dict[str, str]:
    r"""Headers a line, as the SDK reads them: they go before its own.

    >>> _custom("X-Team: tea\nno header")
    {'x-team': 'tea'}
    """
    pairs = (line.partition(":") for line in lines.split("\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _line(base_url: str, headers: dict[str, str]) -> Line:
    """Over the standard library's HTTP, or where the proxy is not one for it, over what the SDK brings."""
    proxy = proxy_for(base_url)
    if _scheme(proxy) in BY_HTTP_CLIENT:
        from structkit.transport.http.http_client_pool import OverHTTPClient

        return OverHTTPClient(base_url, headers, proxy)
    from structkit.transport.http.httpx_pool import OverHTTPX2

    return OverHTTPX2(base_url, headers)


def _async_line(base_url: str, headers: dict[str, str], connections: int) -> AsyncLine:
    """Over aiohttp, a quarter of the work; where the proxy is not one for it, over what the SDK brings."""
    proxy = proxy_for(base_url)
    if _scheme(proxy) in BY_AIOHTTP:
        from structkit.transport.http.aiohttp_pool import OverAiohttp

        return OverAiohttp(base_url, headers, connections, proxy)
    from structkit.transport.http.httpx_pool import AsyncOverHTTPX2

    return AsyncOverHTTPX2(base_url, headers, connections)


def _scheme(proxy: str | None) -> str | None:
    return urlsplit(proxy).scheme if proxy else None
