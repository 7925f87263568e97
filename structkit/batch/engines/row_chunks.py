"""A row whose text is asked in chunks: a conversation for each, one after the other, and what joins their results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from structkit.values import Request

if TYPE_CHECKING:
    from structkit.extraction import Conversation
    from structkit.extraction.chunk_parts import ChunkParts
    from structkit.extraction.chunk_plan import ChunkPlan
    from structkit.extraction.text_chunks import TextChunk


@dataclass(frozen=True)
class RowChunks:
    """The conversations about the chunks of a row.

    Args:
        plan: The chunks.
        start: Returns the conversation about one of them, with what is known by then about the route.
    """

    plan: ChunkPlan
    start: Callable[[TextChunk], Conversation]

    @property
    def requests(self) -> tuple[Request, ...]:
        """The first request about each chunk."""
        return tuple(chain.from_iterable(self.start(chunk).requests for chunk in self.plan.chunks))

    async def join(self, converse: Callable[[Conversation, str], Awaitable[Any]]) -> Any:
        """Return the joined result or the first error; None if a chunk has no stored reply and nothing may be sent.

        After an error of the endpoint, no other chunk is asked; a chunk without a valid value stops none.

        Args:
            converse: Takes a conversation to its result or its error. Its second argument is the chunk, which tells
                the requests of chunks with equal texts apart.
        """
        from structkit.client.chunk_calls import join_async
        from structkit.extraction.chunk_parts import next_parts, plan_of_parts

        finished: list[ChunkParts] = []
        while chunks := next_parts(self.plan, finished):
            for parts in chunks:
                while (chunk := parts.next_chunk) is not None:
                    outcome = await converse(self.start(chunk), f"{chunk}: ")
                    if outcome is None:
                        return None
                    parts.receive(outcome)
            finished += chunks
        return await join_async(*plan_of_parts(self.plan, finished))
