"""What `ResponseFormat.explain` tells: every rewrite and every rule enforced only here, by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from structkit.values import JSONPath, format_path

Kind = Literal["rewritten", "checked locally", "dropped"]
"""What happened to a part of the caller's schema on its way to the wire."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened to a part of the type on its way to the wire."""

    path: JSONPath
    kind: Kind
    text: str

    def __str__(self) -> str:
        """`note: rewritten: may be absent: null on the wire`."""
        return f"{format_path(self.path)}: {self.kind}: {self.text}"


WIDEST = 40
"""Letters of a path up to which the columns of an explanation stand below each other."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The notes of a whole type; printing it gives a line each, in columns.

    >>> print(Explanation((Note(("tags",), "rewritten", "map"), Note((), "rewritten", "a box"))))
    (root)  rewritten        a box
    tags    rewritten        map
    """

    notes: tuple[Note, ...]

    def __iter__(self) -> Iterator[Note]:
        """Note by note: what concerns the whole first, and then place by place."""
        return iter(_in_order(self.notes))

    def __len__(self) -> int:
        """How many notes there are."""
        return len(self.notes)

    def __str__(self) -> str:
        """A line a note, or that there is nothing to tell."""
        if not self.notes:
            return "(root): the strict schema says exactly what the type says"
        width = min(WIDEST, max(len(format_path(note.path)) for note in self.notes))
        return "\n".join(f"{format_path(note.path):{width}}  {note.kind:15}  {note.text}" for note in self)


def _in_order(notes: Iterable[Note]) -> list[Note]:
    """Notes by place: what a place has in it comes after the place, wherever its notes came from."""
    known = list(notes)
    first = {path: at for at, path in reversed([*enumerate(prefix for note in known for prefix in _prefixes(note))])}
    return sorted(known, key=lambda note: [first[prefix] for prefix in _prefixes(note)])


def _prefixes(note: Note) -> list[JSONPath]:
    return [note.path[:length] for length in range(1, len(note.path) + 1)]


def compare(explanations: Mapping[str, Explanation]) -> str:
    """What happens to a type under several dialects: a Markdown table, a line a note, a column for those that agree.

    >>> note = Note(("n",), "checked locally", "minimum 1: said in the description")
    >>> plain = Explanation(())
    >>> print(compare({"openai": plain, "anthropic": Explanation((note,)), "azure": plain}))
    | where | what | openai, azure | anthropic |
    |---|---|:-:|:-:|
    | `n` | checked locally: minimum 1: said in the description |  | x |
    <BLANKLINE>
    x: so in this dialect; where there is none, the schema says what the type says
    """
    columns: dict[frozenset[Note], list[str]] = {}
    for name, explanation in explanations.items():
        columns.setdefault(frozenset(explanation), []).append(name)
    heads = " | ".join(", ".join(names) for names in columns.values())
    lines = [f"| where | what | {heads} |", f"|---|---|{':-:|' * len(columns)}"]
    for note in _in_order(dict.fromkeys(note for explanation in explanations.values() for note in explanation)):
        marks = " | ".join("x" if note in notes else "" for notes in columns)
        what = f"{note.kind}: {note.text}".replace("|", "\\|")
        lines.append(f"| `{format_path(note.path)}` | {what} | {marks} |")
    return "\n".join([*lines, "", "x: so in this dialect; where there is none, the schema says what the type says"])
