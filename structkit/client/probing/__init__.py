"""Test what a route supports: the requests and findings as values, which the clients send and store."""

from structkit.client.probing.probe_report import Finding, ProbeReport, Verdict
from structkit.client.probing.probing import advance, probe_route

__all__ = ["Finding", "ProbeReport", "Verdict", "advance", "probe_route"]
