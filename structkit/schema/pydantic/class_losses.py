"""Instances whose JSON would not say all that they contain: they are not written, instead of being read as others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import core_schema

from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.aliases import OWN_NAME, named_fields
from structkit.schema.pydantic.part import SchemaPart, without_ref
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

Compile = Callable[[Any], SchemaPart]
Write = Callable[[Any], JSONValue]


def without_losses(part: JSON, compile_part: Compile) -> JSON:
    """Return a model or dataclass so that it raises instead of writing an instance that would be read as another."""
    fields = dict(named_fields(_fields_schema(part).get("fields", {})))
    if part["type"] == "dataclass":
        names = [
            name for name, field in fields.items() if field.get("init_only") and field["schema"]["type"] == "default"
        ]
        return _with_check(part, _LostArguments(names, compile_part(part))) if names else part
    names = [name for name, field in fields.items() if OWN_NAME in (field.get("metadata") or {})]
    is_open = _fields_schema(part).get("extra_behavior", (part.get("config") or {}).get("extra_fields_behavior"))
    return _with_check(part, _HiddenKeys(frozenset(names))) if names and is_open == "allow" else part


def _fields_schema(part: JSON) -> JSON:
    """Return the part of a model or dataclass that has the fields, which validators may surround."""
    while isinstance(part.get("schema"), dict):
        part = part["schema"]
    return part


def _with_check(part: JSON, check: Callable[[Any, JSONValue], None]) -> JSON:
    def write(value: Any, write_default: Write) -> JSONValue:
        natural = write_default(value)
        check(value, natural)
        return natural

    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(part))}


class _LostArguments:
    """The check of a dataclass with arguments that its instances do not contain: `InitVar` with a default."""

    def __init__(self, names: list[str], part: SchemaPart) -> None:
        self._names, self._part = names, part

    def __call__(self, value: Any, natural: JSONValue) -> None:
        if not self._part.reads_back(natural, value):
            names = ", ".join(self._names)
            raise ValueError(f"it depends on its InitVar ({names}), which it does not contain")


class _HiddenKeys:
    """The check of a model whose undeclared keys may have the names of fields that have other names in JSON only."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def __call__(self, value: Any, _natural: JSONValue) -> None:
        name = next((name for name in getattr(value, "__pydantic_extra__", None) or () if name in self._names), None)
        if name is not None:
            text = shorten_json(name, MAX_QUOTED_CHARS)
            raise ValueError(f"it has an undeclared key {text}, which is the name of a field in JSON")
