"""The one loop: a conversation as a value that says what to send next and takes what came back."""

from structkit.extraction.checks import Check, check_failure, is_awaited, objections, soft
from structkit.extraction.divided import Divided, divided
from structkit.extraction.extraction import Asking, Conversation, Extraction
from structkit.extraction.modes import JSON_SCHEMA, MODES, Mode

__all__ = [
    "JSON_SCHEMA",
    "MODES",
    "Asking",
    "Check",
    "Conversation",
    "Divided",
    "Extraction",
    "Mode",
    "check_failure",
    "divided",
    "is_awaited",
    "objections",
    "soft",
]
