"""Replies of a test endpoint: any HTTP reply, and chat completions in the form that a request asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from structkit.extraction.modes import TOOL_DESCRIPTION
from structkit.testing.sample import sample
from structkit.testing.script_arguments import REPLY_ARGUMENTS, validate_arguments, validate_texts
from structkit.values import JSON, JSONValue, ToolCall


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of the endpoint to one request.

    Args:
        body: A JSON value, text or bytes sent unchanged, or an iterator of bytes, sent chunk by chunk. An iterator can
            be sent only once; use a function where such a reply is repeated.
        status: The HTTP status.
        headers: Additional headers.
        delay: Seconds to wait before the reply is sent.
        is_truncated: Whether the connection is closed in the middle of the body.
        rewrite_events: Changes the events of the reply where it is a streamed completion.
    """

    body: JSONValue
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    is_truncated: bool = False
    rewrite_events: Callable[[list[bytes]], Iterable[bytes]] | None = None

    def __post_init__(self) -> None:
        """Validate the arguments.

        Raises:
            TypeError: One is of another type, or out of its range.
        """
        validate_arguments("Reply", {name: getattr(self, name) for name in REPLY_ARGUMENTS}, REPLY_ARGUMENTS)


ReplyValue: TypeAlias = "Reply | str | list[str] | ToolCall | list[ToolCall] | JSON"
"""A reply; the model's text, or a list of texts, one for each choice; one or several calls of tools; or the JSON body
of a reply."""

Script: TypeAlias = "Reply | str | JSON | ToolCall | tuple[ToolCall, ...] | Callable[[JSON], ReplyValue]"
"""What answers a request: a reply, the model's text, calls of tools, the body of a reply, or a function of the
request's body."""

SCRIPTS = "a text, a Reply, a dict with the body of a reply, a call of a tool, or a function of the request's body"


def completion(
    *contents: str | None, finish_reason: str = "stop", refusal: str | None = None, model: str = "fake"
) -> JSON:
    """Return the body of a chat completion with one choice for each of *contents*.

    Raises:
        TypeError: An argument is not a text.
    """
    optional = {f"content {number}": each for number, each in enumerate(contents, 1)} | {"refusal": refusal}
    validate_texts("completion", optional, may_be_none=True)
    validate_texts("completion", {"finish_reason": finish_reason, "model": model})
    message: JSON = {"role": "assistant"} if refusal is None else {"role": "assistant", "refusal": refusal}
    choices = [
        {"index": index, "message": {**message, "content": content}, "finish_reason": finish_reason}
        for index, content in enumerate(contents)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "fake-1", "object": "chat.completion", "model": model, "choices": choices, "usage": usage}


def tool_call_completion(name: str, *arguments: str, model: str = "fake") -> JSON:
    """Return the body of a chat completion that calls the tool *name*, with one choice for each of *arguments*.

    Raises:
        TypeError: An argument is not a text.
    """
    texts = {f"arguments {number}": each for number, each in enumerate(arguments, 1)}
    validate_texts("tool_call_completion", {"name": name, **texts})
    body = completion(*[None] * len(arguments), finish_reason="tool_calls", model=model)
    for choice, text in zip(body["choices"], arguments, strict=True):
        choice["message"]["tool_calls"] = [tool_call(name, text)]
    return body


def call(name: str, /, **arguments: JSONValue) -> ToolCall:
    """Return a call that the scripted model makes; a list of calls is one reply with all of them.

    For arguments that are not JSON, use `structkit.values.ToolCall(name, text)`.

    >>> call("lookup", city="Lyon")
    ToolCall(name='lookup', arguments='{"city": "Lyon"}', id=None)
    """
    validate_texts("call", {"name": name})
    return ToolCall(name, json.dumps(arguments, ensure_ascii=False))


def calls_completion(*calls: ToolCall, model: str = "fake") -> JSON:
    """Return the body of a chat completion that calls tools."""
    body = completion(None, finish_reason="tool_calls", model=model)
    entries = [tool_call(each.name, each.arguments, number) for number, each in enumerate(calls, 1)]
    body["choices"][0]["message"]["tool_calls"] = [
        {**entry, "id": each.id or entry["id"]} for entry, each in zip(entries, calls, strict=True)
    ]
    return body


def tool_call(name: str, arguments: str, number: int = 1) -> JSON:
    """Return one entry of a message's `tool_calls`.

    >>> tool_call("invoice", '{"total": 3}')["function"]
    {'name': 'invoice', 'arguments': '{"total": 3}'}
    """
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def text_reply(request: JSON, *texts: str, model: str = "fake") -> Reply:
    """Return a reply with *texts* as the content, or as the arguments of the tool that the request forces.

    >>> text_reply({"model": "m"}, "3").body["choices"][0]["message"]["content"]
    '3'
    """
    tool = forced_tool(request)
    return Reply(
        completion(*texts, model=model) if tool is None else tool_call_completion(tool["name"], *texts, model=model)
    )


def to_scripts(replies: Iterable[Any]) -> list[Script]:
    """Return the arguments of an endpoint as its script; a list is the replies in order, or the calls of one reply.

    Raises:
        TypeError: An argument is neither a reply nor a list of replies.

    >>> to_scripts(["a", ["b", "c"]])
    ['a', 'b', 'c']
    """
    scripts: list[Script] = []
    for item in replies:
        if is_round(item):
            scripts.append(tuple(item))
        elif isinstance(item, list | tuple):
            scripts += to_scripts(item)
        elif isinstance(item, Reply | str | dict | ToolCall) or callable(item):
            scripts.append(cast("Script", item))
        else:
            raise TypeError(f"a reply is {SCRIPTS}; not {type(item).__name__}")
    return scripts


def to_reply(request: JSON, value: Any) -> Reply:
    """Return what a script has for a request as a reply.

    Raises:
        TypeError: A function returned something else; with what it may return.

    >>> to_reply({}, ["a", "b"]).body["choices"][1]["message"]["content"]
    'b'
    """
    if isinstance(value, Reply):
        return value
    if isinstance(value, dict):
        return Reply(value)
    if isinstance(value, ToolCall) or is_round(value):
        return Reply(calls_completion(*([value] if isinstance(value, ToolCall) else value)))
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and texts and all(isinstance(each, str) for each in texts):
        return text_reply(request, *texts)
    raise TypeError(
        "the function of a reply must return a text, a list of texts (one for each choice), a Reply, calls of tools, "
        f"or a dict with the body of a reply; not {type(value).__name__}"
    )


def is_round(value: Any) -> bool:
    """Return whether a value is a list of calls, which are made in one reply."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, ToolCall) for each in value)


def conforming_reply(request: JSON) -> Reply:
    """Return a reply that conforms to the request's schema; `{}` where the schema is only in the messages."""
    schema = requested_schema(request)
    text = "{}" if schema is None else json.dumps(sample(schema), ensure_ascii=False)
    return text_reply(request, *[text] * (request.get("n") or 1), model=request["model"])


def requested_schema(request: JSON) -> JSON | None:
    """Return the schema in `response_format`, or of the tool that the request forces."""
    tool = forced_tool(request)
    schema: JSON | None = tool.get("parameters") if tool else _json_schema(request).get("schema")
    return schema


def schema_name(request: JSON) -> str:
    """Return the request's name for its schema."""
    tool = forced_tool(request)
    return str(tool["name"] if tool else _json_schema(request).get("name", "result"))


def _json_schema(request: JSON) -> JSON:
    json_schema: JSON = (request.get("response_format") or {}).get("json_schema") or {}
    return json_schema


def forced_tool(request: JSON) -> JSON | None:
    """Return the function that `tool_choice` forces the model to call; None if there is none.

    Where the model has to call any of several functions, that is the one that delivers the answer of structkit.

    >>> forced_tool({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"})
    {'name': 'f'}
    """
    choice = request.get("tool_choice")
    tools = [tool["function"] for tool in request.get("tools") or () if "function" in tool]
    if choice in {"required", "any"} if isinstance(choice, str) else False:
        answers = [tool for tool in tools if tool.get("description") == TOOL_DESCRIPTION]
        return next(iter(answers or tools), None)
    name = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    return next((tool for tool in tools if tool["name"] == name), None)
