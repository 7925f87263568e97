"""`ChunkParts`: a chunk of a text whose reply was truncated is divided into two, and so on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from structkit.errors import TransportError, Truncated
from structkit.values import Result

if TYPE_CHECKING:
    from structkit.extraction.chunk_plan import ChunkPlan, Outcome
    from structkit.extraction.text_chunks import TextChunk
    from structkit.values import Attempt


class ChunkParts:
    """A chunk, or the parts that it is divided into, with what each has returned, in the order of the text.

    Args:
        plan: That of the whole text.
        chunk: The whole chunk.
        endpoint_errors: Those of all chunks of the text: after one, no other chunk is asked.

    Attributes:
        plan, chunk: As they were passed.
        truncated_attempts: The attempts at chunks that were divided.
    """

    def __init__(self, plan: ChunkPlan, chunk: TextChunk, endpoint_errors: list[TransportError]) -> None:
        """Start with the whole chunk."""
        self.truncated_attempts: tuple[Attempt, ...] = ()
        self.plan, self.chunk, self._endpoint_errors = plan, chunk, endpoint_errors
        self._waiting = [chunk]  # the next one last
        self._answers: list[tuple[TextChunk, Outcome]] = []
        self._is_over = False

    @property
    def next_chunk(self) -> TextChunk | None:
        """What is to be asked next; None if nothing is."""
        return self._waiting[-1] if self._waiting and not self._is_over and not self._endpoint_errors else None

    @property
    def outcomes(self) -> list[tuple[TextChunk, Outcome]]:
        """What each part has returned; None for one that was not asked."""
        return [*self._answers, *((chunk, None) for chunk in reversed(self._waiting))]

    def receive(self, outcome: Outcome) -> None:
        """Take what was returned for the next chunk.

        After one that is truncated and too short to divide, the other parts are not asked: theirs cost as much.
        """
        chunk = self._waiting.pop()
        halves = self.plan.halve(chunk) if isinstance(outcome, Truncated) else ()
        if halves and isinstance(outcome, Truncated):
            self.truncated_attempts += outcome.attempts
            self._waiting += reversed(halves)
            return
        self._answers.append((chunk, outcome))
        self._is_over = isinstance(outcome, Truncated)
        if isinstance(outcome, TransportError):
            self._endpoint_errors.append(outcome)


def next_parts(plan: ChunkPlan, finished: Sequence[ChunkParts] = ()) -> list[ChunkParts]:
    """Return the chunks to ask next, before any is divided; none if no other one has to be asked.

    Args:
        plan: The chunks of the text.
        finished: Those that were asked.
    """
    errors: list[TransportError] = []
    if not finished:
        return [ChunkParts(plan, chunk, errors) for chunk in plan.chunks]
    divided_plan, outcomes = plan_of_parts(plan, finished)
    results = [each for each in outcomes if isinstance(each, Result)]
    finished_chunks = {part.chunk for part in finished}
    if len(results) < len(outcomes) or not finished_chunks.isdisjoint(plan.remaining_chunks):
        return []
    chunks = plan.remaining_chunks if divided_plan.lacks_values(results) else ()
    return [ChunkParts(plan, chunk, errors) for chunk in chunks]


def plan_of_parts(plan: ChunkPlan, chunks: Iterable[ChunkParts]) -> tuple[ChunkPlan, list[Outcome]]:
    """Return the plan with the chunks as they were divided, and what each has returned."""
    parts = sorted(chunks, key=lambda each: each.chunk.start)
    pairs = [*chain.from_iterable(each.outcomes for each in parts)]
    attempts = tuple(chain.from_iterable(each.truncated_attempts for each in parts))
    divided_plan = replace(plan, chunks=tuple(chunk for chunk, _ in pairs), truncated_attempts=attempts)
    return divided_plan, [outcome for _, outcome in pairs]
