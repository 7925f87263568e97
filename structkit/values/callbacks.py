"""What is wrong with a function of the caller's that is called and never awaited."""

from __future__ import annotations

import inspect
from typing import Any


def is_coroutine_function(function: Any) -> bool:
    """Return whether what a function, or an object that can be called, returns has to be awaited.

    >>> class Awaited:
    ...     async def __call__(self): ...
    >>> is_coroutine_function(Awaited()), is_coroutine_function(print)
    (True, False)
    """
    functions = (function, getattr(type(function), "__call__", None))  # noqa: B004
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in functions)


def callback_issue(function: Any) -> str:
    """Return why a callback cannot be called, as the end of a sentence that begins with its name; "" if it can.

    >>> callback_issue(3), callback_issue(print)
    ('must be a function, not 3', '')
    >>> async def log(attempt): ...
    >>> callback_issue(log)
    'must be a plain function: log is a coroutine function, and nothing awaits it'
    """
    if not callable(function):
        return f"must be a function, not {function!r}"
    if is_coroutine_function(function):
        name = getattr(function, "__name__", type(function).__name__)
        return f"must be a plain function: {name} is a coroutine function, and nothing awaits it"
    return ""
