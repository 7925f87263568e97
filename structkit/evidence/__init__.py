"""Where in the source a value stands; no token is spent."""

from structkit.evidence.alignment import EvidenceMap
from structkit.evidence.find_evidence import find_evidence
from structkit.evidence.markers import Found, Judged
from structkit.evidence.spans import Evidence, Span

__all__ = ["Evidence", "EvidenceMap", "Found", "Judged", "Span", "find_evidence"]
