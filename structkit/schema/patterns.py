"""Patterns of foreign schemas, matched in linear time where they need no lookaround: few can hang the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.errors import SchemaError
from structkit.values import JSON, JSONValue, Path


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


def linear(validator: Any) -> Any:
    """A jsonschema validator class with its patterns matched here."""
    from jsonschema.validators import extend

    extended: Callable[[Any, Any], Any] = extend
    rules = {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional}
    return extended(validator, rules)


def _pattern(_: Any, wanted: str, instance: JSONValue, __: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not matches(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: JSON, instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for expression, schema in wanted.items() if isinstance(instance, dict) else ():
        for key in filter(lambda key: matches(expression, key), instance):
            yield from validator.descend(instance[key], schema, path=key, schema_path=expression)


def _additional(validator: Any, wanted: JSONValue, instance: JSONValue, schema: JSON) -> Iterator[Exception]:
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items() if isinstance(instance, dict) else ():
        if key not in declared and not any(matches(expression, key) for expression in patterns):
            yield from validator.descend(value, wanted, path=key)
