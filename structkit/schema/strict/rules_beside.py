"""The rules beside `anyOf` and `oneOf`: they hold in each branch, whose own keywords may not even imply a type."""

from __future__ import annotations

from collections.abc import Callable

from structkit.schema.json_types import TYPES_OF_RULES, enumerated_values, type_names
from structkit.values import JSON, JSONValue

UNIONS = ("anyOf", "oneOf")


def with_rules_in_branches(schema: JSON, rules: JSON, resolve: Callable[[JSONValue], JSON]) -> JSON:
    """Return a union with the rules beside it in each branch whose values they are for.

    >>> schema = {"anyOf": [{"type": "string"}, {"type": "null"}, {"const": "any"}, {"$ref": "#/$defs/a"}]}
    >>> with_rules_in_branches(schema, {"minLength": 2}, lambda part: part)["anyOf"][:2]
    [{'minLength': 2, 'type': 'string'}, {'type': 'null'}]
    >>> with_rules_in_branches(schema, {"minLength": 2}, lambda part: part)["anyOf"][2:]
    [{'const': 'any'}, {'allOf': [{'minLength': 2}, {'$ref': '#/$defs/a'}]}]
    """
    if not rules:
        return schema
    unions = {word: [_with_rules(part, rules, resolve) for part in schema[word]] for word in UNIONS if word in schema}
    return {**schema, **unions}


def _with_rules(part: JSONValue, rules: JSON, resolve: Callable[[JSONValue], JSON]) -> JSONValue:
    if not isinstance(part, dict):
        return rules if part is True else part
    target = resolve(part)
    if enumerated_values(target) is not None:  # its values are compared with the rules one by one
        return part
    names = target.get("type")
    if names is None and "type" not in rules and "$ref" in part and not target.keys().isdisjoint(UNIONS):
        return part  # it may be a branch of itself
    branch_rules = {word: rule for word, rule in rules.items() if _is_for(word, rule, names)}
    if not branch_rules:
        return part
    return (
        {**branch_rules, **part}
        if part.keys().isdisjoint({"$ref", "allOf", *branch_rules})
        else {"allOf": [branch_rules, part]}
    )


def _is_for(word: str, rule: JSONValue, names: JSONValue) -> bool:
    """Return whether a rule excludes any value of the types that a branch names; None if it names none."""
    types = frozenset(type_names(rule)) if word == "type" else TYPES_OF_RULES.get(word, frozenset())
    if names is None or not types:
        return bool(types)
    if word == "type":
        return not {*type_names(names)} <= (types | {"integer"} if "number" in types else types)
    return not types.isdisjoint(type_names(names))
