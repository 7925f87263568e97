"""The lean transport: an address and a key, for thousands of requests; little is done but the HTTP call itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from typing import Protocol
from urllib.parse import urlsplit

from tenacity import AsyncRetrying

from structkit.errors import TransportError
from structkit.transport.base_url import COMPLETIONS, MODELS
from structkit.transport.failures import translate
from structkit.transport.faults import read_reply
from structkit.transport.incoming import Incoming
from structkit.transport.models import model_names
from structkit.transport.proxies import proxy_for
from structkit.transport.reading import Reading
from structkit.transport.retrying import counted, retry_options
from structkit.transport.streaming import Asking, AsyncOpened, receive_later, stream_later
from structkit.transport.transport import AsyncStreamed
from structkit.values import Completion, Policy, Request


class Line(Protocol):
    """An HTTP library: one pool of connections to one address."""

    async def exchange(self, method: str, path: str, body: bytes | None, wait: float, reading: Reading) -> None:
        """Send, and read the reply until it ends or is refused; no redirect is followed.

        Args:
            method: The HTTP method.
            path: What follows the base URL.
            body: What to send.
            wait: Seconds without a sign from the endpoint.
            reading: Takes the reply.
        """
        ...

    def open(self, path: str, body: bytes, wait: float) -> AbstractAsyncContextManager[AsyncOpened]:
        """Send to *path*, and give the reply to be read as it comes; else as `exchange`."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class LeanTransport:
    """Requests to one address; it belongs to the event loop that first uses it.

    With aiohttp (`pip install 'structkit[batch]'`) a request costs a third of what it does without. Proxies and
    certificates come from the environment, as does what the SDK reads there: OPENAI_ORG_ID and OPENAI_PROJECT_ID.

    Args:
        base_url: The address, with its version segment.
        api_key: The key.
        connections: Requests in flight at most; others wait for their turn, and their clocks with them.

    Raises:
        ValueError, ImportError, OSError: The proxies or certificates of the environment are none.
    """

    def __init__(self, base_url: str, api_key: str, *, connections: int = 128) -> None:
        """Set up; nothing is sent."""
        if connections < 1:
            raise ValueError(f"connections: 1 or more, not {connections}")
        self._secret = api_key
        self._host = urlsplit(base_url).hostname or base_url
        self._line = _line(base_url.rstrip("/"), _headers(api_key), connections)
        self._room = asyncio.Semaphore(connections)
        self._asking = Asking()

    async def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Send, again where that may help."""
        if not policy.retries:
            return await self._once(request, policy)
        lost: list[TransportError] = []
        retrying = AsyncRetrying(**retry_options(policy, lost))
        return counted(await retrying(self._once, request, policy), lost)

    async def _once(self, request: Request, policy: Policy) -> Completion | TransportError:
        try:
            reading = await self._read("POST", COMPLETIONS, _written(request), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return translate(error, self._host, self._secret)
        return read_reply(reading.status, reading.headers, reading.body, self._secret)

    def stream(self, request: Request, policy: Policy) -> AsyncStreamed:
        """Send, and give the reply as it comes; it holds a connection until it is over or closed."""
        return stream_later(partial(self._try, policy), self._asking, request, policy)

    async def _try(self, policy: Policy, asked: Request) -> AsyncStreamed:
        async with self._room:
            incoming = Incoming(asked, policy, lambda: (self._host, self._secret))
            async with aclosing(receive_later(self._open(asked, policy), incoming)) as items:
                async for item in items:
                    yield item

    @asynccontextmanager
    async def _open(self, asked: Request, policy: Policy) -> AsyncIterator[AsyncOpened]:
        async with self._line.open(COMPLETIONS, _written(asked), _wait(policy)) as opened:
            yield opened

    async def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reading = await self._read("GET", MODELS, None, Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise translate(error, self._host, self._secret) from None
        return model_names(reading.status, reading.headers, reading.body, self._secret)

    async def _read(self, method: str, path: str, body: bytes | None, policy: Policy) -> Reading:
        async with self._room, asyncio.timeout(policy.deadline):
            reading = Reading(policy)
            await self._line.exchange(method, path, body, _wait(policy), reading)
            return reading

    async def close(self) -> None:
        """Let go of the connections; the next request opens new ones."""
        await self._line.close()


def _wait(policy: Policy) -> float:
    return min(policy.timeout, policy.deadline or policy.timeout)


def _written(request: Request) -> bytes:
    return json.dumps(request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _headers(api_key: str) -> dict[str, str]:
    found = {
        "authorization": f"Bearer {api_key}",
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "structkit",
        "openai-organization": os.environ.get("OPENAI_ORG_ID"),
        "openai-project": os.environ.get("OPENAI_PROJECT_ID"),
    }
    return {name: value for name, value in found.items() if value}


def _line(base_url: str, headers: dict[str, str], connections: int) -> Line:
    """Over aiohttp where that is installed and knows the proxy's protocol, else over what the SDK brings."""
    proxy = proxy_for(base_url)
    if find_spec("aiohttp") and (proxy is None or urlsplit(proxy).scheme in {"http", "https"}):
        from structkit.transport.over_aiohttp import OverAiohttp

        return OverAiohttp(base_url, headers, connections, proxy)
    from structkit.transport.over_httpx2 import OverHTTPX2

    return OverHTTPX2(base_url, headers, connections)
