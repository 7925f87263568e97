"""Structured output from any OpenAI-compatible endpoint: any type, strict, validated, with batch jobs that resume."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structkit.batch.job import Job
    from structkit.client import AsyncClient, Client, Hooks, finetune_rows
    from structkit.client.sqlite_store import SQLiteStore
    from structkit.client.streams import AsyncStream, Stream
    from structkit.costs.price import Price
    from structkit.documents import Document, File
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
        ToolError,
        TransportError,
        Truncated,
    )
    from structkit.evaluation import Calibration, Compare, Score, ScoreComparison, compare, evaluate
    from structkit.evidence import Evidence, EvidenceMap, Found, Judged, Span, TextSource, find_evidence
    from structkit.extraction import soft
    from structkit.functions import prompt
    from structkit.partial import Partial
    from structkit.prompts import JinjaTemplate
    from structkit.schema import ResponseFormat
    from structkit.tools import Tool
    from structkit.values import (
        REPAIRS,
        Answer,
        Attempt,
        Completion,
        Issue,
        Message,
        Origin,
        Policy,
        Request,
        Result,
        ToolRun,
        Usage,
    )
    from structkit.values.confidence_map import Confidence, ConfidenceMap

__version__ = "0.1.0"

__all__ = [
    "REPAIRS",
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "Attempt",
    "BudgetExceeded",
    "Calibration",
    "Client",
    "Compare",
    "Completion",
    "Confidence",
    "ConfidenceMap",
    "ConfigError",
    "ConnectionFailed",
    "Document",
    "Evidence",
    "EvidenceMap",
    "ExtractionError",
    "File",
    "Filtered",
    "Found",
    "Hooks",
    "InvalidOutput",
    "Issue",
    "JinjaTemplate",
    "Job",
    "JobError",
    "Judged",
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
    "SQLiteStore",
    "SchemaError",
    "Score",
    "ScoreComparison",
    "Span",
    "StatusError",
    "Stream",
    "StructkitError",
    "TextSource",
    "Tool",
    "ToolError",
    "ToolRun",
    "TransportError",
    "Truncated",
    "Usage",
    "__version__",
    "compare",
    "evaluate",
    "find_evidence",
    "finetune_rows",
    "prompt",
    "soft",
]

MODULES = {
    "client": ("AsyncClient", "Client", "Hooks", "finetune_rows"),
    "client.streams": ("AsyncStream", "Stream"),
    "client.sqlite_store": ("SQLiteStore",),
    "evidence": ("Evidence", "EvidenceMap", "Found", "Judged", "TextSource", "Span", "find_evidence"),
    "evaluation": ("Calibration", "Compare", "Score", "ScoreComparison", "compare", "evaluate"),
    "extraction": ("soft",),
    "functions": ("prompt",),
    "schema": ("ResponseFormat",),
    "partial": ("Partial",),
    "prompts": ("JinjaTemplate",),
    "batch.job": ("Job",),
    "costs": ("Price",),
    "documents": ("Document", "File"),
    "tools": ("Tool",),
    "values.confidence_map": ("Confidence", "ConfidenceMap"),
    "values": (
        "REPAIRS",
        *("Answer", "Attempt", "Completion", "Issue", "Message", "Origin", "Policy", "Request", "Result", "ToolRun"),
        "Usage",
    ),
}
"""The module of each name; a name without one is in `errors`. Modules are imported on first use, so that
`import structkit` stays fast."""

if not TYPE_CHECKING:  # a type checker that saw `__getattr__` would accept any misspelt name

    def __getattr__(name: str) -> Any:
        """Import a name of `__all__` on first use."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        module = next((module for module, names in MODULES.items() if name in names), "errors")
        value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
        return value

    def __dir__() -> list[str]:
        """List the names that are imported on first use, too."""
        return sorted({*globals(), *__all__})
