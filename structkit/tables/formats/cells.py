"""Cells of a flat table: texts, numbers, truth values, nothing; everything else as JSON text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from structkit.tables.columns import Column
from structkit.tables.records import as_json, plain
from structkit.values import ABSENT, JSON

_SCALARS = (str, int, float, bool, type(None))


def flat_cells(columns: Sequence[Column], row: JSON) -> list[Any]:
    """What stands in each column; None where nothing does."""
    return [flat_cell(column.cell(row)) for column in columns]


def flat_cell(value: Any) -> str | float | bool | None:
    """A value as a cell.

    >>> flat_cell("a"), flat_cell([1, "b"]), flat_cell({"k": None}), flat_cell(b"x")
    ('a', '[1,"b"]', '{"k":null}', 'eA==')
    """
    if value is ABSENT:
        return None
    if type(value) not in _SCALARS:
        value = plain(value)
    return value if isinstance(value, _SCALARS) else as_json(value)


def text_of(cell: str | float | bool | None) -> str:
    """A cell as text: JSON's words for truth values, and nothing for None.

    >>> text_of(True), text_of(None), text_of(1.5), text_of("NA")
    ('true', '', '1.5', 'NA')
    """
    if isinstance(cell, bool) or cell is None:
        return {True: "true", False: "false", None: ""}[cell]
    return cell if isinstance(cell, str) else repr(cell)
