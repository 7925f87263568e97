"""What a stream yields while a reply arrives: snapshots of the value, or the items of its list one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from structkit.extraction.extraction import Extraction
from structkit.extraction.tool_extraction import ToolExtraction
from structkit.partial import ItemReader, SnapshotBuilder
from structkit.schema import ResponseFormat
from structkit.values import ABSENT, Delta, Issue, Result

S_co = TypeVar("S_co", covariant=True)
T = TypeVar("T")


class StreamOutput(Protocol[S_co]):
    """What a stream yields to its consumer.

    Attributes:
        partial: Everything that was yielded, for the consumer of a stream that breaks off.
        issues: The issues of items that were not yielded because they are invalid.
    """

    @property
    def partial(self) -> Any:
        """Everything that was yielded."""
        ...

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The issues of items that were not yielded."""
        ...

    @property
    def is_binding(self) -> bool:
        """Whether something was yielded that a later reply cannot replace, so that no other model may answer."""
        ...

    def start_reply(self, step: Extraction[Any]) -> None:
        """Prepare for the reply to a step."""
        ...

    def feed(self, delta: Delta) -> Iterable[S_co]:
        """Return what a fragment of the reply completes."""
        ...

    def finish(self, result: Result[Any]) -> Iterator[S_co]:
        """Yield what the result has and was not yielded before."""
        ...


ANSWER_KINDS = frozenset({"content", "arguments"})
"""The fields in which a gateway may put an answer, whatever the mode."""


OTHER_DOCUMENT: frozenset[str] = frozenset({"other document", "several answers"})
"""The repairs of a reply whose first document is not the only answer."""

TEXT_AROUND: frozenset[str] = frozenset({"think block", "prose"})
"""The repairs of a reply with text around the answer, in which a draft may be."""


def tool_names(step: Extraction[Any]) -> frozenset[str]:
    """Return the names of the functions that the model may call before it answers."""
    return frozenset(tool.name for tool in step.tools) if isinstance(step, ToolExtraction) else frozenset()


def is_answer(delta: Delta, tool_names: frozenset[str]) -> bool:
    """Return whether a fragment may belong to the answer of the first choice, and not to the call of a function."""
    return not delta.index and delta.kind in ANSWER_KINDS and delta.tool not in tool_names


class Snapshots(Generic[T]):
    """Yields the value as far as it is complete, whenever that changes; last, the validated value.

    The reply to a patch yields nothing before it is complete, because it is not a value of the type.

    Args:
        only_complete: Whether a snapshot is yielded only after a part of the value is complete, and not while a text
            grows.
    """

    issues: tuple[Issue, ...] = ()
    is_binding: bool = False

    def __init__(self, *, only_complete: bool = False) -> None:
        """Start without a snapshot."""
        self.partial: T | None = None
        self._only_complete = only_complete
        self._make_builder: Callable[[], SnapshotBuilder[T]] | None = None
        self._by_kind: dict[str, SnapshotBuilder[T]] = {}
        self._by_field: dict[tuple[int, str, str], SnapshotBuilder[T] | None] = {}
        self._tool_names = frozenset[str]()

    def start_reply(self, step: Extraction[T]) -> None:
        """Start a value from scratch for the reply to a step."""
        output_format = step.response_format if step.patch is None else None
        has_snapshots = isinstance(output_format, ResponseFormat)
        self._make_builder = (
            partial(SnapshotBuilder, cast("Any", output_format), step.context) if has_snapshots else None
        )
        self._by_kind, self._by_field = {}, {}
        self._tool_names = tool_names(step)

    def feed(self, delta: Delta) -> tuple[T, ...]:
        """Return a snapshot if the fragment changes it."""
        field = delta.index, delta.kind, delta.tool
        if field not in self._by_field:
            self._by_field[field] = self._builder(delta)
        builder = self._by_field[field]
        if builder is None or not builder.feed(delta.text) or (self._only_complete and not builder.has_completed_value):
            return ()
        snapshot = builder.snapshot()
        if snapshot is ABSENT:
            return ()
        self.partial = snapshot
        return (snapshot,)

    def _builder(self, delta: Delta) -> SnapshotBuilder[T] | None:
        if self._make_builder is None or not is_answer(delta, self._tool_names):
            return None
        if delta.kind not in self._by_kind:
            self._by_kind[delta.kind] = self._make_builder()
        return self._by_kind[delta.kind]

    def finish(self, result: Result[T]) -> Iterator[T]:
        """Yield the validated value."""
        self.partial = result.value
        yield result.value


class ListItems(Generic[T]):
    """Yields each item of a list once it is complete and valid; last, the items that had to be corrected.

    No item is yielded a second time: after the whole value was re-asked, only the items at positions without a yielded
    item are. If the list of the value does not have the positions of the reply, or is not the first document in it, its
    items are compared instead.

    Args:
        output_format: The type of the list, or of the object that has it.

    Attributes:
        partial: The items that were yielded.
        issues: The issues of the items that were complete and invalid.
    """

    def __init__(self, output_format: ResponseFormat[Any]) -> None:
        """Start without items."""
        self.partial: list[T] = []
        self.issues: tuple[Issue, ...] = ()
        self._output_format = output_format
        self._by_position: dict[Any, T] = {}
        self._make_reader: Callable[[], ItemReader[T]] | None = None
        self._by_kind: dict[str, ItemReader[T]] = {}
        self._tool_names = frozenset[str]()
        self._has_premature_items = False  # of a reply that calls tools as well: the answer may have others

    @property
    def is_binding(self) -> bool:
        """Implement `StreamOutput.is_binding`: no item can be taken back."""
        return bool(self.partial)

    def start_reply(self, step: Extraction[Any]) -> None:
        """Prepare for the reply to a step; it yields items only if no earlier reply has."""
        self._has_premature_items |= (
            bool(self._by_position) and isinstance(step, ToolExtraction) and step.round_count > 0
        )
        output_format = None if step.patch or self._by_position else step.response_format
        has_items = isinstance(output_format, ResponseFormat)
        self._make_reader = partial(ItemReader, cast("Any", output_format), step.context) if has_items else None
        self._by_kind = {}
        self._tool_names = tool_names(step)

    def feed(self, delta: Delta) -> Iterator[T]:
        """Yield the valid items that a fragment completes."""
        if self._make_reader is None or not is_answer(delta, self._tool_names):
            return
        if delta.kind not in self._by_kind:
            self._by_kind[delta.kind] = self._make_reader()
        for item in self._by_kind[delta.kind].feed(delta.text):
            if item.valid:
                yield from self.add(item.path[-1], item.value)
            else:
                self.issues += item.issues

    def finish(self, result: Result[Any]) -> Iterator[T]:
        """Yield the items of the result that were not yielded before."""
        items: ItemReader[T] = ItemReader(self._output_format)
        values = [*items.items_of(result.value)]
        is_of_other_document = not OTHER_DOCUMENT.isdisjoint(result.repairs) or self._may_be_of_draft(values, result)
        if items.is_order_preserved and not self._has_premature_items and not is_of_other_document:
            for position, item in enumerate(values):
                yield from self.add(position, item)
            return
        remaining = Counter(map(item_identity, self.partial))
        for item in values:
            if remaining[key := item_identity(item)]:
                remaining[key] -= 1
            else:
                self.partial.append(item)
                yield item

    def add(self, position: Any, item: Any) -> Iterator[T]:
        """Yield an item, unless the item at that position of the list was yielded before."""
        if position not in self._by_position:
            self._by_position[position] = item
            self.partial.append(item)
            yield item

    def _may_be_of_draft(self, values: list[T], result: Result[Any]) -> bool:
        """Return whether the items that were yielded may be those of a draft before the answer, in the only reply."""
        if len(result.attempts) > 1 or TEXT_AROUND.isdisjoint(result.repairs):
            return False
        items = self._by_position.items()
        return any(item_identity(item) != item_identity(values[at]) for at, item in items if at < len(values))


def item_identity(item: Any) -> Any:
    """Return a hashable key of an item, so that lists are compared without comparing each item with every other."""
    try:
        hash(item)
    except TypeError:
        return repr(item)
    return item
