"""When the same request is sent again: tenacity's settings for a `Policy`, one set for both drivers.

tenacity is loaded with the first fault that may pass: most calls meet none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from structkit.errors import MalformedReply, TransportError
from structkit.transport.transport import Reply
from structkit.values import Completion, Policy, Usage

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

MALFORMED_RETRIES = 1
"""A 200 that is no completion may have been billed: one more try at most."""


class RetryOptions(TypedDict):
    """Arguments of `tenacity.Retrying` and `AsyncRetrying` alike."""

    retry: Any
    stop: Callable[[RetryCallState], bool]
    wait: Callable[[RetryCallState], float]
    before_sleep: Callable[[RetryCallState], None]
    retry_error_callback: Callable[[RetryCallState], Any]


def is_final(found: object, policy: Policy) -> bool:
    """Whether sending again cannot help, or may not be tried."""
    return not isinstance(found, TransportError) or not found.retryable or not policy.retries


def persisting(first: Reply, once: Callable[[], Reply], policy: Policy) -> Reply:
    """What comes of a request whose *first* reply is not final, when it is sent *once* and once again."""
    lost: list[TransportError] = []
    return counted(_again(first, once, policy, lost), lost)


async def persisting_later(first: Reply, once: Callable[[], Awaitable[Reply]], policy: Policy) -> Reply:
    """As `persisting`, awaited."""
    lost: list[TransportError] = []
    return counted(await _again_later(first, once, policy, lost), lost)


def insisting(once: Callable[[], T], policy: Policy, lost: list[TransportError]) -> T:
    """What is done *once*, and again where it comes to a fault that may pass; *lost* gets those."""
    first = once()
    return first if is_final(first, policy) else _again(first, once, policy, lost)


async def insisting_later(once: Callable[[], Awaitable[T]], policy: Policy, lost: list[TransportError]) -> T:
    """As `insisting`, awaited."""
    first = await once()
    return first if is_final(first, policy) else await _again_later(first, once, policy, lost)


def _again(first: T, once: Callable[[], T], policy: Policy, lost: list[TransportError]) -> T:
    from tenacity import Retrying

    known = [first]
    return Retrying(**_options(policy, lost))(lambda: known.pop() if known else once())


async def _again_later(first: T, once: Callable[[], Awaitable[T]], policy: Policy, lost: list[TransportError]) -> T:
    from tenacity import AsyncRetrying

    known = [first]

    async def reply() -> T:
        return known.pop() if known else await once()

    return await AsyncRetrying(**_options(policy, lost))(reply)


def _options(policy: Policy, lost: list[TransportError]) -> RetryOptions:
    """Retry faults that may pass, as often and as patiently as the policy says; the last reply is returned.

    Args:
        policy: How often, and how long to wait.
        lost: Gets every fault that was retried.
    """
    from tenacity import retry_if_result, wait_random_exponential

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


def counted(reply: Reply, lost: list[TransportError]) -> Reply:
    """The reply, knowing how many retries it took and what the lost replies may have cost."""
    spent = sum((fault.usage_of_reply for fault in lost), Usage())
    if isinstance(reply, Completion):
        return replace(reply, retries=len(lost), usage=reply.usage + spent) if lost else reply
    reply.retries = len(lost)
    reply.usage_of_reply += spent
    return reply


def _reply(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
