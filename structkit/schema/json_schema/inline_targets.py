"""A part of a schema as a text shows it: without references, which lead nowhere in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat

from structkit.values import JSON, JSONValue

MAX_TARGETS = 20
"""References of one text that are replaced; a text that is longer is shortened all the same."""

DATA_WORDS = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are data."""


def inline_targets(part: JSONValue, resolve: Callable[[JSONValue], JSON]) -> JSONValue:
    """Return a part of a schema with the targets of its references in their place.

    >>> inline_targets({"items": {"$ref": "#/$defs/a", "title": "A"}}, lambda part: {"type": "string"})
    {'items': {'type': 'string', 'title': 'A'}}
    """
    return _inline(part, resolve, repeat(None, MAX_TARGETS))


def _inline(part: JSONValue, resolve: Callable[[JSONValue], JSON], budget: Iterator[None]) -> JSONValue:
    if isinstance(part, list):
        return [_inline(item, resolve, budget) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("$ref"), str) and next(budget, MAX_TARGETS) is None:
        siblings = {word: value for word, value in part.items() if word != "$ref"}
        return _inline({**resolve(part), **siblings}, resolve, budget)
    return {word: value if word in DATA_WORDS else _inline(value, resolve, budget) for word, value in part.items()}
