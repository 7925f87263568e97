"""Patterns of foreign schemas, matched in linear time where they need no lookaround: few can hang the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.errors import SchemaError
from structkit.schema.once import ask_once
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


def linear(validator: Any, schema: JSON) -> Any:
    """A jsonschema validator class with its patterns matched here, and each branch of a union tried once.

    Where a reference is dynamic, what a branch means depends on the way to it, and it is tried each time.
    """
    from jsonschema.validators import extend

    extended: Callable[[Any, Any], Any] = extend
    rules = {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional}
    is_dynamic = any(word in str(schema) for word in ("$dynamicRef", "$recursiveRef"))
    return extended(validator, rules if is_dynamic else {**rules, "allOf": _all_of, "anyOf": _any_of, "oneOf": _one_of})


def _all_of(validator: Any, parts: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    for part in parts:
        if not _fits(validator, part, instance):
            yield from validator.descend(instance, part)


def _any_of(validator: Any, branches: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    if not any(_fits(validator, branch, instance) for branch in branches):
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")


def _one_of(validator: Any, branches: list[JSONValue], instance: JSONValue, _: JSON) -> Iterator[Exception]:
    from jsonschema.exceptions import ValidationError

    fitting = [branch for branch in branches if _fits(validator, branch, instance)]
    if not fitting:
        yield ValidationError(f"{instance!r} is not valid under any of the given schemas")
    if len(fitting) > 1:
        yield ValidationError(f"{instance!r} is valid under each of {', '.join(map(repr, fitting))}")


def _fits(validator: Any, branch: JSONValue, instance: JSONValue) -> bool:
    """Whether a value fits a branch; the errors that would say why multiply from union to union."""

    def try_it(value: JSONValue) -> bool:
        return next(validator.descend(value, branch), None) is None

    return ask_once(try_it, instance, id(branch))


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
