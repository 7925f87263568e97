"""A client of the user's: the `openai` SDK builds, signs and sends a request; the reply is read by us.

A client the user brings, Azure's among them, keeps its authentication, proxies and URL rules. What the
SDK does with replies is left out: it retries, follows redirects with the key in hand, and reads the body
of an error to its end, however long that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from structkit.errors import TransportError
from structkit.transport.base_url import COMPLETIONS, MODELS
from structkit.transport.exceptions import CONNECT, translate
from structkit.transport.http_reply import read_reply
from structkit.transport.models import model_names
from structkit.transport.reply_body import AsyncOpened, Opened, Reading
from structkit.transport.retrying import is_final, persisting, persisting_later
from structkit.transport.stream_options import Asking
from structkit.transport.stream_reply import Incoming
from structkit.transport.streaming import receive, receive_later, stream, stream_later
from structkit.transport.transport import AsyncStreamed, Reply, Streamed
from structkit.values import Policy, Request

if TYPE_CHECKING:
    import httpx2
    import openai


class OpenAITransport:
    """Requests through an `openai.OpenAI` client."""

    def __init__(self, client: openai.OpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = _sending_only(client, _handing_over)
        self._asking = Asking()

    def send(self, request: Request, policy: Policy) -> Reply:
        """Send, again where that may help."""
        reply = self._once(request, policy)
        return reply if is_final(reply, policy) else persisting(reply, partial(self._once, request, policy), policy)

    def _once(self, request: Request, policy: Policy) -> Reply:
        try:
            reading = _read(partial(self._client.post, COMPLETIONS, body=request.body), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return _fault(error, self._client)
        return read_reply(reading.status, reading.headers, reading.body, self._client.api_key)

    def stream(self, request: Request, policy: Policy) -> Streamed:
        """Send, and give the reply as it comes."""
        return stream(partial(self._try, policy), self._asking, request, policy)

    def _try(self, policy: Policy, asked: Request) -> Streamed:
        opened = _open(partial(self._client.post, COMPLETIONS, body=asked.body), policy)
        return receive(opened, Incoming(asked, policy, partial(_told, self._client)))

    def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reading = _read(partial(self._client.get, MODELS), Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise _fault(error, self._client) from None
        return model_names(reading.status, reading.headers, reading.body, self._client.api_key)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncOpenAITransport:
    """Requests through an `openai.AsyncOpenAI` client."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = _sending_only(client, _handing_over_later)
        self._asking = Asking()

    async def send(self, request: Request, policy: Policy) -> Reply:
        """Send, again where that may help."""
        reply = await self._once(request, policy)
        if is_final(reply, policy):
            return reply
        return await persisting_later(reply, partial(self._once, request, policy), policy)

    async def _once(self, request: Request, policy: Policy) -> Reply:
        try:
            reading = await _read_later(partial(self._client.post, COMPLETIONS, body=request.body), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return _fault(error, self._client)
        return read_reply(reading.status, reading.headers, reading.body, self._client.api_key)

    def stream(self, request: Request, policy: Policy) -> AsyncStreamed:
        """Send, and give the reply as it comes."""
        return stream_later(partial(self._try, policy), self._asking, request, policy)

    def _try(self, policy: Policy, asked: Request) -> AsyncStreamed:
        opened = _open_later(partial(self._client.post, COMPLETIONS, body=asked.body), policy)
        return receive_later(opened, Incoming(asked, policy, partial(_told, self._client)))

    async def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reading = await _read_later(partial(self._client.get, MODELS), Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise _fault(error, self._client) from None
        return model_names(reading.status, reading.headers, reading.body, self._client.api_key)

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


class _HandedOver(BaseException):
    """No error: it carries a response, the body still unread, past every `except Exception` of the SDK."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response


def _sending_only(client: Any, handing_over: Callable[..., Any]) -> Any:
    """A copy of the client whose calls all end in `_HandedOver`, or in what sending raised."""
    copy = client.with_options(max_retries=0)
    copy._send_request = handing_over(copy._send_request)  # noqa: SLF001 (all that comes later reads whole bodies)
    return copy


UNREAD: Any = {"stream": True, "follow_redirects": False}


def _handing_over(send: Callable[..., httpx2.Response]) -> Callable[..., None]:
    def send_only(request: httpx2.Request, **options: Any) -> None:
        raise _HandedOver(send(request, **{**options, **UNREAD}))

    return send_only


def _handing_over_later(send: Callable[..., Awaitable[httpx2.Response]]) -> Callable[..., Awaitable[None]]:
    async def send_only(request: httpx2.Request, **options: Any) -> None:
        raise _HandedOver(await send(request, **{**options, **UNREAD}))

    return send_only


@contextmanager
def _open(send: Callable[..., Any], policy: Policy) -> Iterator[Opened]:
    try:
        send(**_options(policy))
    except _HandedOver as handed:
        with closing(handed.response) as response:
            yield response.status_code, response.headers, response.iter_bytes()


@asynccontextmanager
async def _open_later(send: Callable[..., Any], policy: Policy) -> AsyncIterator[AsyncOpened]:
    try:
        await send(**_options(policy))
    except _HandedOver as handed:
        async with aclosing(handed.response) as response:
            yield response.status_code, response.headers, response.aiter_bytes()


def _read(send: Callable[..., Any], policy: Policy) -> Reading:
    reading = Reading(policy)
    with _open(send, policy) as opened:
        reading.read(opened)
    return reading


async def _read_later(send: Callable[..., Any], policy: Policy) -> Reading:
    reading = Reading(policy)
    async with asyncio.timeout(policy.deadline), _open_later(send, policy) as opened:
        await reading.read_later(opened)
    return reading


def _options(policy: Policy) -> Any:
    import httpx2

    wait = min(policy.timeout, policy.deadline or policy.timeout)
    return {"cast_to": httpx2.Response, "options": {"timeout": httpx2.Timeout(wait, connect=min(wait, CONNECT))}}


def _fault(error: Exception, client: Any) -> TransportError:
    return translate(error, *_told(client))


def _told(client: Any) -> tuple[str, str]:
    return client.base_url.host, client.api_key
