"""Repair values whose JSON type the strict schema does not allow, where it leaves one reading of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from structkit.parsing.candidates import Candidate, read_candidates
from structkit.parsing.numbers import read_number
from structkit.values import JSON, JSONPath, JSONValue, ValueRepair, format_path

BOOLEANS = {"true": True, "false": False}
NULLS = frozenset({"null", "none"})
NO_ITEMS = frozenset({"", "-", "n/a", "na", "nil", "none", "null", "empty", "nothing", "unknown"})
"""Texts that may mean an empty list."""

SEVERAL_ITEMS = re.compile(r"[,;|/\n\t\[\](){}&+•]|\b(?:and|or|und|et|y)\b", re.IGNORECASE)
"""What may separate items in a text."""


def repair_values(value: JSONValue, schema: JSON) -> tuple[JSONValue, tuple[str, ...]]:
    """Replace values in a wire *value* whose type its strict *schema* does not allow, where they can mean only one.

    A text is replaced only where no text is allowed, and if it can mean one number, boolean or null, or is the JSON of
    an object or a list. A number may be plain, with groups of three digits, or with a currency or unit that does not
    change it. `"1,234"` is 1234, because a comma before three digits separates groups in any notation that has the
    decimal point of JSON; `"1,5"` stays as it is. Where the schema lists the values (`enum`, `const`), nothing is
    replaced. The branches of a union must agree, except for branches whose constants differ from the value.

    Returns:
        The value (the same object if nothing was replaced), and a description of each repair.

    >>> item = {"type": "object", "properties": {"price": {"type": "number"}, "sku": {"type": "string"}}}
    >>> schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    >>> repair_values({"items": [{"price": "$1,234.50", "sku": "12"}]}, schema)
    ({'items': [{'price': 1234.5, 'sku': '12'}]}, ('number in text at items[0].price',))
    >>> repair_values({"items": '[{"price": 3}]'}, schema)
    ({'items': [{'price': 3}]}, ('JSON in text at items',))
    >>> repair_values({"items": [{"price": "12 to 15"}]}, schema)
    ({'items': [{'price': '12 to 15'}]}, ())
    """
    walk = _SchemaWalk(schema)
    try:
        return walk.repair(value, [schema], ()), tuple(walk.repairs)
    except RecursionError:  # nested deeper than any validator accepts
        return value, ()


class _SchemaWalk:
    """A walk through a value and the branches of its schema, which collects the repairs."""

    def __init__(self, root: JSON) -> None:
        self.root = root
        self.repairs: list[str] = []

    def repair(self, value: JSONValue, schemas: list[JSON], path: JSONPath) -> JSONValue:
        """Return the value, repaired where all *schemas* agree; any of them may be the one that it was written for."""
        branches = [*walk_branches(schemas, self.root)]
        if not isinstance(value, str | list | dict):
            return self._repair_scalar(value, branches, path)
        if isinstance(value, str):
            return self._repair_text(value, branches, path)
        if isinstance(value, list):
            return self._repair_items(value, branches, path)
        return self._repair_members(value, branches, path)

    def _repair_scalar(self, value: JSONValue, branches: list[JSON], path: JSONPath) -> JSONValue:
        if isinstance(value, int) and not isinstance(value, bool) and _is_plain_text(branches):
            self._add_repair("number for text", path)
            return str(value)
        return self._repair_item(value, branches, path)

    def _repair_item(self, value: JSONValue, branches: list[JSON], path: JSONPath) -> JSONValue:
        if not _is_item(value, branches, self.root):
            return value
        self._add_repair("item for list", path)
        return [value]

    def _repair_items(self, value: list[JSONValue], branches: list[JSON], path: JSONPath) -> JSONValue:
        item_schemas = [branch["items"] for branch in branches if isinstance(branch.get("items"), dict)]
        items = [self.repair(item, item_schemas, (*path, index)) for index, item in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value

    def _repair_members(self, value: JSON, branches: list[JSON], path: JSONPath) -> JSONValue:
        candidates = map(_properties, branches)
        matching = [properties for properties in candidates if _matches_constants(value, properties)]
        members = {
            key: self.repair(item, [each[key] for each in matching if key in each], (*path, key))
            for key, item in value.items()
        }
        return members if any(members[key] is not item for key, item in value.items()) else value

    def _repair_text(self, text: str, branches: list[JSON], path: JSONPath) -> JSONValue:
        types = _types(branches)
        if not types:
            return text
        if types & {"array", "object"} and (document := _read_document(text)) is not None:
            self._add_repair("JSON in text", path)
            self.repairs += document.repairs
            return self.repair(document.value, branches, path)
        repair, value = _read_scalar(text, types)
        if repair is None:
            return self._repair_item(text, branches, path)
        self._add_repair(repair, path)
        return value

    def _add_repair(self, repair: ValueRepair, path: JSONPath) -> None:
        self.repairs.append(f"{repair} at {format_path(path)}")


def _read_scalar(text: str, types: set[str]) -> tuple[ValueRepair | None, JSONValue]:
    """Return the repair and the value of the scalar that a text can mean; no repair if there is none, or several."""
    word = text.strip().casefold()
    if types & {"number", "integer"} and (number := read_number(text, as_integer="number" not in types)) is not None:
        return "number in text", number
    if "boolean" in types and word in BOOLEANS:
        return "boolean in text", BOOLEANS[word]
    return ("null in text" if "null" in types and word in NULLS else None), None


def _is_plain_text(branches: list[JSON]) -> bool:
    """Return whether any text is allowed, and only text: then an integer may be quoted, since it has one notation."""
    types = {type_ for branch in branches for type_ in _type_names(branch)}
    return types - {"null"} == {"string"} and not any(_is_constant(branch) or "format" in branch for branch in branches)


def _is_item(value: JSONValue, branches: list[JSON], root: JSON) -> bool:
    """Return whether only a list is allowed, and a scalar is certainly one item of it; `"a, b"` may be two."""
    if _types(branches) - {"null"} != {"array"} or value is None:
        return False
    items = [*walk_branches([branch["items"] for branch in branches if "items" in branch], root)]
    if isinstance(value, str) and (SEVERAL_ITEMS.search(value) or value.strip().casefold() in NO_ITEMS):
        return False
    if any(map(_is_constant, items)):
        return any(value in _constants(item) for item in items if _is_constant(item))
    return _scalar_type(value) in {type_ for item in items for type_ in _type_names(item)}


def _scalar_type(value: JSONValue) -> str:
    if isinstance(value, str):
        return "string"
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "number"


def _type_names(branch: JSON) -> list[str]:
    type_ = branch.get("type", "any")
    return type_ if isinstance(type_, list) else [type_]


def _read_document(text: str) -> Candidate | None:
    """Return the object or array that a text consists of, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    candidates = [*islice(read_candidates(text), 2)]
    is_document = len(candidates) == 1 and "prose" not in candidates[0].repairs
    return candidates[0] if is_document else None


def _types(branches: list[JSON]) -> set[str]:
    """Return the allowed types; none if text is allowed, or if the values are listed."""
    types: set[str] = set()
    for branch in branches:
        type_ = branch.get("type")
        if type_ is None or _is_constant(branch):
            return set()
        types.update(type_ if isinstance(type_, list) else [type_])
    return set() if "string" in types else types


def _properties(schema: JSON) -> JSON:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _matches_constants(value: JSON, properties: JSON) -> bool:
    """Return whether the value has none but the allowed values where the properties have constants."""
    constant = (key for key in value.keys() & properties.keys() if _is_constant(properties[key]))
    return all(value[key] in _constants(properties[key]) for key in constant)


def _is_constant(schema: JSONValue) -> bool:
    return isinstance(schema, dict) and ("const" in schema or "enum" in schema)


def _constants(schema: JSON) -> list[JSONValue]:
    return [schema["const"]] if "const" in schema else schema["enum"]


def walk_branches(schemas: list[JSON], root: JSON) -> Iterator[JSON]:
    """Yield the schemas with references and unions resolved."""
    visited: set[int] = set()
    stack: list[JSONValue] = [*schemas]
    while stack:
        schema = stack.pop()
        if not isinstance(schema, dict) or id(schema) in visited:
            continue
        visited.add(id(schema))
        reference, union = schema.get("$ref"), schema.get("anyOf") or schema.get("oneOf")
        if isinstance(reference, str):
            definitions = root.get("$defs") or {}
            stack.append(definitions.get(reference.removeprefix("#/$defs/")) if reference != "#" else root)
        elif isinstance(union, list):
            stack += union
        else:
            yield schema
