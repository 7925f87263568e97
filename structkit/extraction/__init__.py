"""The one loop: a conversation as a frozen value that has the next request and receives its reply."""

from structkit.extraction.checks import ValueCheck, check_failure, flatten_outcome, is_async_check, soft, to_issues
from structkit.extraction.extraction import Conversation, Extraction, ModeChoice
from structkit.extraction.modes import JSON_SCHEMA, MODES, Mode
from structkit.extraction.split_extraction import UNFINISHED_STEPS, SplitExtraction, split_if_too_large
from structkit.extraction.tool_extraction import ToolExtraction, storable_route
from structkit.extraction.tool_step import ToolStep

__all__ = [
    "JSON_SCHEMA",
    "MODES",
    "UNFINISHED_STEPS",
    "Conversation",
    "Extraction",
    "Mode",
    "ModeChoice",
    "SplitExtraction",
    "ToolExtraction",
    "ToolStep",
    "ValueCheck",
    "check_failure",
    "flatten_outcome",
    "is_async_check",
    "soft",
    "split_if_too_large",
    "storable_route",
    "to_issues",
]
