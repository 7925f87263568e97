"""The frozen values that travel between modules: messages, requests, completions, results."""

from structkit.values.json import (
    ABSENT,
    JSON,
    FrozenJSON,
    JSONPath,
    JSONValue,
    format_path,
    json_text,
    leaf_paths,
    value_at,
)
from structkit.values.message import ContentPart, Message, Prompt, Role
from structkit.values.parameters import Options, Parameters
from structkit.values.policy import Policy
from structkit.values.repair import REPAIRS, Repair, ValueRepair
from structkit.values.reply import Choice, Completion, Delta, ModelName, RateLimit, ToolCall, Usage
from structkit.values.request import Request
from structkit.values.result import Answer, Attempt, Issue, Origin, OriginKind, Result, sum_usage
from structkit.values.tool_run import ToolRun

__all__ = [
    "ABSENT",
    "JSON",
    "REPAIRS",
    "Answer",
    "Attempt",
    "Choice",
    "Completion",
    "ContentPart",
    "Delta",
    "FrozenJSON",
    "Issue",
    "JSONPath",
    "JSONValue",
    "Message",
    "ModelName",
    "Options",
    "Origin",
    "OriginKind",
    "Parameters",
    "Policy",
    "Prompt",
    "RateLimit",
    "Repair",
    "Request",
    "Result",
    "Role",
    "ToolCall",
    "ToolRun",
    "Usage",
    "ValueRepair",
    "format_path",
    "json_text",
    "leaf_paths",
    "sum_usage",
    "value_at",
]
