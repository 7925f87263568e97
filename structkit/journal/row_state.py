"""What a journal knows of a row: its exchanges with the endpoint, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from structkit.errors import TransportError
from structkit.values import JSON, Completion

State: TypeAlias = Literal["done", "failed", "held", "skipped"]
"""How a row ended."""

STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a row and what came of it.

    Args:
        number: The caller's, counted from 1.
        request: A digest of the body.
        reply: None where the journal has none: it was never answered, or its text was not kept.
    """

    number: int
    request: str
    reply: Completion | TransportError | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a row.

    Args:
        ordinal: Its place in the input.
        key: Its name in the input.
        digest: Of its content.
        state: How it ended; None while it has not.
        exchanges: In the order of their numbers; of one that was sent again, the last.
        outcome: What the caller said of its end.
    """

    ordinal: int
    key: str
    digest: str
    state: State | None
    exchanges: tuple[Exchange, ...]
    outcome: JSON | None
