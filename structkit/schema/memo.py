"""Questions about a value that a schema can ask in exponentially many ways, each asked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import TypeVar

V = TypeVar("V")

_known: ContextVar[dict[Hashable, tuple[object, bool]] | None] = ContextVar("known", default=None)
"""The answers so far, each with the value it is about: its `id` is part of the key, so it has to stay alive."""


def evaluate_once(question: Callable[[V], bool], value: V, *key: Hashable) -> bool:
    """The answer to a question about a value, remembered while the outermost question is being asked.

    A question that leads back to itself is answered with no: that another one fits does not follow from it.

    >>> def is_small(number: int) -> bool:
    ...     print("asked")
    ...     return number < 9
    >>> evaluate_once(lambda n: evaluate_once(is_small, n, "small") and evaluate_once(is_small, n, "small"), 3, "both")
    asked
    True
    """
    known = _known.get()
    if known is None:
        token = _known.set({})
        try:
            return evaluate_once(question, value, *key)
        finally:
            _known.reset(token)
    about = (*key, id(value))
    if about not in known:
        known[about] = (value, False)
        known[about] = (value, question(value))
    return known[about][1]
