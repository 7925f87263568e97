"""What a journal contains of a row: its exchanges with the endpoint, and its final state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, get_args

from structkit.costs.budget import Reservation
from structkit.errors import TransportError
from structkit.values import JSON, Completion, ToolRun

FinalState: TypeAlias = Literal["done", "failed", "held", "skipped"]
"""How a row finished."""

FINAL_STATES: tuple[FinalState, ...] = get_args(FinalState)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a row, and its reply.

    Args:
        number: The caller's number of the request, counted from 1.
        request: A digest of the body.
        reply: None if the journal has none: the request was never answered, or the reply's text was not stored.
        is_before_answer: Whether an earlier run has had an answer from the model to a request that went out after this
            one. If this one was rejected, that was not because the endpoint rejects everything.
    """

    number: int
    request: str
    reply: Completion | TransportError | None
    is_before_answer: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A call of a tool that has finished.

    Args:
        number: The caller's number of the call within the row.
        call: A digest of the call.
        run: The call with its result.
    """

    number: int
    call: str
    run: ToolRun


class BatchedRequest(NamedTuple):
    """A request that went out in a batch, and has no reply yet.

    Args:
        ordinal: The row's position in the input.
        number: The caller's number of the request within the row.
        request: A digest of the body.
        reservation: The most tokens that it may take.
    """

    ordinal: int
    number: int
    request: str
    reservation: Reservation


@dataclass(frozen=True, slots=True)
class RowState:
    """Everything that the journal contains of a row.

    Args:
        ordinal: Its position in the input.
        key: Its name in the input.
        digest: Of its content.
        state: How it finished; None if it has not.
        exchanges: In the order of their numbers; of a request that was retried, the last one.
        outcome: The caller's JSON about how it finished; None if it has not.
        tool_runs: The finished calls of tools, in order of their numbers.
    """

    ordinal: int
    key: str
    digest: str
    state: FinalState | None
    exchanges: tuple[Exchange, ...]
    outcome: JSON | None
    tool_runs: tuple[StoredRun, ...] = ()
