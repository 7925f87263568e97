"""One step of a conversation that is awaited: what `AsyncClient` and the run of a job do with replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from structkit.client.plan import awaited_issues
from structkit.extraction import Conversation
from structkit.transport import Reply
from structkit.values import Result


async def advanced(last: Conversation, replies: list[Reply], told: Callable[[Any, Any, list[Reply]], None]) -> Any:
    """What comes of the replies, and of the checks that have to be awaited.

    Args:
        last: The step that asked for them.
        replies: In the order of its requests.
        told: Gets the step, the next one and the replies: what they say of the route.
    """
    step: Any = last.receive(*replies)
    if last.checks and isinstance(step, Result):
        step = await _judged(last, step)
    told(last, step, replies)
    return step


async def _judged(last: Conversation, result: Result[Any]) -> Any:
    wrong, odd = await awaited_issues(result.value, last.checks)
    return last.judged(result, wrong) if wrong else replace(result, warnings=(*result.warnings, *odd))
