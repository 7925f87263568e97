"""Patterns of foreign schemas, matched in linear time: a hostile one must not hang the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pydantic_core import SchemaError as CoreSchemaError
from pydantic_core import SchemaValidator, core_schema

from structkit.values import JSON, JSONValue


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


def linear(validator: Any) -> Any:
    """A jsonschema validator class with its patterns matched here."""
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def pattern(_: Any, wanted: str, instance: JSONValue, __: JSON) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not matches(wanted, instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    def pattern_properties(self: Any, wanted: JSON, instance: JSONValue, __: JSON) -> Iterator[ValidationError]:
        for expression, schema in wanted.items() if isinstance(instance, dict) else ():
            for key, value in instance.items():
                if matches(expression, key):
                    yield from self.descend(value, schema, path=key, schema_path=expression)

    extended: Callable[[Any, Any], Any] = extend
    return extended(validator, {"pattern": pattern, "patternProperties": pattern_properties})
