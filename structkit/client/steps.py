"""One step of a conversation that is awaited: what `AsyncClient` and the engine of a job do with replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from structkit.extraction import (
    Conversation,
    ValueCheck,
    check_failure,
    flatten_outcome,
    is_async_check,
    soft,
    to_issues,
)
from structkit.transport import TransportReply
from structkit.values import Issue, Result

if TYPE_CHECKING:
    from structkit.client.reply_cache import ReplyCache


async def next_step(
    last: Conversation,
    replies: list[TransportReply],
    on_step: Callable[[Any, Any, list[TransportReply]], None],
    cache: ReplyCache | None,
) -> Any:
    """Return the step after some replies, with the checks applied that have to be awaited.

    Args:
        last: The step that sent the requests.
        replies: Their replies, in the order of the requests.
        on_step: Is called with the last step, the next one and the replies, to learn about the route.
        cache: Where the replies of a conversation that succeeded are stored.
    """
    step: Any = last.receive(*replies)
    if last.checks and isinstance(step, Result):
        step = await apply_async_checks(last, step)
    on_step(last, step, replies)
    if cache is not None and isinstance(step, Result):
        await cache.add_async(step.attempts)
    return step


async def apply_async_checks(last: Any, result: Result[Any]) -> Any:
    """Return a result with the warnings of the checks that have to be awaited, or the step after their issues."""
    issues, warnings = await async_issues(result.value, last.checks)
    if issues:
        return last.apply_async_issues(result, issues)
    return replace(result, warnings=(*result.warnings, *warnings))


async def async_issues(value: Any, checks: Iterable[ValueCheck]) -> tuple[tuple[Issue, ...], tuple[Issue, ...]]:
    """Return the issues and the warnings of those checks of a value that have to be awaited."""
    issues: list[Issue] = []
    warnings: list[Issue] = []
    for check in checks:
        if is_async_check(check):
            (warnings if isinstance(check, soft) else issues).extend(await _await_check(check, value))
    return tuple(issues), tuple(warnings)


async def _await_check(check: ValueCheck, value: Any) -> tuple[Issue, ...]:
    try:
        items = flatten_outcome(await cast("Any", check)(value))
    except Exception as error:  # noqa: BLE001 (the caller's code; one bad record must not stop a job)
        return (check_failure(error),)
    return to_issues(items, check)
