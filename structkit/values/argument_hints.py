"""Errors for misspelt or misplaced keyword arguments of classes whose constructor is generated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from functools import wraps
from typing import Any, TypeVar

from structkit.values.text import suggest_name

C = TypeVar("C", bound=type)


def explain_arguments(hints: Mapping[str, str] | Callable[[str], str]) -> Callable[[C], C]:
    """Return a decorator of a dataclass: an unexpected argument raises a `TypeError` that ends with a hint.

    Args:
        hints: What to write instead of the names that other libraries use; for another name, the closest field is
            suggested. Or a function that returns what to write instead, empty without a suggestion.
    """

    def decorate(decorated_class: C) -> C:
        init: Any = decorated_class.__init__  # type: ignore[misc]
        names = [each.name for each in fields(decorated_class)]

        def hint(name: str) -> str:
            if callable(hints):
                return hints(name)
            return hints.get(name) or suggest_name(name, names, "there are ")

        @wraps(init)
        def explain(self: Any, *args: Any, **arguments: Any) -> None:
            for name in arguments.keys() - decorated_class.__dataclass_fields__.keys():  # type: ignore[attr-defined]
                message = f"{decorated_class.__name__} has no argument {name!r}"
                raise TypeError(f"{message}; {advice}" if (advice := hint(name)) else message)
            if reason := _surplus(fields(decorated_class), len(args)):
                raise TypeError(f"{decorated_class.__name__} {reason}")
            init(self, *args, **arguments)

        decorated_class.__init__ = explain  # type: ignore[misc]
        return decorated_class

    return decorate


def _surplus(parameters: Sequence[Field[Any]], count: int) -> str:
    """Return why there are too many arguments by position, and the names of the surplus ones; empty if they fit."""
    positional = [each.name for each in parameters if not each.kw_only]
    names = [each.name for each in parameters if each.kw_only][: count - len(positional)]
    if count <= len(positional) or not names:
        return ""
    return f"has {len(positional)} arguments by position ({', '.join(positional)}); write " + ", ".join(
        f"{name}=..." for name in names
    )
