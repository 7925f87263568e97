"""Predicates that a schema evaluates exponentially often on one value, each evaluated once per value."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

V = TypeVar("V")

_results: ContextVar[dict[Hashable, tuple[object, bool]] | None] = ContextVar("results", default=None)
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
    results = _results.get()
    if results is None:
        with shared_results():
            return evaluate_once(predicate, value, *key)
    full_key = (*key, id(value))
    if full_key not in results:
        results[full_key] = (value, False)
        results[full_key] = (value, predicate(value))
    return results[full_key][1]
