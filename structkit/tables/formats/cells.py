"""Cells of a flat table: texts, numbers, booleans, None; everything else as JSON text."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from structkit.tables.columns import Column
from structkit.values import ABSENT, JSON
from structkit.values.exact_float import ExactFloat
from structkit.values.source_cell import infinity_text, to_json_text, to_json_value

_SCALARS = (str, int, float, bool, type(None))


def flat_cells(columns: Sequence[Column], row: JSON) -> list[Any]:
    """Return the cells of a row, one for each column; None if a column has none."""
    return [flat_cell(column.cell(row)) for column in columns]


def flat_cell(value: Any) -> str | float | bool | None:
    """Return a value as a cell; a number that a float does not represent exactly is a text with all its digits.

    NaN, which stands for a missing value, is an empty cell, and an infinity is text.

    >>> flat_cell("a"), flat_cell([1, "b"]), flat_cell({"k": None}), flat_cell(b"x"), flat_cell(float("inf"))
    ('a', '[1,"b"]', '{"k":null}', 'eA==', 'Infinity')
    """
    if type(value) is str:  # almost always
        return value
    if value is ABSENT:
        return None
    if isinstance(value, ExactFloat):
        return value.text
    if type(value) not in _SCALARS:
        value = to_json_value(value)
    if isinstance(value, float) and not isfinite(value):
        return infinity_text(value)
    return value if isinstance(value, _SCALARS) else to_json_text(value)


def cell_text(cell: str | float | bool | None) -> str:
    """Return a cell as text: JSON's words for booleans, and an empty text for None.

    >>> cell_text(True), cell_text(None), cell_text(1.5), cell_text("NA")
    ('true', '', '1.5', 'NA')
    """
    if isinstance(cell, bool) or cell is None:
        return {True: "true", False: "false", None: ""}[cell]
    return cell if isinstance(cell, str) else repr(cell)
