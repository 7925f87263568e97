"""Core schemas of constants that are no JSON, such as members of an enum, by what they are in JSON."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from operator import is_
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.pydantic.lossless import write_bytes
from structkit.values import JSON


def _literal(part: JSON) -> JSON:
    """Constants that are no JSON, such as members of an enum, by what they are in JSON."""
    expected = part["expected"]
    texts = [_said(value) for value in expected]
    return part if all(map(is_, texts, expected)) else _mapped(dict(zip(texts, expected, strict=True)))


def _enum(part: JSON) -> JSON:
    """An enum of structures by the names of its members: JSON cannot say a tuple."""
    members = part["members"]
    if all(isinstance(member.value, str | int | float | bool | None) for member in members):
        return part
    return _mapped({member.name: member for member in members})


def _tags(part: JSON) -> JSON:
    """A union discriminated by members of an enum, by what those are in JSON."""
    choices = {_plain(tag): choice for tag, choice in part["choices"].items()}
    name = part["discriminator"]
    if all(map(is_, choices, part["choices"])) or not isinstance(name, str):
        return part

    def tag(value: Any) -> Any:
        return _plain(value.get(name) if isinstance(value, dict) else getattr(value, name, None))

    return {**part, "choices": choices, "discriminator": tag}


def _said(constant: Any) -> Any:
    """A constant in JSON; a member of an enum of structures by its name."""
    value = _plain(constant)
    if isinstance(value, bytes):
        return write_bytes(value)
    return value if isinstance(value, str | int | float | bool | None) else constant.name


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _mapped(constants: dict[Any, Any]) -> JSON:
    """One of a few values, each written as the JSON that stands for it."""
    names = {value: text for text, value in constants.items()}
    writing = core_schema.plain_serializer_function_ser_schema(names.__getitem__)
    listed = core_schema.literal_schema([*constants])
    reading = core_schema.no_info_after_validator_function(constants.__getitem__, listed)
    any_of_them = core_schema.literal_schema([*constants.values()])
    either = core_schema.json_or_python_schema(
        reading, core_schema.union_schema([any_of_them, reading]), serialization=writing
    )
    return cast("JSON", either)


SPELLED: dict[str, Callable[[JSON], JSON]] = {"literal": _literal, "enum": _enum, "tagged-union": _tags}
"""By the type of a core schema, how its constants are spelled."""
