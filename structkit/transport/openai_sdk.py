"""The transports over a user's own `openai` client: the SDK builds, signs and sends a request; we read the reply.

The client, also Azure's, keeps its authentication, proxies and URL rules. The SDK's handling of replies is bypassed,
because it retries, follows redirects with the API key, and reads the whole body of an error, whatever its size. A
request for a whole reply goes through the client's `chat.completions.create`; one for a stream does not, because a tool
that has patched `create` would wait for somebody to read the stream that it gets. A model that only streams gets
streams for both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from structkit.errors import ConfigError, TransportError
from structkit.transport.base_url import COMPLETIONS, MODELS, query_secrets
from structkit.transport.exceptions import MAX_CONNECT_S, to_transport_error
from structkit.transport.http.decompress import decoded_body, decoded_body_async
from structkit.transport.http.end_in_time import end_in_time
from structkit.transport.http.proxies import through_proxy
from structkit.transport.http_reply import read_model_names, received_reply
from structkit.transport.outgoing import encode_query, with_parameter_secrets
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader, HTTPReply
from structkit.transport.required_streams import send_once, send_once_async
from structkit.transport.retries import retry, retry_async, with_failures
from structkit.transport.sdk_create import (
    CreateCall,
    ResponseReceived,
    create_arguments,
    note_request,
    sending,
    sending_async,
)
from structkit.transport.secrets import Secrets, environment_secrets, header_secrets
from structkit.transport.stream_options import StreamOptions
from structkit.transport.stream_reply import StreamReceiver
from structkit.transport.streaming import (
    receive,
    receive_async,
    stream_with_retries,
    stream_with_retries_async,
)
from structkit.transport.transport import AsyncReplyStream, ReplyStream, TransportReply
from structkit.values import Parameters, Policy, Request
from structkit.values.parameters import NO_PARAMETERS
from structkit.values.policy import DEFAULT_POLICY, MAX_WAIT_S

if TYPE_CHECKING:
    import openai


class OpenAITransport:
    """Requests through an `openai.OpenAI` client."""

    def __init__(self, client: openai.OpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._original = client  # early SDKs close its connections when it is no longer referenced
        self._client = _sending_client(client, sending)
        self._stream_options = StreamOptions()

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `Transport.send`."""
        failures: list[TransportError] = []
        return with_failures(retry(partial(self._attempt, request, policy), policy, failures, request.model), failures)

    def _attempt(self, request: Request, policy: Policy) -> TransportReply:
        send_whole, stream = partial(self._send_whole, request, policy), partial(self._stream_attempt, policy)
        return send_once(request, self._stream_options, send_whole, stream)

    def _send_whole(self, request: Request, policy: Policy) -> TransportReply:
        call = CreateCall(policy)
        with call.running():
            _create(self._client, request, policy)()
        return _reply(self._client, request, call, policy)

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Implement `StreamingTransport.stream`."""
        return stream_with_retries(partial(self._stream_attempt, policy), self._stream_options, request, policy)

    def _stream_attempt(self, policy: Policy, request: Request) -> ReplyStream:
        limits = _with_own_timeout(self._client, policy)
        receiver = StreamReceiver(
            request, limits, lambda: _connection(self._client, request.parameters, receiver.reader)
        )
        return receive(_open(_post(self._client, request, policy), receiver.reader), receiver)

    def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Implement `Transport.models`, by `GET /v1/models` with the headers and the query of *parameters*."""
        reader = BodyReader(policy)
        try:
            _read(_get_models(self._client, parameters, policy), reader)
        except Exception as error:  # noqa: BLE001 (as above)
            limits = _with_own_timeout(self._client, policy)
            raise to_transport_error(error, *_connection(self._client, parameters, reader), limits) from None
        _, secrets = _connection(self._client, parameters, reader)
        return read_model_names(reader.status, reader.headers, reader.body, secrets, reader.url)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncOpenAITransport:
    """Requests through an `openai.AsyncOpenAI` client."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._original = client  # early SDKs close its connections when it is no longer referenced
        self._client = _sending_client(client, sending_async)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stream_options = StreamOptions()

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `Transport.send`."""
        failures: list[TransportError] = []
        return with_failures(
            await retry_async(partial(self._attempt, request, policy), policy, failures, request.model), failures
        )

    async def _attempt(self, request: Request, policy: Policy) -> TransportReply:
        send_whole, stream = partial(self._send_whole, request, policy), partial(self._stream_attempt, policy)
        return await send_once_async(request, self._stream_options, send_whole, stream)

    async def _send_whole(self, request: Request, policy: Policy) -> TransportReply:
        self._enter_loop()
        call = CreateCall(policy)
        with call.running():
            async with asyncio.timeout(policy.deadline):
                await _create(self._client, request, policy)()
        return _reply(self._client, request, call, policy)

    def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """Implement `StreamingTransport.stream`."""
        return stream_with_retries_async(partial(self._stream_attempt, policy), self._stream_options, request, policy)

    def _stream_attempt(self, policy: Policy, request: Request) -> AsyncReplyStream:
        self._enter_loop()
        limits = _with_own_timeout(self._client, policy)
        receiver = StreamReceiver(
            request, limits, lambda: _connection(self._client, request.parameters, receiver.reader)
        )
        return receive_async(_open_async(_post(self._client, request, policy), receiver.reader), receiver)

    async def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Implement `Transport.models`, by `GET /v1/models` with the headers and the query of *parameters*."""
        reader = BodyReader(policy)
        try:
            async with asyncio.timeout(policy.deadline):
                await _read_async(_get_models(self._client, parameters, policy), reader)
        except Exception as error:  # noqa: BLE001 (as above)
            limits = _with_own_timeout(self._client, policy)
            raise to_transport_error(error, *_connection(self._client, parameters, reader), limits) from None
        _, secrets = _connection(self._client, parameters, reader)
        return read_model_names(reader.status, reader.headers, reader.body, secrets, reader.url)

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    def _enter_loop(self) -> None:
        """Drop connections of an event loop that is closed: a request over one is sent, and its reply never read."""
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            _drop_connections(self._client._client)  # noqa: SLF001 (there is no public way)
        self._loop = loop


class _HTTPClient:
    """An HTTP client with another `send`."""

    def __init__(self, client: Any, send: Callable[..., Any]) -> None:
        self._wrapped, self.send = client, send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)


def _sending_client(client: Any, wrap_send: Callable[..., Any]) -> Any:
    """Return a copy of the client that sends with a function of `sdk_create`, and never retries.

    The copy uses the connections of the client. Its HTTP library is the one that the SDK uses: httpx before openai 3.

    Raises:
        ConfigError: The client cannot be copied, because its class has another constructor.
    """
    try:
        copy = client.with_options(max_retries=0)
    except TypeError as error:
        raise ConfigError(
            f"client= of type {type(client).__name__} cannot be copied with with_options(max_retries=0): {error}; give "
            "its constructor the arguments of the SDK's class, or override with_options()"
        ) from error
    # Every hook after this one has read the whole body.
    if hasattr(copy, "_send_request"):
        copy._send_request = wrap_send(copy._send_request)  # noqa: SLF001 (there is no public way)
    else:  # an older SDK
        http_client = copy._client  # noqa: SLF001 (as above)
        copy._client = _HTTPClient(http_client, wrap_send(http_client.send))  # noqa: SLF001 (as above)
    return copy


@contextmanager
def _open(send: Callable[..., Any], reader: BodyReader) -> Iterator[HTTPReply]:
    try:
        send()
    except ResponseReceived as received:
        note_request(reader, received.response.request)
        with closing(received.response) as response, end_in_time(response, reader):
            yield response.status_code, response.headers, decoded_body(response)


@asynccontextmanager
async def _open_async(send: Callable[..., Any], reader: BodyReader) -> AsyncIterator[AsyncHTTPReply]:
    try:
        await send()
    except ResponseReceived as received:
        note_request(reader, received.response.request)
        async with aclosing(received.response) as response:
            yield response.status_code, response.headers, decoded_body_async(response)


def _read(send: Callable[..., Any], reader: BodyReader) -> None:
    with _open(send, reader) as reply:
        reader.read(reply)


async def _read_async(send: Callable[..., Any], reader: BodyReader) -> None:
    async with _open_async(send, reader) as reply:
        await reader.read_async(reply)


def _create(client: Any, request: Request, policy: Policy) -> Callable[..., Any]:
    create = client.chat.completions.create
    return partial(create, **create_arguments(create, request), **_options(client, policy).get("options", {}))


def _reply(client: Any, request: Request, call: CreateCall, policy: Policy) -> TransportReply:
    reader = call.reader
    host, secrets = _connection(client, request.parameters, reader)
    if not call.is_complete and not reader.accepts_interruption(call.error):
        return to_transport_error(call.error, host, secrets, _with_own_timeout(client, policy))
    return received_reply(reader, secrets)


def _post(client: Any, request: Request, policy: Policy) -> Callable[..., Any]:
    return partial(client.post, COMPLETIONS, body=request.body, **_with_extras(client, request.parameters, policy))


def _get_models(client: Any, parameters: Parameters, policy: Policy) -> Callable[..., Any]:
    return partial(client.get, MODELS, **_with_extras(client, parameters, policy))


def _with_extras(client: Any, parameters: Parameters, policy: Policy) -> Any:
    """Return the options of a call, with the headers and the query of its parameters."""
    arguments = _options(client, policy)
    extras = {"headers": parameters.extra_headers, "params": parameters.extra_query}
    options = {**arguments.get("options", {}), **{name: value for name, value in extras.items() if value}}
    return {**arguments, "options": options}


def _options(client: Any, policy: Policy) -> Any:
    """Return the options of a call: the timeouts of the policy, or else the client's own, within the deadline."""
    from openai import Timeout  # of the HTTP library that the SDK uses

    options: dict[str, Any] = {"cast_to": object}
    if policy.timeout is not None:
        timeout = min(policy.timeout, policy.deadline or policy.timeout)
        return {**options, "options": {"timeout": Timeout(timeout, connect=min(timeout, MAX_CONNECT_S))}}
    if (deadline := policy.deadline) is None:
        return options
    timeouts = client.timeout if hasattr(client.timeout, "read") else Timeout(client.timeout)
    seconds = {name: getattr(timeouts, name) for name in ("connect", "read", "write", "pool")}
    capped = {name: deadline if each is None else min(each, deadline) for name, each in seconds.items()}
    return {**options, "options": {"timeout": Timeout(**capped)}}


def _with_own_timeout(client: Any, policy: Policy) -> Policy:
    """Return a policy with the timeout of the client, where that is the one that counts, for messages."""
    timeout = getattr(client.timeout, "read", client.timeout)
    is_own = policy.timeout is None and isinstance(timeout, int | float) and 0 < timeout < MAX_WAIT_S
    return replace(policy, timeout=timeout) if is_own else policy


def _connection(client: Any, parameters: Parameters, reader: BodyReader) -> tuple[str, Secrets]:
    """Return the host and the secrets, which a user may change on the client at any time."""
    values = client._custom_headers  # noqa: SLF001 (there is no public way)
    headers = header_secrets({name: value for name, value in values.items() if isinstance(value, str)})
    query = f"?{encode_query(client._custom_query)}"  # noqa: SLF001 (as above)
    in_query = (*query_secrets(query), *query_secrets(str(client.base_url)))
    pool = _pool(client)
    to_proxy = {name.decode(): value.decode() for name, value in getattr(pool, "_proxy_headers", None) or ()}
    secrets = (client.api_key, *headers, *in_query, *environment_secrets(), *reader.sent_secrets)
    return _connection_name(client, pool), with_parameter_secrets((*secrets, *header_secrets(to_proxy)), parameters)


def _drop_connections(http_client: Any) -> None:
    mounts = getattr(http_client, "_mounts", {})  # for the proxies of the environment
    for transport in (getattr(http_client, "_transport", None), *mounts.values()):
        connections = getattr(getattr(transport, "_pool", None), "_connections", None)
        if isinstance(connections, list):
            connections.clear()  # not closed: that needs the event loop that is gone


def _pool(client: Any) -> Any:
    """Return the connections that the HTTP library has chosen for the address, which may be those to a proxy."""
    transport_for = getattr(client._client, "_transport_for_url", lambda _: None)  # noqa: SLF001 (as above)
    return getattr(transport_for(client.base_url), "_pool", None)


def _connection_name(client: Any, pool: Any) -> str:
    """Return the host, and the proxy that leads to it, without its password."""
    if (proxy := getattr(pool, "_proxy_url", None)) is None:
        return str(client.base_url.host)
    return through_proxy(client.base_url.host, f"{proxy.host.decode()}:{proxy.port}")
