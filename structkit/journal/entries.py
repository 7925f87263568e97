"""What is written to a journal, entry by entry, as callers hand it over."""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple, TypeAlias

from structkit.journal.encoding import PackedReply
from structkit.journal.row_state import State
from structkit.journal.wakeups import Promise

PART = 1_000_000
"""Ordinals in a part, which is a file of its own."""


class Intent(NamedTuple):
    """A request is about to go out; the future tells when that is on disk."""

    ordinal: int
    key: str | bytes
    digest: str | bytes
    number: int
    request: str | bytes
    written: Future[None] | Promise


class Answer(NamedTuple):
    """A reply has come."""

    ordinal: int
    number: int
    reply: PackedReply


class Conclusion(NamedTuple):
    """A row has ended; key and digest name one that was never asked for."""

    ordinal: int
    key: str | bytes
    digest: str | bytes
    state: State
    outcome: bytes


class Reopening(NamedTuple):
    """A row begins again, with its exchanges or without."""

    ordinal: int
    afresh: bool


class Mark(NamedTuple):
    """Something is added to the header."""

    name: str
    value: bytes


Entry: TypeAlias = "Intent | Answer | Conclusion | Reopening | Mark"


def part_of(entry: Entry) -> int | None:
    """The part an entry belongs to; None is the job's own file."""
    return None if isinstance(entry, Mark) else entry.ordinal // PART
