"""What may happen to a batch of requests: how it ends, and what its output and its error file have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import Reply
from structkit.values import JSON

EXPIRED: JSON = {"code": "batch_expired", "message": "This request could not be executed before the window expired."}


@dataclass(frozen=True)
class FinishedLine:
    """A line of a batch when it is done.

    Args:
        request: The line of the input file.
        reply: What it is answered with, without being carried out; None for the endpoint's own reply.
        error: Why it was not carried out; None if it was.
        text: What is written instead of the line.
    """

    request: JSON
    reply: Reply | None = None
    error: JSON | None = None
    text: bytes | None = None


@dataclass(frozen=True)
class BatchOutcome:
    """How a batch ends.

    Args:
        lines: What its files have.
        status: Its status.
        errors: Why it failed as a whole.
        counts_all: Whether it counts every request as completed, whatever its files have.
    """

    lines: list[FinishedLine]
    status: str = "completed"
    errors: JSON | None = None
    counts_all: bool = False


BatchFault: TypeAlias = Callable[[list[JSON], Random], BatchOutcome]
"""From the lines of the input file, and random numbers, to how the batch ends."""


def complete(lines: list[JSON], _: Random) -> BatchOutcome:
    """Carry out every line."""
    return BatchOutcome([FinishedLine(line) for line in lines])


def shuffle(lines: list[JSON], random: Random) -> BatchOutcome:
    """Carry out every line, in another order."""
    return complete(random.sample(lines, len(lines)), random)


def omit_half(lines: list[JSON], random: Random) -> BatchOutcome:
    """Leave every second line out of both files."""
    return complete(lines[::2], random)


def miscount(lines: list[JSON], random: Random) -> BatchOutcome:
    """Leave every second line out of both files, and count them all the same."""
    return replace(omit_half(lines, random), counts_all=True)


def half_answered_with(status: int, message: str) -> BatchFault:
    """Answer every second line with an error."""
    reply = error_reply(status, message)

    def fault(lines: list[JSON], _: Random) -> BatchOutcome:
        return BatchOutcome([FinishedLine(line, reply if number % 2 else None) for number, line in enumerate(lines)])

    return fault


def expire(lines: list[JSON], _: Random) -> BatchOutcome:
    """Carry out half of the lines, and write into the error file that the others have expired."""
    half = len(lines) // 2
    finished = [FinishedLine(line, error=None if number < half else EXPIRED) for number, line in enumerate(lines)]
    return BatchOutcome(finished, "expired")


def cancel(lines: list[JSON], random: Random) -> BatchOutcome:
    """Carry out half of the lines, and say nothing about the others."""
    return BatchOutcome(complete(lines[: len(lines) // 2], random).lines, "cancelled")


def fail(code: str, message: str) -> BatchFault:
    """Carry out nothing."""
    errors = {"object": "list", "data": [{"code": code, "message": message, "param": None, "line": None}]}
    return lambda _lines, _random: BatchOutcome([], "failed", errors)


def add_foreign_lines(lines: list[JSON], random: Random) -> BatchOutcome:
    """Write lines of other jobs, of other content, and of no JSON between the replies."""
    foreign = [{**lines[0], "custom_id": name} for name in ("request-1", "0-1-00000000000000000000000000000000")]
    noise = [FinishedLine({}, text=text) for text in (b"\n", b"not JSON\n", b"[1]\n", b'{"custom_id": 7}\n')]
    return BatchOutcome([*noise, *(FinishedLine(each, Reply({})) for each in foreign), *complete(lines, random).lines])


def repeat_lines(lines: list[JSON], random: Random) -> BatchOutcome:
    """Write every line twice, the second time with an error."""
    repeated = [FinishedLine(line, error_reply(500, "a second line")) for line in lines]
    return BatchOutcome([*complete(lines, random).lines, *repeated])


BATCH_FAULTS: Mapping[str, BatchFault] = {
    "none": complete,
    "shuffled": shuffle,
    "missing": omit_half,
    "miscounted": miscount,
    "errors": half_answered_with(500, "the model is overloaded"),
    "rejected": half_answered_with(400, "the prompt is too long"),
    "expired": expire,
    "cancelled": cancel,
    "failed": fail("invalid_request", "the model does not support batches"),
    "token_limit": fail("token_limit_exceeded", "Enqueued token limit reached. Please try again later."),
    "mixed_models": fail("mismatched_model", "all requests must have the same model"),
    "duplicate_ids": fail("duplicate_custom_id", "the custom_id must be unique"),
    "foreign": add_foreign_lines,
    "repeated": repeat_lines,
}
"""Every fault by its name; the API itself answers with `mixed_models` and `duplicate_ids` where they apply."""
