"""The clients: one that blocks and one that is awaited, both around the same `Extraction`."""

from typing import TYPE_CHECKING, Any

from structkit.client.arguments import CallOptions, DefaultOptions
from structkit.client.async_client import AsyncClient
from structkit.client.client import Client
from structkit.client.endpoint_settings import EndpointSettings
from structkit.client.finetune import finetune_rows
from structkit.client.hooks import Hooks
from structkit.client.plan import Plan

if TYPE_CHECKING:
    from structkit.client.probing import Finding, ProbeReport

__all__ = [
    "AsyncClient",
    "CallOptions",
    "Client",
    "DefaultOptions",
    "EndpointSettings",
    "Finding",
    "Hooks",
    "Plan",
    "ProbeReport",
    "finetune_rows",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import the classes of a probe on first use: most programs never need them."""
        if name not in {"Finding", "ProbeReport"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from structkit.client import probing

        return getattr(probing, name)
