"""What a vendor's structured output accepts: the switches and limits by which vendors differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

ModeName: TypeAlias = Literal["json_schema", "json_schema_lax", "tool", "json_object", "prompt"]
"""The ways to put a schema to an endpoint, strongest first."""

MODES: tuple[ModeName, ...] = ("json_schema", "json_schema_lax", "tool", "json_object", "prompt")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a strict schema is, in what vendors count; as a limit, the most of each.

    Args:
        properties: Properties of all objects together.
        enum_values: Values of all enums together, as often as they stand in the text.
        characters: Of the names of properties and definitions, and of enum and constant values.
        optional: Properties that may be left out.
        unions: Places that take more than one type.

    >>> Size(properties=2) + Size(properties=3, unions=1)
    Size(properties=5, enum_values=0, characters=0, optional=0, unions=1)
    """

    properties: float = 0
    enum_values: float = 0
    characters: float = 0
    optional: float = 0
    unions: float = 0

    def __add__(self, other: Size) -> Size:
        """Both together."""
        return Size(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))

    def excess(self, most: Size) -> str:
        """What is over the limits, in words; empty where nothing is.

        >>> Size(properties=150, unions=9).excess(Size(100, 500, 15_000, 9, 9))
        '150 properties of at most 100'
        """
        over = [item.name for item in fields(self) if getattr(self, item.name) > getattr(most, item.name)]
        named = (f"{getattr(self, name):,} {WORDS[name]} of at most {getattr(most, name):,}" for name in over)
        return ", ".join(named)


WORDS = {
    "properties": "properties",
    "enum_values": "enum values",
    "characters": "characters of names and constants",
    "optional": "optional properties",
    "unions": "unions",
}

BOUNDLESS = Size(*(math.inf for _ in fields(Size)))


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a vendor's strict mode accepts beyond the shape of values; the rows are in `rows`.

    Args:
        name: The vendor, for messages.
        keywords: Bounds that may be sent; others are stated in the description and checked after. Without
            `const`, a constant is an enum of one value.
        formats: Values of `format` that may be sent.
        modes: The ways of asking that it serves, best first.
        recursion: Whether a definition may refer to itself; where not, what lies inside is a JSON text.
        optional: Whether a property may be left out of `required`; where not, null stands for absent.
        names: A regular expression that property names must match; None where any name goes.
        no_pattern: A regular expression; a `pattern` in which it is found is not sent.
        levels: The deepest nesting of objects, the root as 1.
        enum_characters: The most characters in an enum of more than 250 texts.
        most: The largest schema.
        hosts: Host names, as glob patterns, where the vendor itself answers.
        models: Names of its models, as glob patterns, wherever they are served.
    """

    name: str
    keywords: frozenset[str] = frozenset({"const"})
    formats: frozenset[str] = frozenset()
    modes: tuple[ModeName, ...] = MODES
    recursion: bool = True
    optional: bool = False
    names: str | None = None
    no_pattern: str | None = None
    levels: int = 10
    enum_characters: float = math.inf
    most: Size = BOUNDLESS
    hosts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
