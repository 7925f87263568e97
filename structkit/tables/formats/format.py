"""What a format of tables is: its suffixes, how its rows are read, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from structkit.tables.columns import Column
from structkit.tables.files import Input
from structkit.values import JSON


class Line(NamedTuple):
    """A row of the input, and the line (or row) of the file it begins in."""

    number: int
    values: JSON


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a table before its rows.

    Args:
        columns: The columns that it declares.
        typed: Whether they say what their cells are; else the cells do.
        unit: What is counted to say where a row stands.
    """

    columns: tuple[Column, ...] = ()
    typed: bool = False
    unit: str = "line"


class Table(NamedTuple):
    """A table that is being read: its rows can be taken once."""

    header: Header
    rows: Iterator[Line]


class Writer(Protocol):
    """Takes rows, one after the other."""

    def write(self, row: JSON) -> None:
        """Take a row: `{"input": ..., "output": ..., "run": ...}`."""
        ...

    def close(self) -> None:
        """Write what is still to be written. The file itself stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go.

    Args:
        name: What to call it in messages.
        file: Where bytes are written, compressed on their way.
        path: The file, for formats that are no stream of bytes; None for standard output.
        columns: What is written, under their final names.
        formulas: Whether a text may be a formula to a spreadsheet.
        table: The name of the table or sheet.
    """

    name: str
    file: BinaryIO
    path: Path | None
    columns: Sequence[Column]
    formulas: bool = False
    table: str = "labels"


def _uncounted(source: Input) -> int | None:  # noqa: ARG001 (as other formats count)
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """One format of tables.

    Args:
        name: What it is called.
        suffixes: Of its files.
        read: Opens a table.
        write: Begins one; None where it is only read.
        count: The number of rows, where it is cheap to know.
        is_text: Whether it may be compressed as a whole.
        streams: Whether it can be read from standard input and written to standard output.
        is_flat: Whether a cell is a text or a number, so that objects are taken apart.
        folds: Whether names of columns that differ only in case are the same.
        written: The suffixes that can be written; by default all.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Input], Table]
    write: Callable[[Target], Writer] | None = None
    count: Callable[[Input], int | None] = _uncounted
    is_text: bool = False
    streams: bool = False
    is_flat: bool = False
    folds: bool = False
    written: tuple[str, ...] = ()


def headed(names: Sequence[Any], source: Input, line: int | None = None, *, unit: str = "line") -> tuple[str, ...]:
    """The names of columns, as text; an empty one is called after its place, `column_3`.

    Raises:
        JobError: There are none, or one stands twice.
    """
    found = tuple(str(name) if name not in {"", None} else f"column_{place}" for place, name in enumerate(names, 1))
    if not found:
        raise source.wrong("no columns: a header is needed", line, unit=unit)
    twice = sorted({name for name in found if found.count(name) > 1}) if len(set(found)) < len(found) else []
    if twice:
        raise source.wrong(f"columns with the same name: {', '.join(map(repr, twice))}", line, unit=unit)
    return found
