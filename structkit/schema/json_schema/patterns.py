"""Patterns of JSON Schemas, each matched in linear time or within a limit of time: none can hang the caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.errors import SchemaError
from structkit.schema.json_schema.backtracking import (
    InvalidPattern,
    PatternError,
    PatternTimeout,
    compile_bounded,
    count_items,
)
from structkit.schema.json_schema.ecma_patterns import as_engine_syntax, without_delimiters
from structkit.schema.json_schema.lookahead import split_lookaheads
from structkit.schema.json_schema.match_time import current_match_time
from structkit.values import JSONPath, JSONValue
from structkit.values.text import shorten_json

MAX_PATTERN_CHARS = 100_000
"""Characters of a pattern, which takes up to 0.5 s to compile."""

MAX_UNMEASURED_STEPS = 10_000
"""Steps of a linear search up to which its time, at most 0.1 ms, is not measured."""

MAX_LINEAR_STEPS = 20_000_000
"""Steps that a linear search may take, in up to 0.2 s."""


def matches(pattern: str, text: str) -> bool:
    """Return whether a text contains a match of a pattern, as JSON Schema defines it.

    Raises:
        PatternTimeout: That takes too long.
        InvalidPattern: The pattern is not a regular expression.

    >>> matches("^a", "abc"), matches("^(a+)+$", "a" * 60 + "b")
    (True, False)
    """
    try:
        return _matcher(as_engine_syntax(pattern))(text)
    except PatternTimeout:
        raise PatternTimeout(pattern, text) from None  # as the caller wrote it


def matches_in_engine(pattern: str, text: str) -> bool:
    """Return whether a text contains a match of a pattern of a pydantic type, as pydantic's engine reads it.

    Raises:
        PatternTimeout: That takes too long.
        InvalidPattern: The pattern is not a regular expression.

    >>> matches_in_engine("^[a-c&&b]$", "a"), matches("^[a-c&&b]$", "a")
    (False, True)
    """
    return _matcher(pattern)(text)


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a linear engine for each part of the pattern where there is one, else a backtracking engine."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise InvalidPattern(f"it has more than {MAX_PATTERN_CHARS:,} characters")
    required, forbidden = split_lookaheads(pattern)
    try:
        must, must_not = [*map(_linear, required)], [*map(_linear, forbidden)]
    except CoreSchemaError:
        return compile_bounded(pattern)
    return _limit_linear(
        pattern, lambda text: all(search(text) for search in must) and not any(search(text) for search in must_not)
    )


def _linear(pattern: str) -> Callable[[str], bool]:
    r"""Return pydantic-core's engine, which supports \p{..} but not lookaround."""
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python


def _limit_linear(pattern: str, search: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return the linear search of a pattern, within the time for all patterns.

    It takes up to one step for each item and character, and nothing can interrupt it: where that may take too long, the
    other engine searches.
    """
    items = count_items(pattern, counts_optional=True)

    def search_limited(text: str) -> bool:
        steps = items * len(text)
        if steps <= MAX_UNMEASURED_STEPS:
            return search(text)
        if steps > MAX_LINEAR_STEPS and (interruptible := _bounded(pattern)):
            return interruptible(text)
        try:
            return current_match_time().measure(lambda _: search(text))
        except TimeoutError:
            raise PatternTimeout(pattern, text) from None

    return search_limited


@lru_cache(maxsize=64)
def _bounded(pattern: str) -> Callable[[str], bool] | None:
    """Return a backtracking engine; None for a pattern that only the linear engine accepts."""
    try:
        return compile_bounded(pattern)
    except InvalidPattern:
        return None


def validate_patterns(schema: JSONValue, path: JSONPath = ()) -> None:
    """Validate every pattern of a schema.

    Raises:
        SchemaError: One is not a regular expression, or too large, or has the delimiters of a program's source.
    """
    children = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, part in children:
        if key == "pattern" and isinstance(part, str):
            _validate_pattern(part, (*path, key))
        if key == "patternProperties" and isinstance(part, dict):
            for expression in part:
                _validate_pattern(expression, (*path, key))
        validate_patterns(part, (*path, key))


def reject_delimiters(pattern: str, path: JSONPath) -> None:
    """Reject a pattern that matches nothing, because it has the delimiters of a program's source.

    Raises:
        SchemaError: It has.
    """
    if (bare := without_delimiters(pattern)) is not None:
        message = f"no text matches the pattern {shorten_json(pattern)}, which has delimiters around it: write "
        raise SchemaError(message + shorten_json(bare), path=path)


def _validate_pattern(expression: str, path: JSONPath) -> None:
    reject_delimiters(expression, path)
    try:
        matches(expression, "")
    except PatternTimeout as error:
        raise SchemaError(str(error), path=path) from None
    except PatternError as error:
        message = f"not a JSON Schema: the pattern {shorten_json(expression)} is not a regular expression: {error}"
        raise SchemaError(message, path=path) from None
