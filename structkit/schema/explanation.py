"""What `ResponseFormat.explain` tells: every rewrite and every rule enforced only here, by path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from structkit.schema.nodes.node import Kind
from structkit.values import Path, show_path


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened to a part of the type on its way to the wire."""

    path: Path
    kind: Kind
    text: str

    def __str__(self) -> str:
        """`note: rewritten: may be absent: null on the wire`."""
        return f"{show_path(self.path)}: {self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The notes of a whole type; printing it gives a line each."""

    notes: tuple[Note, ...]

    def __iter__(self) -> Iterator[Note]:
        """Note by note, in the order of the type."""
        return iter(self.notes)

    def __len__(self) -> int:
        """How many notes there are."""
        return len(self.notes)

    def __str__(self) -> str:
        """A line a note, or that there is nothing to tell."""
        return "\n".join(map(str, self.notes)) or "(root): the strict schema says exactly what the type says"
