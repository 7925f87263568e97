"""The transports for an address and an API key: as little as possible around the HTTP call itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from structkit.transport.address_choice import AddressChoice, better_error, child_reader
from structkit.transport.base_url import query_secrets
from structkit.transport.environment_headers import environment_headers
from structkit.transport.exceptions import to_transport_error
from structkit.transport.host_rules import key_header
from structkit.transport.http.pool import open_async_pool, open_pool
from structkit.transport.http.proxies import connection_name
from structkit.transport.http_reply import read_model_names, received_reply
from structkit.transport.outgoing import OutgoingRequest, with_parameter_secrets, with_request_secrets
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader, HTTPReply
from structkit.transport.required_streams import send_once, send_once_async
from structkit.transport.retries import retry, retry_async, with_failures
from structkit.transport.secrets import environment_secrets
from structkit.transport.stream_options import StreamOptions
from structkit.transport.transport import AsyncReplyStream, ReplyStream, TransportReply
from structkit.values import Parameters, Policy, Request
from structkit.values.parameters import NO_PARAMETERS
from structkit.values.policy import DEFAULT_POLICY, DEFAULT_TIMEOUT_S

if TYPE_CHECKING:
    import asyncio

    from structkit.errors import TransportError

MAX_CONNECTIONS = 256
"""The default for requests in flight: half of the files that a process may open on some systems."""


class HTTPTransport:
    """Requests to one address, blocking; thread-safe.

    Proxies and certificates come from the environment, as do the variables that the SDK reads: OPENAI_ORG_ID,
    OPENAI_PROJECT_ID and OPENAI_CUSTOM_HEADERS.

    Args:
        base_url: The base URL.
        api_key: The key.

    Raises:
        ConfigError: A header in the environment cannot be sent.
        ValueError, ImportError, OSError: The proxies or certificates in the environment are not valid.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        """Set up; nothing is sent."""
        self._choice, self._host = AddressChoice(base_url), connection_name(base_url)
        self._secret = (api_key, *query_secrets(base_url), *environment_secrets())
        self._pool = open_pool(_origin(base_url), connection_headers(base_url, api_key))
        self._stream_options = StreamOptions()

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Implement `Transport.send`."""
        failures: list[TransportError] = []
        return with_failures(retry(partial(self._attempt, request, policy), policy, failures, request.model), failures)

    def _attempt(self, request: Request, policy: Policy) -> TransportReply:
        send_whole, stream = partial(self._send_whole, request, policy), partial(self._stream_attempt, policy)
        return send_once(request, self._stream_options, send_whole, stream)

    def _send_whole(self, request: Request, policy: Policy) -> TransportReply:
        try:
            reader = self._read(OutgoingRequest.of(request), policy)
        except Exception as error:  # noqa: BLE001 (of any exception: the attempts already paid for must not be lost)
            return to_transport_error(error, self._host, with_request_secrets(self._secret, request), policy)
        return received_reply(reader, with_request_secrets(self._secret, request))

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Implement `StreamingTransport.stream`; it occupies a connection until it is exhausted or closed."""
        from structkit.transport.streaming import stream_with_retries

        return stream_with_retries(partial(self._stream_attempt, policy), self._stream_options, request, policy)

    def _stream_attempt(self, policy: Policy, request: Request) -> ReplyStream:
        from structkit.transport.stream_reply import StreamReceiver
        from structkit.transport.streaming import receive

        receiver = StreamReceiver(request, policy, lambda: (self._host, with_request_secrets(self._secret, request)))
        return receive(self._open_stream(request, policy, receiver.reader), receiver)

    @contextmanager
    def _open_stream(self, request: Request, policy: Policy, reader: BodyReader) -> Iterator[HTTPReply]:
        """Encode the request only when entered, where `receive` turns an exception into an error of the stream."""
        with self._open(OutgoingRequest.of(request), policy, reader) as reply:
            yield reply

    @contextmanager
    def _open(self, outgoing: OutgoingRequest, policy: Policy, reader: BodyReader) -> Iterator[HTTPReply]:
        """Send a completion request, or a GET of the models if there is no body, to the address that answers."""
        not_found: list[BodyReader] = []
        for address, method, url in self._choice.requests(outgoing.body, reader):
            with self._pool.open(method, outgoing.target(_target(url)), outgoing, _timeout(policy), reader) as answer:
                start, reply = self._choice.split_start(address, answer)
                if self._choice.is_single or self._choice.is_found(address, *reply[:2], start):
                    yield reply
                    return
                not_found.append(child_reader(reader, policy))
                not_found[-1].read(reply)
        error = better_error(not_found, reader)
        yield error.status, error.headers, (error.body,)

    def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Implement `Transport.models`, by `GET /v1/models` with the headers and the query of *parameters*."""
        secrets = with_parameter_secrets(self._secret, parameters)
        try:
            reader = self._read(OutgoingRequest.of_listing(parameters), policy)
        except Exception as error:  # noqa: BLE001 (as above)
            raise to_transport_error(error, self._host, secrets, policy) from None
        return read_model_names(reader.status, reader.headers, reader.body, secrets, reader.url)

    def _read(self, outgoing: OutgoingRequest, policy: Policy) -> BodyReader:
        reader = BodyReader(policy)
        try:
            with self._open(outgoing, policy, reader) as reply:
                reader.read(reply)
        except Exception as error:
            if not reader.accepts_interruption(error):
                raise
        return reader

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._pool.close()


class AsyncHTTPTransport:
    """The async form of `HTTPTransport`. It belongs to one event loop, and closes its connections when that ends.

    Args:
        base_url: The base URL.
        api_key: The key.
        connections: Requests in flight at most. Others wait, and their timeouts start when they are sent.

    Raises:
        ValueError, ImportError, OSError: As `HTTPTransport`, or *connections* is less than 1.
    """

    def __init__(self, base_url: str, api_key: str, *, connections: int = MAX_CONNECTIONS) -> None:
        """Set up; nothing is sent."""
        if connections < 1:
            raise ValueError(f"connections must be 1 or more, not {connections}")
        self._choice, self._host = AddressChoice(base_url), connection_name(base_url)
        self._secret = (api_key, *query_secrets(base_url), *environment_secrets())
        self._connections = connections
        self._stream_options = StreamOptions()
        self._pool = open_async_pool(_origin(base_url), connection_headers(base_url, api_key), connections)
        self._slots: asyncio.Semaphore | None = None
        self._lifetime: AsyncGenerator[None] | None = None

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
        try:
            reader = await self._read(OutgoingRequest.of(request), policy)
        except Exception as error:  # noqa: BLE001 (of any exception: the attempts already paid for must not be lost)
            return to_transport_error(error, self._host, with_request_secrets(self._secret, request), policy)
        return received_reply(reader, with_request_secrets(self._secret, request))

    def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """Like `HTTPTransport.stream`."""
        from structkit.transport.streaming import stream_with_retries_async

        return stream_with_retries_async(partial(self._stream_attempt, policy), self._stream_options, request, policy)

    async def _stream_attempt(self, policy: Policy, request: Request) -> AsyncReplyStream:
        from structkit.transport.stream_reply import StreamReceiver
        from structkit.transport.streaming import receive_async

        async with self._slots or await self._bind_to_loop():
            receiver = StreamReceiver(
                request, policy, lambda: (self._host, with_request_secrets(self._secret, request))
            )
            async with aclosing(receive_async(self._open_stream(request, policy, receiver.reader), receiver)) as items:
                async for item in items:
                    yield item

    @asynccontextmanager
    async def _open_stream(self, request: Request, policy: Policy, reader: BodyReader) -> AsyncIterator[AsyncHTTPReply]:
        """Like `HTTPTransport._open_stream`."""
        async with self._open(OutgoingRequest.of(request), policy, reader) as reply:
            yield reply

    @asynccontextmanager
    async def _open(
        self, outgoing: OutgoingRequest, policy: Policy, reader: BodyReader
    ) -> AsyncIterator[AsyncHTTPReply]:
        """Like `HTTPTransport._open`."""
        not_found: list[BodyReader] = []
        for address, method, url in self._choice.requests(outgoing.body, reader):
            async with self._pool.open(method, outgoing.target(_target(url)), outgoing, _timeout(policy)) as answer:
                start, reply = await self._choice.split_start_async(address, answer)
                if self._choice.is_single or self._choice.is_found(address, *reply[:2], start):
                    yield reply
                    return
                not_found.append(child_reader(reader, policy))
                await not_found[-1].read_async(reply)
        yield _as_async(better_error(not_found, reader))

    async def _exchange(self, outgoing: OutgoingRequest, policy: Policy, reader: BodyReader) -> None:
        """Send a request, and read its reply into *reader*."""
        if not self._choice.is_single:
            async with self._open(outgoing, policy, reader) as reply:
                await reader.read_async(reply)
            return
        [(_, method, url)] = self._choice.requests(outgoing.body, reader)
        await self._pool.exchange(method, outgoing.target(_target(url)), outgoing, _timeout(policy), reader)

    async def models(self, parameters: Parameters = NO_PARAMETERS, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
        """Implement `Transport.models`, by `GET /v1/models` with the headers and the query of *parameters*."""
        secrets = with_parameter_secrets(self._secret, parameters)
        try:
            reader = await self._read(OutgoingRequest.of_listing(parameters), policy)
        except Exception as error:  # noqa: BLE001 (as above)
            raise to_transport_error(error, self._host, secrets, policy) from None
        return read_model_names(reader.status, reader.headers, reader.body, secrets, reader.url)

    async def _read(self, outgoing: OutgoingRequest, policy: Policy) -> BodyReader:
        import asyncio

        async with self._slots or await self._bind_to_loop():
            reader = BodyReader(policy)
            exchange = self._exchange(outgoing, policy, reader)
            try:
                if policy.deadline is None:
                    await exchange
                else:
                    async with asyncio.timeout(policy.deadline):
                        await exchange
            except Exception as error:
                if not reader.accepts_interruption(error):
                    raise
            return reader

    async def _bind_to_loop(self) -> asyncio.Semaphore:
        """Return the slots for requests in flight, in the running event loop."""
        import asyncio

        self._slots, self._lifetime = asyncio.Semaphore(self._connections), self._close_with_loop()
        await anext(self._lifetime)
        return self._slots

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        """Wait in a generator: `asyncio.run` closes unfinished generators before it closes the event loop."""
        try:
            yield
        finally:
            self._slots = self._lifetime = None
            await self._pool.close()

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._lifetime is not None:
            await self._lifetime.aclose()


def _timeout(policy: Policy) -> float:
    timeout = policy.timeout or DEFAULT_TIMEOUT_S
    return min(timeout, policy.deadline or timeout)


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _target(url: str) -> str:
    """Return the percent-encoded path and query of a URL."""
    parts = urlsplit(url)
    path, query = (quote(part, safe="/%:@!$&'()*+,;=~?") for part in (parts.path, parts.query))
    return f"{path}?{query}" if query else path


def _as_async(reader: BodyReader) -> AsyncHTTPReply:
    """Return a complete reply in the form of one that is still to be read."""

    async def chunks() -> AsyncIterator[bytes]:
        yield reader.body

    return reader.status, reader.headers, chunks()


def connection_headers(base_url: str, api_key: str) -> dict[str, str]:
    """Return the headers of every request over a connection."""
    name, value = key_header(base_url, api_key)
    headers = {
        name: value,
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "structkit",
        **environment_headers(),
    }
    return {name: value for name, value in headers.items() if value}
