"""JSON Schemas of any client in the form that llama.cpp's grammars read."""

from __future__ import annotations

import re
from typing import Any

_CLASSES = {r"\d": "0-9", r"\w": "A-Za-z0-9_", r"\s": r" \t\n\r"}
_TOKEN = re.compile(r"\\.|[\[\]]", re.DOTALL)


def to_grammar_schema(schema: Any) -> Any:
    r"""Return a schema in whose patterns the characters of `\d`, `\w` and `\s` are written out.

    llama.cpp ignores a pattern that has such a class, as it does one with lookahead or a back-reference.

    >>> to_grammar_schema({"properties": {"zip": {"type": "string", "pattern": r"^\d{5}[-\s]?$"}}})
    {'properties': {'zip': {'type': 'string', 'pattern': '^[0-9]{5}[- \\t\\n\\r]?$'}}}
    """
    if isinstance(schema, list):
        return [to_grammar_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {key: to_grammar_schema(value) for key, value in schema.items()}
    if isinstance(pattern := schema.get("pattern"), str):
        converted["pattern"] = _expand_classes(pattern)
    return converted


def _expand_classes(pattern: str) -> str:
    is_in_brackets = False

    def expand(match: re.Match[str]) -> str:
        nonlocal is_in_brackets
        text = match[0]
        if text in {"[", "]"}:
            is_in_brackets = text == "["
        characters = _CLASSES.get(text)
        return text if characters is None else characters if is_in_brackets else f"[{characters}]"

    return _TOKEN.sub(expand, pattern)
