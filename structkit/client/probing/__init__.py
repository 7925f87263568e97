"""A route asked what it honours: questions and readings as values; the clients send."""

from structkit.client.probing.probing import advance, probing
from structkit.client.probing.report import Finding, ProbeReport, Verdict

__all__ = ["Finding", "ProbeReport", "Verdict", "advance", "probing"]
