"""A row as the arguments of a function: its columns are the parameters of the same names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RowFunction:
    """Calls a function with the columns of a row as arguments.

    Args:
        function: The function.
        origin: The function with the source, if that is another one: the partial of a method has no source.

    Attributes:
        needs: Columns without which the function cannot be called.

    >>> greet = RowFunction(lambda text, language="en": f"{language}: {text}")
    >>> greet({"text": "Moin", "id": 7}), greet("Moin"), sorted(greet.needs)
    ('en: Moin', 'en: Moin', ['text'])
    """

    function: Callable[..., Any]
    origin: Any = None

    def __call__(self, row: Any) -> Any:
        """Call the function with a row; a row without columns is its first argument."""
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
        """The function whose source `inspect` returns: it is part of a job's identity."""
        return self.origin or self.function

    @property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.function).parameters
