"""Where the requests of a job go: to an endpoint, or through a client or transport of the caller's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from structkit.batch.settings import JobSettings
from structkit.client import AsyncClient, Client, DefaultOptions
from structkit.client.confidence_argument import add_escalation
from structkit.client.endpoint_settings import EndpointSettings, find_endpoint
from structkit.client.plan import merge_options
from structkit.errors import ConfigError
from structkit.transport import AsyncTransport, validate_transport
from structkit.transport.threads import ThreadTransport


def validate_connection(settings: JobSettings) -> None:
    """Validate the client or transport of a job.

    Raises:
        ConfigError: It is of the wrong kind, or there is a setting that it ignores.
    """
    client: Any = settings.client
    if settings.transport is not None:
        validate_transport(settings.transport, needs_await=True, consumer="a job")
    if client is None:
        return
    if not isinstance(client, Client | AsyncClient):
        raise ConfigError(f"client= of a job must be a structkit.Client or AsyncClient, not {type(client).__name__}")
    ignored = [name for name in ("transport", "base_url", "api_key") if getattr(settings, name) is not None]
    if ignored:
        raise ConfigError(f"client= already determines where requests go; leave out {', '.join(ignored)}")


def job_call(settings: JobSettings) -> DefaultOptions:
    """Return the arguments of every call: those of the job, and the client's defaults."""
    call: Any = merge_options(settings.client.defaults if settings.client else {}, settings.call)
    call = call if settings.evidence is None else {**call, "evidence": settings.evidence}
    call = add_escalation(call) if call.get("escalate") or call.get("below") else call
    return cast("DefaultOptions", call)


def job_model(settings: JobSettings) -> str | None:
    """Return the name of the model: that of the job, or else the client's; None for the environment's."""
    return settings.client.model if settings.model is None and settings.client else settings.model


def job_address(settings: JobSettings, endpoint: EndpointSettings | None) -> str:
    """Return the address of the endpoint; empty for a transport of the caller's."""
    return endpoint.address if endpoint else settings.client.address if settings.client else ""


def job_endpoint(settings: JobSettings) -> EndpointSettings | None:
    """Return the endpoint of a job; None if the transport is the caller's.

    Raises:
        ConfigError: The model, or the key of a remote endpoint, is missing.
    """
    if settings.transport is not None:
        return None
    if settings.client is None:
        return find_endpoint(settings.model, settings.base_url, settings.api_key)
    endpoint = settings.client.endpoint
    return endpoint and replace(endpoint, model=job_model(settings) or endpoint.model)


def custom_transport(settings: JobSettings) -> AsyncTransport | None:
    """Return the transport of the caller's, which stays open; None if there is an endpoint."""
    client = settings.client
    if client is None or client.endpoint is not None:
        return settings.transport
    return client.transport if isinstance(client, AsyncClient) else ThreadTransport(client.transport)
