"""A route asked what it honours: questions and readings as values; the clients send."""

from structkit.client.probing.probe_report import Finding, ProbeReport, Verdict
from structkit.client.probing.probing import advance, probe_route

__all__ = ["Finding", "ProbeReport", "Verdict", "advance", "probe_route"]
