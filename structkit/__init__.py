"""Structured output from any OpenAI-compatible endpoint: any type, strict, exactly once."""

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
    "JobError",
    "MalformedReply",
    "Message",
    "Origin",
    "Policy",
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
