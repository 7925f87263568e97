"""What `ResponseFormat.explain` returns: every rewrite, and every rule that only structkit checks, by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from typing import Any, Literal

from structkit.values import JSONPath, format_path
from structkit.values.display import to_html_table
from structkit.values.text import shorten

NoteKind = Literal["rewritten", "checked locally", "dropped"]
"""What happened to a part of the caller's schema on its way to the wire."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened to a part of the type on its way to the wire."""

    path: JSONPath
    kind: NoteKind
    text: str

    def __str__(self) -> str:
        """`note: rewritten: may be absent: null on the wire`."""
        return f"{format_path(self.path)}: {self.kind}: {self.text}"


MAX_PATH_WIDTH = 40
"""Characters of a path up to which the columns of a printed explanation are aligned."""


MAX_LINE_CHARS = 160
"""Characters of a line in the `repr`."""

MAX_SHOWN_NOTES = 20
"""Notes in the `repr` of an explanation; `print` shows all."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """The notes on a type; printed as one line per note, in columns.

    >>> print(Explanation((Note(("tags",), "rewritten", "map"), Note((), "rewritten", "a box"))))
    (root)  rewritten        a box
    tags    rewritten        map
    """

    notes: tuple[Note, ...]

    def __iter__(self) -> Iterator[Note]:
        """Iterate over the notes, those on the whole type first, then path by path."""
        return iter(_in_order(self.notes))

    def __len__(self) -> int:
        """Return the number of notes."""
        return len(self.notes)

    def __str__(self) -> str:
        """One line per note, or a sentence where there are none."""
        if not self.notes:
            return "(root): the strict schema says exactly what the type says"
        return "\n".join(self._lines)

    def __repr__(self) -> str:
        """The same, with at most `MAX_SHOWN_NOTES` shortened lines."""
        lines = [shorten(line, MAX_LINE_CHARS) for line in (self._lines if self.notes else [str(self)])]
        more = [f"... and {len(lines) - MAX_SHOWN_NOTES} more; print() shows all"]
        return "\n".join(lines[:MAX_SHOWN_NOTES] + more * (len(lines) > MAX_SHOWN_NOTES))

    def _repr_html_(self) -> str:
        """The notes as an HTML table, for notebooks."""
        rows = [(format_path(note.path), str(note.kind), note.text) for note in self]
        return to_html_table("Explanation", rows or [(str(self),)])

    @property
    def _lines(self) -> list[str]:
        width = min(MAX_PATH_WIDTH, max(len(format_path(note.path)) for note in self.notes))
        return [f"{format_path(note.path):{width}}  {note.kind:15}  {note.text}" for note in self]


def _in_order(notes: Iterable[Note]) -> list[Note]:
    """Sort notes by path: notes on a part come right after those on the whole, in the order of first appearance."""
    positions = count()
    tree: dict[str | int, Any] = {}  # each step with the position of its first appearance, and the steps below it
    keyed = [(_sort_key(note.path, tree, positions), note) for note in notes]
    return [note for _, note in sorted(keyed, key=itemgetter(0))]


def _sort_key(path: JSONPath, tree: dict[str | int, Any], positions: Iterator[int]) -> list[int]:
    key: list[int] = []
    for step in path:
        if step not in tree:
            tree[step] = next(positions), {}
        position, tree = tree[step]
        key.append(position)
    return key


def compare(explanations: Mapping[str, Explanation]) -> str:
    """Compare what happens to a type under several dialects, as a Markdown table.

    It has one line per note, and one column for all dialects that agree.

    >>> note = Note(("n",), "checked locally", "minimum 1: stated in the description")
    >>> plain = Explanation(())
    >>> print(compare({"openai": plain, "anthropic": Explanation((note,)), "azure": plain}))
    | where | what | openai, azure | anthropic |
    |---|---|:-:|:-:|
    | `n` | checked locally: minimum 1: stated in the description |  | x |
    <BLANKLINE>
    x: in this dialect; where there is no x, the strict schema says exactly what the type says
    """
    columns: dict[frozenset[Note], list[str]] = {}
    for name, explanation in explanations.items():
        columns.setdefault(frozenset(explanation), []).append(name)
    heads = " | ".join(", ".join(names) for names in columns.values())
    lines = [f"| where | what | {heads} |", f"|---|---|{':-:|' * len(columns)}"]
    notes = _in_order(dict.fromkeys(note for explanation in explanations.values() for note in explanation))
    lines += [_comparison_line(note, columns) for note in notes]
    return "\n".join(
        [*lines, "", "x: in this dialect; where there is no x, the strict schema says exactly what the type says"]
    )


def _comparison_line(note: Note, columns: Iterable[frozenset[Note]]) -> str:
    marks = " | ".join("x" if note in notes else "" for notes in columns)
    text = f"{note.kind}: {note.text}".replace("|", "\\|")
    return f"| `{format_path(note.path)}` | {text} | {marks} |"
