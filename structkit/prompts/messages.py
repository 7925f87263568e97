"""A caller's input, instructions and examples as messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from structkit.errors import PromptError
from structkit.values import JSON, ContentPart, Message, Prompt, json_text
from structkit.values.data_url import find_broken_data
from structkit.values.message import ROLES
from structkit.values.page import DocumentPart, PromptDocument
from structkit.values.source_cell import is_blank
from structkit.values.text import shorten

SYSTEM_ROLES = frozenset({"system", "developer"})

MAX_TYPE_CHARS = 40

TEXT_FIELDS = ("name", "tool_call_id", "refusal", "reasoning_content")
"""The fields of a message that are a text, or absent."""

EXPECTED = "text, a document, a Message or message dict, a list of them, or a list of texts, files and documents"
"""What a prompt may be."""


def build_messages(prompt: Prompt, instructions: str | None = None) -> tuple[Message, ...]:
    """Return the messages to send: the instructions as the system message, the prompt as the user message.

    Instructions that the prompt has already, as the messages of a result do, are not repeated.

    Raises:
        PromptError: The prompt is neither text nor messages, or is empty.

    >>> [message.role for message in build_messages("9.11 or 9.8?", "Be brief.")]
    ['system', 'user']
    """
    messages = _messages(prompt)
    if instructions and not any(each.role in SYSTEM_ROLES and each.content == instructions for each in messages):
        messages = (Message("system", instructions), *messages)
    return tuple(map(_validated, messages))


def with_examples(messages: tuple[Message, ...], examples: Sequence[tuple[Prompt, str]]) -> tuple[Message, ...]:
    """Return the messages with each example (input, reply) as a turn, between the instructions and the input.

    Raises:
        PromptError: An example cannot be sent as JSON.

    >>> messages = with_examples(build_messages("9.11 or 9.8?", "Be brief."), [("1 or 2?", '{"answer": 2}')])
    >>> [message.role for message in messages]
    ['system', 'user', 'assistant', 'user']
    """
    if not examples:
        return messages
    first = next((n for n, message in enumerate(messages) if message.role not in SYSTEM_ROLES), len(messages))
    turns = (turn for source, reply in examples for turn in (*build_messages(source), _reply(reply)))
    return (*messages[:first], *turns, *messages[first:])


def _reply(text: str) -> Message:
    return _validated(Message("assistant", text))


def _validated(message: Message) -> Message:
    """Return the message, if it can be sent as JSON.

    Raises:
        PromptError: Its role is not a text, its content is neither text nor parts, another field is of another type, or
            it has half a surrogate pair.
    """
    role: Any = message.role
    if not isinstance(role, str):
        raise PromptError(f"a message's role must be a text, not {type(role).__name__}")
    if not message.is_plain:
        _validate_fields(message)
    content: Any = message.content  # callers without a type checker may pass anything
    if isinstance(content, list | tuple):
        message = replace(message, content=tuple(part for item in content for part in _content_parts(item)))
    elif not isinstance(content, str) and (content is not None or message.role != "assistant"):
        raise PromptError(f"a message's content must be text or parts, not {type(content).__name__}")
    try:
        if isinstance(content, str) and message.role in ROLES and message.is_plain:
            content.encode()  # much faster than the whole message as JSON
        else:
            json_text(message.body).encode()
    except (TypeError, ValueError) as error:
        raise PromptError(f"the {message.role} message cannot be sent as JSON: {error}") from None
    return message


def _validate_fields(message: Message) -> None:
    """Validate the fields of a message beside its role and its content.

    Raises:
        PromptError: One is of another type.
    """
    for name in TEXT_FIELDS:
        if not isinstance(value := getattr(message, name), str | None):
            raise PromptError(f"a message's {name} must be a text, not {type(value).__name__}")
    calls: Any = message.tool_calls
    if not isinstance(calls, list | tuple | None) or not all(isinstance(each, Mapping) for each in calls or ()):
        raise PromptError(f"a message's tool_calls must be a list of dicts, not {shorten(repr(calls), MAX_TYPE_CHARS)}")
    fields: Any = message.fields
    if not isinstance(fields, Mapping) or not all(isinstance(name, str) for name in fields):
        text = shorten(repr(fields), MAX_TYPE_CHARS)
        raise PromptError(f"a message's fields must be a dict with texts as keys, not {text}")


def _messages(prompt: Prompt) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        if is_blank(prompt):
            raise PromptError("the input is empty: there is nothing to read")
        return (Message("user", prompt),)
    value: Any = prompt  # callers without a type checker may pass anything
    items = tuple(map(_as_dict, value if isinstance(value, list | tuple) else (value,)))
    if not items:
        raise PromptError("the input is empty: there is nothing to read")
    _validate_roles(items)
    if all(isinstance(item, Message) or _is_message(item) for item in items):
        messages = tuple(item if isinstance(item, Message) else Message.from_dict(item) for item in items)
        inputs = [message for message in messages if message.role not in SYSTEM_ROLES]
        if all(map(_is_blank, inputs or messages)):
            raise PromptError("the input is empty: all messages are blank")
        return messages
    if any(isinstance(item, Message) or _is_message(item) for item in items):
        raise PromptError(f"the input must be {EXPECTED}; texts and messages cannot be mixed in one list")
    parts = _user_content(items)
    is_document = len(items) == len(parts) == 1 and isinstance(items[0], PromptDocument)
    return (Message("user", parts[0]["text"] if is_document and parts[0]["type"] == "text" else parts),)


def _as_dict(item: Any) -> Any:
    """Return a message of the SDK, or of another pydantic model, as a dict in the endpoint's form."""
    if isinstance(item, str | Message | Mapping) or not isinstance(getattr(item, "role", None), str):
        return item
    return item.model_dump(mode="json", exclude_unset=True, exclude_none=True) if _is_model(item) else item


def _is_model(item: Any) -> bool:
    return callable(getattr(type(item), "model_dump", None))


def _validate_roles(items: tuple[Any, ...]) -> None:
    """Validate that no dict is a message without its role.

    Raises:
        PromptError: One is, or its role is not a text.
    """
    for item in items:
        if isinstance(item, Mapping) and "type" not in item and not isinstance(item.get("role"), str | None):
            raise PromptError(f"a message's role must be a text, not {type(item['role']).__name__}")
        if isinstance(item, Mapping) and "content" in item and not ("type" in item or _is_message(item)):
            raise PromptError('a message needs a role, as {"role": "user", "content": "..."}; it has ' + _names(item))


def _names(item: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, item))


def _is_blank(message: Message) -> bool:
    content = message.content
    if message.tool_calls or not isinstance(content, str | list | tuple):
        return False
    return all(map(_is_blank_part, (content,) if isinstance(content, str) else content))


def _is_blank_part(part: Any) -> bool:
    text = part.get("text") if isinstance(part, Mapping) and part.get("type") == "text" else part
    return isinstance(text, str) and is_blank(text)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("role"), str)


def _user_content(items: tuple[Any, ...]) -> tuple[JSON, ...]:
    """Return the content of one user message with several parts.

    Raises:
        PromptError: An item is not a part, or all of them are blank texts.
    """
    parts = tuple(part for item in items for part in _content_parts(item))
    if all(part.get("type") == "text" and is_blank(str(part.get("text"))) for part in parts):
        raise PromptError("the input is empty: there is nothing to read")
    return parts


def _content_parts(item: Any) -> tuple[JSON, ...]:
    return item.parts if isinstance(item, PromptDocument) else (_content_part(item),)


def _content_part(item: Any) -> JSON:
    """Return an item as a content part in the endpoint's form.

    Raises:
        PromptError: It is neither text, nor a file, nor a part.
    """
    if isinstance(item, str):
        return {"type": "text", "text": item}
    if isinstance(item, ContentPart):
        return item.part
    if isinstance(item, Mapping) and isinstance(item.get("type"), str):
        return item if isinstance(item, DocumentPart) else _validated_part(dict(item))
    raise PromptError(f"the input must be {EXPECTED}, not {type(item).__name__}{_advice(item)}")


def _advice(item: Any) -> str:
    """Return what to pass in the place of an item, as the end of a message."""
    if callable(item):
        return "; call it, and pass what it returns"
    if hasattr(item, "__fspath__") or isinstance(item, bytes | bytearray | memoryview):
        return "; pass structkit.Document.open(...) for its text, or structkit.File(...) for an image, a sound or a PDF"
    if callable(getattr(item, "save", None)):
        return "; save an image as PNG into an io.BytesIO, and pass structkit.File(...)"
    return "; pass its JSON as a text" if isinstance(item, Mapping) else ""


def _validated_part(part: JSON) -> JSON:
    """Return a content part of the caller's.

    Raises:
        PromptError: It has a data URL that no endpoint can read.
    """
    if (fault := find_broken_data(part)) is not None:
        raise PromptError(
            f"the {shorten(part['type'], MAX_TYPE_CHARS)} part cannot be read: {fault}; or use structkit.File"
        )
    return part
