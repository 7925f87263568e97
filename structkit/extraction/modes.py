"""Modes: how a schema is put to an endpoint, and where its answer stands in the reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from structkit.dialects import ModeName
from structkit.prompts import skeleton
from structkit.schema import Codec
from structkit.values import JSON, Choice, Message

Messages: TypeAlias = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of asking: two pure functions and a name.

    Args:
        name: What `Result.mode` says.
        encode: The messages to send, and the request fields that ask for the schema.
        decode: The texts of a choice that may be the answer, likeliest first.
        constrains: Whether an endpoint that honours it cannot write what breaks the schema's structure.
        is_json: Whether an endpoint that honours it cannot write what is no JSON.
    """

    name: ModeName
    encode: Callable[[Codec[Any], Messages], tuple[Messages, JSON]]
    decode: Callable[[Choice], tuple[str, ...]]
    constrains: bool = False
    is_json: bool = False


def _strict(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return messages, {"response_format": codec.payload}


def _lax(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    """Without `strict`: some gateways refuse the key, and honour the schema all the same."""
    inner = {key: value for key, value in codec.payload["json_schema"].items() if key != "strict"}
    return messages, {"response_format": {"type": "json_schema", "json_schema": inner}}


def _tool(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    function = {"name": codec.name, "description": DELIVER, "parameters": codec.schema, "strict": True}
    return messages, {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": codec.name}},
    }


def _json_object(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return _told(codec, messages), {"response_format": {"type": "json_object"}}


def _prompt(codec: Codec[Any], messages: Messages) -> tuple[Messages, JSON]:
    return _told(codec, messages), {}


DELIVER = "Deliver the answer."


def _told(codec: Codec[Any], messages: Messages) -> Messages:
    """The messages, the system's with the form of the reply at its end, and the last with a reminder of it.

    A small model answers the last thing it reads: without the reminder it talks about the text. OpenAI, Qwen and
    DeepSeek refuse `json_object` unless the word JSON stands in the messages.
    """
    form = f"Reply with one JSON object in this form, and nothing else:\n{skeleton(codec.schema)}"
    first, rest = (messages[0], messages[1:]) if messages else (None, ())
    if first and first.role in {"system", "developer"} and isinstance(first.content, str):
        return (Message(first.role, f"{first.content}\n\n{form}"), *_reminded(rest))
    return (Message("system", form), *_reminded(messages))


REMINDER = "Reply with the JSON object and nothing else."


def _reminded(messages: Messages) -> Messages:
    """The messages, the user's last with the reminder at its end."""
    last = messages[-1] if messages else None
    if last is None or last.role != "user":
        return (*messages, Message("user", REMINDER))
    said = last.content
    told = f"{said}\n\n{REMINDER}" if isinstance(said, str) else (*said, {"type": "text", "text": REMINDER})
    return (*messages[:-1], Message("user", told))


def _content_first(choice: Choice) -> tuple[str, ...]:
    return _said(choice.content, *(call.arguments for call in choice.tool_calls))


def _calls_first(choice: Choice) -> tuple[str, ...]:
    return _said(*(call.arguments for call in choice.tool_calls), choice.content)


def _said(*texts: str | None) -> tuple[str, ...]:
    """The texts that say anything: gateways put an answer to either question in either place."""
    return tuple(text for text in texts if text and text.strip())


JSON_SCHEMA = Mode("json_schema", _strict, _content_first, constrains=True, is_json=True)
JSON_SCHEMA_LAX = Mode("json_schema_lax", _lax, _content_first, is_json=True)
TOOL = Mode("tool", _tool, _calls_first, constrains=True, is_json=True)
JSON_OBJECT = Mode("json_object", _json_object, _content_first, is_json=True)
PROMPT = Mode("prompt", _prompt, _content_first)

MODES: dict[ModeName, Mode] = {mode.name: mode for mode in (JSON_SCHEMA, JSON_SCHEMA_LAX, TOOL, JSON_OBJECT, PROMPT)}
