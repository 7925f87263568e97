"""Faults in a completion: a different text from the requested one, or the right text in an unusual field."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

from structkit.testing.endpoint_faults import ReplyChange
from structkit.testing.scripted_reply import (
    Reply,
    completion,
    requested_schema,
    schema_name,
    text_reply,
    tool_call,
    tool_call_completion,
)
from structkit.values import JSON, JSONValue

NESTING_DEPTH = 10_000
"""Nesting of a value that exhausts the stack of a recursive parser."""


def with_text(text: Callable[[JSON], str]) -> ReplyChange:
    """Replace the text, in the field that the request asks for."""
    return lambda request, _reply: text_reply(request, text(request), model=request["model"])


def rewrite_text(change: Callable[[str], str], finish_reason: str | None = None) -> ReplyChange:
    """Change the text, in the field where it is."""

    def changed(choice: JSON) -> JSON:
        reason = finish_reason or choice.get("finish_reason")
        return {**choice, "message": _rewrite_message(choice["message"], change), "finish_reason": reason}

    return lambda _request, reply: with_choices(reply, lambda body: [*map(changed, body["choices"])])


def _rewrite_message(message: JSON, change: Callable[[str], str]) -> JSON:
    if calls := message.get("tool_calls"):
        texts = [change(call["function"]["arguments"]) for call in calls]
        functions = [{**call["function"], "arguments": text} for call, text in zip(calls, texts, strict=True)]
        return {**message, "tool_calls": [{**call, "function": f} for call, f in zip(calls, functions, strict=True)]}
    return {**message, "content": change(message.get("content") or "")}


def with_choices(reply: Reply, choices: Callable[[JSON], list[JSON]]) -> Reply:
    """Replace the choices of a completion; any other reply is returned unchanged."""
    return with_body(reply, lambda body: {**body, "choices": choices(body)})


def with_body(reply: Reply, change: Callable[[JSON], JSON]) -> Reply:
    """Replace the body of a completion; any other reply is returned unchanged."""
    is_completion = isinstance(reply.body, dict) and bool(reply.body.get("choices"))
    return replace(reply, body=change(reply.body)) if is_completion else reply


def with_finish_reason(reason: str = "error") -> ReplyChange:
    """Replace the finish reason; the text stays, and is valid."""
    return lambda _request, reply: with_choices(
        reply, lambda body: [{**choice, "finish_reason": reason} for choice in body["choices"]]
    )


def with_choice_error(code: int | str = 502) -> ReplyChange:
    """Add an error to each choice, as gateways do when the upstream fails after the first bytes; the text stays."""
    error = {"message": "upstream died", "code": int(code)}
    return lambda _request, reply: with_choices(
        reply, lambda body: [{**choice, "finish_reason": "error", "error": error} for choice in body["choices"]]
    )


def in_reasoning(_request: JSON, reply: Reply) -> Reply:
    """Move the text to `reasoning_content`, as servers do that take the whole reply for reasoning."""

    def changed(choice: JSON) -> JSON:
        message = choice["message"]
        calls = message.get("tool_calls")
        text = calls[0]["function"]["arguments"] if calls else message["content"]
        return {**choice, "message": {"role": "assistant", "content": None, "reasoning_content": text}}

    return with_choices(reply, lambda body: [*map(changed, body["choices"])])


def schema_as_text(request: JSON) -> str:
    """Return the schema itself as the text."""
    return json.dumps(requested_schema(request) or {"type": "object", "properties": {}})


def nested_lists(_request: JSON) -> str:
    """Return lists nested `NESTING_DEPTH` times."""
    return "[" * NESTING_DEPTH + "]" * NESTING_DEPTH


def wrap_in_object(request: JSON, reply: Reply) -> Reply:
    """Wrap the text into an object with one key, the schema's name."""
    name = json.dumps(schema_name(request))
    return rewrite_text(lambda text: f"{{{name}: {text}}}")(request, reply)


def with_duplicate_key(text: str) -> str:
    """Repeat the first key of an object with another value.

    >>> with_duplicate_key('{"a": 1, "b": 2}')
    '{"a": null, "a": 1, "b": 2}'
    """
    value = _read(text)
    if isinstance(value, dict) and value:
        return f"{{{json.dumps(next(iter(value)))}: null, {text.lstrip()[1:]}"
    return '{"value": 1, "value": 2}'


def with_scalars(leaf: JSONValue) -> Callable[[str], str]:
    """Replace every scalar by *leaf*; a text that is not JSON becomes an object with one scalar.

    >>> with_scalars(float("nan"))('{"a": [1, "x"], "b": {}}')
    '{"a": [NaN, NaN], "b": {}}'
    """

    def fill(value: JSONValue) -> JSONValue:
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [*map(fill, value)] if isinstance(value, list) else leaf

    return lambda text: json.dumps(fill(_read(text) or {"value": 0}))


def _read(text: str) -> JSONValue:
    try:
        return json.loads(text)
    except ValueError:
        return None


def null_content(_request: JSON, reply: Reply) -> Reply:
    """Remove the content, with nothing in its place."""
    return with_choices(reply, lambda body: completion(*[None] * len(body["choices"]))["choices"])


def content_instead(_request: JSON, reply: Reply) -> Reply:
    """Move the text to the content, although a tool call was asked for."""
    return with_choices(reply, lambda body: completion(*map(_text, body["choices"]))["choices"])


def tool_call_instead(request: JSON, reply: Reply) -> Reply:
    """Move the text to a tool call's arguments, although content was asked for."""
    name = schema_name(request)
    return with_choices(reply, lambda body: tool_call_completion(name, *map(_text, body["choices"]))["choices"])


def several_tool_calls(request: JSON, reply: Reply) -> Reply:
    """Add a second tool call to the one with the text."""

    def with_two_calls(choice: JSON) -> JSON:
        calls = [tool_call(name, _text(choice)), tool_call(name, "{}", number=2)]
        return {**choice, "message": {**choice["message"], "content": None, "tool_calls": calls}}

    name = schema_name(request)
    return with_choices(reply, lambda body: [*map(with_two_calls, body["choices"])])


def _text(choice: JSON) -> str:
    """The model's text: a tool call's arguments, or the content."""
    calls = choice["message"].get("tool_calls")
    return calls[0]["function"]["arguments"] if calls else choice["message"].get("content") or ""


def no_usage(_request: JSON, reply: Reply) -> Reply:
    """Remove the token counts."""
    return with_body(reply, lambda body: {name: value for name, value in body.items() if name != "usage"})


def invalid_usage(_request: JSON, reply: Reply) -> Reply:
    """Replace the token counts by values that are not counts."""
    usage = {"prompt_tokens": -1, "completion_tokens": "many", "total_tokens": 1.5}
    return with_body(reply, lambda body: {**body, "usage": usage})


def changing_vendor() -> ReplyChange:
    """Name another provider and model in every reply."""
    turns = itertools.count(1)

    def change(_request: JSON, reply: Reply) -> Reply:
        turn = next(turns)
        return with_body(reply, lambda body: {**body, "provider": f"vendor-{turn}", "model": f"{body['model']}-{turn}"})

    return change
