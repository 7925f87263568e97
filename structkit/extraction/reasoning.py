"""An answer that is in the reasoning of a reply: some servers take the whole reply for reasoning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from structkit.values import Answer, Choice, Policy
from structkit.values.repair import FieldRepair, Repair, are_allowed

T = TypeVar("T")

REASONING_REPAIR: FieldRepair = "reasoning field"

JSON_STARTS = ("{", "[", "```", "~~~")
JSON_ENDS = ("}", "]", "```", "~~~")

SELECTIONS: frozenset[Repair] = frozenset(
    {"think block", "prose", "other document", "several answers", "separate items", "comment", "unquoted text"}
)
"""The repairs that leave out a part of a text."""


def read_reasoning(choice: Choice, read: Callable[[str], Answer[T]], policy: Policy) -> Answer[T] | None:
    """Return the valid answer of an empty choice whose JSON is in its reasoning; None if there is none.

    Thinking that merely mentions JSON is not an answer.
    """
    text = (choice.reasoning or "").rpartition("</think>")[2].strip()
    is_json = text.startswith(JSON_STARTS) and text.endswith(JSON_ENDS)
    if not is_json or not are_allowed((REASONING_REPAIR,), policy.repairs):
        return None
    answer = read(text)
    is_whole = answer.valid and SELECTIONS.isdisjoint(answer.repairs)
    return replace(answer, repairs=(REASONING_REPAIR, *answer.repairs)) if is_whole else None
