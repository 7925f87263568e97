"""The seam: what a transport must do. Tests and other HTTP libraries plug in here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Protocol, TypeAlias

from structkit.errors import TransportError
from structkit.values import Completion, Delta, Policy, Request

Reply: TypeAlias = Completion | TransportError
"""What comes of a request: a completion, or why there is none."""

Streamed: TypeAlias = Generator[Delta | Reply, None, None]
"""A reply as it comes: any number of deltas, then exactly one reply; to close it closes the connection."""

AsyncStreamed: TypeAlias = AsyncGenerator[Delta | Reply, None]
"""The same, awaited."""


class Transport(Protocol):
    """Sends requests, blocking."""

    def send(self, request: Request, policy: Policy) -> Reply:
        """The reply, or why there is none, after the retries that *policy* allows; nothing is raised."""
        ...

    def models(self) -> tuple[str, ...]:
        """The names of the endpoint's models.

        Raises:
            TransportError: The endpoint does not say.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class Streaming(Transport, Protocol):
    """A transport that gives a reply as it comes; over one that does not, a stream shows the whole."""

    def stream(self, request: Request, policy: Policy) -> Streamed:
        """The text of the reply as it comes, and then the reply that `send` would have given; nothing is raised.

        What fails before the first delta is sent again as *policy* allows; what fails later is not. Then the last is
        a `TransportError` with what came until then in its `partial` and `body`. A reply that comes in one piece, from
        an endpoint that does not stream, has no deltas.

        The endpoint is read no faster than the deltas are asked for, and `Policy.deadline` does not stop for one who
        is slow to ask. The reply comes as soon as it is known: whoever asks on lets the connection be used again.
        """
        ...


class AsyncTransport(Protocol):
    """Sends requests, awaited."""

    async def send(self, request: Request, policy: Policy) -> Reply:
        """As `Transport.send`."""
        ...

    async def models(self) -> tuple[str, ...]:
        """As `Transport.models`."""
        ...

    async def close(self) -> None:
        """As `Transport.close`."""
        ...


class AsyncStreaming(AsyncTransport, Protocol):
    """As `Streaming`, awaited."""

    def stream(self, request: Request, policy: Policy) -> AsyncStreamed:
        """As `Streaming.stream`."""
        ...
