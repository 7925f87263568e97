"""Which stored replies a conversation receives again before anything is sent."""

from __future__ import annotations

from structkit.errors import TransportError
from structkit.journal.row_state import Exchange
from structkit.transport import TransportReply


def replies_to_replay(exchanges: tuple[Exchange, ...], *, is_offline: bool) -> list[TransportReply]:
    """Return the replies of a row that its conversation is to receive, in order.

    A reply is left out if the same request was retried after it: the conversation sees one reply a request. Failures
    at the end are left out too, unless nothing is sent: the next run retries them, as after a wrong key.
    """
    answered = [exchange for exchange in exchanges if exchange.reply is not None]
    if not is_offline:
        answered = _without_last_failures(answered)
    next_requests = [*(exchange.request for exchange in answered[1:]), None]
    return [
        exchange.reply
        for exchange, next_request in zip(answered, next_requests, strict=False)
        if exchange.reply and exchange.request != next_request
    ]


def _without_last_failures(answered: list[Exchange]) -> list[Exchange]:
    end, last_request = len(answered), answered[-1].request if answered else ""
    while end and answered[end - 1].request == last_request and isinstance(answered[end - 1].reply, TransportError):
        end -= 1
    return answered[:end]
