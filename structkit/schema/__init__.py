"""A type's strict schema, and the exact way from values to the wire and back."""

from structkit.schema.explanation import Explanation, Note
from structkit.schema.response_format import ResponseFormat

__all__ = ["Explanation", "Note", "ResponseFormat"]
