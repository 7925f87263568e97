"""The transports of a client: over HTTP to an address, or over an SDK client of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structkit.client.endpoint_settings import EndpointSettings, report_environment_errors
from structkit.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    import openai


def http_transport(endpoint: EndpointSettings) -> Transport:
    """Return the blocking transport to an endpoint.

    Raises:
        ConfigError: A proxy, certificate or header in the environment is not valid.
    """
    from structkit.transport.direct import HTTPTransport

    with report_environment_errors():
        return HTTPTransport(endpoint.address, endpoint.api_key)


def async_http_transport(endpoint: EndpointSettings) -> AsyncTransport:
    """Like `http_transport`, awaited."""
    from structkit.transport.direct import AsyncHTTPTransport

    with report_environment_errors():
        return AsyncHTTPTransport(endpoint.address, endpoint.api_key)


def sdk_transport(client: openai.OpenAI) -> Transport:
    """Return the blocking transport over a client of the SDK."""
    from structkit.transport.openai_sdk import OpenAITransport

    return OpenAITransport(client)


def async_sdk_transport(client: openai.AsyncOpenAI) -> AsyncTransport:
    """Like `sdk_transport`, awaited."""
    from structkit.transport.openai_sdk import AsyncOpenAITransport

    return AsyncOpenAITransport(client)
