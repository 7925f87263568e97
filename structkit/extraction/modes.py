"""Modes: how a schema is sent to an endpoint, and where in the reply the answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from structkit.dialects import ModeName
from structkit.extraction.prefill import find_prefill
from structkit.prompts import skeleton
from structkit.schema import Codec
from structkit.values import JSON, Choice, Message

Messages: TypeAlias = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to request a schema: two pure functions and a name.

    Args:
        name: The name, as in `Result.mode`.
        encode: Returns the messages to send, and the request fields that carry the schema.
        decode: Returns the texts of a choice that may be the answer, the likeliest first.
        constrains: Whether an endpoint that supports the mode can only write text of the schema's structure.
        is_json: Whether an endpoint that supports the mode can only write JSON.
        shows_form: Whether the messages have the form of the reply.
    """

    name: ModeName
    encode: Callable[[Codec[Any], Messages], tuple[Messages, JSON]]
    decode: Callable[[Choice], tuple[str, ...]]
    constrains: bool = False
    is_json: bool = False
    shows_form: bool = False


def _strict(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return messages, {"response_format": codec.payload}


def _lax(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    """Omit `strict`: some gateways reject the key, although they support the schema."""
    inner = {key: value for key, value in codec.payload["json_schema"].items() if key != "strict"}
    return messages, {"response_format": {"type": "json_schema", "json_schema": inner}}


def _tool(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    function = {"name": codec.name, "description": TOOL_DESCRIPTION, "parameters": codec.schema, "strict": True}
    return messages, {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": codec.name}},
    }


def _json_object(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return _with_form(codec, messages), {"response_format": {"type": "json_object"}}


def _prompt(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return _with_form(codec, messages), {}


TOOL_DESCRIPTION = "Deliver the answer."


def _with_form(codec: Codec[Any], messages: Messages) -> Messages:
    """Append the form of the reply to the system message, and a reminder of it to the last message.

    A small model answers the last text that it reads: without the reminder it talks about the input. OpenAI, Qwen and
    DeepSeek reject `json_object` unless the messages contain the word JSON.
    """
    first, *remaining = show_form(codec, messages)
    return (first, *_with_reminder(tuple(remaining)))


def show_form(codec: Codec[Any], messages: Messages) -> Messages:
    """Append the form of the reply, with the descriptions of its fields, to the system message."""
    form = f"Reply with one JSON object in this form, and nothing else:\n{skeleton(codec.schema)}"
    first, remaining = (messages[0], messages[1:]) if messages else (None, ())
    if first and first.role in {"system", "developer"} and isinstance(first.content, str):
        return (replace(first, content=f"{first.content}\n\n{form}"), *remaining)
    return (Message("system", form), *messages)


REMINDER = "Reply with the JSON object and nothing else."


def _with_reminder(messages: Messages) -> Messages:
    """Append the reminder to the last message if it is the user's, otherwise as a message; before a prefill."""
    if find_prefill(messages):
        return (*_with_reminder(messages[:-1]), messages[-1])
    last = messages[-1] if messages else None
    if last is None or last.role != "user":
        return (*messages, Message("user", REMINDER))
    content = last.content
    if isinstance(content, str):
        return (*messages[:-1], replace(last, content=f"{content}\n\n{REMINDER}"))
    return (*messages[:-1], replace(last, content=(*(content or ()), {"type": "text", "text": REMINDER})))


def _content_first(choice: Choice) -> tuple[str, ...]:
    return _non_blank(choice.content, *(call.arguments for call in choice.tool_calls))


def _calls_first(choice: Choice) -> tuple[str, ...]:
    return _non_blank(*(call.arguments for call in choice.tool_calls), choice.content)


def _non_blank(*texts: str | None) -> tuple[str, ...]:
    """Return the texts that are not blank: whatever the mode, gateways may put an answer in either place."""
    return tuple(text for text in texts if text and text.strip())


JSON_SCHEMA = Mode("json_schema", _strict, _content_first, constrains=True, is_json=True)
JSON_SCHEMA_LAX = Mode("json_schema_lax", _lax, _content_first, is_json=True)
TOOL = Mode("tool", _tool, _calls_first, constrains=True, is_json=True)
JSON_OBJECT = Mode("json_object", _json_object, _content_first, is_json=True, shows_form=True)
PROMPT = Mode("prompt", _prompt, _content_first, shows_form=True)

MODES: dict[ModeName, Mode] = {mode.name: mode for mode in (JSON_SCHEMA, JSON_SCHEMA_LAX, TOOL, JSON_OBJECT, PROMPT)}
