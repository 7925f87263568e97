"""A row as the arguments of a function: its columns are the parameters of the same names."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from types import NoneType, SimpleNamespace
from typing import Any, TypeAlias

from structkit.documents import Document, File
from structkit.errors import PromptError
from structkit.values.source_cell import is_empty, to_text

OpenFile: TypeAlias = Callable[[Any], Any]

OPENERS: tuple[tuple[Any, OpenFile], ...] = ((File, File), (Document, Document.open))
"""What opens a file by its path, by the annotation of the parameter."""

TEXT = (str, str | None, "str", "str | None")
"""Annotations of a text; one that cannot be resolved is a text itself."""

VARIABLE = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


@dataclass(frozen=True)
class RowFunction:
    """Calls a function with the columns of a row as arguments.

    A parameter that is annotated `str` or `str | None` receives every cell as the text that a template would have of
    it. Any other parameter receives the cell as the source has it. An empty cell is an empty text, or None if the
    annotation has None.
    A parameter that is annotated `structkit.File` receives the file whose path or URL is in the cell, and one that is
    annotated `structkit.Document` the document whose path is in it. An empty cell is then an error, unless the
    annotation has None.

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
        arguments = {name: self._argument(name, row[name]) for name in names}
        positional = [arguments.pop(name) for name in self._positional if name in arguments]
        return self.function(*positional, **arguments)

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
    def template(self) -> str | None:
        """The docstring, if it is the template of the prompt."""
        inner = self.function.func if isinstance(self.function, partial) else self.function
        template: str | None = getattr(inner, "template", None)
        return template

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The function whose source `inspect` returns: it is part of a job's identity."""
        return self.origin or self.function

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.function).parameters

    @cached_property
    def _positional(self) -> tuple[str, ...]:
        """The parameters that cannot be passed by name."""
        return tuple(each.name for each in self._parameters.values() if each.kind is each.POSITIONAL_ONLY)

    @cached_property
    def _annotations(self) -> Mapping[str, Any]:
        """The annotations as types; one that cannot be resolved is as it is written."""
        function: Any = self.function
        while isinstance(function, partial):
            function = function.func
        function = inspect.unwrap(function)
        namespace = getattr(function, "__globals__", None)
        return {name: _resolve(each, namespace) for name, each in inspect.get_annotations(function).items()}

    @cached_property
    def file_parameters(self) -> Mapping[str, OpenFile]:
        """What opens the argument of each parameter that is annotated `structkit.File` or `structkit.Document`."""
        kinds = {name: (each, *typing.get_args(each)) for name, each in self._annotations.items()}
        openers = {name: [opener for kind, opener in OPENERS if kind in each] for name, each in kinds.items()}
        return {name: each[0] for name, each in openers.items() if each}

    def _argument(self, name: str, cell: Any) -> Any:
        annotation = self._annotations.get(name)
        if is_empty(cell):
            has_none = "None" in annotation if isinstance(annotation, str) else NoneType in typing.get_args(annotation)
            if name in self.file_parameters and not has_none:
                raise PromptError(
                    f"{name!r} is empty, and must name a file: annotate it File | None if it may be empty"
                )
            return None if has_none else ""
        if annotation in TEXT:
            return to_text(cell)
        return _open_file(cell, self.file_parameters.get(name))


def _resolve(annotation: Any, namespace: dict[str, Any] | None) -> Any:
    """Return an annotation as a type, on its own: another one may name what is imported for type checkers only."""
    with suppress(NameError, TypeError, AttributeError):
        return typing.get_type_hints(SimpleNamespace(__annotations__={"it": annotation}), namespace)["it"]
    return annotation


def bind_files(
    function: Callable[..., Any], openers: Mapping[str, OpenFile], /, *args: Any, **kwargs: Any
) -> inspect.BoundArguments:
    """Return the arguments of a call, with the files that these parameters name by their path or URL.

    Raises:
        PromptError: A file cannot be read, or is of no kind that a prompt can have.
        TypeError: The function cannot be called with these arguments.
    """
    bound = inspect.signature(function).bind(*args, **kwargs)
    arguments = bound.arguments
    arguments.update({name: _open_file(arguments[name], openers[name]) for name in openers.keys() & arguments.keys()})
    return bound


def _open_file(value: Any, opener: OpenFile | None) -> Any:
    return opener(value) if opener is not None and isinstance(value, str | PathLike) else value
