"""`ChunkItemStream`: the items of a long text, as its chunks finish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from structkit.extraction.chunk_fields import ChunkDraft
from structkit.extraction.chunk_parts import ChunkParts, next_parts, plan_of_parts
from structkit.extraction.chunk_plan import ChunkPlan, Outcome
from structkit.extraction.chunk_shape import ListShape
from structkit.extraction.item_owners import ItemOrigin, ItemOwners
from structkit.extraction.stream_output import ListItems, item_identity
from structkit.partial import ItemReader
from structkit.schema.natural import InvalidValue
from structkit.values import ABSENT, JSONValue, Result, value_at


class ChunkItemStream:
    """Yields each item as soon as it is certain that it is the next one of the text.

    Args:
        plan: The chunks of the text.
        output: What has been yielded.
    """

    def __init__(self, plan: ChunkPlan, output: ListItems[Any]) -> None:
        """Start before the first chunk."""
        self.output = output
        self._plan = plan
        self._reader: ItemReader[Any] = ItemReader(plan.response_format, plan.context)
        self._owners = ItemOwners()
        self._parts: list[ChunkParts] = []
        self._reads: list[ChunkDraft] = []
        self._values: list[list[Any]] = []
        self._identities = set[Any]()
        self._count = 0

    @property
    def chunks(self) -> list[ChunkParts]:
        """The chunks to ask, before any is divided."""
        return next_parts(self._plan)

    def receive(self, parts: ChunkParts) -> Iterator[Any]:
        """Yield the items that are certain after the next chunk of the text; a chunk without a value has none."""
        self._parts.append(parts)
        for chunk, outcome in parts.outcomes:
            if isinstance(outcome, Result):
                read = self._plan.read(outcome, chunk)
                self._reads.append(read)
                self._values.append(self._items(outcome, read))
                yield from self._add(self._owners.add(chunk, self._plan.items(read, self._reader.path)))

    def finish(self) -> Iterator[Any]:
        """Yield the other items, after the last chunk."""
        yield from self._add(self._owners.finish())

    @property
    def joined(self) -> tuple[ChunkPlan, list[Outcome], list[ChunkDraft]]:
        """The plan with the chunks as they were divided, what each has returned, and where that is."""
        return *plan_of_parts(self._plan, self._parts), self._reads

    def _items(self, result: Result[Any], read: ChunkDraft) -> list[Any]:
        """Return the items of a chunk, in the order in which the model wrote them."""
        if self._reader.is_order_preserved and isinstance(self._plan.shape, ListShape):
            return [*self._reader.items_of(result.value)]
        drafts = value_at(read.draft, self._reader.path)
        return [self._read_item(draft) for draft in (drafts if isinstance(drafts, list) else ())]

    def _read_item(self, draft: JSONValue) -> Any:
        try:
            return self._reader.read_natural(draft)
        except InvalidValue:  # valid only with a validator of the list
            return ABSENT

    def _add(self, origins: Iterable[ItemOrigin]) -> Iterator[Any]:
        for origin in origins:
            item = self._values[origin.chunk][origin.position]
            if self._is_certain(item):
                yield from self.output.add(self._count, item)
            self._count += 1

    def _is_certain(self, item: Any) -> bool:
        """Return whether the joined value has an item: of equal ones, a set has the first, and so may a validator."""
        if self._reader.is_order_preserved:
            return True
        identity = item_identity(item)
        is_new = item is not ABSENT and identity not in self._identities
        self._identities.add(identity)
        return is_new
