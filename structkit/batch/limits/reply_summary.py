"""What a limiter has to know of a reply, as JSON: no text of a row or of the model."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from structkit.dialects.error_bodies import read_error
from structkit.errors import TransportError
from structkit.parsing.serialized import fault_from_json, fault_to_json
from structkit.values import Completion, RateLimit, Usage
from structkit.values.error_reading import ErrorReading

MAX_TEXT = 300
"""Characters of the message of a fault, which a report quotes."""


def summarize_reply(reply: Completion | TransportError | None) -> Any:
    """Return a reply as JSON: None if there was none, 1 for an answer without rate limits.

    >>> summarize_reply(None), summarize_reply(Completion((), Usage()))
    (None, 1)
    """
    if reply is None:
        return None
    limits = [asdict(limit) for limit in reply.limits]
    if isinstance(reply, Completion):
        return {"limits": limits} if limits else 1
    fault = fault_to_json(reply)
    names = ("kind", "status_code", "retryable", "retry_after")
    fields = {name: fault[name] for name in names if name in fault}
    fields["message"] = fault["message"][:MAX_TEXT]
    return {"limits": limits, "fault": fields, "reading": asdict(read_error(reply))}


def reply_of_summary(summary: Any) -> Completion | TransportError | None:
    """Return a reply with what its summary has.

    >>> reply_of_summary(1).choices, reply_of_summary(None)
    ((), None)
    """
    if summary is None:
        return None
    limits = tuple(RateLimit(**limit) for limit in summary["limits"]) if isinstance(summary, dict) else ()
    if not isinstance(summary, dict) or "fault" not in summary:
        return Completion((), Usage(), limits=limits)
    fault = fault_from_json(summary["fault"])
    fault.limits = limits
    if "reading" in summary:  # a worker of an older version does not send it
        fault.reading = ErrorReading(**summary["reading"])
    return fault
