"""From `Request` to `Completion`: the only module that uses the network, with its retries."""

from structkit.transport.base_url import normalise_base_url
from structkit.transport.transport import AsyncTransport, Transport, TransportReply, is_awaited, validate_transport

__all__ = ["AsyncTransport", "Transport", "TransportReply", "is_awaited", "normalise_base_url", "validate_transport"]
