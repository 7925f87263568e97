"""Rows in whose cells the prompt has nothing to read: a request about them would be paid for, and its value made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structkit.batch.settings import RowPrompt
from structkit.prompts import absent_names, template_names
from structkit.tables.records import Record
from structkit.values.source_cell import is_blank, is_empty


def is_blank_row(record: Record, prompt: str | RowPrompt, key: str | None) -> bool:
    """Return whether every cell that the prompt uses is blank; the key column does not count beside another one.

    A prompt that uses no cell has nothing to do with them: its rows are not blank.

    >>> record = Record(0, "7", {"id": "7", "text": " ", "note": "x"})
    >>> is_blank_row(record, "{id}: {text}", "id"), is_blank_row(record, "{text} {note}", "id")
    (True, False)
    """
    cells = prompt_cells(prompt, record.values)
    names = used_columns(prompt, cells)
    names = names - {key} or names
    return bool(names) and all(is_blank(cells[name]) for name in names)


def without_empty(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the cells of a row as a prompt function gets them: an empty one is an empty text.

    >>> without_empty({"a": None, "b": float("nan"), "c": 0})
    {'a': '', 'b': '', 'c': 0}
    """
    return {name: "" if is_empty(cell) else cell for name, cell in values.items()}


def prompt_cells(prompt: str | RowPrompt, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the cells of a row, with an empty one for each column that the prompt needs and only other rows have.

    >>> prompt_cells("{text} {note}", {"text": "x"})
    {'note': None, 'text': 'x'}
    """
    needs: frozenset[str] = getattr(prompt, "needs", frozenset())
    absent = absent_names(prompt, values) if isinstance(prompt, str) else needs.difference(values)
    return {**dict.fromkeys(sorted(absent)), **values} if absent else values


def used_columns(prompt: str | RowPrompt, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that a prompt uses: all of them for a function that does not say."""
    if isinstance(prompt, str):
        return template_names(prompt, values)
    columns: frozenset[str] | None = getattr(prompt, "columns", None)
    return frozenset(values) if columns is None else columns & frozenset(values)
