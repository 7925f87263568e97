"""The seam: what a transport must do. Tests and other HTTP libraries plug in here."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from structkit.errors import TransportError
from structkit.values import Completion, Policy, Request

Reply: TypeAlias = Completion | TransportError
"""What comes of a request: a completion, or why there is none."""


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
