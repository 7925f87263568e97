"""The names of the repairs of replies."""

from __future__ import annotations

from typing import Literal, TypeAlias

Repair: TypeAlias = Literal[
    "byte order mark",
    "think block",
    "code fence",
    "prose",
    "trailing comma",
    "single quotes",
    "raw newline",
    "string escape",
    "invalid escape",
    "python literal",
    "comment",
    "unquoted key",
    "wrapper",
]
"""The repairs that may be made to a reply's text."""

ValueRepair: TypeAlias = Literal["number in text", "boolean in text", "null in text", "JSON in text"]
"""The repairs that may be made to a value where the schema allows one reading of it; listed with the value's path."""
