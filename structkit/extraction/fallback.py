"""The next model: which failures and unsure values lead to it, and how its conversation continues the attempts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from structkit.errors import Filtered, InvalidOutput, Refusal, StructkitError, ToolError, TransportError, Truncated
from structkit.values import Attempt, Policy, Result

FAILURES: dict[str, tuple[type[StructkitError], ...]] = {
    "transport": (TransportError,),
    "refusal": (Refusal, Filtered),
    "invalid": (InvalidOutput, Truncated, ToolError),  # of a model that never answers: that of a tool is final
}
"""The errors by the names of `Policy.fallback_on`."""


def after_fallback(step: Any, fallback: tuple[Any, ...], policy: Policy) -> Any:
    """Return the first step with the next model if *step* is an error that leads to it, and *step* otherwise.

    A result with a low confidence leads to the last model.

    Args:
        step: The step after a reply: a conversation, a result or an error.
        fallback: The conversations with the models that are left.
        policy: Names the failures that lead to the next model.
    """
    if isinstance(step, Result):
        return _escalate(step, fallback[-1], policy) if is_unsure(step, policy.escalate_below) else step
    kinds = tuple(kind for name in policy.fallback_on for kind in FAILURES[name])
    if not isinstance(step, kinds):
        return step
    conversation, *alternatives = fallback
    return with_earlier_attempts(replace(conversation, fallback=tuple(alternatives)), step.attempts)


def is_unsure(result: Result[Any], limit: float | None) -> bool:
    """Return whether a scalar of a result has a confidence below a limit."""
    confidence = result.confidence
    return limit is not None and confidence is not None and bool(confidence.below(limit))


def _escalate(result: Result[Any], conversation: Any, policy: Policy) -> Any:
    """Return the conversation with a stronger model, which has the result to return if that model has none."""
    # A result has a confidence only where `confidence=` gives each conversation of the call a grounding.
    grounding = replace(conversation.grounding, unsure_result=result)
    stronger = replace(conversation, grounding=grounding, fallback=())
    step = None
    if policy.escalation == "places" and result.confidence is not None and policy.escalate_below is not None:
        from structkit.extraction.missing_places import reask_unsure  # few calls need what it imports

        step = reask_unsure(stronger, result, result.confidence.below(policy.escalate_below))
    return step or with_earlier_attempts(stronger, result.attempts)


def with_later_attempts(result: Result[Any], attempts: tuple[Attempt, ...]) -> Result[Any]:
    """Return a result with attempts that led to no other; the last attempt of a result is the accepted one."""
    accepted = result.attempts[-1]
    earlier = tuple(each for each in attempts if each.request is not accepted.request)
    return replace(result, attempts=(*earlier, accepted))


def with_earlier_attempts(conversation: Any, attempts: tuple[Attempt, ...]) -> Any:
    """Return a conversation that lists the attempts with other models before its own."""
    if not hasattr(conversation, "parts"):
        return replace(conversation, attempts=attempts)
    first, *other_parts = conversation.parts
    return replace(conversation, parts=(replace(first, attempts=attempts), *other_parts))


def without_fallback(step: Any) -> Any:
    """Return a conversation whose failure leads to no other model; its request is the same object, which was sent."""
    last_model = replace(step, fallback=())
    last_model.__dict__["request"] = step.request  # hooks and spans recognise a request by its identity
    return last_model
