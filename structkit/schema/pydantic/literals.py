"""Core schemas of constants that are not JSON values, such as members of an enum, rewritten to JSON scalars."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import Enum
from operator import is_
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.json_equality import equality_key
from structkit.schema.keywords import ENUM_MEANINGS
from structkit.schema.naming import unused_name
from structkit.schema.pydantic.enum_meanings import enum_docstring, enum_meanings, structure_meanings
from structkit.schema.pydantic.lossless import write_bytes
from structkit.values import JSON, JSONValue

SCALARS = (str, int, float, bool, type(None))
"""The types of constants that JSON has."""

INTEGER_BITS = 64
"""Bits from which on an integer is too long for the constants of pydantic that are shorter."""


def _rewrite_literal(part: JSON) -> JSON:
    """Write the constants of a literal as JSON scalars, all of them different."""
    expected = part["expected"]
    scalars = _different_scalars(expected)
    if all(map(is_, scalars, expected)) and not _has_long_integers(scalars):
        return part
    updates = {ENUM_MEANINGS: _member_meanings(expected, scalars)}
    return _Constants(scalars, expected).schema(part.get("ref"), updates)


def _member_meanings(constants: list[Any], scalars: list[JSONValue]) -> dict[str, str]:
    """Return what members of one or several enums mean, by the JSON texts of the scalars that they are written as."""
    meanings: dict[str, str] = {}
    for constant, scalar in zip(constants, scalars, strict=True):
        if isinstance(constant, Enum):
            texts = enum_meanings([constant]) if is_scalar(constant.value) else structure_meanings([constant])
            meanings |= {json.dumps(scalar): text for text in texts.values()}
    return meanings


def _rewrite_enum(part: JSON) -> JSON:
    """Write a member by its name if a value of the enum is not a JSON scalar, such as a tuple."""
    members = [*dict.fromkeys(part["members"])]  # an alias stands for a member that is listed already
    values = [member.value for member in members]
    are_scalars = all(map(is_scalar, values))
    if are_scalars and not _has_long_integers(values):
        return part if len(members) == len(part["members"]) else {**part, "members": members}
    description = {"description": text} if (text := enum_docstring(part["cls"])) else {}
    updates = {**description, ENUM_MEANINGS: (enum_meanings if are_scalars else structure_meanings)(members)}
    constants = values if are_scalars else [member.name for member in members]
    return _Constants(constants, members).schema(part.get("ref"), updates)


def _rewrite_tags(part: JSON) -> JSON:
    """Discriminate a union by JSON values instead of by members of an enum; not at all where two of them are equal.

    Nor where a tag is null: a key that is null may be left out, and pydantic does not find the tag then.
    """
    name, tags = part["discriminator"], [*part["choices"]]
    scalars = [_to_json(tag) for tag in tags]
    if not isinstance(name, str) or (all(map(is_, scalars, tags)) and None not in scalars):
        return part
    choices = dict(zip(scalars, part["choices"].values(), strict=True))
    if len(choices) < len(tags) or None in choices:
        return cast("JSON", core_schema.union_schema([*part["choices"].values()], ref=part.get("ref")))

    def find_tag(value: Any) -> Any:
        return _to_json(value.get(name) if isinstance(value, dict) else getattr(value, name, None))

    return {**part, "choices": choices, "discriminator": find_tag}


def is_scalar(value: Any) -> bool:
    """Return whether a constant is a JSON scalar: infinities and NaN are not."""
    return isinstance(value, SCALARS) and (not isinstance(value, float) or math.isfinite(value))


def _has_long_integers(scalars: list[JSONValue]) -> bool:
    """Return whether pydantic cannot read the constants from JSON: some integers have more than 64 bits, not all."""
    are_long = {scalar.bit_length() >= INTEGER_BITS for scalar in scalars if isinstance(scalar, int)}
    return are_long == {True, False}


def _literal_schema(scalars: list[JSONValue]) -> Any:
    """Return the core schema of scalars; the long integers have one of their own."""
    if not _has_long_integers(scalars):
        return core_schema.literal_schema(scalars)
    parts: tuple[list[JSONValue], list[JSONValue]] = [], []
    for scalar in scalars:
        parts[isinstance(scalar, int) and scalar.bit_length() >= INTEGER_BITS].append(scalar)
    return core_schema.union_schema([*map(core_schema.literal_schema, parts)], mode="left_to_right")


def _different_scalars(constants: list[Any]) -> list[JSONValue]:
    """Return each constant as a JSON scalar of its own: in `Literal[1, Level.LOW]`, the member is written as "LOW"."""
    scalars = [_to_json(constant) for constant in constants]
    used: dict[Any, JSONValue] = {
        equality_key(scalar): scalar for scalar, constant in zip(scalars, constants, strict=True) if scalar is constant
    }
    for position, constant in enumerate(constants):
        if scalars[position] is not constant:
            if equality_key(scalars[position]) in used:
                scalars[position] = unused_name(getattr(constant, "name", repr(constant)), used)
            used[equality_key(scalars[position])] = scalars[position]
    return scalars


def _to_json(constant: Any) -> Any:
    """Return a constant as a JSON scalar; a member whose value is not one as its name."""
    value = constant.value if isinstance(constant, Enum) else constant
    if isinstance(value, bytes):
        return write_bytes(value)
    return value if is_scalar(value) else getattr(constant, "name", None)


class _Constants:
    """A few constants, each written as a JSON scalar of its own."""

    def __init__(self, scalars: list[JSONValue], constants: list[Any]) -> None:
        self._scalars, self._constants = scalars, constants
        self._by_key = dict(zip(map(equality_key, scalars), constants, strict=True))

    def schema(self, ref: str | None, updates: JSON) -> JSON:
        """Return the core schema.

        Args:
            ref: Its name, if it has one.
            updates: Keywords for the JSON Schema.
        """
        from_scalar = core_schema.no_info_after_validator_function(self._constant, _literal_schema(self._scalars))
        schema = core_schema.json_or_python_schema(
            from_scalar,
            core_schema.any_schema(),
            ref=ref,
            metadata={"pydantic_js_updates": updates},
            serialization=core_schema.plain_serializer_function_ser_schema(self._scalar),
        )
        return cast("JSON", schema)

    def _constant(self, scalar: JSONValue) -> Any:
        return self._by_key[equality_key(scalar)]

    def _scalar(self, value: Any) -> JSONValue:
        """Return the scalar of a constant, or of a member's value, which `use_enum_values` has put in its place."""
        values = [each.value if isinstance(each, Enum) else each for each in self._constants]
        for candidates in (self._constants, values):
            for candidate, scalar in zip(candidates, self._scalars, strict=True):
                if candidate is value or (type(candidate) is type(value) and candidate == value):
                    return scalar
        raise ValueError(f"{value!r} is none of the constants")


def without_enum_values(part: JSON) -> JSON:
    """Return a part without the serializer of `use_enum_values`, where the enum inside is written by names."""
    serializer = part["schema"].get("serialization", {}) if part["type"] == "function-after" else {}
    is_written_by_names = isinstance(getattr(serializer.get("function"), "__self__", None), _Constants)
    return {key: value for key, value in part.items() if key != "serialization"} if is_written_by_names else part


CONSTANT_REWRITES: dict[str, Callable[[JSON], JSON]] = {
    "literal": _rewrite_literal,
    "enum": _rewrite_enum,
    "tagged-union": _rewrite_tags,
}
"""The rewrite of constants, by the type of the core schema."""
