"""Patterns of foreign schemas, matched in linear time or in one that is bounded: none can hang the caller."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.errors import SchemaError
from structkit.schema.json_schema.backtracking import count_ways
from structkit.schema.json_schema.lookahead import split_lookaheads
from structkit.values import JSONPath, JSONValue
from structkit.values.text import shorten_json


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, as JSON Schema means it.

    >>> matches("^a", "abc"), matches("^(a+)+$", "a" * 60 + "b")
    (True, False)
    """
    return _matcher(pattern)(text)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """A linear engine for each part of the pattern, where it can be parted; else Python's, which may backtrack."""
    wanted, unwanted = split_lookaheads(pattern)
    try:
        found, never = [*map(_linear, wanted)], [*map(_linear, unwanted)]
    except CoreSchemaError:
        return _backtracking(pattern)
    return lambda text: all(finds(text) for finds in found) and not any(finds(text) for finds in never)


def _linear(pattern: str) -> Callable[[str], bool]:
    r"""pydantic-core's engine, which knows \p{..} and no lookaround."""
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python


def _backtracking(pattern: str) -> Callable[[str], bool]:
    """Python's engine; no text matches that it could take too long for.

    Raises:
        Hopeless: That would be every text of some length.
    """
    compiled, ways = re.compile(pattern), count_ways(pattern)
    if ways.too_many(SHORT):
        raise Hopeless(f"a text of {SHORT} characters can be read in too many ways")
    return lambda text: not ways.too_many(len(text)) and compiled.search(text) is not None


class Hopeless(ValueError):
    """A pattern that cannot be matched in bounded time."""


SHORT = 500
"""Characters of a text that every pattern has to be matched with in bounded time."""


def check_patterns(schema: JSONValue, path: JSONPath = ()) -> None:
    """Try every pattern of a schema.

    Raises:
        SchemaError: One is no regular expression.
    """
    children = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, part in children:
        if key == "pattern" and isinstance(part, str):
            _try(part, (*path, key))
        if key == "patternProperties" and isinstance(part, dict):
            for expression in part:
                _try(expression, (*path, key))
        check_patterns(part, (*path, key))


def _try(expression: str, path: JSONPath) -> None:
    try:
        matches(expression, "")
    except Hopeless as error:
        message = (
            f"the pattern {shorten_json(expression)} could take forever to match: {error}; "
            "write it without lookaround and backreferences, or without repeats that run into each other"
        )
        raise SchemaError(message, path=path) from None
    except (re.error, OverflowError) as error:
        message = f"not a JSON Schema: the pattern {expression!r} is no regular expression: {error}"
        raise SchemaError(message, path=path) from None
