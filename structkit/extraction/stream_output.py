"""What a streamed reply shows while it comes: snapshots of the value, or the items of its list one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from structkit.extraction.extraction import Extraction
from structkit.partial import ItemReader, SnapshotBuilder
from structkit.schema import ResponseFormat
from structkit.values import ABSENT, Delta, Issue, Result

S_co = TypeVar("S_co", covariant=True)
T = TypeVar("T")


class StreamOutput(Protocol[S_co]):
    """What a stream gives its consumer.

    Attributes:
        kept: All that was given: what there is of a stream that breaks off.
        issues: What is wrong with what was not given.
    """

    @property
    def kept(self) -> Any:
        """As above."""
        ...

    @property
    def issues(self) -> tuple[Issue, ...]:
        """As above."""
        ...

    def begin(self, step: Extraction[Any]) -> None:
        """A reply begins."""
        ...

    def take(self, delta: Delta) -> Iterator[S_co]:
        """What a piece of it brings."""
        ...

    def end(self, result: Result[Any]) -> Iterator[S_co]:
        """What is still to be given when all is known."""
        ...


SHOWN = frozenset({"content", "arguments"})
"""Where a gateway may put an answer, whichever way it was asked for."""


class Snapshots(Generic[T]):
    """The value as far as it is known, each time something is new; at the end the whole.

    An ask for the places that were wrong shows nothing before its end: its reply is no value of the type.

    Args:
        only_complete: Whether a text that grows is nothing new, and only a part that is complete is.
    """

    issues: tuple[Issue, ...] = ()

    def __init__(self, *, only_complete: bool = False) -> None:
        """Begin with nothing."""
        self.kept: T | None = None
        self._only_complete = only_complete
        self._new: Callable[[], SnapshotBuilder[T]] | None = None
        self._places: dict[str, SnapshotBuilder[T]] = {}

    def begin(self, step: Extraction[T]) -> None:
        """A reply begins, and the value anew."""
        wanted = step.response_format if step.patch is None else None
        self._new = partial(SnapshotBuilder, wanted, step.context) if isinstance(wanted, ResponseFormat) else None
        self._places = {}

    def take(self, delta: Delta) -> Iterator[T]:
        """A snapshot, where there is something new."""
        growing = self._growing(delta)
        if growing is None or not growing.feed(delta.text) or (self._only_complete and not growing.has_completed_value):
            return
        snapshot = growing.snapshot()
        if snapshot is not ABSENT:
            self.kept = snapshot
            yield snapshot

    def _growing(self, delta: Delta) -> SnapshotBuilder[T] | None:
        if self._new is None or delta.index or delta.kind not in SHOWN:
            return None
        if delta.kind not in self._places:
            self._places[delta.kind] = self._new()
        return self._places[delta.kind]

    def end(self, result: Result[T]) -> Iterator[T]:
        """The value."""
        self.kept = result.value
        yield result.value


class ListItems(Generic[T]):
    """The items of a list, each when it is complete and valid; at the end those that had to be put right.

    None is given twice. Where the whole has to be asked for again, what was given stands, and only items at places
    that had none are given of the new reply; of a list whose places are not the reply's, those that are new.

    Args:
        wanted: The type of the list, or of what has it.

    Attributes:
        kept: The items given.
        issues: What was wrong with the others.
    """

    def __init__(self, wanted: ResponseFormat[Any]) -> None:
        """Begin with none."""
        self.kept: list[T] = []
        self._wanted = wanted
        self.issues: tuple[Issue, ...] = ()
        self._given: set[Any] = set()
        self._new: Callable[[], ItemReader[T]] | None = None
        self._places: dict[str, ItemReader[T]] = {}

    def begin(self, step: Extraction[Any]) -> None:
        """A reply begins; it shows items unless another has."""
        wanted = None if step.patch or self._given else step.response_format
        self._new = partial(ItemReader, wanted, step.context) if isinstance(wanted, ResponseFormat) else None
        self._places = {}

    def take(self, delta: Delta) -> Iterator[T]:
        """The items that a piece completes."""
        if self._new is None or delta.index or delta.kind not in SHOWN:
            return
        if delta.kind not in self._places:
            self._places[delta.kind] = self._new()
        for item in self._places[delta.kind].feed(delta.text):
            if item.valid:
                yield from self._give(item.path[-1], item.value)
            else:
                self.issues += item.issues

    def end(self, result: Result[Any]) -> Iterator[T]:
        """The items that were not given."""
        items: ItemReader[T] = ItemReader(self._wanted)
        found = items.items_of(result.value)
        if items.is_order_preserved:
            for number, item in enumerate(found):
                yield from self._give(number, item)
            return
        given = Counter(map(_known, self.kept))
        for item in found:
            if given[key := _known(item)]:
                given[key] -= 1
            else:
                self.kept.append(item)
                yield item

    def _give(self, number: Any, item: Any) -> Iterator[T]:
        if number not in self._given:
            self._given.add(number)
            self.kept.append(item)
            yield item


def _known(item: Any) -> Any:
    """What an item is known by; not each is to be compared with each."""
    try:
        hash(item)
    except TypeError:
        return repr(item)
    return item
