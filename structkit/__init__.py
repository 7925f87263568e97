"""Structured output from any OpenAI-compatible endpoint: any type, strict, exactly once."""

from structkit.client import AsyncClient, Client, finetune_rows
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
from structkit.functions import prompt
from structkit.schema import ResponseFormat
from structkit.values import Answer, Attempt, Completion, Issue, Message, Policy, Request, Result, Usage

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
    "InvalidOutput",
    "Issue",
    "JobError",
    "MalformedReply",
    "Message",
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
]
