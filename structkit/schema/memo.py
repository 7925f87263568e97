"""Functions that a schema evaluates exponentially often on one value, each evaluated once per value."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

V = TypeVar("V")
R = TypeVar("R")

_results: ContextVar[dict[Hashable, tuple[object, Any]] | None] = ContextVar("results", default=None)
"""The results so far. Each is stored with its value: the value's `id` is part of the key, so it must stay alive."""


@contextmanager
def shared_results() -> Iterator[None]:
    """Share the results of all evaluations in a block; the values must not be changed there."""
    if _results.get() is not None:
        yield
        return
    token = _results.set({})
    try:
        yield
    finally:
        _results.reset(token)


def evaluate_once(predicate: Callable[[V], bool], value: V, *key: Hashable) -> bool:
    """Return `predicate(value)`, cached by *key* and the value's identity until the outermost evaluation returns.

    A predicate that depends on itself for the same value is false there: recursion alone proves nothing.

    >>> def is_small(number: int) -> bool:
    ...     print("evaluated")
    ...     return number < 9
    >>> evaluate_once(lambda n: evaluate_once(is_small, n, "small") and evaluate_once(is_small, n, "small"), 3, "both")
    evaluated
    True
    """
    return compute_once(predicate, value, *key, unfinished=False)


def compute_once(compute: Callable[[V], R], value: V, *key: Hashable, unfinished: R) -> R:
    """Return `compute(value)`, cached as by `evaluate_once`.

    Args:
        compute: The function.
        value: Its argument.
        key: What else the result depends on.
        unfinished: The result where the function depends on itself for the same value.
    """
    results = _results.get()
    if results is None:
        with shared_results():
            return compute_once(compute, value, *key, unfinished=unfinished)
    full_key = (*key, id(value))
    if full_key not in results:
        results[full_key] = (value, unfinished)
        try:
            results[full_key] = (value, compute(value))
        except BaseException:
            del results[full_key]
            raise
    return cast("R", results[full_key][1])
