"""A caller's input, instructions and examples as messages."""

from __future__ import annotations

from collections.abc import Iterable

from structkit.errors import PromptError
from structkit.values import Message, Prompt, json_text

SYSTEM = frozenset({"system", "developer"})


def conversation(prompt: Prompt, instructions: str | None = None) -> tuple[Message, ...]:
    """The messages: instructions as the system's, the input as the user's.

    Raises:
        PromptError: The input is neither text nor messages, or is empty.

    >>> [message.role for message in conversation("9.11 or 9.8?", "Be brief.")]
    ['system', 'user']
    """
    system = (Message("system", instructions),) if instructions else ()
    return tuple(map(_sendable, (*system, *_messages(prompt))))


def with_examples(messages: tuple[Message, ...], examples: Iterable[tuple[str, str]]) -> tuple[Message, ...]:
    """The messages with each example as a turn, after the instructions and before the input.

    Raises:
        PromptError: An example cannot be sent as JSON.

    >>> asked = with_examples(conversation("9.11 or 9.8?", "Be brief."), [("1 or 2?", '{"answer": 2}')])
    >>> [message.role for message in asked]
    ['system', 'user', 'assistant', 'user']
    """
    first = next((n for n, message in enumerate(messages) if message.role not in SYSTEM), len(messages))
    turns = (turn for given, reply in examples for turn in (Message("user", given), Message("assistant", reply)))
    return (*messages[:first], *map(_sendable, turns), *messages[first:])


def _sendable(message: Message) -> Message:
    """The message, if JSON can carry it.

    Raises:
        PromptError: Its content is neither text nor parts, or holds half a surrogate pair.
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
    given: object = prompt  # callers without a type checker may give anything
    found = (given,) if isinstance(given, Message) else tuple(given) if isinstance(given, list | tuple) else ()
    if not found or not all(isinstance(message, Message) for message in found):
        raise PromptError(f"the input must be text, a Message or a list of Messages, not {type(prompt).__name__}")
    return found
