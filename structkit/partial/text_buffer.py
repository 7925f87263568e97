"""The text of a reply as far as it is still needed: that of containers that are validated when they are complete."""

from __future__ import annotations

from io import StringIO

EMPTY = "[]"
"""Replaces a list or map that has been validated separately in the text of the object around it."""


class TextBuffer:
    """The text since the start of the outermost container that needs its text.

    Containers are identified by their depth. One may be excluded: the text around it is stored without it.

    Attributes:
        depth: The depth of the outermost container whose text is stored; 0 if there is none. Inside an excluded
            container, only the containers in it count.
    """

    def __init__(self) -> None:
        """Start with an empty buffer."""
        self.depth = 0
        self._text = StringIO()
        self._reply_chars = 0
        self._origin = 0  # the reply position of the buffer's first character, corrected by what was replaced
        self._exclusions: list[tuple[int, int, int]] = []  # depth, start in the buffer, `depth` of the buffer around

    def add(self, chunk: str) -> None:
        """Add more of the reply."""
        self._text.write(chunk)
        self._reply_chars += len(chunk)

    def offset(self, position: int) -> int:
        """Return the offset in the buffer of a position in the reply."""
        return position - self._origin

    def store_from(self, depth: int, start: int) -> int:
        """Start to store text at the offset of a container; return its new offset. No text may be stored yet."""
        base = self._base
        if start > base:
            self._replace(base, start, "")
            self._origin += start - base
        self.depth = depth
        return base

    def exclude(self, depth: int, start: int) -> None:
        """Exclude the text of a container that starts at an offset from the text around it."""
        self._exclusions.append((depth, start, self.depth))
        self.depth = 0

    def close(self, depth: int, position: int) -> bool:
        """Note that a container ends at a position in the reply; return whether its text was excluded."""
        if self.depth == depth:
            self.depth = 0
        if not self._exclusions or self._exclusions[-1][0] != depth:
            return False
        _, start, self.depth = self._exclusions.pop()
        self._replace(start, self.offset(position), EMPTY)
        self._origin = position - start - len(EMPTY)
        return True

    @property
    def _base(self) -> int:
        """The offset up to which the containers around need the text."""
        return self._exclusions[-1][1] if self._exclusions else 0

    def _replace(self, start: int, end: int, replacement: str) -> None:
        tail = self.read(end, self._reply_chars)
        self._text.seek(start)
        self._text.write(replacement + tail)
        self._text.truncate()

    def read(self, start: int, position: int) -> str:
        """Return the text from an offset in the buffer to a position in the reply."""
        self._text.seek(start)
        text = self._text.read(self.offset(position) - start)
        self._text.seek(0, 2)
        return text

    def trim(self) -> None:
        """Drop the text that no container needs, after each chunk."""
        if not self.depth:
            self._text.seek(self._base)
            self._text.truncate()
            self._origin = self._reply_chars - self._base
