"""What goes wrong in a completion: other words than were asked for, or the right ones in a strange place."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

from structkit.testing.endpoint_faults import Change
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

DEPTH = 10_000
"""Levels of a value that no recursive parser survives."""


def says(text: Callable[[JSON], str]) -> Change:
    """The model says something else, wherever the request wants it said."""
    return lambda request, _reply: text_reply(request, text(request), model=request["model"])


def rewritten(change: Callable[[str], str], finish_reason: str | None = None) -> Change:
    """The model's words changed where they stand."""

    def changed(choice: JSON) -> JSON:
        reason = finish_reason or choice.get("finish_reason")
        return {**choice, "message": _rewritten(choice["message"], change), "finish_reason": reason}

    return lambda _request, reply: with_choices(reply, lambda body: [*map(changed, body["choices"])])


def _rewritten(message: JSON, change: Callable[[str], str]) -> JSON:
    if calls := message.get("tool_calls"):
        texts = [change(call["function"]["arguments"]) for call in calls]
        functions = [{**call["function"], "arguments": text} for call, text in zip(calls, texts, strict=True)]
        return {**message, "tool_calls": [{**call, "function": f} for call, f in zip(calls, functions, strict=True)]}
    return {**message, "content": change(message.get("content") or "")}


def with_choices(reply: Reply, choices: Callable[[JSON], list[JSON]]) -> Reply:
    """A completion with other choices; any other reply stays as it is."""
    return altered(reply, lambda body: {**body, "choices": choices(body)})


def altered(reply: Reply, change: Callable[[JSON], JSON]) -> Reply:
    """A completion with another body; any other reply stays as it is."""
    is_completion = isinstance(reply.body, dict) and bool(reply.body.get("choices"))
    return replace(reply, body=change(reply.body)) if is_completion else reply


def schema_back(request: JSON) -> str:
    """The schema itself."""
    return json.dumps(requested_schema(request) or {"type": "object", "properties": {}})


def deep(_request: JSON) -> str:
    """Lists in lists in lists."""
    return "[" * DEPTH + "]" * DEPTH


def wrapper(request: JSON, reply: Reply) -> Reply:
    """The words inside an object with one key, the schema's name."""
    name = json.dumps(schema_name(request))
    return rewritten(lambda text: f"{{{name}: {text}}}")(request, reply)


def twice(text: str) -> str:
    """The first key of an object once more, with another value.

    >>> twice('{"a": 1, "b": 2}')
    '{"a": null, "a": 1, "b": 2}'
    """
    found = _read(text)
    known = isinstance(found, dict) and bool(found)
    return f"{{{json.dumps(next(iter(found)))}: null, {text.lstrip()[1:]}" if known else '{"value": 1, "value": 2}'


def filled(leaf: JSONValue) -> Callable[[str], str]:
    """Every scalar replaced; an object of one where there is none.

    >>> filled(float("nan"))('{"a": [1, "x"], "b": {}}')
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
    """A message without content, and without anything in its place."""
    return with_choices(reply, lambda body: completion(*[None] * len(body["choices"]))["choices"])


def content_instead(_request: JSON, reply: Reply) -> Reply:
    """The words as content, though a tool call was asked for."""
    return with_choices(reply, lambda body: completion(*map(_spoken, body["choices"]))["choices"])


def tool_call_instead(request: JSON, reply: Reply) -> Reply:
    """The words as a tool call's arguments, though content was asked for."""
    name = schema_name(request)
    return with_choices(reply, lambda body: tool_call_completion(name, *map(_spoken, body["choices"]))["choices"])


def several_tool_calls(request: JSON, reply: Reply) -> Reply:
    """A second tool call beside the one with the words."""

    def more(choice: JSON) -> JSON:
        calls = [tool_call(name, _spoken(choice)), tool_call(name, "{}", number=2)]
        return {**choice, "message": {**choice["message"], "content": None, "tool_calls": calls}}

    name = schema_name(request)
    return with_choices(reply, lambda body: [*map(more, body["choices"])])


def _spoken(choice: JSON) -> str:
    """The model's words, wherever they stand."""
    calls = choice["message"].get("tool_calls")
    return calls[0]["function"]["arguments"] if calls else choice["message"].get("content") or ""


def no_usage(_request: JSON, reply: Reply) -> Reply:
    """Nothing said about tokens."""
    return altered(reply, lambda body: {name: value for name, value in body.items() if name != "usage"})


def bad_usage(_request: JSON, reply: Reply) -> Reply:
    """Tokens that cannot be counted."""
    usage = {"prompt_tokens": -1, "completion_tokens": "many", "total_tokens": 1.5}
    return altered(reply, lambda body: {**body, "usage": usage})


def other_vendor() -> Change:
    """A provider and a model that differ from call to call."""
    turns = itertools.count(1)

    def change(_request: JSON, reply: Reply) -> Reply:
        turn = next(turns)
        return altered(reply, lambda body: {**body, "provider": f"vendor-{turn}", "model": f"{body['model']}-{turn}"})

    return change
