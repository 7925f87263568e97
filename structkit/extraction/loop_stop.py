"""When a reply is streamed although no stream was asked for, so that it can be stopped once it only repeats itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from structkit.dialects.finish_reasons import COMMON_REASONS
from structkit.values import Choice, Completion


def stops_loops(step: Any) -> bool:
    """Return whether the requests of a step are streamed, as its policy says; `auto` is where that is known to help."""
    choice, route = step.policy.stop_loops, step.route
    if not choice or route.stop_loops is False:
        return False
    if choice is True or route.stop_loops or route.dialect.free_streams:
        return True
    # The route of a conversation does not have what its own first replies have shown.
    return bool(step.attempts) and _is_loop(step, step.attempts[-1].completion)


def learn_stop_loops(last: Any, replies: Iterable[object]) -> bool | None:
    """Return whether loops are to be stopped on a route, as the replies to a step show it; None if they do not."""
    for reply in replies:
        if isinstance(reply, Completion):
            if reply.ignores_stream:
                return False
            if reply.choices[0].finish_reason not in COMMON_REASONS and _is_loop(last, reply):
                return True
    return None


def _is_loop(step: Any, reply: Completion | None) -> bool:
    choice = reply.choices[0] if reply else Choice()
    if choice.finish_reason in COMMON_REASONS:
        return False
    from structkit.extraction.loop_watch import ends_in_loop  # few replies are truncated

    return ends_in_loop(step, choice)
