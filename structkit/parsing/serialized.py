"""Replies as JSON and back: what a cassette and a journal keep of them. Pure."""

from __future__ import annotations

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, StatusError, TransportError
from structkit.values import JSON, Choice, Completion, ToolCall

KINDS = {kind.__name__: kind for kind in (ConnectionFailed, RequestTimeout, StatusError, MalformedReply)}


def fault_to_json(fault: TransportError) -> JSON:
    """A fault, but for what it cost and how often it was sent again.

    >>> fault_to_json(ConnectionFailed("no connection", retryable=True))
    {'kind': 'ConnectionFailed', 'message': 'no connection', 'retryable': True}
    """
    kinds = [kind.__name__ for kind in type(fault).__mro__ if kind.__name__ in KINDS]
    kept = {
        "kind": kinds[0] if kinds else TransportError.__name__,
        "message": str(fault),
        "status_code": getattr(fault, "status_code", None),
        "retryable": fault.retryable,
        "retry_after": fault.retry_after,
        "request_id": fault.request_id,
        "body": fault.body,
        "partial": fault.partial,
    }
    return {name: value for name, value in kept.items() if value is not None}


def fault_from_json(kept: JSON) -> TransportError:
    """What `fault_to_json` wrote.

    >>> fault_from_json({"kind": "ConnectionFailed", "message": "no connection", "retryable": True})
    ConnectionFailed('no connection')
    """
    said = dict(kept)
    kind, status = KINDS.get(said.pop("kind"), TransportError), said.pop("status_code", 0)
    partial = said.pop("partial", None)
    fault = kind(said.pop("message"), **said)
    fault.partial = partial
    if isinstance(fault, StatusError):
        fault.status_code = status
    return fault


def body_of(completion: Completion) -> JSON:
    """A body that reads as the completion does, for one that came without its own.

    >>> from structkit.parsing import read_completion
    >>> from structkit.values import Usage
    >>> made = Completion((Choice(0, '{"a": 1}', finish_reason="stop"),), Usage(9, 12, 21), model="m")
    >>> read_completion(body_of(made)).choices == made.choices
    True
    """
    usage = completion.usage
    names = ("id", "model", "provider")
    told = {name: getattr(completion, name) for name in names if getattr(completion, name) is not None}
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {
        **told,
        "choices": [_choice(choice) for choice in completion.choices],
        "usage": {name: getattr(usage, name) for name in counts} if not usage.unreported else None,
    }


def _choice(choice: Choice) -> JSON:
    message: JSON = {"role": "assistant", "content": choice.content, "refusal": choice.refusal}
    if choice.tool_calls:
        message["tool_calls"] = [_call(call) for call in choice.tool_calls]
    return {"index": choice.index, "finish_reason": choice.finish_reason, "message": message}


def _call(call: ToolCall) -> JSON:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
