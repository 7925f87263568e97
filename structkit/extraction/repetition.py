"""What is requested instead of a request that was already sent, and whose reply was rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

RESAMPLING_TEMPERATURE = 1
"""OpenAI's default, and the only one that its reasoning models accept; the default of some local servers is lower."""


def unsent_step(step: Any, reask_places: Callable[[], Any]) -> Any:
    """Return the step itself, or another one if its request was sent before; None if the reply would be the same again.

    A request is the same after a reply that repeats a rejected one, because a correction quotes only the last one.

    Args:
        step: The extraction after an invalid reply.
        reask_places: Returns the step that re-asks only the invalid places, as far as that is possible.
    """
    if not was_sent(step):
        return step
    if not was_sent(patch_step := reask_places()):
        return patch_step
    temperature = step.attempts[0].request.parameters.options.get("temperature")
    if temperature is not None:  # the caller has chosen it
        return step if temperature > 0 else None
    resampled = replace(step, parameters=step.parameters.updated(temperature=RESAMPLING_TEMPERATURE))
    return None if was_sent(resampled) else resampled


def was_sent(step: Any) -> bool:
    """Return whether the request of a step is the same as an earlier one."""
    return any(attempt.request == step.request for attempt in step.attempts)
