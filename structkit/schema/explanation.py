"""What `ResponseFormat.explain` tells: every rewrite and every rule enforced only here, by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def compare(explanations: Mapping[str, Explanation]) -> str:
    """What happens to a type under several dialects, side by side: a Markdown table, a line a note.

    >>> note = Note(("n",), "checked locally", "minimum 1: said in the description")
    >>> print(compare({"openai": Explanation(()), "anthropic": Explanation((note,))}))
    | where | what | openai | anthropic |
    |---|---|:-:|:-:|
    | `n` | checked locally: minimum 1: said in the description |  | x |
    """
    notes = dict.fromkeys(note for explanation in explanations.values() for note in explanation)
    lines = [
        f"| where | what | {' | '.join(explanations)} |",
        f"|---|---|{':-:|' * len(explanations)}",
    ]
    for note in sorted(notes, key=lambda note: show_path(note.path)):
        marks = " | ".join("x" if note in each.notes else "" for each in explanations.values())
        what = f"{note.kind}: {note.text}".replace("|", "\\|")
        lines.append(f"| `{show_path(note.path)}` | {what} | {marks} |")
    return "\n".join(lines)
