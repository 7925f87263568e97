"""A row as the arguments of a function: its columns are the parameters of the same names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RowFunction:
    """A function as a function of a row.

    Args:
        function: What is called.
        origin: Whose source tells what it does, where that is not the function's: a method's partial has none.

    Attributes:
        needs: Columns without which it cannot be called.

    >>> said = RowFunction(lambda text, language="en": f"{language}: {text}")
    >>> said({"text": "Moin", "id": 7}), said("Moin"), sorted(said.needs)
    ('en: Moin', 'en: Moin', ['text'])
    """

    function: Callable[..., Any]
    origin: Any = None

    def __call__(self, row: Any) -> Any:
        """What it gives for a row; a row that has no columns is its first argument."""
        if not isinstance(row, Mapping):
            return self.function(row)
        if any(each.kind is each.VAR_KEYWORD for each in self._parameters.values()):
            return self.function(**row)
        return self.function(**{name: row[name] for name in self._parameters if name in row})

    @property
    def needs(self) -> frozenset[str]:
        """The parameters that have no default."""
        variable = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
        required = [each for each in self._parameters.values() if each.default is each.empty]
        return frozenset(each.name for each in required if each.kind not in variable)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """Where `inspect` finds the source, by which a job is known."""
        return self.origin or self.function

    @property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.function).parameters
