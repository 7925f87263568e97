"""The drivers: a client that blocks and one that is awaited, around the same fold."""

from structkit.client.async_client import AsyncClient
from structkit.client.client import Client
from structkit.client.endpoint import Endpoint
from structkit.client.finetune import finetune_rows
from structkit.client.hooks import Hooks
from structkit.client.plan import Call, Plan
from structkit.client.probing import Finding, ProbeReport

__all__ = [
    "AsyncClient",
    "Call",
    "Client",
    "Endpoint",
    "Finding",
    "Hooks",
    "Plan",
    "ProbeReport",
    "finetune_rows",
]
