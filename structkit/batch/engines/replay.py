"""Which stored replies a conversation receives again before anything is sent."""

from __future__ import annotations

from structkit.batch.engines.limiter import Limiter, rejection_reason
from structkit.errors import StructkitError, TransportError
from structkit.journal.row_state import Exchange
from structkit.transport import TransportReply

MIN_REJECTIONS = 2
"""The number of earlier runs that must have seen a row rejected, if no other row was answered after it."""


class RowReplies:
    """The replies to a row: those that the journal has, and then the numbers of new ones.

    Attributes:
        stored: The stored replies that were not received yet, in order.
        number: That of the last request.
        has_sent: Whether a request was sent that the cache did not answer.
    """

    def __init__(self, exchanges: tuple[Exchange, ...], *, is_offline: bool) -> None:
        """Start before the first stored reply."""
        self.stored = iter(replies_to_replay(exchanges, is_offline=is_offline))
        # The number of a request whose reply was lost is used again: its new intent takes the place of the old one.
        self.number = max((exchange.number for exchange in exchanges if exchange.reply), default=0)
        self.has_sent = False


def replies_to_replay(exchanges: tuple[Exchange, ...], *, is_offline: bool) -> list[TransportReply]:
    """Return the replies of a row that its conversation is to receive, in order.

    A reply is left out if the same request was retried after it: the conversation sees one reply a request. Failures
    at the end are left out too, unless nothing is sent: the next run retries them, as after a wrong key.
    """
    return [each.reply for each in exchanges_to_replay(exchanges, with_last_failures=is_offline) if each.reply]


def exchanges_to_replay(exchanges: tuple[Exchange, ...], *, with_last_failures: bool) -> list[Exchange]:
    """Return the exchanges whose replies `replies_to_replay` returns; failures at the end are left out or not."""
    if not exchanges:
        return []
    answered = [exchange for exchange in exchanges if exchange.reply is not None]
    if not with_last_failures:
        answered = _without_last_failures(answered)
    next_requests = [*(exchange.request for exchange in answered[1:]), None]
    return [
        exchange
        for exchange, next_request in zip(answered, next_requests, strict=False)
        if exchange.request != next_request
    ]


def ends_with_fault(exchanges: tuple[Exchange, ...]) -> bool:
    """Return whether the last reply to a row is an error of the endpoint."""
    return bool(exchanges) and isinstance(exchanges[-1].reply, TransportError)


def is_rejected_again(exchanges: tuple[Exchange, ...], error: StructkitError | None, limiter: Limiter) -> bool:
    """Return whether earlier runs show that the endpoint rejects this row, and not every row.

    They do if they have seen it rejected for the same reason, and the endpoint has answered another row since. If all
    answers came before the rejection, the key may have been revoked in between: two earlier runs must have seen the
    rejection.

    Args:
        exchanges: Those of earlier runs.
        error: How the row ended now.
        limiter: Knows whether the endpoint has answered other rows, now or earlier.
    """
    if error is None:
        return False
    reason = rejection_reason(error)
    equal = [
        each for each in exchanges if isinstance(each.reply, TransportError) and rejection_reason(each.reply) == reason
    ]
    if limiter.has_answered or any(each.is_before_answer for each in equal):
        return bool(equal)
    return limiter.is_proven and len(equal) >= MIN_REJECTIONS


def _without_last_failures(answered: list[Exchange]) -> list[Exchange]:
    end, last_request = len(answered), answered[-1].request if answered else ""
    while end and answered[end - 1].request == last_request and isinstance(answered[end - 1].reply, TransportError):
        end -= 1
    return answered[:end]
