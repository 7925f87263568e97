"""As much of a reply's text as is still wanted: that of containers which are validated when they are closed."""

from __future__ import annotations

from io import StringIO

EMPTY = "[]"
"""What stands in a text for a list or map that is not part of it, because it is known already."""


class KeptText:
    """The text from the outermost container on that wants its own.

    Containers are known by how deep they stand. One may be set apart: what is around it gets along without its text.

    Attributes:
        wanted: How deep the outermost container stands whose text is wanted; 0 where none is. Of what stands in a
            container that is set apart, only those count that stand in it too.
    """

    def __init__(self) -> None:
        """With nothing."""
        self.wanted = 0
        self._text = StringIO()
        self._fed = 0
        self._origin = 0  # what position of the reply the kept text begins with, but for what was cut out
        self._apart: list[tuple[int, int, int]] = []

    def add(self, piece: str) -> None:
        """More of the reply."""
        self._text.write(piece)
        self._fed += len(piece)

    def place(self, at: int) -> int:
        """Where a position of the reply is in the kept text."""
        return at - self._origin

    def want(self, depth: int, start: int) -> int:
        """The text of a container is wanted from its start on, where none is yet; gives where that is from now on."""
        base = self._base
        if start > base:
            self._cut(base, "", start)
            self._origin += start - base
        self.wanted = depth
        return base

    def set_apart(self, depth: int, start: int) -> None:
        """A container opens here whose text is to be left out."""
        self._apart.append((depth, start, self.wanted))
        self.wanted = 0

    def closed(self, depth: int, at: int) -> bool:
        """A container is closed before a position of the reply; whether it was set apart, and is cut out now."""
        if self.wanted == depth:
            self.wanted = 0
        if not self._apart or self._apart[-1][0] != depth:
            return False
        _, start, self.wanted = self._apart.pop()
        self._cut(start, EMPTY, self.place(at))
        self._origin = at - start - len(EMPTY)
        return True

    @property
    def _base(self) -> int:
        """Up to where text is wanted by what is around."""
        return self._apart[-1][1] if self._apart else 0

    def _cut(self, start: int, instead: str, end: int) -> None:
        rest = self.read(end, self._fed)
        self._text.seek(start)
        self._text.write(instead + rest)
        self._text.truncate()

    def read(self, start: int, at: int) -> str:
        """The text from a place of the kept text up to a position of the reply."""
        self._text.seek(start)
        text = self._text.read(self.place(at) - start)
        self._text.seek(0, 2)
        return text

    def trim(self) -> None:
        """Let go what nobody wants, once a piece is read."""
        if not self.wanted:
            self._text.seek(self._base)
            self._text.truncate()
            self._origin = self._fed - self._base
