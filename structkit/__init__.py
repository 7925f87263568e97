"""Structured output from any OpenAI-compatible endpoint: any type, strict, validated, with batch jobs that resume."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.client import AsyncClient, Client, Hooks, finetune_rows
    from structkit.client.streams import AsyncStream, Stream
    from structkit.costs.price import Price
    from structkit.errors import (
        BudgetExceeded,
        ConfigError,
        ConnectionFailed,
        ExtractionError,
        Filtered,
        InvalidOutput,
        JobError,
        MalformedReply,
        PromptError,
        Refusal,
        RequestTimeout,
        SchemaError,
        StatusError,
        StructkitError,
        TransportError,
        Truncated,
    )
    from structkit.extraction import soft
    from structkit.functions import prompt
    from structkit.partial import Partial
    from structkit.schema import ResponseFormat
    from structkit.values import Answer, Attempt, Completion, Issue, Message, Origin, Policy, Request, Result, Usage

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "Attempt",
    "BudgetExceeded",
    "Client",
    "Completion",
    "ConfigError",
    "ConnectionFailed",
    "ExtractionError",
    "Filtered",
    "Hooks",
    "InvalidOutput",
    "Issue",
    "Job",
    "JobError",
    "MalformedReply",
    "Message",
    "Origin",
    "Partial",
    "Policy",
    "Price",
    "PromptError",
    "Refusal",
    "Request",
    "RequestTimeout",
    "ResponseFormat",
    "Result",
    "SchemaError",
    "StatusError",
    "Stream",
    "StructkitError",
    "TransportError",
    "Truncated",
    "Usage",
    "__version__",
    "finetune_rows",
    "prompt",
    "soft",
]

ROOMS = {
    "client": ("AsyncClient", "Client", "Hooks", "finetune_rows"),
    "client.streams": ("AsyncStream", "Stream"),
    "extraction": ("soft",),
    "functions": ("prompt",),
    "schema": ("ResponseFormat",),
    "partial": ("Partial",),
    "batch.job": ("Job",),
    "costs": ("Price",),
    "values": (
        *("Answer", "Attempt", "Completion", "Issue", "Message", "Origin", "Policy", "Request", "Result", "Usage"),
    ),
}
"""Where the names stand; those not named here are errors. A room is loaded for who asks, so that importing is cheap."""

if not TYPE_CHECKING:  # a checker that saw it would take any misspelt name

    def __getattr__(name: str) -> Any:
        """A name of `__all__`, imported when it is first asked for."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        room = next((room for room, names in ROOMS.items() if name in names), "errors")
        found = globals()[name] = getattr(import_module(f"{__name__}.{room}"), name)
        return found

    def __dir__() -> list[str]:
        """The names that may be asked for, too."""
        return sorted({*globals(), *__all__})
