"""The scalars of a value, each with what it is looked for as: a text, a number, a date, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from structkit.evidence.folding import fold
from structkit.schema.keywords import OWN_PREFIX, is_decimal
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.json_pointer import pointer_keys

Kind: TypeAlias = Literal["text", "number", "date", "date-time", "time", "chosen", "judged", "empty"]
"""What a scalar is looked for as. A `chosen` (boolean, enum), `judged` (marked so) or `empty` one is not looked for."""

EMPTY_TEXTS = frozenset(
    {"", "-", "--", "n/a", "na", "none", "null", "unknown", "not available", "not specified", "tbd"}
)
"""Texts that say that there is no value, in lower case."""

FORMAT_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("date-time", "iso-date-time", "date-time-local"), "date-time"),
    "date": "date",
    "time": "time",
    "iso-time": "time",
    "duration": "judged",
    "byte": "judged",
    "binary": "judged",
}
EVIDENCE_KEYWORD = f"{OWN_PREFIX}evidence"
"""Keyword that says whether a value is judged or found."""

SMALL_NUMBER = 100
"""A whole number below it is in most texts by chance."""

PARTS_OF_DATES = frozenset(
    {
        "day",
        "month",
        "year",
        "hour",
        "minute",
        "second",
        "date",
        "time",
        "tag",
        "monat",
        "jahr",
        "stunde",
        "jour",
        "mois",
    }
    | {"annee", "heure", "dia", "mes", "ano", "hora", "giorno", "mese", "anno", "ora", "dd", "mm", "yyyy", "yy", "hh"}
)
NAME_PART = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")
"""A word of the name of a field."""

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MAX_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar at its path; of a number, the largest that its type allows."""

    path: JSONPath
    value: JSONValue
    kind: Kind
    maximum: JSONValue = None


def find_leaves(value: JSONValue, schema: JSON | None = None) -> Iterator[Leaf]:
    """Yield the scalars of natural JSON, in its order; its natural schema says what is chosen and what is a date.

    >>> schema = {"properties": {"mood": {"enum": ["good", "bad"]}, "on": {"type": "string", "format": "date"}}}
    >>> [leaf.kind for leaf in find_leaves({"mood": "good", "on": "2026-03-14", "n": 3}, schema)]
    ['chosen', 'date', 'number']
    """
    document = schema or {}
    stack: list[tuple[JSONPath, JSONValue, JSON]] = [((), value, document)]
    while stack:
        path, part, part_schema = stack.pop()
        branch = _branch(part_schema, part, document)
        if isinstance(part, Mapping):
            inner = [((*path, key), item, _with_marker(_property(branch, key), branch)) for key, item in part.items()]
            stack += reversed(inner)
        elif isinstance(part, list):
            items = enumerate(part)
            stack += reversed([((*path, n), item, _with_marker(_item(branch, n), branch)) for n, item in items])
        else:
            yield Leaf(path, part, _kind(part, branch), branch.get("maximum"))


def _branch(schema: Any, value: JSONValue, document: JSON, depth: int = MAX_REFERENCES) -> JSON:
    """Return the part of a schema that a value has: references followed, and the branch of a union that fits."""
    if not isinstance(schema, dict) or not depth:
        return {}
    if (ref := schema.get("$ref")) is not None:
        target = _branch(_target(document, str(ref)), value, document, depth - 1)
        return {**target, **{key: part for key, part in schema.items() if key != "$ref"}}
    branches = [_branch(each, value, document, depth - 1) for key in ("anyOf", "oneOf") for each in schema.get(key, ())]
    fitting = [each for each in branches if _fits(each, value)]
    if not fitting:
        return schema
    branch = max(fitting, key=lambda each: _common_keys(each, value))
    return {**schema, **branch}


def _target(document: JSON, ref: str) -> Any:
    target: Any = document
    for key in pointer_keys(ref.removeprefix("#")):
        target = target.get(key) if isinstance(target, dict) else None
    return target


def _fits(schema: JSON, value: JSONValue) -> bool:
    types = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    name = types.get(type(value), "number" if isinstance(value, float) else "null")
    declared = schema.get("type", name)
    names = declared if isinstance(declared, list) else [declared]
    if name not in names and not (name == "integer" and "number" in names):
        return False
    return value in schema["enum"] if "enum" in schema else value == schema.get("const", value)


def _common_keys(schema: JSON, value: JSONValue) -> int:
    return len(schema.get("properties", {}).keys() & value.keys()) if isinstance(value, dict) else 0


def _property(schema: JSON, key: str) -> Any:
    return schema.get("properties", {}).get(key, schema.get("additionalProperties"))


def _with_marker(schema: Any, parent: JSON) -> JSON:
    """Return the schema of a part, with the marker of the whole unless it has one of its own."""
    marker = {EVIDENCE_KEYWORD: parent[EVIDENCE_KEYWORD]} if EVIDENCE_KEYWORD in parent else {}
    return {**marker, **schema} if isinstance(schema, dict) else marker


def _item(schema: JSON, index: int) -> Any:
    first = schema.get("prefixItems", [])
    return first[index] if index < len(first) else schema.get("items")


def _kind(value: JSONValue, schema: JSON) -> Kind:
    if value is None or (isinstance(value, str) and value.strip().lower() in EMPTY_TEXTS):
        return "empty"
    marker = schema.get(EVIDENCE_KEYWORD)
    is_chosen = isinstance(value, bool) or "enum" in schema or "const" in schema
    if marker == "judged" or (is_chosen and marker != "found"):
        return "judged" if marker == "judged" else "chosen"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    if kind := FORMAT_KINDS.get(str(schema.get("format", ""))):
        return kind
    if not schema and isinstance(value, str) and ISO_DATE.fullmatch(value):
        return "date"
    return "number" if is_decimal(schema) else "text"


def kind_of(schema: JSON) -> Kind:
    """Return what a scalar of a schema is looked for as, whatever its value.

    >>> kind_of({"type": ["integer", "null"]}), kind_of({"type": "string", "format": "date"}), kind_of({"enum": ["a"]})
    ('number', 'date', 'chosen')
    """
    types = schema.get("type")
    names = types if isinstance(types, list) else [types]
    return _kind(0 if {"integer", "number"} & {*names} else "a", {**schema} if "boolean" not in names else {"enum": []})


def read_number(value: JSONValue) -> Decimal | None:
    """Return a number of natural JSON, which may be a text; None if it is not finite."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return (number.normalize() if number else Decimal(0)) if number.is_finite() else None


def read_date(value: JSONValue) -> date | None:
    """Return the day of an ISO date or date and time; None if it is not one."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def is_small_number(leaf: Leaf) -> bool:
    """Return whether a value is a whole number that is in most texts by chance."""
    number = read_number(leaf.value) if leaf.kind == "number" else None
    return number is not None and number == number.to_integral_value() and abs(number) < SMALL_NUMBER


def is_part_name(path: JSONPath) -> bool:
    """Return whether a field is a part of a date or a time, by its name.

    >>> is_part_name(("birth", "day")), is_part_name(("startMonth",)), is_part_name(("holidays",))
    (True, True, False)
    """
    return _has_part_word(next((key for key in reversed(path) if isinstance(key, str)), ""))


@lru_cache(maxsize=1_024)
def _has_part_word(name: str) -> bool:
    return any(fold(part) in PARTS_OF_DATES for part in NAME_PART.findall(name))
