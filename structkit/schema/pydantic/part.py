"""One part of a core schema compiled separately: what it writes, and whether it reads that back."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError, core_schema, to_jsonable_python

from structkit.schema.pydantic.sameness import is_same
from structkit.values import JSON, JSONValue, json_text

NO_JSON = object()
"""The result for a value that has no JSON form."""

NO_INFINITIES = "infinities and NaN have no JSON form; with ser_json_inf_nan='strings' a model writes them as text"

NOT_SCHEMAS = frozenset({"metadata", "cls", "config", "expected", "members", "default", "function"})
"""Keys whose values are not schemas."""

CUSTOM_SCHEMAS = frozenset({"pydantic_js_functions", "pydantic_js_annotation_functions"})
"""Metadata keys of the functions by which a type declares its JSON Schema."""

PYTHON_ONLY = frozenset({"callable", "is-instance"})
"""Types of core schemas that pydantic reads from Python only."""

GetDefinitions = Callable[[], Iterable[Any]]
"""Returns the named parts of the whole schema; called only when a part is compiled."""


class SchemaPart:
    """One part of a core schema, compiled on first use, because most are never needed."""

    def __init__(self, part: Any, definitions: GetDefinitions, config: Any) -> None:
        """Store the part, the definitions it may refer to, and the config of the model that contains it."""
        self._part, self._definitions, self._config = part, definitions, config

    def write(self, value: Any) -> JSONValue:
        """Return the value as JSON, or NO_JSON where the part cannot write it."""
        try:
            return self.write_or_raise(value)
        except Exception:  # noqa: BLE001 (a serializer may be the caller's)
            return NO_JSON

    def write_or_raise(self, value: Any) -> JSONValue:
        """Return the value as JSON.

        Raises:
            Exception: It has no JSON form; what a serializer raises.
        """
        return to_natural(self._serializer, value)

    def reads_back(self, natural: JSONValue, value: Any, is_equal: Callable[[Any, Any], object] = is_same) -> bool:
        """Return whether the part validates JSON as the same value, or as one that is equal in a wider sense."""
        try:
            return bool(is_equal(self.read(natural), value))
        except Exception:  # noqa: BLE001 (a validator may be the caller's)
            return False

    def read(self, natural: JSONValue) -> Any:
        """Return JSON as the part validates it.

        Raises:
            ValidationError: It is invalid.
        """
        return self._validator.validate_json(json_text(natural), by_alias=True)

    def validate(self, value: Any) -> Any:
        """Return a Python value as the part validates it.

        Raises:
            ValidationError: It is invalid.
        """
        return self._validator.validate_python(value)

    def accepts(self, natural: JSONValue) -> bool:
        """Return whether JSON is valid for the part in strict mode."""
        try:
            self.validate_strictly(natural)
        except ValidationError:
            return False
        return True

    def validate_strictly(self, natural: JSONValue) -> None:
        """Validate JSON in strict mode.

        Raises:
            ValidationError: It is invalid.
        """
        self._validator.validate_json(json_text(natural), strict=True, by_alias=True)

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(self._complete_schema, self._config, _use_prebuilt=False)

    @cached_property
    def _serializer(self) -> SchemaSerializer:
        return compile_serializer(self._complete_schema, self._config)

    @cached_property
    def _complete_schema(self) -> Any:
        return with_definitions(self._part, self._definitions())


def compile_serializer(core: Any, config: Any = None) -> SchemaSerializer:
    """Return the serializer of a core schema. Without the setting, infinities are null inside some serializers."""
    settings: Any = {**(config or {}), "ser_json_inf_nan": "constants"}
    return SchemaSerializer(core, settings, _use_prebuilt=False)


def to_natural(serializer: SchemaSerializer, value: Any) -> JSONValue:
    """Return a value as natural JSON.

    Raises:
        ValueError, TypeError: It has no JSON form.
        Exception: Whatever a serializer of the caller's raises.
    """
    natural = serializer.to_python(value, mode="json", by_alias=True, round_trip=True, warnings="error")
    try:
        json_text(natural)  # raises where it is not JSON: pydantic passes on some values that are not
    except ValueError:
        if not _has_infinities(natural):
            raise
        raise ValueError(NO_INFINITIES) from None
    return natural


def infinity_reason(value: Any) -> str | None:
    """Return why a value has no JSON form if it contains infinities, which a union's own error does not say."""
    try:
        return NO_INFINITIES if _has_infinities(to_jsonable_python(value, fallback=repr)) else None
    except Exception:  # noqa: BLE001 (a class of the caller's)
        return None


def _has_infinities(natural: JSONValue) -> bool:
    if isinstance(natural, dict | list):
        return any(map(_has_infinities, natural.values() if isinstance(natural, dict) else natural))
    return isinstance(natural, float) and not math.isfinite(natural)


def with_definitions(part: Any, definitions: Iterable[Any]) -> Any:
    """Return a part as a complete schema, with the named parts that it refers to, directly or through others."""
    by_ref = {each["ref"]: each for each in definitions if each is not part and each["type"] != "definitions"}
    needed: dict[str, Any] = {}
    stack = [part]
    while stack:
        for ref in referenced_names(stack.pop()):
            if ref in by_ref and ref not in needed:
                needed[ref] = by_ref[ref]
                stack.append(by_ref[ref])
    return core_schema.definitions_schema(without_ref(part), [*needed.values()]) if needed else without_ref(part)


def referenced_names(part: Any) -> Iterator[str]:
    """Yield the names that a part refers to."""
    stack = [part]
    while stack:
        inner = stack.pop()
        if isinstance(inner, dict):
            if inner.get("type") == "definition-ref":
                yield inner["schema_ref"]
            stack += inner_values(inner)
        elif isinstance(inner, list | tuple):
            stack += inner


def is_python_only(part: Any) -> bool:
    """Return whether no JSON is a value of a part, such as a function.

    >>> is_python_only({"type": "callable"}), is_python_only({"type": "int"})
    (True, False)
    """
    return part["type"] in PYTHON_ONLY and not CUSTOM_SCHEMAS & (part.get("metadata") or {}).keys()


def union_choices(union: Any) -> list[Any]:
    """Return the branches of a union without their labels."""
    return [choice[0] if isinstance(choice, tuple) else choice for choice in union["choices"]]


def python_only_choices(union: Any) -> list[Any]:
    """Return the branches of a union that no reply can be; none if a reply could be nothing else but null."""
    choices = union_choices(union)
    python_only = [choice for choice in choices if is_python_only(choice)]
    readable = [choice for choice in choices if not is_python_only(choice) and choice["type"] != "none"]
    return python_only if readable else []


def is_schema(part: JSON) -> bool:
    """Return whether a dict in a core schema is one itself; one by names, such as fields, may have any keys."""
    return isinstance(part.get("type"), str)


def inner_values(part: JSON, not_schemas: Collection[str] = NOT_SCHEMAS) -> Iterator[Any]:
    """Yield the values directly in a dict of a core schema that may be schemas, or contain some.

    >>> [*inner_values({"type": "list", "metadata": {}})], [*inner_values({"type": {"type": "str"}, "metadata": {}})]
    (['list'], [{'type': 'str'}, {}])
    """
    skipped = not_schemas if is_schema(part) else ()
    return (value for key, value in part.items() if key not in skipped)


def walk_parts(part: Any, not_schemas: Collection[str] = NOT_SCHEMAS) -> Iterator[JSON]:
    """Yield a core schema and every core schema inside it, but under the keys that do not count as schemas."""
    if isinstance(part, dict):
        if is_schema(part):
            yield part
        for value in inner_values(part, not_schemas):
            yield from walk_parts(value, not_schemas)
    elif isinstance(part, list | tuple):
        for item in part:
            yield from walk_parts(item, not_schemas)


def without_ref(part: Any) -> Any:
    """Return the part without its name, which may occur only once in a schema."""
    return {key: value for key, value in part.items() if key != "ref"}
