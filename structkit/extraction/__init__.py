"""The one loop: a conversation as a value that says what to send next and takes what came back."""

from structkit.extraction.divided import Divided
from structkit.extraction.extraction import Extraction
from structkit.extraction.modes import JSON_SCHEMA, Mode

__all__ = ["JSON_SCHEMA", "Divided", "Extraction", "Mode"]
