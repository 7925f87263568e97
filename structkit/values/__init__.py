"""The frozen values that travel between rooms: messages, requests, completions, results."""

from structkit.values.json import ABSENT, JSON, Fixed, JSONValue, Path, show_path, value_at, written
from structkit.values.policy import Policy
from structkit.values.reply import Choice, Completion, Delta, RateLimit, ToolCall, Usage
from structkit.values.request import Message, Options, Parameters, Prompt, Request, Role
from structkit.values.result import Answer, Attempt, How, Issue, Origin, Result, sum_usage

__all__ = [
    "ABSENT",
    "JSON",
    "Answer",
    "Attempt",
    "Choice",
    "Completion",
    "Delta",
    "Fixed",
    "How",
    "Issue",
    "JSONValue",
    "Message",
    "Options",
    "Origin",
    "Parameters",
    "Path",
    "Policy",
    "Prompt",
    "RateLimit",
    "Request",
    "Result",
    "Role",
    "ToolCall",
    "Usage",
    "show_path",
    "sum_usage",
    "value_at",
    "written",
]
