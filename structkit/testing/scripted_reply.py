"""What an endpoint can answer: any HTTP reply, and chat completions in the place that the request wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from structkit.testing.sample import sample
from structkit.values import JSON, JSONValue


@dataclass(frozen=True, slots=True)
class Reply:
    """What the endpoint answers to one request.

    Args:
        body: A JSON value, text or bytes sent as they are, or an iterator of bytes, sent piece by piece (and once:
            a reply of this kind that is repeated is made by a function).
        status: The HTTP status.
        headers: Further headers.
        delay: Seconds to wait before answering.
        is_truncated: Whether to close the connection in the middle of the body.
        rewrite_events: What becomes of its events, where it is a completion that is streamed.
    """

    body: JSONValue
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    is_truncated: bool = False
    rewrite_events: Callable[[list[bytes]], Iterable[bytes]] | None = None


Script: TypeAlias = "Reply | str | Callable[[JSON], Reply]"
"""A reply as it is, the model's text, or a function of the request's body."""


def completion(
    *contents: str | None, finish_reason: str = "stop", refusal: str | None = None, model: str = "fake"
) -> JSON:
    """The body of a chat completion with a choice for each of *contents*."""
    message: JSON = {"role": "assistant"} if refusal is None else {"role": "assistant", "refusal": refusal}
    choices = [
        {"index": index, "message": {**message, "content": content}, "finish_reason": finish_reason}
        for index, content in enumerate(contents)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "fake-1", "object": "chat.completion", "model": model, "choices": choices, "usage": usage}


def tool_call_completion(name: str, *arguments: str, model: str = "fake") -> JSON:
    """The body of a chat completion that calls the tool *name*, with a choice for each of *arguments*."""
    body = completion(*[None] * len(arguments), finish_reason="tool_calls", model=model)
    for choice, text in zip(body["choices"], arguments, strict=True):
        choice["message"]["tool_calls"] = [tool_call(name, text)]
    return body


def tool_call(name: str, arguments: str, number: int = 1) -> JSON:
    """One entry of a message's `tool_calls`.

    >>> tool_call("invoice", '{"total": 3}')["function"]
    {'name': 'invoice', 'arguments': '{"total": 3}'}
    """
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def text_reply(request: JSON, *texts: str, model: str = "fake") -> Reply:
    """A reply in which the model says *texts*: as content, or as arguments of the tool that the request forces.

    >>> text_reply({"model": "m"}, "3").body["choices"][0]["message"]["content"]
    '3'
    """
    tool = forced_tool(request)
    return Reply(
        completion(*texts, model=model) if tool is None else tool_call_completion(tool["name"], *texts, model=model)
    )


def conforming_reply(request: JSON) -> Reply:
    """A reply that conforms to the schema the request asks for; `{}` where it shows none outside its messages."""
    schema = requested_schema(request)
    text = "{}" if schema is None else json.dumps(sample(schema), ensure_ascii=False)
    return text_reply(request, *[text] * (request.get("n") or 1), model=request["model"])


def requested_schema(request: JSON) -> JSON | None:
    """The schema that a request enforces, by `response_format` or by a tool that it forces."""
    tool = forced_tool(request)
    schema: JSON | None = tool.get("parameters") if tool else _json_schema(request).get("schema")
    return schema


def schema_name(request: JSON) -> str:
    """What the request calls its schema."""
    tool = forced_tool(request)
    return str(tool["name"] if tool else _json_schema(request).get("name", "result"))


def _json_schema(request: JSON) -> JSON:
    found: JSON = (request.get("response_format") or {}).get("json_schema") or {}
    return found


def forced_tool(request: JSON) -> JSON | None:
    """The function that `tool_choice` leaves the model no way around.

    >>> forced_tool({"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"})
    {'name': 'f'}
    """
    choice = request.get("tool_choice")
    tools = [tool["function"] for tool in request.get("tools") or () if "function" in tool]
    if choice in {"required", "any"} if isinstance(choice, str) else False:
        return next(iter(tools), None)
    name = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    return next((tool for tool in tools if tool["name"] == name), None)
