"""Columns of rows that declare none: inferred from the rows that were read."""

from __future__ import annotations

from typing import Any

from structkit.tables.columns import Column
from structkit.values import JSON
from structkit.values.exact_float import ExactFloat
from structkit.values.source_cell import is_missing, to_json_value

_INT64_BOUND, _EXACT_FLOAT_BOUND = 2**63, 2**53
"""An integer above the first fits into no column of integers; above the second, a column of floats may change it."""

JSON_TYPES = (str, bool, int, float, list, dict)
_SCHEMAS: dict[frozenset[str], JSON] = {
    frozenset(): {"type": "string"},
    frozenset({"text"}): {"type": "string"},
    frozenset({"boolean"}): {"type": "boolean"},
    frozenset({"integer"}): {"type": "integer"},
    frozenset({"large"}): {"type": "integer"},
    frozenset({"integer", "large"}): {"type": "integer"},
    frozenset({"number"}): {"type": "number"},
    frozenset({"integer", "number"}): {"type": "number"},
}
"""The schema of a column, by the kinds of its cells. Any other mixture may be anything: `{}`."""


class ColumnInference:
    """The columns of rows, as far as they have been read.

    >>> inference = ColumnInference()
    >>> for row in ({"id": 1, "note": None}, {"id": 2.5, "tags": []}): inference.add_row(row)
    >>> {column.name: column.schema for column in inference.columns()}
    {'id': {'type': 'number'}, 'note': {'type': 'string'}, 'tags': {}}
    """

    def __init__(self, *, has_empty_texts: bool = True) -> None:
        """Start without columns; an empty text is a value, or a cell without one, as in a sheet."""
        self._kinds: dict[str, set[str]] = {}
        self._has_empty_texts = has_empty_texts

    def add_row(self, values: JSON) -> None:
        """Take the columns and kinds of a row into account."""
        for name, value in values.items():
            if (kinds := self._kinds.get(name)) is None:
                kinds = self._kinds[name] = set()
            if type(value) is str:
                if value or self._has_empty_texts:
                    kinds.add("text")
            elif not (value is None or is_missing(value)):
                kinds.add(_kind(value))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns so far, by first appearance."""
        return tuple(self._kinds)

    def columns(self) -> tuple[Column, ...]:
        """Return the columns so far, each with a schema that all its cells so far match."""
        return tuple(
            Column(name, ("input", name), _SCHEMAS.get(frozenset(kinds), {})) for name, kinds in self._kinds.items()
        )


def _kind(value: Any) -> str:
    if not isinstance(value, JSON_TYPES):
        value = to_json_value(value)
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        if abs(value) <= _EXACT_FLOAT_BOUND:
            return "integer"
        return "large" if -_INT64_BOUND <= value < _INT64_BOUND else "other"
    return "number" if isinstance(value, float) and not isinstance(value, ExactFloat) else "other"
