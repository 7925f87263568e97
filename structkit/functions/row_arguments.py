"""A row as the arguments of a function: its columns are the parameters of the same names."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from types import NoneType
from typing import Any

from structkit.documents import File
from structkit.values.source_cell import is_empty, to_text

VARIABLE = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


@dataclass(frozen=True)
class RowFunction:
    """Calls a function with the columns of a row as arguments.

    A parameter that is annotated `str` receives every cell as the text that a template would have of it. Any other
    parameter receives the cell as the source has it; an empty one is an empty text, or None if the annotation has None.
    A parameter that is annotated `structkit.File` receives the file whose path or URL is in the cell.

    Args:
        function: The function.
        origin: The function with the source, if that is another one: the partial of a method has no source.

    Attributes:
        needs: Columns without which the function cannot be called.
        columns: Columns that the function reads; None if it reads all of them.

    >>> def greet(text: str, language: str = "en"): return f"{language}: {text}"
    >>> call = RowFunction(greet)
    >>> call({"text": "Moin", "id": 7}), call({"text": None}), call("Moin"), sorted(call.needs)
    ('en: Moin', 'en: ', 'en: Moin', ['text'])
    """

    function: Callable[..., Any]
    origin: Any = None

    def __call__(self, row: Any) -> Any:
        """Call the function with a row; a row without columns is its first argument."""
        if not isinstance(row, Mapping):
            return self.function(self._argument(next(iter(self._parameters), ""), row))
        names = row if self.columns is None else [name for name in self._parameters if name in row]
        return self.function(**{name: self._argument(name, row[name]) for name in names})

    @property
    def needs(self) -> frozenset[str]:
        """The parameters that have no default."""
        required = [each for each in self._parameters.values() if each.default is each.empty]
        return frozenset(each.name for each in required if each.kind not in VARIABLE)

    @property
    def columns(self) -> frozenset[str] | None:
        """The parameters; None if there is `**kwargs`."""
        if any(each.kind is each.VAR_KEYWORD for each in self._parameters.values()):
            return None
        return frozenset(each.name for each in self._parameters.values() if each.kind not in VARIABLE)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function whose source `inspect` returns: it is part of a job's identity."""
        return self.origin or self.function

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.function).parameters

    @cached_property
    def _annotations(self) -> Mapping[str, Any]:
        """The annotations as types; as they are written if one of them cannot be resolved."""
        function: Any = self.function
        while isinstance(function, partial):
            function = function.func
        function = inspect.unwrap(function)
        with suppress(NameError, TypeError, AttributeError):
            return typing.get_type_hints(function)
        return getattr(function, "__annotations__", {})

    @cached_property
    def _file_parameters(self) -> frozenset[str]:
        kinds = {name: (each, *typing.get_args(each)) for name, each in self._annotations.items()}
        return frozenset(name for name, each in kinds.items() if File in each)

    def _argument(self, name: str, cell: Any) -> Any:
        annotation = self._annotations.get(name)
        if annotation is str or annotation == "str":
            return to_text(cell)
        if is_empty(cell):
            has_none = "None" in annotation if isinstance(annotation, str) else NoneType in typing.get_args(annotation)
            return None if has_none else ""
        return File(cell) if name in self._file_parameters and isinstance(cell, str | PathLike) else cell
