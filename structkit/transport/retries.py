"""Retries of a request that failed in transport, and the waits before them; for jobs, see `batch/engines/sender.py`.

tenacity does both, with the settings of a `Policy`, sync and async alike. It is imported with the first error that is
worth a retry, because most calls have none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from structkit.dialects.error_bodies import is_overload, read_error
from structkit.errors import MalformedReply, TransportError
from structkit.transport.request_scope import raise_if_stopped
from structkit.transport.retry_events import notify_retry
from structkit.transport.transport import TransportReply
from structkit.values import Completion, Policy, Usage

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

MAX_MALFORMED_RETRIES = 1
"""A 200 that is not a completion may have been billed, so it is retried only once. Limits and overloads are not."""


def retry(attempt: Callable[[], T], policy: Policy, failures: list[TransportError], model: str) -> T:
    """Return the first final result of *attempt*; every error that was retried is appended to *failures*.

    Raises:
        RequestStopped: The call that the request belongs to was stopped.
    """
    raise_if_stopped()
    first = attempt()
    if _is_final(first, policy):
        return first
    from tenacity import Retrying

    pending = [first]
    return Retrying(**_settings(policy, failures, model))(lambda: pending.pop() if pending else attempt())


async def retry_async(
    attempt: Callable[[], Awaitable[T]], policy: Policy, failures: list[TransportError], model: str
) -> T:
    """The async form of `retry`."""
    first = await attempt()
    if _is_final(first, policy):
        return first
    from tenacity import AsyncRetrying

    pending = [first]

    async def next_result() -> T:
        return pending.pop() if pending else await attempt()

    return await AsyncRetrying(**_settings(policy, failures, model))(next_result)


def _is_final(result: object, policy: Policy) -> bool:
    return not isinstance(result, TransportError) or not result.retryable or not policy.retries


def _settings(policy: Policy, failures: list[TransportError], model: str) -> dict[str, Any]:
    """Return the arguments of `tenacity.Retrying` and `AsyncRetrying`; the last result is returned, never raised."""
    from tenacity import retry_if_result, wait_random_exponential

    backoff = wait_random_exponential(multiplier=policy.wait_initial, max=policy.wait_max)

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number > max_retries(_result(state), policy)

    def wait(state: RetryCallState) -> float:
        retry_after = _result(state).retry_after
        return backoff(state) if retry_after is None else min(float(retry_after), policy.wait_max)

    def before_sleep(state: RetryCallState) -> None:
        error: TransportError = _result(state)
        raise_if_stopped()
        failures.append(error)
        notify_retry(model, error, state.next_action.sleep if state.next_action else 0.0)

    return {
        "retry": retry_if_result(lambda result: not _is_final(result, policy)),
        "stop": stop,
        "wait": wait,
        "before_sleep": before_sleep,
        "retry_error_callback": _result,
    }


def max_retries(error: TransportError, policy: Policy) -> int:
    """Return how many times a request may be sent again that has failed with this error at last."""
    # Under a 200 that is neither a rate limit nor an overload, the reply may have been billed.
    may_be_billed = isinstance(error, MalformedReply) and not read_error(error).is_rate_limit and not is_overload(error)
    return min(MAX_MALFORMED_RETRIES, policy.retries) if may_be_billed else policy.retries


def _result(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None


def with_failures(reply: TransportReply, failures: list[TransportError]) -> TransportReply:
    """Return the reply with the number of its retries, and with the tokens that the failures may have cost."""
    if not failures:
        return reply
    spent = sum((error.usage_of_reply for error in failures), Usage())
    if isinstance(reply, Completion):
        return replace(reply, retries=len(failures), usage=reply.usage + spent)
    reply.retries = len(failures)
    reply.usage_of_reply += spent
    return reply
