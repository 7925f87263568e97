"""Whether a value that a schema lists is valid: one that is not would be paid for and rejected."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from structkit.schema.json_equality import equality_key, unique_values
from structkit.schema.json_schema.document import SchemaDocument
from structkit.schema.json_schema.match_time import shared_match_time
from structkit.schema.json_types import enumerated_values
from structkit.schema.keywords import ADDITIONAL_BOUNDS
from structkit.values import JSON, JSONValue

LISTS = frozenset({"const", "enum"})
UNIONS = ("anyOf", "oneOf")
NOT_RULES = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {"$defs", "definitions", "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"}
)
"""Keywords that constrain no value; beside an address, another class of jsonschema would be chosen."""

MAX_BRANCHES = 20_000
"""Branches of unions that are evaluated for one document: a value beyond them counts as valid until the reply."""


class ValueValidity:
    """Validates values by the parts of one document, as its replies are validated.

    Args:
        document: The document.
    """

    def __init__(self, document: SchemaDocument) -> None:
        """Store it; jsonschema is imported for the first value that has to be validated."""
        self._document = document
        self._remaining_branches = MAX_BRANCHES

    def valid_values(self, values: list[JSONValue], schema: JSON) -> list[JSONValue]:
        """Return the values that the rules of a schema accept; all of them where that cannot be found out.

        Args:
            values: Values, such as those that the schema lists.
            schema: The schema; what it lists itself is no rule.

        >>> valid_values = ValueValidity(SchemaDocument({})).valid_values
        >>> valid_values(["2024-01-05", "x"], {"enum": ["2024-01-05", "x"], "format": "date"})
        ['2024-01-05']
        """
        rules = _rules_of(schema)
        if not rules.keys() - {"type"}:
            return values
        validator = self._validator.evolve(schema=rules)
        branches = _count_branches(rules) + ("not" in rules)
        return [value for value in values if self._is_valid(validator, value, branches)]

    def _is_valid(self, validator: Any, value: JSONValue, branches: int) -> bool:
        self._remaining_branches -= branches
        if self._remaining_branches < 0:
            return True
        try:
            with shared_match_time():
                return next(validator.iter_errors(value), None) is None
        except Exception:  # noqa: BLE001 (a pattern takes too long, or a part was made by merging: the reply decides)
            return True

    @cached_property
    def _validator(self) -> Any:
        from structkit.schema.json_schema.load_jsonschema import load_jsonschema

        load_jsonschema()

        from structkit.schema.json_schema.drafts import validator_class
        from structkit.schema.json_schema.formats import with_all_formats
        from structkit.schema.json_schema.keyword_rules import with_exact_rules

        document = self._document
        validator = validator_class(document.root)
        exact = with_exact_rules(validator, document.resolve_if_possible, is_dynamic=document.is_dynamic)
        return exact(document.root, format_checker=with_all_formats(validator.FORMAT_CHECKER))


def _rules_of(schema: JSON) -> JSON:
    """Return the rules of a schema, with a list for a union of constants, which is looked up in constant time."""
    rules = {word: value for word, value in schema.items() if word not in LISTS | NOT_RULES}
    parts = rules.pop(ADDITIONAL_BOUNDS, [])
    for word in UNIONS:
        lists = [values_of_list(part) for part in rules.get(word, ())]
        if lists and None not in lists:
            del rules[word]
            parts = [
                *parts,
                {"enum": _values_of_union([values or [] for values in lists], is_exclusive=word == "oneOf")},
            ]
    return {**rules, "allOf": [*rules.get("allOf", ()), *parts]} if parts else rules


def _count_branches(schema: JSONValue) -> int:
    """Return the number of branches of unions in a schema, at any depth."""
    count, stack = 0, [schema]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            count += sum(len(part[word]) for word in UNIONS if isinstance(part.get(word), list))
            stack += part.values()
        elif isinstance(part, list):
            stack += part
    return count


def _values_of_union(lists: list[list[JSONValue]], *, is_exclusive: bool) -> list[JSONValue]:
    values = [value for branch in lists for value in unique_values(branch)]
    counts = Counter(map(equality_key, values))
    return [value for value in values if not is_exclusive or counts[equality_key(value)] == 1]


def values_of_list(part: JSONValue) -> list[JSONValue] | None:
    """Return the values that a schema lists, if it has no other rule.

    >>> values_of_list({"const": 1, "title": "One"}), values_of_list({"enum": [1], "minimum": 2})
    ([1], None)
    """
    if not isinstance(part, dict) or len(part.keys() & LISTS) != 1 or not part.keys() <= LISTS | NOT_RULES:
        return None
    return enumerated_values(part)
