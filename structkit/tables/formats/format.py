"""What a format of tables consists of: its suffixes, its reader and its writer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from structkit.tables.columns import Column
from structkit.tables.files import Input
from structkit.tables.formats.formulas import GuardFormulas
from structkit.values import JSON
from structkit.values.source_cell import to_text

MAX_DEPTH = 150
"""Levels of lists and objects in a row: Python's encoder and the libraries that write tables recurse for each."""


class SourceRow(NamedTuple):
    """A row of the input.

    Args:
        number: The line (or row) of the file where it starts.
        values: Its cells by column.
        file: The file, if the input has several.
        line: Its text, with the line end, if each row of the format is a line of its own.
    """

    number: int
    values: JSON
    file: Input | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """What a table declares before its rows.

    Args:
        columns: The columns that it declares.
        is_typed: Whether they declare the types of their cells; otherwise these are inferred from the cells.
        has_empty_texts: Whether an empty text is a value, and not a cell without one.
        unit: What `SourceRow.number` counts: lines or rows.
        note: Which of several tables this is, for messages; empty if the caller has chosen it.
    """

    columns: tuple[Column, ...] = ()
    is_typed: bool = False
    has_empty_texts: bool = True
    unit: str = "line"
    note: str = ""


class Table(NamedTuple):
    """A table that is being read; its rows can be iterated once."""

    header: Header
    rows: Iterator[SourceRow]


class TableWriter(Protocol):
    """What writes the rows of a table, one after the other."""

    def write(self, row: JSON) -> None:
        """Write a row: `{"input": ..., "output": ..., "run": ...}`."""
        ...

    def close(self) -> None:
        """Write everything that is buffered. The file itself stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a table is written.

    Args:
        name: Its name in messages.
        file: The file for the bytes, which compresses them if the name says so.
        path: The file's path, for formats that do not write a stream of bytes; None for standard output.
        columns: The columns, with their final names.
        guard_formulas: In which columns texts that a spreadsheet would run are escaped, if the format has only texts.
        table: The name of the table or sheet.
    """

    name: str
    file: BinaryIO
    path: Path | None
    columns: Sequence[Column]
    guard_formulas: GuardFormulas = "all"
    table: str = "labels"


def _uncounted(source: Input) -> int | None:  # noqa: ARG001 (the signature of the formats that count)
    return None


@dataclass(frozen=True, slots=True)
class Format:
    """One format of tables.

    Args:
        name: Its name.
        suffixes: Of its files.
        read: Opens a table.
        write: Starts a table; None if the format can only be read.
        count: Returns the number of rows, if that is cheap to know.
        is_text: Whether a file may be compressed as a whole.
        can_stream: Whether it can be read from standard input and written to standard output.
        is_flat: Whether a cell is a text or a number, so that each field of an object is a column.
        folds_case: Whether names of columns that differ only in case are the same.
        write_suffixes: The suffixes that can be written; by default all.
        cell_error: Returns why a cell cannot be written; empty if it can be.
        write_extra: The module that writes it, and the extra that installs it.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Input], Table]
    write: Callable[[Target], TableWriter] | None = None
    count: Callable[[Input], int | None] = _uncounted
    is_text: bool = False
    can_stream: bool = False
    is_flat: bool = False
    folds_case: bool = False
    write_suffixes: tuple[str, ...] = ()
    cell_error: Callable[[Any], str] | None = None
    write_extra: tuple[str, str] | None = None


def depth_error(text: str, row: JSON) -> str:
    """Return why a row cannot be read if it is nested too deep for what reads it later; empty if it is not.

    Args:
        text: Its JSON text, whose brackets are counted first.
        row: Its cells.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return ""
    level: list[Any] = [row]
    depth = 0
    while level:
        depth += 1
        level = [part for value in level if isinstance(value, dict | list) for part in _parts(value)]
    return f"nested too deep: a cell may have {MAX_DEPTH} levels" if depth > MAX_DEPTH else ""


def _parts(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value


def read_header(names: Sequence[Any], source: Input, line: int | None = None, *, unit: str = "line") -> tuple[str, ...]:
    """Return the names of columns, as text; an empty one gets a name from its position, `column_3`.

    Raises:
        JobError: There are none, or two are equal.
    """
    header = tuple(to_text(name) or f"column_{place}" for place, name in enumerate(names, 1))
    if not header:
        raise source.error("no columns: a header is required", line, unit=unit)
    duplicates = sorted({name for name in header if header.count(name) > 1}) if len({*header}) < len(header) else []
    if duplicates:
        raise source.error(f"columns with the same name: {', '.join(map(repr, duplicates))}", line, unit=unit)
    return header
