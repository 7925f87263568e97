"""How the values of a core schema are written: which JSON types, and whether as themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from structkit.schema.json_types import json_type, type_names
from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.schema.pydantic.json_schema import NaturalSchemaGenerator
from structkit.schema.pydantic.part import CUSTOM_SCHEMAS, is_python_only, with_definitions
from structkit.schema.pydantic.serializers import INPUT, is_of_library
from structkit.values import JSON

NUMBERS = frozenset({"int", "float"})
TEMPORAL = frozenset({"date", "datetime", "time", "timedelta"})
TEXTS = frozenset({"str", "decimal", "fraction", "uuid", "url", "multi-host-url", "bytes", "complex", "is-subclass"})
TEXTS |= TEMPORAL
ARRAYS = frozenset({"list", "set", "frozenset", "tuple", "deque", "generator", "named-tuple"})
OBJECTS = frozenset({"dict", "frozendict", "ordered-dict", "counter", "model", "dataclass", "typed-dict"})

ANY = frozenset({"string", "number", "boolean", "array", "object", "null"})
NOT_NULL = ANY - {"null"}
SCALARS = ANY - {"array", "object"}

JSON_TYPES = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys((*TEXTS, "json"), "string"),
    **dict.fromkeys(ARRAYS, "array"),
    **dict.fromkeys(OBJECTS, "object"),
    "bool": "boolean",
    "none": "null",
}
"""The JSON type of values, by the type of their core schema."""

NATIVE = frozenset({"str", "int", "float", "bool", "none"})
"""Types whose values are JSON values. pydantic takes them for the same branch of a union in JSON as in Python."""

INNER_KEYS = {
    "definitions": "schema",
    "default": "schema",
    "function-before": "schema",
    "function-after": "schema",
    "function-wrap": "schema",
    "lax-or-strict": "strict_schema",
    "json-or-python": "json_schema",
}
"""Where the type is that the wrappers of a type contain."""

INSTANCES = frozenset({"model", "dataclass"})
CLASSES = INSTANCES | {"definition-ref"}
READERS = frozenset({"function-before", "function-wrap"})
"""Types of core schemas whose function gets the JSON before their type does."""


@dataclass(frozen=True, slots=True)
class JSONForm:
    """How the values of a type are written.

    Args:
        types: The JSON types.
        is_native: Whether each value is written as itself, as `int` is, and `date` is not.
        may_read_any: Whether a function of the caller's reads the JSON first, and may turn any JSON into a value.
    """

    types: frozenset[str]
    is_native: bool = False
    may_read_any: bool = False


NOTHING = JSONForm(frozenset(), is_native=True)


def json_form(part: Any, definitions: dict[str, Any], entered_refs: frozenset[str] = frozenset()) -> JSONForm:
    """Return how the values of a part of a core schema are written.

    >>> from pydantic import TypeAdapter
    >>> form = json_form(TypeAdapter(list[int] | None).core_schema, {})
    >>> sorted(form.types), form.is_native, json_form({"type": "date"}, {}).is_native
    (['array', 'null'], True, False)
    """

    def form_of(inner: Any) -> JSONForm:
        return json_form(inner, definitions, entered_refs)

    kind, metadata = part["type"], part.get("metadata") or {}
    if ORIGINAL_SCHEMA in metadata:
        form = form_of(metadata[ORIGINAL_SCHEMA])
        return JSONForm(form.types | {"string"}) if metadata[ORIGINAL_SCHEMA]["type"] == "float" else form
    if kind == "definition-ref":
        ref = part["schema_ref"]
        is_entered = ref in entered_refs
        return NOTHING if is_entered else json_form(definitions[ref], definitions, entered_refs | {ref})
    has_own_form = kind in INSTANCES and "serialization" in part and part["schema"]["type"] in READERS
    if kind in INNER_KEYS:
        return _wrapped_form(part, definitions, form_of)
    if kind in FORMS and not has_own_form:
        return FORMS[kind](part, form_of)
    if kind in JSON_TYPES and not has_own_form:
        return JSONForm(frozenset({JSON_TYPES[kind]}), kind in NATIVE and "serialization" not in part)
    return JSONForm(_declared_types(part, definitions), may_read_any=has_own_form)


def _wrapped_form(part: Any, definitions: dict[str, Any], form_of: Callable[[Any], JSONForm]) -> JSONForm:
    """Return the form of what a wrapper contains, unless it declares another one."""
    function = part.get("function", {}).get("function")
    inner = part.get(INNER_KEYS[part["type"]])
    if INPUT in part:
        return JSONForm(form_of(part[INPUT]).types)
    if inner is None or CUSTOM_SCHEMAS & (part.get("metadata") or {}).keys():
        return JSONForm(_declared_types(part, definitions))
    form = form_of(inner)
    # The function around a model is assumed to read objects, as nearly all do.
    may_read_any = part["type"] in READERS and not is_of_library(part["function"]) and inner["type"] not in CLASSES
    is_converted = "serialization" in part or isinstance(function, type) or part["type"] in READERS
    return JSONForm(form.types, form.is_native and not is_converted, form.may_read_any or may_read_any)


def _union_form(part: Any, form_of: Callable[[Any], JSONForm]) -> JSONForm:
    choices = part["choices"].values() if isinstance(part["choices"], dict) else part["choices"]
    forms = [form_of(choice[0] if isinstance(choice, tuple) else choice) for choice in choices]
    is_native = part["type"] == "union" and all(form.is_native for form in forms)
    types = frozenset[str]().union(*(form.types for form in forms))
    return JSONForm(types, is_native, any(form.may_read_any for form in forms))


def _nullable_form(part: Any, form_of: Callable[[Any], JSONForm]) -> JSONForm:
    form = form_of(part["schema"])
    return replace(form, types=form.types | {"null"})


def _list_form(part: Any, form_of: Callable[[Any], JSONForm]) -> JSONForm:
    return JSONForm(frozenset({"array"}), form_of(part.get("items_schema", {"type": "any"})).is_native)


def _dict_form(part: Any, form_of: Callable[[Any], JSONForm]) -> JSONForm:
    keys, values = part.get("keys_schema", {"type": "str"}), part.get("values_schema", {"type": "any"})
    return JSONForm(frozenset({"object"}), keys["type"] == "str" and form_of(values).is_native)


def _model_form(part: Any, form_of: Callable[[Any], JSONForm]) -> JSONForm:
    return (
        replace(form_of(part["schema"]), is_native=False) if part.get("root_model") else JSONForm(frozenset({"object"}))
    )


def _literal_form(part: Any, _: Callable[[Any], JSONForm]) -> JSONForm:
    is_native = all(json_type(constant) in SCALARS for constant in part["expected"])
    return JSONForm(frozenset(map(_constant_type, part["expected"])), is_native)


def _enum_form(part: Any, _: Callable[[Any], JSONForm]) -> JSONForm:
    types = {json_type(member.value) for member in part["members"]}
    return JSONForm(frozenset(types if types <= SCALARS else {"string"}))  # an enum of structures is written by names


def _constant_type(constant: Any) -> str:
    name = json_type(constant.value if isinstance(constant, Enum) else constant)
    return name if name in SCALARS else "string"


FORMS: dict[str, Callable[[Any, Callable[[Any], JSONForm]], JSONForm]] = {
    "any": lambda part, _: JSONForm(ANY, is_native="serialization" not in part),
    "union": _union_form,
    "tagged-union": _union_form,
    "nullable": _nullable_form,
    "list": _list_form,
    "dict": _dict_form,
    "model": _model_form,
    "literal": _literal_form,
    "enum": _enum_form,
}
"""The form of a type that depends on its parts, by the type of the core schema."""


def _declared_types(part: Any, definitions: dict[str, Any]) -> frozenset[str]:
    """Return the types in the JSON Schema that pydantic generates for a type of the caller's or of a library's."""
    if is_python_only(part):
        return frozenset()
    try:
        schema = NaturalSchemaGenerator(by_alias=True).generate(with_definitions(part, definitions.values()))
    except Exception:  # noqa: BLE001 (the functions may be the caller's)
        return NOT_NULL
    return _schema_types(schema) or NOT_NULL


def _schema_types(schema: JSON) -> frozenset[str]:
    """Return the types that a JSON Schema names; none where it does not name them all."""
    if "const" in schema or "enum" in schema:
        return frozenset(map(json_type, schema.get("enum", [schema.get("const")])))
    if "anyOf" in schema or "oneOf" in schema:
        branches = [_schema_types(branch) for word in ("anyOf", "oneOf") for branch in schema.get(word, ())]
        return frozenset().union(*branches) if all(branches) else frozenset()
    names = type_names(schema["type"]) if "type" in schema else []
    return frozenset("number" if name == "integer" else name for name in names)
