"""The entries of a journal, as callers hand them over."""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple, TypeAlias

from structkit.costs.budget import Reservation
from structkit.journal.encoding import PackedReply
from structkit.journal.row_state import FinalState
from structkit.journal.wakeups import PendingWrite

SHARD_ORDINALS = 1_000_000
"""Rows per shard; each shard is a separate file."""


class Intent(NamedTuple):
    """A request is about to go out; the future resolves when that is on disk.

    The reservation is what the request may use: it counts as spent if no reply arrives or the reply reports no usage.
    The batch is the key of the batch in which it goes out, None if it goes out alone: whoever has the key can ask the
    endpoint for the reply.
    """

    ordinal: int
    key: str | bytes
    digest: str | bytes
    number: int
    request: str | bytes
    reservation: Reservation | None
    future: Future[None] | PendingWrite
    batch: str | None = None


class ReceivedReply(NamedTuple):
    """A reply has arrived."""

    ordinal: int
    number: int
    reply: PackedReply


class Withdrawal(NamedTuple):
    """A request that was announced has not been answered, and never will be: it was not sent, or not carried out."""

    ordinal: int
    number: int


class FinishedCall(NamedTuple):
    """A call of a tool has finished."""

    ordinal: int
    number: int
    call: str
    body: bytes


class Conclusion(NamedTuple):
    """A row is finished; key and digest are stored because the row may have no `Intent`."""

    ordinal: int
    key: str | bytes
    digest: str | bytes
    state: FinalState
    outcome: bytes


class Reopening(NamedTuple):
    """A row is no longer finished; *ignore_exchanges* says whether its earlier exchanges are discarded."""

    ordinal: int
    ignore_exchanges: bool


class Mark(NamedTuple):
    """A named value about the whole job, stored next to the journal's header."""

    name: str
    value: bytes


Entry: TypeAlias = "Intent | ReceivedReply | Withdrawal | FinishedCall | Conclusion | Reopening | Mark"


def shard_of(entry: Entry) -> int | None:
    """Return the shard that an entry belongs to; None for the job's own file."""
    return None if isinstance(entry, Mark) else entry.ordinal // SHARD_ORDINALS
