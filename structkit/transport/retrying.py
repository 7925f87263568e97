"""When the same request is sent again: tenacity's settings for a `Policy`, one set for both drivers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypedDict

from tenacity import RetryCallState, retry_if_result, wait_random_exponential

from structkit.errors import MalformedReply, TransportError
from structkit.values import Completion, Policy, Usage

MALFORMED_RETRIES = 1
"""A 200 that is no completion may have been billed: one more try at most."""


class RetryOptions(TypedDict):
    """Arguments of `tenacity.Retrying` and `AsyncRetrying` alike."""

    retry: Any
    stop: Callable[[RetryCallState], bool]
    wait: Callable[[RetryCallState], float]
    before_sleep: Callable[[RetryCallState], None]
    retry_error_callback: Callable[[RetryCallState], Any]


def retry_options(policy: Policy, lost: list[TransportError]) -> RetryOptions:
    """Retry faults that may pass, as often and as patiently as the policy says; the last reply is returned.

    Args:
        policy: How often, and how long to wait.
        lost: Gets every fault that was retried.
    """
    backoff = wait_random_exponential(multiplier=policy.wait_initial, max=policy.wait_max)

    def stop(state: RetryCallState) -> bool:
        most = MALFORMED_RETRIES if isinstance(_reply(state), MalformedReply) else policy.retries
        return state.attempt_number > min(most, policy.retries)

    def wait(state: RetryCallState) -> float:
        asked = getattr(_reply(state), "retry_after", None)
        return backoff(state) if asked is None else min(float(asked), policy.wait_max)

    return RetryOptions(
        retry=retry_if_result(lambda reply: isinstance(reply, TransportError) and reply.retryable),
        stop=stop,
        wait=wait,
        before_sleep=lambda state: lost.append(_reply(state)),
        retry_error_callback=_reply,
    )


def counted(reply: Completion | TransportError, lost: list[TransportError]) -> Completion | TransportError:
    """The reply, knowing how many retries it took and what the lost replies may have cost."""
    spent = sum((fault.usage_of_reply for fault in lost), Usage())
    if isinstance(reply, Completion):
        return replace(reply, retries=len(lost), usage=reply.usage + spent) if lost else reply
    reply.retries = len(lost)
    reply.usage_of_reply += spent
    return reply


def _reply(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
