"""A type's strict schema, and the exact way from values to the wire and back."""

from structkit.schema.codec import Codec
from structkit.schema.explanation import Explanation, Note, compare
from structkit.schema.patch import Patch, make_patch, natural_path
from structkit.schema.response_format import ResponseFormat

__all__ = ["Codec", "Explanation", "Note", "Patch", "ResponseFormat", "compare", "make_patch", "natural_path"]
