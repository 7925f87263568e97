"""Convert replies to JSON and back, for cassettes and journals."""

from __future__ import annotations

from dataclasses import asdict
from operator import attrgetter

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, StatusError, TransportError
from structkit.parsing.completion import read_completion
from structkit.values import JSON, Choice, Completion, ToolCall, Usage

KINDS = {kind.__name__: kind for kind in (ConnectionFailed, RequestTimeout, StatusError, MalformedReply)}

BODY_FIELDS = attrgetter("choices", "id", "model", "provider")
"""The fields of a completion that are read from its body, besides its usage."""


def fault_to_json(fault: TransportError) -> JSON:
    """Return a fault as JSON, without its usage and its retries.

    >>> fault_to_json(ConnectionFailed("no connection", retryable=True))
    {'kind': 'ConnectionFailed', 'message': 'no connection', 'retryable': True}
    """
    kinds = [kind.__name__ for kind in type(fault).__mro__ if kind.__name__ in KINDS]
    fields = {
        "kind": kinds[0] if kinds else TransportError.__name__,
        "message": str(fault),
        "status_code": getattr(fault, "status_code", None),
        "retryable": fault.retryable,
        "retry_after": fault.retry_after,
        "request_id": fault.request_id,
        "body": fault.body,
        "partial": fault.partial,
    }
    return {name: value for name, value in fields.items() if value is not None}


def fault_from_json(stored: JSON) -> TransportError:
    """Read a fault that `fault_to_json` wrote.

    >>> fault_from_json({"kind": "ConnectionFailed", "message": "no connection", "retryable": True})
    ConnectionFailed('no connection')
    """
    fields = dict(stored)
    kind, status = KINDS.get(fields.pop("kind"), TransportError), fields.pop("status_code", 0)
    partial = fields.pop("partial", None)
    fault = kind(fields.pop("message"), **fields)
    fault.partial = partial
    if isinstance(fault, StatusError):
        fault.status_code = status
    return fault


def is_read_from_body(completion: Completion, *, with_usage: bool = False) -> bool:
    """Return whether the body reads back as the same completion: a caller's own transport may put anything into `raw`.

    Args:
        completion: The completion.
        with_usage: Whether to compare the usage too, which a journal has in columns of its own.

    >>> completion = Completion((Choice(0, "4"),), Usage(), raw={"choices": [{"message": {"content": "4"}}]})
    >>> is_read_from_body(completion), is_read_from_body(Completion(completion.choices, Usage()))
    (True, False)
    """
    body = read_completion(completion.raw)
    if not isinstance(body, Completion) or BODY_FIELDS(body) != BODY_FIELDS(completion):
        return False
    return not with_usage or body.usage == completion.usage


def completion_to_json(completion: Completion) -> JSON:
    """Return a completion as JSON, without its usage and retries, which a journal has in columns, and its rate limits.

    >>> completion = Completion((Choice(0, '{"a": 1}', finish_reason="stop"),), Usage(), model="m", raw="no JSON body")
    >>> completion_from_json(completion_to_json(completion)) == completion
    True
    """
    names = ("id", "model", "provider", "raw")
    return {"choices": [asdict(choice) for choice in completion.choices]} | {
        name: value for name in names if (value := getattr(completion, name)) is not None
    }


def completion_from_json(stored: JSON) -> Completion:
    """Read a completion that `completion_to_json` wrote."""
    return Completion(**{**stored, "choices": tuple(map(_choice_from_json, stored["choices"])), "usage": Usage()})


def _choice_from_json(stored: JSON) -> Choice:
    return Choice(**{**stored, "tool_calls": tuple(ToolCall(**call) for call in stored["tool_calls"])})
