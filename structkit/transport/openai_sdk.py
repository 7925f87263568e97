"""The default transport: the `openai` SDK builds, signs and sends a request; the reply is read by us.

A client the user brings, Azure's among them, keeps its authentication, proxies and URL rules. What the
SDK does with replies is left out: it retries, follows redirects with the key in hand, and reads the body
of an error to its end, however long that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from tenacity import AsyncRetrying, Retrying

from structkit.errors import TransportError
from structkit.transport.base_url import COMPLETIONS, MODELS
from structkit.transport.failures import CONNECT, translate
from structkit.transport.faults import read_reply
from structkit.transport.models import model_names
from structkit.transport.reading import Reading
from structkit.transport.retrying import counted, retry_options
from structkit.values import Completion, Policy, Request

if TYPE_CHECKING:
    import httpx2
    import openai

Reply: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, headers and decoded body."""


class OpenAITransport:
    """Requests through an `openai.OpenAI` client."""

    def __init__(self, client: openai.OpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = _sending_only(client, _handing_over)

    def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Send, again where that may help."""
        lost: list[TransportError] = []
        return counted(Retrying(**retry_options(policy, lost))(self._once, request, policy), lost)

    def _once(self, request: Request, policy: Policy) -> Completion | TransportError:
        try:
            reply = _read(partial(self._client.post, COMPLETIONS, body=request.body), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return _fault(error, self._client)
        return read_reply(*reply, self._client.api_key)

    def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reply = _read(partial(self._client.get, MODELS), Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise _fault(error, self._client) from None
        return model_names(*reply, self._client.api_key)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncOpenAITransport:
    """Requests through an `openai.AsyncOpenAI` client."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = _sending_only(client, _handing_over_later)

    async def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Send, again where that may help."""
        lost: list[TransportError] = []
        retrying = AsyncRetrying(**retry_options(policy, lost))
        return counted(await retrying(self._once, request, policy), lost)

    async def _once(self, request: Request, policy: Policy) -> Completion | TransportError:
        try:
            reply = await _read_later(partial(self._client.post, COMPLETIONS, body=request.body), policy)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return _fault(error, self._client)
        return read_reply(*reply, self._client.api_key)

    async def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        try:
            reply = await _read_later(partial(self._client.get, MODELS), Policy())
        except Exception as error:  # noqa: BLE001 (as above)
            raise _fault(error, self._client) from None
        return model_names(*reply, self._client.api_key)

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


def _read(send: Callable[..., Any], policy: Policy) -> Reply:
    reading = Reading(policy)
    try:
        send(**_options(policy))
    except _HandedOver as handed:
        with closing(handed.response) as response:
            reading.begin(response.status_code, response.headers)
            for piece in response.iter_bytes():
                reading.take(piece)
    return reading.status, reading.headers, reading.body


async def _read_later(send: Callable[..., Any], policy: Policy) -> Reply:
    reading = Reading(policy)
    async with asyncio.timeout(policy.deadline):
        try:
            await send(**_options(policy))
        except _HandedOver as handed:
            async with aclosing(handed.response) as response:
                reading.begin(response.status_code, response.headers)
                async for piece in response.aiter_bytes():
                    reading.take(piece)
    return reading.status, reading.headers, reading.body


def _options(policy: Policy) -> Any:
    import httpx2

    wait = min(policy.timeout, policy.deadline or policy.timeout)
    return {"cast_to": httpx2.Response, "options": {"timeout": httpx2.Timeout(wait, connect=min(wait, CONNECT))}}


def _fault(error: Exception, client: Any) -> TransportError:
    return translate(error, client.base_url.host, client.api_key)
