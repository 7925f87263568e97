"""What the files of a finished batch say about each request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from structkit.errors import MalformedReply, TransportError
from structkit.parsing import read_envelope
from structkit.transport import TransportReply
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Usage

NOT_EXECUTED = frozenset({"batch_expired", "batch_cancelled", "batch_canceled"})
"""Codes of requests that the endpoint has not carried out, and does not bill."""

OK = 200

STATUSES = range(100, 600)
"""What a number has to be to be a status; some vendors use other ones as codes of errors."""


class BatchResult(NamedTuple):
    """The result of one request: its `custom_id` and its reply; None if it was not carried out."""

    name: str
    reply: TransportReply | None


def read_results(path: Path, endpoint: BatchEndpoint) -> Iterator[BatchResult]:
    """Yield the results in a file; lines that are no results are skipped.

    Raises:
        MalformedReply: The file has lines, and none is a result: it is a web page, or an error of the endpoint.
    """
    has_results, first_line = False, b""
    with path.open("rb") as file:
        for line in file:
            first_line = first_line or line.strip()
            if (result := read_result(line, endpoint)) is not None:
                has_results = True
                yield result
    if first_line and not has_results:
        text = endpoint.excerpt(first_line.decode("utf-8", "replace"))
        raise MalformedReply(f"the endpoint's file of replies has none: {text!r}")


def read_result(line: bytes, endpoint: BatchEndpoint) -> BatchResult | None:
    """Return the result in a line; None if it is not one."""
    try:
        value: Any = read_envelope(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(name := value.get("custom_id"), str):
        return None
    return BatchResult(name, _reply(value, endpoint))


def _reply(value: JSON, endpoint: BatchEndpoint) -> TransportReply | None:
    """Return the reply in a line: what the body says counts, and without one, the error beside it."""
    response, error = value.get("response"), value.get("error")
    fields = response if isinstance(response, dict) else {}
    body = fields if "choices" in fields else fields.get("body")
    status = _read_status(fields.get("status_code"))
    if body or (fields and not error):
        return endpoint.read_reply(status or OK, body)
    return _read_error(status, error, endpoint)


def _read_error(status: int, error: Any, endpoint: BatchEndpoint) -> TransportReply | None:
    """Return the error of a request without a reply; None if the request was not carried out."""
    fields = error if isinstance(error, dict) else {"message": error}
    fields = inner if isinstance(inner := fields.get("error"), dict) else fields
    if str(fields.get("code")) in NOT_EXECUTED:
        return None
    status = status or _read_status(fields.get("code"))
    reply = endpoint.read_reply(status or OK, {"error": fields})
    if isinstance(reply, TransportError):
        reply.usage_of_reply = Usage()  # there is no reply that could be billed
    return reply


def _read_status(value: Any) -> int:
    """Return an HTTP status; 0 if there is none.

    >>> [_read_status(value) for value in (429, "429", 200.0, None, "server_error", 7)]
    [429, 429, 200, 0, 0, 0]
    """
    try:
        status = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return status if status in STATUSES else 0


def missing_reply() -> TransportError:
    """Return the reply to a request that a completed batch says nothing about: it may have been paid for."""
    error = TransportError("the batch was completed, but has no line for this request", retryable=True)
    error.usage_of_reply = Usage(unreported=1)
    return error
