"""Lists that repeat themselves until a limit: which repetitions the sources of a prompt allow, and the shorter list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from structkit.parsing.loops import Loop, count_segments, find_item_loop
from structkit.values import Issue, JSONPath, JSONValue, Message, format_path

REPETITION = "repetition"


@dataclass(frozen=True)
class LoopSource:
    """The text of a prompt, which tells a loop from a list that has equal items.

    >>> source = LoopSource("Red, red, red, red and blue.")
    >>> source.find_loop(["red"] * 4), source.find_loop(["red"] * 30)
    (None, Loop(size=1, copies=30))
    """

    text: str

    def find_loop(self, items: list[JSONValue]) -> Loop | None:
        """Return the loop that a list ends with; None if it has none, or if the source may have that many items."""
        return find_item_loop(items, self.allows)

    def allows(self, item: JSONValue, copies: int) -> bool:
        """Return whether a list of what is in the source may have an item that often.

        It may if the source has as many lines, sentences or parts of enumerations, or has a text of the item as often,
        whatever its case and accents.
        Numbers and booleans alone tell nothing: a list of zeros may be right.
        """
        texts = [*_texts(item)]
        return not texts or copies <= self._segments or any(self._count(text) >= copies for text in texts)

    def _count(self, text: str) -> int:
        from structkit.evidence.folding import fold  # few replies have a loop

        return self._folded.count(fold(text))

    @cached_property
    def _folded(self) -> str:
        from structkit.evidence.folding import FoldedText

        return FoldedText(self.text).text

    @cached_property
    def _segments(self) -> int:
        return count_segments(self.text)


def _texts(item: JSONValue) -> Iterator[str]:
    if isinstance(item, str) and item:
        yield item
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list | tuple) else ()
    for each in inner:
        yield from _texts(each)


def loop_source(messages: tuple[Message, ...]) -> LoopSource | None:
    """Return the text of a prompt; None if it has none, or parts that cannot be read, such as an image."""
    from structkit.evidence.prompt_sources import has_unread_parts, prompt_sources  # few replies have a loop

    sources = prompt_sources(messages)
    if not sources or has_unread_parts(messages):
        return None
    return LoopSource("\n".join(source.text for source in sources))


def loop_warning(path: JSONPath, loop: Loop) -> Issue:
    """Return what a result says of a list that was shortened."""
    return Issue(path, f"the reply repeats the end of this list {loop.copies} times: it ends with the first of them")


def loop_repair(path: JSONPath) -> str:
    """Return the name of the repair, with the list's path.

    >>> loop_repair(("rows", 2, "tags")), loop_repair(())
    ('repetition at rows[2].tags', 'repetition')
    """
    return f"{REPETITION} at {format_path(path)}" if path else REPETITION
