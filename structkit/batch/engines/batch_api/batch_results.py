"""What the files of a finished batch say about each request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from structkit.errors import TransportError
from structkit.parsing import read_envelope
from structkit.transport import TransportReply
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.values import JSON, Usage

NOT_EXECUTED = frozenset({"batch_expired", "batch_cancelled", "batch_canceled"})
"""Codes of requests that the endpoint has not carried out, and does not bill."""

OK = 200


class BatchResult(NamedTuple):
    """The result of one request: its `custom_id` and its reply; None if it was not carried out."""

    name: str
    reply: TransportReply | None


def read_results(path: Path, endpoint: BatchEndpoint) -> Iterator[BatchResult]:
    """Yield the results in a file; lines that are no results are skipped."""
    with path.open("rb") as file:
        for line in file:
            if (result := read_result(line, endpoint)) is not None:
                yield result


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
    response, error = value.get("response"), value.get("error")
    if isinstance(response, dict):
        status = response.get("status_code")
        return endpoint.read_reply(status if isinstance(status, int) else OK, response.get("body"))
    fields = error if isinstance(error, dict) else {"message": error}
    if str(fields.get("code")) in NOT_EXECUTED:
        return None
    reply = endpoint.read_reply(OK, {"error": fields})
    if isinstance(reply, TransportError):
        reply.usage_of_reply = Usage()  # there is no reply that could be billed
    return reply


def missing_reply() -> TransportError:
    """Return the reply to a request that a completed batch says nothing about: it may have been paid for."""
    error = TransportError("the batch was completed, but has no line for this request", retryable=True)
    error.usage_of_reply = Usage(unreported=1)
    return error
