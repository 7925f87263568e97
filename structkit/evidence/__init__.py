"""Where in the source a value stands; no token is spent."""

from structkit.evidence.find_evidence import find_evidence
from structkit.evidence.markers import Found, Judged
from structkit.values.evidence_map import Evidence, EvidenceMap, Span, TextSource

__all__ = ["Evidence", "EvidenceMap", "Found", "Judged", "Span", "TextSource", "find_evidence"]
