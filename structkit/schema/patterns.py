"""Patterns of foreign schemas, matched in linear time where they need no lookaround: few can hang the caller."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.errors import SchemaError
from structkit.values import JSONValue, Path


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, as JSON Schema means it.

    >>> matches("^a", "abc"), matches("^(a+)+$", "a" * 60 + "b")
    (True, False)
    """
    return _matcher(pattern)(text)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    r"""pydantic-core's engine is linear and knows \p{..}; lookaround needs Python's, which may backtrack."""
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except CoreSchemaError:
        compiled = re.compile(pattern)
        return lambda text: compiled.search(text) is not None
    return validator.isinstance_python


def check_patterns(schema: JSONValue, path: Path = ()) -> None:
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


def _try(expression: str, path: Path) -> None:
    try:
        matches(expression, "")
    except re.error as error:
        message = f"not a JSON Schema: the pattern {expression!r} is no regular expression: {error}"
        raise SchemaError(message, path=path) from None
