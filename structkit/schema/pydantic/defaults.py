"""Defaults that their type rejects, changes or cannot write: they are left out, and the type fills them in again.

A type that validates its default does so before it is rewritten: a rewritten one reads JSON only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from operator import eq, is_
from typing import Any

from pydantic_core import SchemaValidator, ValidationError, core_schema, to_jsonable_python

from structkit.schema.keywords import EMPTY_DEFAULT, ORIGINAL_SCHEMA
from structkit.schema.pydantic.part import NO_JSON, NOT_SCHEMAS, SchemaPart, is_schema, without_ref
from structkit.values import JSON, JSONValue

SCALARS = frozenset({"bool", "int", "float", "str"})
CONTAINERS = frozenset({"list", "dict", "set", "frozenset", "tuple"})
STRING_SETTINGS = frozenset(
    {"str_strip_whitespace", "str_to_lower", "str_to_upper", "str_min_length", "str_max_length"}
)
"""Settings of a model that change or reject a string."""

NO_DEFAULT = object()

EMPTY_FACTORIES: tuple[type[Any], ...] = (list, dict, set, frozenset, tuple, str)
"""Classes that are called for a default; any other factory may have side effects, and is not called."""


def known_default(part: JSON) -> Any:
    """Return the default of a core schema of type "default"; `NO_DEFAULT` if only its factory knows it."""
    factory = part.get("default_factory")
    empty = next((kind() for kind in EMPTY_FACTORIES if kind is factory), NO_DEFAULT)
    return part.get("default", empty)


def with_empty_default(part: JSON, default: Any) -> JSON:
    """Return a core schema with a surely readable default, which is marked in the JSON Schema if it is empty."""
    if type(default) not in EMPTY_FACTORIES or default:
        return part
    metadata = part.get("metadata") or {}
    empty: Any = "" if isinstance(default, str) else {} if isinstance(default, dict) else []
    updates = {**metadata.get("pydantic_js_updates", {}), "default": empty, EMPTY_DEFAULT: True}
    return {**part, "metadata": {**metadata, "pydantic_js_updates": updates}}


class IsUnreadableDefault:
    """A predicate: whether a value is the default of its field, and the field would not read it back."""

    def __init__(self, default: Any, part: SchemaPart) -> None:
        """Store the default, and the type that writes and reads it."""
        self._default, self._part = default, part

    def __call__(self, value: Any) -> bool:
        """Return whether the value has to be excluded."""
        return not self._is_read_back and self._is_default(value)

    @cached_property
    def _is_read_back(self) -> bool:
        """Whether the default is read back; computed when a value is first written, not when a type is compiled."""
        natural = self._part.write(self._default)
        return natural is not NO_JSON and self._part.reads_back(natural, self._default, eq)

    @cached_property
    def _readable_form(self) -> JSONValue:
        """The default as its type writes what it makes of it, or as it is; `NO_JSON` if the type rejects it."""
        try:
            natural = to_jsonable_python(self._default)
            result = self._part.read(natural)
        except Exception:  # noqa: BLE001 (a class or a validator of the caller's)
            return NO_JSON
        return same_or_first(natural, self._part.write(result))

    def is_rejected(self, value: Any) -> bool:
        """Return whether the value has to be excluded from what is shown, too: the type rejects its own default."""
        return self._readable_form is NO_JSON and self(value)

    def write(self, value: Any, write_value: Callable[[Any], JSONValue]) -> JSONValue:
        """Return a value for a reader: the default that the type cannot write in the form that it reads."""
        return self._readable_form if self(value) else write_value(value)

    def _is_default(self, value: Any) -> bool:
        if value is self._default:
            return True
        try:
            return type(value) is type(self._default) and bool(value == self._default)
        except Exception:  # noqa: BLE001 (the class is the caller's)
            return False


def same_or_first(natural: JSONValue, converted: JSONValue) -> JSONValue:
    """Return JSON as its type writes what it reads from it; unchanged if a validator has made another value of it.

    >>> same_or_first({"price": 0}, {"price": "0"}), same_or_first(["a"], ["A"])
    ({'price': '0'}, ['a'])
    """
    return converted if _has_same_text(natural, converted) else natural


def _has_same_text(first: JSONValue, second: JSONValue) -> bool:
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_has_same_text(item, second[key]) for key, item in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_has_same_text, first, second))
    return first == second or str(first) == str(second)


def with_shown_defaults(core: Any) -> Any:
    """Return a core schema that writes the defaults that are left out otherwise; itself if it leaves none out."""
    if isinstance(core, list | tuple):
        items = [*map(with_shown_defaults, core)]
        return core if all(map(is_, items, core)) else type(core)(items)
    if not isinstance(core, dict):
        return core
    skipped = NOT_SCHEMAS if is_schema(core) else ()
    parts = {key: value if key in skipped else with_shown_defaults(value) for key, value in core.items()}
    if isinstance(unreadable := core.get("serialization_exclude_if"), IsUnreadableDefault):
        return _with_shown_default(parts, unreadable)
    return core if all(map(is_, parts.values(), core.values())) else parts


def _with_shown_default(field: JSON, default: IsUnreadableDefault) -> JSON:
    part: Any = field["schema"]
    serialization = core_schema.wrap_serializer_function_ser_schema(default.write, schema=without_ref(part))
    return {
        **field,
        "serialization_exclude_if": default.is_rejected,
        "schema": {**part, "serialization": serialization},
    }


def with_valid_default(part: JSON, config: JSON, compile_original: Callable[[], SchemaPart]) -> JSON:
    """Return a part with its default validated already, if it has to be.

    Args:
        part: The part, whose type is rewritten.
        config: The settings of the model that contains it.
        compile_original: Compiles its type as it was.
    """
    if not part.get("validate_default", config.get("validate_default")):
        return part
    original = compile_original()
    try:
        default = {"default": original.validate(part["default"])} if "default" in part else {}
    except ValidationError:
        return part
    factory = part.get("default_factory")
    if factory is not None:
        default = {"default_factory": lambda *data: original.validate(factory(*data))}
    return {**part, **default, "validate_default": False}


def is_readable_default(part: Any, default: Any, config: JSON) -> bool:
    """Return whether a type surely writes a default and reads it back; it is not compiled for that."""
    part = _original(part)
    while part["type"] == "nullable":
        if default is None:
            return True
        part = _original(part["schema"])
    kind = part["type"]
    if kind == "enum":
        return type(default) is part["cls"]
    if kind == "literal":
        return any(default is each for each in part["expected"])
    if kind in SCALARS:
        return not config.keys() & STRING_SETTINGS and _is_valid_scalar(part, default)
    return kind in CONTAINERS and type(default).__name__ == kind and not default and _accepts_empty(part)


def _original(part: Any) -> Any:
    return (part.get("metadata") or {}).get(ORIGINAL_SCHEMA, part)


def _accepts_empty(part: Any) -> bool:
    """Return whether an empty container is surely valid; a tuple is where it has only items of any number."""
    is_of_any_length = part["type"] != "tuple" or (
        part.get("variadic_item_index") == 0 and len(part["items_schema"]) == 1
    )
    return is_of_any_length and not part.get("min_length") and "serialization" not in part


def _is_valid_scalar(part: Any, default: Any) -> bool:
    try:
        is_unchanged = SchemaValidator(part).validate_python(default, strict=True) == default
    except ValidationError:
        return False
    return is_unchanged and (not isinstance(default, float) or math.isfinite(default))
