"""The one loop: a conversation as a frozen value that has the next request and receives its reply."""

from structkit.extraction.checks import ValueCheck, check_failure, is_async_check, soft, to_issues
from structkit.extraction.extraction import Conversation, Extraction, ModeChoice
from structkit.extraction.modes import JSON_SCHEMA, MODES, Mode
from structkit.extraction.split_extraction import SplitExtraction, split_if_too_large

__all__ = [
    "JSON_SCHEMA",
    "MODES",
    "Conversation",
    "Extraction",
    "Mode",
    "ModeChoice",
    "SplitExtraction",
    "ValueCheck",
    "check_failure",
    "is_async_check",
    "soft",
    "split_if_too_large",
    "to_issues",
]
