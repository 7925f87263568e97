"""`Request` to `Completion`: the only room that touches the network, with its retries."""

from structkit.transport.base_url import normalise
from structkit.transport.transport import AsyncTransport, Reply, Transport

__all__ = ["AsyncTransport", "Reply", "Transport", "normalise"]
