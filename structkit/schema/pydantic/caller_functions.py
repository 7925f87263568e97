"""The functions in a core schema: what they are without partial application, their names, and whose they are."""

from __future__ import annotations

from functools import partial, partialmethod
from typing import Any


def unwrap_function(function: Any) -> Any:
    """Return a function without its partial applications; a partial method is a function that contains one.

    >>> unwrap_function(partial(partial(max, 3), 4)) is max
    True
    """
    while True:
        method = getattr(function, "__partialmethod__", getattr(function, "_partialmethod", None))
        if isinstance(method, partialmethod):
            function = method.func
        elif isinstance(function, partial):
            function = function.func
        else:
            return function


def function_name(function: Any) -> str:
    """Return the name of a function, also of a partial one; of another callable, that of its class.

    >>> function_name(partial(max, 3)), function_name(lambda: 0), function_name(unwrap_function(3))
    ('max', '<lambda>', 'int')
    """
    inner = unwrap_function(function)
    return str(getattr(inner, "__name__", type(inner).__name__))


def package_of(function: Any) -> str:
    """Return the package that a function is of, such as "pydantic"; "" where it does not say."""
    return str(getattr(unwrap_function(function), "__module__", None) or "").partition(".")[0]
