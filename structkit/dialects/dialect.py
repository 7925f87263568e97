"""`Dialect`: what a vendor's structured output accepts, as the switches and limits by which vendors differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

ModeName: TypeAlias = Literal["json_schema", "json_schema_lax", "tool", "json_object", "prompt"]
"""The ways to send a schema to an endpoint, strongest first."""

MODES: tuple[ModeName, ...] = ("json_schema", "json_schema_lax", "tool", "json_object", "prompt")


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a strict schema, in the numbers that vendors limit; or those limits.

    Args:
        properties: Properties of all objects together.
        enum_values: Values of all enums together, repeated ones counted each time.
        characters: Of the names of properties and definitions, and of enum and constant values.
        optional: Properties that may be absent.
        unions: Subschemas that accept more than one type.

    >>> Size(properties=2) + Size(properties=3, unions=1)
    Size(properties=5, enum_values=0, characters=0, optional=0, unions=1)
    """

    properties: float = 0
    enum_values: float = 0
    characters: float = 0
    optional: float = 0
    unions: float = 0

    def __add__(self, other: Size) -> Size:
        """Return the sum of both."""
        return Size(  # not by `fields`: a large type adds up a million sizes
            self.properties + other.properties,
            self.enum_values + other.enum_values,
            self.characters + other.characters,
            self.optional + other.optional,
            self.unions + other.unions,
        )

    def excess(self, limits: Size) -> str:
        """Describe the numbers that exceed the limits; empty if none does.

        >>> Size(properties=150, unions=9).excess(Size(100, 500, 15_000, 9, 9))
        '150 properties of at most 100'
        """
        names = [item.name for item in fields(self) if getattr(self, item.name) > getattr(limits, item.name)]
        return ", ".join(
            f"{getattr(self, name):,} {DESCRIPTIONS[name]} of at most {getattr(limits, name):,}" for name in names
        )


DESCRIPTIONS = {
    "properties": "properties",
    "enum_values": "enum values",
    "characters": "characters of names and constants",
    "optional": "optional properties",
    "unions": "unions",
}

UNLIMITED = Size(*(math.inf for _ in fields(Size)))


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a vendor's strict mode accepts beyond the shape of values. `rows` has one for each vendor.

    Args:
        name: The vendor, for messages.
        keywords: Keywords that may be sent; others are moved to the description and checked after the reply. Without
            `const`, a constant is sent as an enum of one value.
        formats: Values of `format` that may be sent.
        harmful: Keywords and formats that the server treats worse than by a rejection, such as by a slower engine for
            the whole reply. They are never sent, not even by a probe.
        modes: The modes that it supports, strongest first.
        recursion: Whether a definition may refer to itself; if not, the recursive part is a JSON text.
        root_reference: Whether `"$ref": "#"` is accepted; if not, a recursive root is written twice.
        optional: Whether a property may be missing from `required`; if not, null means absent.
        name_pattern: A regular expression that property names must match; None if any name is accepted.
        rejected_pattern: A regular expression; a `pattern` that contains a match is not sent.
        max_levels: The deepest nesting of objects; the root is 1.
        max_enum_characters: The characters of an enum of more than 250 strings, together.
        max_size: The largest schema.
        free_streams: Whether a stream costs no more than a whole reply, and counts its tokens.
        shows_schema: Whether the model may see a schema in `response_format`; False where the server only makes a
            grammar of it.
        hosts: Host names of the vendor's own endpoint, as glob patterns.
        models: Names of its models, as glob patterns, whichever endpoint serves them.
    """

    name: str
    keywords: frozenset[str] = frozenset({"const"})
    formats: frozenset[str] = frozenset()
    harmful: frozenset[str] = frozenset()
    modes: tuple[ModeName, ...] = MODES
    recursion: bool = True
    root_reference: bool = False
    optional: bool = False
    name_pattern: str | None = None
    rejected_pattern: str | None = None
    max_levels: int = 10
    max_enum_characters: float = math.inf
    max_size: Size = UNLIMITED
    free_streams: bool = False
    shows_schema: bool = True
    hosts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
