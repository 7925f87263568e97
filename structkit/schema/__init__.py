"""A type's strict schema, and the exact conversion of values to the wire and back."""

from structkit.schema.codec import Codec
from structkit.schema.draft import Draft, read_drafts
from structkit.schema.explanation import Explanation, Note, compare
from structkit.schema.json_schema.match_time import shared_match_time
from structkit.schema.patch import Patch, make_patch
from structkit.schema.repaired_answer import reject_several
from structkit.schema.response_format import ResponseFormat

__all__ = [
    "Codec",
    "Draft",
    "Explanation",
    "Note",
    "Patch",
    "ResponseFormat",
    "compare",
    "make_patch",
    "read_drafts",
    "reject_several",
    "shared_match_time",
]
