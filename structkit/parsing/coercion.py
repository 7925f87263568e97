"""Repair values whose JSON type the strict schema does not allow, where it leaves one reading of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import islice

from structkit.parsing.candidates import BOX, Candidate, read_candidates
from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.member_names import NO_NAMES, NamesOfValues, values_key
from structkit.parsing.numbers import DECIMAL_TEXT, read_decimal
from structkit.parsing.object_branches import BranchIndex, ObjectBranches, identity_key
from structkit.parsing.scalar_text import NULLS, Choices, means_choice, scalar_readings
from structkit.parsing.schema_branches import (
    PAIR,
    boolean_text,
    constants_of,
    has_formats,
    is_constant,
    is_decimal,
    is_formatted,
    is_listed_text,
    is_map,
    is_open,
    is_plain_text,
    may_be_text,
    properties_of,
    type_names,
    types_of,
    unboxed_objects,
    unboxed_scalars,
    walk_branches,
)
from structkit.parsing.text_formats import has_format, may_be_url, may_have_format
from structkit.parsing.units import has_other_unit
from structkit.parsing.wrapper import NOT_WRAPPED, unwrap_member
from structkit.values import JSON, JSONPath, JSONValue, ValueRepair, format_path

NO_ITEMS = frozenset({"", "-", "n/a", "na", "nil", "none", "null", "empty", "nothing", "unknown"})
"""Texts that may mean an empty list."""

SIGNED_ZERO = re.compile(r"(?<![\w.])[-+]0(?![\w.])")
"""A zero with a sign: the number is 0, and another text than "0"."""

DIVIDED_DIGITS = re.compile(r"\d\s+\d")
"""Digits that may belong to two numbers."""

MAX_ENCODINGS = 3
"""How often the JSON text of a text is read."""

MAX_OTHER_KEYS = 1_000
"""An object with more keys than the declared ones and these is not one whose keys differ in spelling."""

SEVERAL_ITEMS = re.compile(r"[,;|/\n\t\[\](){}&+•]|\b(?:and|or|und|et|y)\b", re.IGNORECASE)
"""What may separate items in a text."""


def repair_values(
    value: JSONValue, schema: JSON, names: NamesOfValues = NO_NAMES, type_name: str = BOX, text: str = ""
) -> tuple[JSONValue, tuple[str, ...]]:
    """Replace values in a wire *value* whose type its strict *schema* does not allow, where they can mean only one.

    A text is replaced only where no text is allowed, or only listed ones (`enum`, `const`): by the one number, boolean
    or null that it can mean, by the object or list whose JSON it is, or by the listed text from which it differs in
    spelling. A number may be plain, with groups of three digits, or with a currency or unit that does not change it.
    `"1,234"` is 1234, because a comma before three digits separates groups in any notation that has the decimal point
    of JSON; `"1,5"` stays as it is. An item where a list is expected, and a list of one item where none is allowed, are
    the same value; so are keys that differ from the declared ones in spelling. The branches of a union must agree,
    except for branches whose constants differ from the value.

    Args:
        value: The wire value.
        schema: The strict schema.
        names: The names that listed values have in the caller's code.
        type_name: The name of the type; the key of an object that only wraps the value of a type in a box.
        text: The text of the value, in which a zero may have a sign that the value has lost.

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
    walk = _SchemaWalk(schema, names, type_name, has_signed_zero=SIGNED_ZERO.search(text) is not None)
    try:
        return walk.repair(value, [schema], ()), tuple(walk.repairs)
    except RecursionError:  # nested deeper than any validator accepts
        return value, ()


class _SchemaWalk:
    """A walk through a value and the branches of its schema, which collects the repairs."""

    def __init__(self, root: JSON, names: NamesOfValues, type_name: str, *, has_signed_zero: bool) -> None:
        self.root = root
        self._names = names
        self._type_name = type_name
        self._has_signed_zero = has_signed_zero
        self.repairs: list[str] = []
        # All by the identity of schemas, for the many values of a list:
        self._choices: dict[tuple[int, ...], Choices] = {}
        self._meanings: dict[tuple[int, str], bool] = {}
        self._branches = BranchIndex(root)

    def repair(self, value: JSONValue, schemas: list[JSON], path: JSONPath) -> JSONValue:
        """Return the value, repaired where all *schemas* agree; any of them may be the one that it was written for."""
        branches = self._branches.resolved(schemas)
        if not isinstance(value, str | list | dict):
            return self._repair_scalar(value, branches, path)
        if isinstance(value, str):
            if value.strip().casefold() in NULLS and "null" in types_of(branches) and is_formatted(schemas, branches):
                self._add_repair("null in text", path)
                return None
            keeps_text = has_other_unit(value, path, [*schemas, *branches])
            return value if keeps_text else self._repair_text(value, branches, path)
        branches = [*branches, *self._branches.unboxed_objects(value, branches)]
        if isinstance(value, list):
            return self._repair_items(value, branches, path)
        return self._repair_members(value, branches, path)

    def _repair_scalar(self, value: JSONValue, branches: list[JSON], path: JSONPath) -> JSONValue:
        is_exact = isinstance(value, int) and not isinstance(value, bool) and (value or not self._has_signed_zero)
        if is_exact and (is_plain_text(branches) or is_listed_text(str(value), branches)):
            self._add_repair("number for text", path)
            return str(value)
        if isinstance(value, bool) and (text := boolean_text(value, branches)) is not None:
            self._add_repair("boolean for text", path)
            return text
        return self._repair_item(value, branches, path)

    def _repair_item(self, value: JSONValue, branches: list[JSON], path: JSONPath) -> JSONValue:
        if not _is_item(value, branches, self.root, self._choices_of):
            return value
        self._add_repair("item for list", path)
        return self.repair([value], branches, path)

    def _repair_items(self, value: list[JSONValue], branches: list[JSON], path: JSONPath) -> JSONValue:
        text = value[0] if len(value) == 1 and isinstance(value[0], str) else None
        is_scalar = text is not None and self._means_one_scalar(text, branches)
        if path and (is_scalar or _is_only_item(value, branches, self.root)):
            self._add_repair("list for item", path)
            return self.repair(value[0], branches, path)
        item_schemas = [branch["items"] for branch in branches if isinstance(branch.get("items"), dict)]
        if len(value) > 1 and self._may_be_one_item(value, item_schemas):
            return value
        if len(value) == 1 and self._may_be_object(value[0], branches, item_schemas):
            return value
        items = [self.repair(item, item_schemas, (*path, index)) for index, item in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value

    def _may_be_object(self, item: JSONValue, branches: list[JSON], item_schemas: list[JSON]) -> bool:
        """Return whether the only item of a list has the keys of an object that is allowed in place of the list."""
        items = [*walk_branches(item_schemas, self.root)]
        is_object = isinstance(item, dict) and any(_has_keys(item, branch, self.root) for branch in branches)
        return is_object and isinstance(item, dict) and not any(_has_keys(item, each, self.root) for each in items)

    def _may_be_one_item(self, value: list[JSONValue], item_schemas: list[JSON]) -> bool:
        """Return whether each of several values is an item of an item: all of them may be a single one, as [1, 2]."""
        rows = [*walk_branches(item_schemas, self.root)]
        return all(_is_item(item, rows, self.root, self._choices_of) for item in value)

    def _repair_members(self, value: JSON, branches: list[JSON], path: JSONPath) -> JSONValue:
        if _is_item(value, branches, self.root, self._choices_of):
            return self._repair_item(value, branches, path)
        if (inner := _wrapped_value(value, branches, self.root, path, self._type_name)) is not NOT_WRAPPED:
            self._add_repair("wrapped value", path)
            return self.repair(inner, branches, path)
        objects = self._branches.objects(branches)
        value = value if objects.is_open else self._repair_keys(value, objects, path)
        candidates = objects.with_keys(value)
        matching = [each for each in candidates if len(objects.properties) == 1 or self._matches_constants(value, each)]
        repaired = {
            key: self.repair(item, schemas, (*path, key))
            for key, item in value.items()
            if (schemas := [each[key] for each in matching if key in each])
        }
        return {**value, **repaired} if any(repaired[key] is not value[key] for key in repaired) else value

    def _repair_keys(self, value: JSON, objects: ObjectBranches, path: JSONPath) -> JSON:
        """Return an object under the declared names, where its keys only differ from them in spelling."""
        if len(value) > len(objects.names) + MAX_OTHER_KEYS:
            return value
        undeclared = [key for key in value if key not in objects.names]
        names_by_key = {key: name for key in undeclared if (name := objects.absent_name(key, value))}
        if len({*names_by_key.values()}) < len(names_by_key):
            return value
        for name in names_by_key.values():
            self._add_repair("spelling", (*path, name))
        return {names_by_key.get(key, key): item for key, item in value.items()} if names_by_key else value

    def _repair_text(self, text: str, branches: list[JSON], path: JSONPath) -> JSONValue:
        texts = [*branches, *unboxed_scalars(branches, self.root)]
        if text != text.strip() and _has_only_formats(texts):
            self._add_repair("spelling", path)
            text = text.strip()
        choices = self._choices_of([branch for branch in texts if is_constant(branch)])
        free_branches = [branch for branch in texts if not is_constant(branch)]
        is_number = is_decimal([branch for branch in free_branches if branch.get("type") != "object"])
        if is_number and not means_choice(text, choices):
            return self._repair_decimal(text, path)
        if text in choices.values or any(may_be_text(text, branch) for branch in free_branches):
            return text
        types = types_of(free_branches) - {"string"}
        if types & {"array", "object"} and (document := _read_document(text)) is not None:
            return self._repair_document(text, document, branches, path)
        readings = [*scalar_readings(text, types, choices)]
        if len(readings) != 1:
            return self._repair_item(text, branches, path)
        repair, value = readings[0]
        self._add_repair(repair, path)
        return value

    def _repair_document(self, text: str, document: Candidate, branches: list[JSON], path: JSONPath) -> JSONValue:
        if self._may_be_item(document.value, branches):
            return text
        self._add_repair("JSON in text", path)
        self.repairs += document.repairs
        return self.repair(document.value, branches, path)

    def _may_be_item(self, document: JSONValue, branches: list[JSON]) -> bool:
        """Return whether a document in a text may be one text of a list as well, such as the reference "[1]"."""
        items = [*walk_branches([branch["items"] for branch in branches if "items" in branch], self.root)]
        return is_plain_text(items) and isinstance(document, list) and not all(isinstance(x, str) for x in document)

    def _means_one_scalar(self, text: str, branches: list[JSON]) -> bool:
        """Return whether a text means one scalar, where neither a text nor a container is allowed."""
        types = types_of(branches)
        choices = self._choices_of([branch for branch in branches if is_constant(branch)])
        has_containers = types & {"array", "object", "any"}
        is_text_free = all(is_constant(branch) for branch in branches if "string" in type_names(branch))
        return bool(
            not has_containers and is_text_free and len([*scalar_readings(text, types - {"string"}, choices)]) == 1
        )

    def _repair_decimal(self, text: str, path: JSONPath) -> JSONValue:
        """Return the digits of the one number that a text means, where a number is written as text."""
        digits = None if re.fullmatch(DECIMAL_TEXT, text) else read_decimal(text)
        if digits is None:
            return text
        self._add_repair("number in text", path)
        return digits

    def _choices_of(self, schemas: list[JSON]) -> Choices:
        """Return the values that schemas list, indexed once for all values of a list."""
        key = identity_key(schemas)
        if key not in self._choices:
            names = {name: value for schema in schemas for name, value in self._names_in(schema).items()}
            self._choices[key] = Choices([value for schema in schemas for value in constants_of(schema)], names)
        return self._choices[key]

    def _names_in(self, schema: JSON) -> Mapping[str, JSONValue]:
        """Return the values that a schema lists by their names in the caller's code."""
        return self._names.get(values_key(constants_of(schema)), {}) if self._names else {}

    def _matches_constants(self, value: JSON, properties: JSON) -> bool:
        """Return whether the value has none but the allowed values where the properties have constants."""
        constant = (key for key in value.keys() & properties.keys() if is_constant(properties[key]))
        return all(self._may_mean(value[key], properties[key]) for key in constant)

    def _may_mean(self, value: JSONValue, schema: JSON) -> bool:
        """Return whether a value means one of those that a schema lists; the tags of a list's items repeat."""
        if not isinstance(value, str):
            return means_choice(value, self._choices_of([schema]))
        key = (id(schema), value)
        if key not in self._meanings:
            self._meanings[key] = means_choice(value, self._choices_of([schema]))
        return self._meanings[key]

    def _add_repair(self, repair: ValueRepair, path: JSONPath) -> None:
        self.repairs.append(f"{repair} at {format_path(path)}")


def _has_only_formats(branches: list[JSON]) -> bool:
    """Return whether each text that is allowed has a format, in which no space is around it."""
    texts = [branch for branch in branches if not {"string", "any"}.isdisjoint(type_names(branch))]
    return bool(texts) and all(has_format(text) and not is_constant(text) and not is_decimal([text]) for text in texts)


def is_scalar_of(value: JSONValue, schema: JSON, root: JSON) -> bool:
    """Return whether a schema allows a scalar certainly: a text has to be one that it lists, or in a format.

    >>> is_scalar_of("a", {"enum": ["a", "b"]}, {}), is_scalar_of("a", {"type": "string"}, {})
    (True, False)
    """
    if isinstance(value, str):
        branches = [*walk_branches([schema], root)]
        branches += unboxed_scalars(branches, root)
        is_listed = any(value in constants_of(branch) for branch in branches if is_constant(branch))
        has_sign = may_have_format(value, is_url=any(map(may_be_url, [schema, *branches])))
        return is_listed or (has_sign and (is_formatted([schema], branches) or has_formats(branches)))
    return not isinstance(value, list | dict)


def _is_item(value: JSONValue, branches: list[JSON], root: JSON, choices_of: Callable[[list[JSON]], Choices]) -> bool:
    """Return whether only a list is allowed, and a value is certainly one item of it; `"a, b"` may be two."""
    if types_of(branches) - {"null"} != {"array"} or value is None or isinstance(value, list):
        return False
    items = [*walk_branches([branch["items"] for branch in branches if "items" in branch], root)]
    if isinstance(value, dict):
        box_keys, objects = unboxed_objects(items, root)
        items += objects if box_keys.isdisjoint(value) else []
        return any(_has_keys(value, item, root) for item in items)
    if isinstance(value, str) and (SEVERAL_ITEMS.search(value) or value.strip().casefold() in NO_ITEMS):
        return False
    if any(map(is_constant, items)):
        return means_choice(value, choices_of([item for item in items if is_constant(item)]))
    return bool(_json_types(value) & types_of(items)) or (isinstance(value, str) and _means_one_item(value, items))


def _means_one_item(text: str, items: list[JSON]) -> bool:
    """Return whether a text means one number, where no text is allowed; "7 800" may be two numbers."""
    types = types_of(items)
    may_be_other = not types.isdisjoint({"string", "array", "object", "any"}) or DIVIDED_DIGITS.search(text) is not None
    return not may_be_other and [repair for repair, _ in scalar_readings(text, types, Choices([]))] == [
        "number in text"
    ]


def _wrapped_value(value: JSON, branches: list[JSON], root: JSON, path: JSONPath, type_name: str) -> JSONValue:
    """Return what is in an object that is not a value itself, but only in an object; else `NOT_WRAPPED`."""
    is_in_box = path == (BOX,) and len(properties_of(root)) == 1
    name = type_name if is_in_box else next((step for step in reversed(path) if isinstance(step, str)), "")
    inner = unwrap_member(value, name) if path and branches else NOT_WRAPPED
    if is_in_box and BOX not in value and isinstance(inner, dict | list):
        return NOT_WRAPPED  # the whole reply is in a wrapper, or is the value
    types = types_of(branches)
    if inner is NOT_WRAPPED or (inner is None and "null" not in types):
        return NOT_WRAPPED
    is_declared = any(is_open(branch) or value.keys() & properties_of(branch).keys() for branch in branches)
    if inner is None and types == {"object", "null"}:
        return NOT_WRAPPED if is_declared else None
    if isinstance(inner, dict):
        is_allowed = types - {"null"} == {"object"} and any(_has_keys(inner, branch, root) for branch in branches)
        return inner if is_allowed and not is_declared else NOT_WRAPPED
    return (
        inner if not types & {"object", "any"} and not any(is_map(branch, root) for branch in branches) else NOT_WRAPPED
    )


def _has_keys(value: JSON, schema: JSON, root: JSON) -> bool:
    """Return whether an object has the keys of a schema, except for those that may be null or an empty list.

    A pair of a map does not count, since it may be a map too.
    """
    properties = properties_of(schema)
    required = {
        name
        for name in schema.get("required", ())
        if types_of([*walk_branches([properties[name]], root)]).isdisjoint({"null", "array"})
    }
    is_part = bool(value) and required <= value.keys() <= properties.keys()
    return properties.keys() not in (PAIR, set()) and is_part


def _is_only_item(value: list[JSONValue], branches: list[JSON], root: JSON) -> bool:
    """Return whether a list has one item, which may be meant, as no list is allowed, not even in a union's box."""
    if len(value) != 1 or value[0] is None or isinstance(value[0], list):
        return False
    if isinstance(value[0], dict):
        is_object = types_of(branches) - {"null"} == {"object"}
        return is_object and any(_has_keys(value[0], branch, root) for branch in branches)
    types = types_of(branches) | ({"number"} if is_decimal(branches) else set())
    return bool(_json_types(value[0]) & types) and not types & {"array", "object", "any"}


def _json_types(value: JSONValue) -> set[str]:
    """Return the types of a scalar as a schema names them."""
    if isinstance(value, str):
        return {"string"}
    return {"boolean"} if isinstance(value, bool) else {"integer", "number"} if isinstance(value, int) else {"number"}


def _decode(text: str) -> str:
    """Return the text of which a text is the JSON, which may have been encoded several times."""
    for _ in range(MAX_ENCODINGS):
        if not text.lstrip().startswith('"'):
            break
        try:
            value = read_json(text)
        except NotJSON:
            break
        text = value if isinstance(value, str) else ""
    return text


def _read_document(text: str) -> Candidate | None:
    """Return the object or array that a text consists of, or None."""
    text = _decode(text)
    if not text.lstrip().startswith(("{", "[")):
        return None
    candidates = [*islice(read_candidates(text, wrapper_types=()), 2)]
    is_document = len(candidates) == 1 and "prose" not in candidates[0].repairs
    return candidates[0] if is_document else None
