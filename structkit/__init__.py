"""Structured output from any OpenAI-compatible endpoint: any type, strict, exactly once."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from structkit.client import AsyncClient, Client, Hooks, finetune_rows
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
from structkit.schema import ResponseFormat
from structkit.values import Answer, Attempt, Completion, Issue, Message, Origin, Policy, Request, Result, Usage

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.batch.money import Price

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AsyncClient",
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
    "StructkitError",
    "TransportError",
    "Truncated",
    "Usage",
    "__version__",
    "finetune_rows",
    "prompt",
    "soft",
]

LATER = {"Job": "structkit.batch.job", "Price": "structkit.batch.money"}
"""Names whose rooms load a database and an event loop: only for who asks."""


def __getattr__(name: str) -> Any:
    """A name of `LATER`, imported when it is first asked for."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(LATER[name]), name)
    return found
