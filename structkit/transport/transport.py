"""The transport protocols. Test doubles and other HTTP libraries are plugged in here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Protocol, TypeAlias

from structkit.errors import TransportError
from structkit.values import Completion, Delta, Policy, Request

TransportReply: TypeAlias = Completion | TransportError
"""The outcome of a request: a completion, or the error that says why there is none."""

ReplyStream: TypeAlias = Generator[Delta | TransportReply, None, None]
"""A streamed reply: any number of deltas, then exactly one `TransportReply`. Closing it closes the connection."""

AsyncReplyStream: TypeAlias = AsyncGenerator[Delta | TransportReply, None]
"""The async form of `ReplyStream`."""


class Transport(Protocol):
    """Sends requests, blocking."""

    def send(self, request: Request, policy: Policy) -> TransportReply:
        """Return the completion or the error, after the retries that *policy* allows; nothing is raised."""
        ...

    def models(self) -> tuple[str, ...]:
        """Return the names of the endpoint's models.

        Raises:
            TransportError: The endpoint does not list them.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class StreamingTransport(Transport, Protocol):
    """A transport that can stream. Over one that cannot, a stream has a single item, the reply."""

    def stream(self, request: Request, policy: Policy) -> ReplyStream:
        """Yield the deltas of the reply, then the reply that `send` would have returned; nothing is raised.

        An error before the first delta is retried as *policy* allows; a later one is not. Then the last item is a
        `TransportError` whose `partial` and `body` have what arrived before it. A reply from an endpoint that does
        not stream has no deltas.

        The endpoint is read only as fast as the deltas are consumed, and `Policy.deadline` keeps running while the
        consumer is busy. The reply is yielded as soon as it is complete; consuming the generator until it is
        exhausted lets the connection be reused.
        """
        ...


class AsyncTransport(Protocol):
    """Sends requests, awaited."""

    async def send(self, request: Request, policy: Policy) -> TransportReply:
        """As `Transport.send`."""
        ...

    async def models(self) -> tuple[str, ...]:
        """As `Transport.models`."""
        ...

    async def close(self) -> None:
        """As `Transport.close`."""
        ...


class AsyncStreamingTransport(AsyncTransport, Protocol):
    """The async form of `StreamingTransport`."""

    def stream(self, request: Request, policy: Policy) -> AsyncReplyStream:
        """As `StreamingTransport.stream`."""
        ...
