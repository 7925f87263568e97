"""Signatures that show the options behind `**call`, for `inspect.signature`, `help` and editors at run time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def show_options(options: Any) -> Callable[[F], F]:
    """Return a decorator that gives a function a signature with the keys of a `TypedDict` in place of its `**kwargs`.

    An option that is None is the same as one that is left out.
    """

    def show(function: F) -> F:
        signature = inspect.signature(function)
        parameters = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
        names = {each.name for each in parameters}
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(hint))
            for name, hint in options.__annotations__.items()
            if name not in names
        ]
        function.__dict__["__signature__"] = signature.replace(parameters=parameters)
        return function

    return show


def _annotation(hint: Any) -> Any:
    return getattr(hint, "__forward_arg__", hint)
