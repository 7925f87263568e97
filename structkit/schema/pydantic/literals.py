"""Core schemas of constants that are not JSON values, such as members of an enum, rewritten to JSON scalars."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from operator import is_
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.keywords import ENUM_MEANINGS
from structkit.schema.pydantic.enum_meanings import enum_docstring, enum_meanings, structure_meanings
from structkit.schema.pydantic.lossless import write_bytes
from structkit.values import JSON

SCALARS = (str, int, float, bool, type(None))
"""The types of constants that JSON has."""


def _rewrite_literal(part: JSON) -> JSON:
    """Write the constants of a literal as JSON scalars."""
    expected = part["expected"]
    scalars = [_to_json(constant) for constant in expected]
    if all(map(is_, scalars, expected)):
        return part
    meanings = _member_meanings([constant for constant in expected if isinstance(constant, Enum)])
    return _mapped(dict(zip(scalars, expected, strict=True)), {ENUM_MEANINGS: meanings})


def _member_meanings(members: list[Enum]) -> dict[str, str]:
    """Return what members of one or several enums mean, by the JSON texts of the scalars that they are written as."""
    meanings: dict[str, str] = {}
    for cls in dict.fromkeys(map(type, members)):
        of_class = [member for member in members if type(member) is cls]
        scalars = [member for member in of_class if isinstance(member.value, SCALARS)]
        structures = [member for member in of_class if member not in scalars]
        meanings |= enum_meanings(scalars) | structure_meanings(structures)
    return meanings


def _rewrite_enum(part: JSON) -> JSON:
    """Write a member by its name if a value of the enum is not a JSON scalar, such as a tuple."""
    members = part["members"]
    if all(isinstance(member.value, SCALARS) for member in members):
        return part
    description = {"description": text} if (text := enum_docstring(part["cls"])) else {}
    updates = {**description, ENUM_MEANINGS: structure_meanings(members)}
    return _mapped({member.name: member for member in members}, updates)


def _rewrite_tags(part: JSON) -> JSON:
    """Discriminate a union by JSON values instead of by members of an enum."""
    choices = {_enum_value(tag): choice for tag, choice in part["choices"].items()}
    name = part["discriminator"]
    if all(map(is_, choices, part["choices"])) or not isinstance(name, str):
        return part

    def find_tag(value: Any) -> Any:
        return _enum_value(value.get(name) if isinstance(value, dict) else getattr(value, name, None))

    return {**part, "choices": choices, "discriminator": find_tag}


def _to_json(constant: Any) -> Any:
    """Return a constant as a JSON scalar; a member whose value is not one as its name."""
    value = _enum_value(constant)
    if isinstance(value, bytes):
        return write_bytes(value)
    return value if isinstance(value, SCALARS) else constant.name


def _enum_value(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _mapped(constants: dict[Any, Any], updates: JSON) -> JSON:
    """Return the schema of a few constants, each written as the JSON scalar that is its key.

    Args:
        constants: The constants by their scalars.
        updates: Keywords for the JSON Schema.
    """
    scalars = {constant: scalar for scalar, constant in constants.items()}
    serialization = core_schema.plain_serializer_function_ser_schema(scalars.__getitem__)
    any_scalar = core_schema.literal_schema([*constants])
    any_constant = core_schema.literal_schema([*constants.values()])
    from_scalar = core_schema.no_info_after_validator_function(constants.__getitem__, any_scalar)
    schema = core_schema.json_or_python_schema(
        from_scalar,
        core_schema.union_schema([any_constant, from_scalar]),
        metadata={"pydantic_js_updates": updates},
        serialization=serialization,
    )
    return cast("JSON", schema)


CONSTANT_REWRITES: dict[str, Callable[[JSON], JSON]] = {
    "literal": _rewrite_literal,
    "enum": _rewrite_enum,
    "tagged-union": _rewrite_tags,
}
"""The rewrite of constants, by the type of the core schema."""
