"""An answer that is in the reasoning of a reply: some servers take the whole reply for reasoning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from structkit.parsing import may_be_json
from structkit.values import Answer, Choice, Policy
from structkit.values.repair import FieldRepair, are_allowed

T = TypeVar("T")

REASONING_REPAIR: FieldRepair = "reasoning field"


def read_reasoning(choice: Choice, read: Callable[[str], Answer[T]], policy: Policy) -> Answer[T] | None:
    """Return the valid answer of an empty choice whose JSON is in its reasoning; None if there is none.

    Thinking that merely mentions JSON is not an answer.
    """
    text = (choice.reasoning or "").rpartition("</think>")[2]
    if not may_be_json(text) or not are_allowed((REASONING_REPAIR,), policy.repairs):
        return None
    answer = read(text)
    return replace(answer, repairs=(REASONING_REPAIR, *answer.repairs)) if answer.valid else None
