"""What a reply says: its body as a completion, its text as a JSON value."""

from structkit.parsing.completion import read_completion
from structkit.parsing.exact import NotJSON, read_json

__all__ = ["NotJSON", "read_completion", "read_json"]
