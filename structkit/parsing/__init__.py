"""Parse replies: the body into a completion, the text into a JSON value."""

from structkit.parsing.bare_text import read_bare_text, read_quoted_text
from structkit.parsing.candidates import Candidate, read_candidates
from structkit.parsing.coercion import is_scalar_of, repair_values
from structkit.parsing.completion import inside_list, read_completion
from structkit.parsing.documents import has_ended_turn
from structkit.parsing.envelope import read_envelope
from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.grammar import may_be_json
from structkit.parsing.prefix import Prefix, read_prefix, read_record_prefix
from structkit.parsing.schema_branches import walk_branches

__all__ = [
    "Candidate",
    "NotJSON",
    "Prefix",
    "has_ended_turn",
    "inside_list",
    "is_scalar_of",
    "may_be_json",
    "read_bare_text",
    "read_candidates",
    "read_completion",
    "read_envelope",
    "read_json",
    "read_prefix",
    "read_quoted_text",
    "read_record_prefix",
    "repair_values",
    "walk_branches",
]
