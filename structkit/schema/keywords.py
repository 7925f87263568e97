"""Keywords and metadata keys of our own (`x-structkit-*`): notes from one step of the compilation to a later one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OWN_PREFIX = "x-structkit-"

ADDITIONAL_BOUNDS = "x-structkit-also"
"""Keyword for further bounds from an `allOf`, such as a second `pattern`, which one schema cannot have.

They are written in the description and checked after the reply.
"""

DESCRIBED_BOUNDS = "x-structkit-checked"
"""Keyword for the list of bounds that the natural schema's description already contains."""

BOXED_BRANCH = "x-structkit-box"
"""Keyword of a union's branch that the natural schema has already boxed under its name."""

UNBOXED = ""
"""The tag of all branches of a boxed union that have no box."""

POSITION_NAME = "x-structkit-name"
"""Keyword for the name that a tuple's position has in the named tuple."""

ORIGINAL_SCHEMA = "x-structkit-like"
"""Metadata key for the core schema that a rewritten one replaces."""

PYTHON_CLASS = "x-structkit-converted"
"""Key of a union's branch whose value has one type in JSON and another in Python, such as a path.

Its value is the class or function that converts it, or None where that is not known.
"""

ENUM_MEANINGS = f"{OWN_PREFIX}meanings"
"""Keyword for what the values of an enum mean: texts, by the values' JSON texts."""

NULLABLE = f"{OWN_PREFIX}nullable"
"""Key of a core schema without its wrappers, where one of them accepts null."""

GENERATED_DESCRIPTION = "x-structkit-description"
"""Keyword for the description that a type generates; as `description`, one of the field would replace it."""

DECIMAL_DESCRIPTION = "A decimal number."
"""How the description begins that a decimal generates; its bounds follow."""

MAY_BE_REQUIRED = "x-structkit-keys"
"""Keyword for the keys that an alternative of an object requires, declared or not."""

IGNORED_SCHEMA = f"{OWN_PREFIX}ignored"
"""Keyword for why what the caller has put into the JSON Schema of a type is not one, and has no effect."""

CONTRADICTION = f"{OWN_PREFIX}contradiction"
"""Keyword for why no value fits the bounds of a type that JSON Schema has no bounds for."""

EMPTY_DEFAULT = "x-structkit-empty"
"""Keyword of a property whose default is empty, and surely read back by its type."""


def is_decimal(schema: Mapping[str, Any]) -> bool:
    """Return whether a natural schema is that of a decimal, which is written as a text; bounds may follow."""
    return str(schema.get(GENERATED_DESCRIPTION, "")).startswith(DECIMAL_DESCRIPTION)
