"""`Request` to `Completion`: the only rooms that touch the network, with their retries."""

from structkit.transport.base_url import normalise
from structkit.transport.openai_sdk import AsyncOpenAITransport, OpenAITransport
from structkit.transport.transport import AsyncTransport, Transport

__all__ = ["AsyncOpenAITransport", "AsyncTransport", "OpenAITransport", "Transport", "normalise"]
