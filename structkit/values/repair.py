"""The names of the repairs of replies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias, get_args

Repair: TypeAlias = Literal[
    "byte order mark",
    "think block",
    "code fence",
    "prose",
    "other document",
    "several answers",
    "separate items",
    "wrapper",
    "unquoted text",
    "trailing comma",
    "single quotes",
    "curly quotes",
    "backticks",
    "triple quotes",
    "unescaped quotes",
    "unquoted key",
    "python literal",
    "literal case",
    "digit groups",
    "number notation",
    "doubled braces",
    "full width",
    "special space",
    "comment",
    "raw newline",
    "string escape",
    "invalid escape",
]
"""The repairs that may be made to a reply's text: first of what is around the JSON, then of its syntax."""

ValueRepair: TypeAlias = Literal[
    "number in text",
    "boolean in text",
    "null in text",
    "JSON in text",
    "number for text",
    "boolean for text",
    "item for list",
    "list for item",
    "wrapped value",
    "spelling",
    "member name",
    "missing tag",
]
"""The repairs that may be made to a value where the schema allows one reading of it; listed with the value's path."""

FieldRepair: TypeAlias = Literal["reasoning field", "prefill"]
"""The repairs of a reply whose text is in another field, or begins in the caller's last message."""

LoopRepair: TypeAlias = Literal["repetition"]
"""The repair of a list that repeats itself until a limit: it ends with the first copy; listed with the list's path."""

REPAIRS: frozenset[str] = frozenset(
    get_args(Repair) + get_args(ValueRepair) + get_args(FieldRepair) + get_args(LoopRepair)
)
"""The names of all repairs, without paths: `Policy(repairs=REPAIRS - {"several answers"})` allows all but one."""


def are_allowed(repairs: Collection[str], allowed: bool | Collection[str]) -> bool:
    """Return whether all repairs, which may have paths, are allowed: all, none, or those of the names in *allowed*.

    >>> are_allowed(["prose", "number in text at total"], {"prose", "number in text"}), are_allowed(["prose"], False)
    (True, False)
    """
    if isinstance(allowed, bool):
        return allowed
    return all(repair.partition(" at ")[0] in allowed for repair in repairs)
