"""A caller's input, instructions and examples as messages."""

from __future__ import annotations

from collections.abc import Iterable

from structkit.errors import PromptError
from structkit.values import Message, Prompt, json_text

SYSTEM_ROLES = frozenset({"system", "developer"})


def build_messages(prompt: Prompt, instructions: str | None = None) -> tuple[Message, ...]:
    """Return the messages to send: the instructions as the system message, the prompt as the user message.

    Raises:
        PromptError: The prompt is neither text nor messages, or is empty.

    >>> [message.role for message in build_messages("9.11 or 9.8?", "Be brief.")]
    ['system', 'user']
    """
    system = (Message("system", instructions),) if instructions else ()
    return tuple(map(_validated, (*system, *_messages(prompt))))


def with_examples(messages: tuple[Message, ...], examples: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """Return the messages with each example (input, reply) as a turn, between the instructions and the input.

    Raises:
        PromptError: An example cannot be sent as JSON.

    >>> messages = with_examples(build_messages("9.11 or 9.8?", "Be brief."), [("1 or 2?", '{"answer": 2}')])
    >>> [message.role for message in messages]
    ['system', 'user', 'assistant', 'user']
    """
    first = next((n for n, message in enumerate(messages) if message.role not in SYSTEM_ROLES), len(messages))
    turns = (turn for text, reply in examples for turn in (Message("user", text), Message("assistant", reply)))
    return (*messages[:first], *map(_validated, turns), *messages[first:])


def _validated(message: Message) -> Message:
    """Return the message, if it can be sent as JSON.

    Raises:
        PromptError: Its content is neither text nor parts, or has half a surrogate pair.
    """
    if not isinstance(message.content, str | list | tuple):
        raise PromptError(f"a message's content must be text or parts, not {type(message.content).__name__}")
    try:
        json_text(message.body).encode()
    except (TypeError, ValueError) as error:
        raise PromptError(f"the {message.role} message cannot be sent as JSON: {error}") from None
    return message


def _messages(prompt: Prompt) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        if not prompt.strip():
            raise PromptError("the input is empty: there is nothing to read")
        return (Message("user", prompt),)
    value: object = prompt  # callers without a type checker may pass anything
    messages = (value,) if isinstance(value, Message) else tuple(value) if isinstance(value, list | tuple) else ()
    if not messages or not all(isinstance(message, Message) for message in messages):
        raise PromptError(f"the input must be text, a Message or a list of Messages, not {type(prompt).__name__}")
    return messages
