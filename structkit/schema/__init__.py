"""A type's strict schema, and the exact conversion of values to the wire and back."""

from structkit.schema.codec import Codec
from structkit.schema.explanation import Explanation, Note, compare
from structkit.schema.patch import Patch, make_patch
from structkit.schema.paths import find_truncated_place, with_box
from structkit.schema.repaired_answer import reject_several
from structkit.schema.response_format import ResponseFormat

__all__ = [
    "Codec",
    "Explanation",
    "Note",
    "Patch",
    "ResponseFormat",
    "compare",
    "find_truncated_place",
    "make_patch",
    "reject_several",
    "with_box",
]
