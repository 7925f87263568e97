"""What the rows that were read have shown of their columns: which there are, and what their cells are."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from structkit.tables.columns import Column
from structkit.values import JSON

_BOUND, _EXACT = 2**63, 2**53
_TEXTS = (str, bytes, date, time, Decimal, UUID)
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
"""By the kinds of cells, the schema of a column; for others, and mixtures, anything."""


class Observed:
    """The columns of rows, as far as they have been read.

    >>> observed = Observed()
    >>> for row in ({"id": 1, "note": None}, {"id": 2.5, "tags": []}): observed.row(row)
    >>> {column.name: column.schema for column in observed.columns()}
    {'id': {'type': 'number'}, 'note': {'type': 'string'}, 'tags': {}}
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._kinds: dict[str, set[str]] = {}

    def row(self, values: JSON) -> None:
        """Look at a row."""
        for name, value in values.items():
            kinds = self._kinds.setdefault(name, set())
            if value is not None:
                kinds.add(_kind(value))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns so far, by first appearance."""
        return tuple(self._kinds)

    def columns(self) -> tuple[Column, ...]:
        """The columns so far, each with a schema that its cells so far are of."""
        known = self._kinds.items()
        return tuple(Column(name, ("input", name), _SCHEMAS.get(frozenset(kinds), {})) for name, kinds in known)


def _kind(value: Any) -> str:
    if isinstance(value, _TEXTS):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if abs(value) <= _EXACT else "large" if -_BOUND <= value < _BOUND else "other"
    return "number" if isinstance(value, float) else "other"
