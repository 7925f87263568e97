"""The rules beside `anyOf` and `oneOf`: they hold in each branch, whose own keywords may not even imply a type."""

from __future__ import annotations

from collections.abc import Callable

from structkit.values import JSON, JSONValue

UNIONS = ("anyOf", "oneOf")
TYPED = frozenset({"type", "enum", "const"})
"""Keywords by which a branch says itself of which types its values are."""


def with_rules_in_branches(schema: JSON, rules: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """Return a union with the rules beside it in each branch that names no type, if there is a type among them.

    >>> schema = {"anyOf": [{"format": "ipv4"}, {"const": "any"}, {"$ref": "#/$defs/a"}]}
    >>> with_rules_in_branches(schema, {"type": "string"}, lambda part: part)["anyOf"]
    [{'type': 'string', 'format': 'ipv4'}, {'const': 'any'}, {'allOf': [{'type': 'string'}, {'$ref': '#/$defs/a'}]}]
    """
    if "type" not in rules:
        return schema
    unions = {word: [_with_rules(part, rules, resolve) for part in schema[word]] for word in UNIONS if word in schema}
    return {**schema, **unions}


def _with_rules(part: JSONValue, rules: JSON, resolve: Callable[[JSONValue], JSON]) -> JSONValue:
    if not isinstance(part, dict):
        return rules if part is True else part
    if not TYPED.isdisjoint(resolve(part)):
        return part
    return {**rules, **part} if part.keys().isdisjoint({"$ref", "allOf", *rules}) else {"allOf": [rules, part]}
