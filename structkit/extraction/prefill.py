"""The start of the answer that the caller has written: a last message of the assistant, which some vendors continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from structkit.values import Answer, Message, Policy
from structkit.values.repair import FieldRepair, are_allowed

T = TypeVar("T")

PREFILL_REPAIR: FieldRepair = "prefill"

START_OF_JSON = ("{", "[", "```")


def find_prefill(messages: Sequence[Message]) -> str:
    """Return the text that the reply continues: the last message, if it is the assistant's and begins a JSON document.

    Another last message of the assistant is part of a conversation that the prompt is about.

    >>> find_prefill([Message("user", "Who?"), Message("assistant", '{"name":')])
    '{"name":'
    >>> find_prefill([Message("user", "Who?"), Message("assistant", "It was me.")])
    ''
    """
    if not messages or messages[-1].role != "assistant":
        return ""
    content = messages[-1].content
    return content if isinstance(content, str) and content.lstrip().startswith(START_OF_JSON) else ""


def without_prefill(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages without the start of the reply, which the accepted reply repeats."""
    return messages[:-1] if find_prefill(messages) else messages


def read_continuation(
    texts: tuple[str, ...], messages: Sequence[Message], read: Callable[[tuple[str, ...]], Answer[T]], policy: Policy
) -> Answer[T] | None:
    """Return the valid answer that the last message begins and one of the texts continues; None without one."""
    start = find_prefill(messages)
    if not start or not are_allowed((PREFILL_REPAIR,), policy.repairs):
        return None
    answer = read(tuple(start + text for text in texts))
    return replace(answer, repairs=(PREFILL_REPAIR, *answer.repairs)) if answer.valid else None
