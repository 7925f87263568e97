"""Keywords that the draft of a document does not define, but others or OpenAPI do, as keywords that it defines.

Both the strict schema and the validation of replies are made from the rewritten document, so that they agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from structkit.errors import SchemaError
from structkit.schema.json_schema.drafts import is_before
from structkit.schema.json_schema.vocabulary import ANNOTATIONS, IDENTIFIERS, TYPES
from structkit.schema.json_types import type_names
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

NULL: JSON = {"type": "null"}
NULLABLE = ("nullable", "x-nullable")
COUNTS = tuple(f"{side}{noun}" for side in ("min", "max") for noun in ("Length", "Items", "Properties", "Contains"))
BRANCHES = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if"})
"""Keywords beside which a `type` with null would not be enough to accept null."""

PYTHON_NAMES = {"str": "string", "int": "integer", "float": "number", "double": "number", "bool": "boolean"}
PYTHON_NAMES |= {"list": "array", "tuple": "array", "dict": "object", "map": "object", "None": "null"}
FORMATS = {"date": "date", "datetime": "date-time", "timestamp": "date-time", "time": "time", "uuid": "uuid"}
FORMATS |= {"email": "email", "uri": "uri", "url": "uri"}
LATER_NAMES = {"ip-address": "ipv4", "host-name": "hostname"}
"""Formats of draft 3 by the names that later drafts have for them."""


@dataclass(frozen=True)
class KeywordRule:
    """How one kind of foreign keyword is rewritten.

    Attributes:
        rewrite: Returns the part rewritten, or the same object where the keyword is absent.
        meaning: What `explain` says of it.
        first_native: The first draft that defines the keyword as it is, and needs no rewriting.
        last_native: The last one.
        only_draft: The only draft whose documents mean it so; empty where all do.
    """

    rewrite: Callable[[JSON, JSONPath], JSON]
    meaning: str
    first_native: str = ""
    last_native: str = ""
    only_draft: str = ""

    def applies_to(self, draft: str, named_draft: str | None) -> bool:
        """Return whether a draft does not define the keyword, in a document that names another one perhaps."""
        if self.only_draft and self.only_draft != named_draft:
            return False
        return not self.first_native or is_before(draft, self.first_native) or is_before(self.last_native, draft)


def read_types(part: JSON, path: JSONPath) -> JSON:
    """Return a part without the type "any", with the types of Google in lower case, and draft 3's schemas as types.

    Raises:
        SchemaError: A name is not a type.

    >>> read_types({"type": "STRING"}, ()), read_types({"type": "any", "title": "x"}, ())
    ({'type': 'string'}, {'title': 'x'})
    >>> read_types({"type": ["null", {"type": "string"}]}, ())
    {'anyOf': [{'type': 'null'}, {'type': 'string'}]}
    """
    keyword = part.get("type")
    if isinstance(keyword, list) and any(isinstance(name, dict) for name in keyword) and "anyOf" not in part:
        return {**_without(part, "type"), "anyOf": _as_schemas(keyword)}
    names: list[JSONValue] = [*type_names(keyword)]
    if keyword is None or all(name in TYPES for name in names if isinstance(name, str)):
        return part
    if "any" in names:
        return _without(part, "type")
    types = [_lower_case(name, (*path, "type")) if isinstance(name, str) else name for name in names]
    return {**part, "type": types if isinstance(keyword, list) else types[0]}


def _lower_case(name: str, path: JSONPath) -> str:
    if name in TYPES or (name.isupper() and name.lower() in TYPES):
        return name.lower()
    raise SchemaError(
        f"not a JSON Schema: {shorten_json(name)} is not a type; {_type_advice(name)}expected one of: "
        f"{', '.join(TYPES)}",
        path=path,
    )


def _type_advice(name: str) -> str:
    if name == "file":
        return "a file is not a JSON value: a string may hold its text or its address; "
    if name in FORMATS:
        return f'write {{"type": "string", "format": "{FORMATS[name]}"}}; '
    meant = PYTHON_NAMES.get(name) or next((type_ for type_ in TYPES if type_ in name.casefold()), None)
    return f'write "{meant}"; ' if meant else ""


def read_required(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with `required: true` of its properties as a list of their names.

    >>> read_required({"properties": {"a": {"required": True}, "b": {"required": False}}}, ())
    {'properties': {'a': {}, 'b': {}}, 'required': ['a']}
    """
    properties = part.get("properties")
    if not isinstance(properties, dict) or not (flags := _required_flags(properties)):
        return part
    names = part["required"] if isinstance(part.get("required"), list) else []
    names = [*names, *(name for name, flag in flags.items() if flag and name not in names)]
    required = {"required": names} if names else {}
    return {
        **part,
        "properties": {**properties, **{name: _without(properties[name], "required") for name in flags}},
        **required,
    }


def _required_flags(properties: JSON) -> dict[str, bool]:
    parts = ((name, part.get("required")) for name, part in properties.items() if isinstance(part, dict))
    return {name: flag for name, flag in parts if isinstance(flag, bool)}


def drop_required(part: JSON, _path: JSONPath) -> JSON:
    """Return a part without a `required` that is not a list: outside `properties` it has no meaning."""
    return _without(part, "required") if isinstance(part.get("required"), bool) else part


def drop_empty_required(part: JSON, _path: JSONPath) -> JSON:
    """Return a part without a `required` that names nothing, which draft 4 does not allow."""
    return _without(part, "required") if part.get("required") == [] else part


def read_divisor(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with `divisibleBy` under its later name.

    >>> read_divisor({"divisibleBy": 2}, ())
    {'multipleOf': 2}
    """
    return {"multipleOf": part["divisibleBy"], **_without(part, "divisibleBy")} if "divisibleBy" in part else part


def read_format(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with the later name of a format of draft 3.

    >>> read_format({"format": "ip-address"}, ())
    {'format': 'ipv4'}
    """
    name = part.get("format")
    return {**part, "format": LATER_NAMES[name]} if isinstance(name, str) and name in LATER_NAMES else part


def read_local_time(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with the name that draft 3's times, without a UTC offset, have in the registry of OpenAPI.

    >>> read_local_time({"format": "time"}, ())
    {'format': 'time-local'}
    """
    return {**part, "format": "time-local"} if part.get("format") == "time" else part


def read_extends(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with `extends` as `allOf`, and `disallow` as `not`.

    >>> read_extends({"extends": {"$ref": "#/definitions/a"}, "disallow": "string"}, ())
    {'allOf': [{'$ref': '#/definitions/a'}], 'not': {'type': 'string'}}
    """
    extended = part.get("extends")
    if isinstance(extended, dict | list):
        bases = extended if isinstance(extended, list) else [extended]
        part = {**_without(part, "extends"), "allOf": [*part.get("allOf", ()), *bases]}
    if isinstance(part.get("disallow"), str | list) and "not" not in part:
        disallowed = part["disallow"]
        names = disallowed if isinstance(disallowed, list) else [disallowed]
        has_schemas = any(isinstance(name, dict) for name in names)
        excluded: JSON = {"anyOf": _as_schemas(names)} if has_schemas else {"type": disallowed}
        part = {**_without(part, "disallow"), "not": excluded}
    return part


def _as_schemas(names: list[JSONValue]) -> list[JSONValue]:
    """Return the types of draft 3, each of which is a name or a schema, as schemas."""
    return [name if isinstance(name, dict) else {"type": name} for name in names]


def read_exclusive_bounds(part: JSON, path: JSONPath) -> JSON:
    """Return a part with the numeric exclusive bounds of later drafts for the boolean ones of draft 4.

    Raises:
        SchemaError: It excludes a bound that it does not have.

    >>> read_exclusive_bounds({"minimum": 0, "exclusiveMinimum": True, "exclusiveMaximum": False}, ())
    {'exclusiveMinimum': 0}
    """
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        flag = part.get(exclusive)
        if not isinstance(flag, bool):
            continue
        part = _without(part, exclusive)
        if flag and bound not in part:
            raise SchemaError(
                f"not a JSON Schema: {exclusive} is true, and there is no {bound}", path=(*path, exclusive)
            )
        part = {**_without(part, bound), exclusive: part[bound]} if flag else part
    return part


def read_numeric_exclusive_bounds(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with the boolean exclusive bounds of draft 4 for the numeric ones of later drafts.

    >>> read_numeric_exclusive_bounds({"exclusiveMinimum": 0}, ())
    {'minimum': 0, 'exclusiveMinimum': True}
    """
    for exclusive, bound, tighter in (("exclusiveMinimum", "minimum", max), ("exclusiveMaximum", "maximum", min)):
        limit = part.get(exclusive)
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            continue
        other = part.get(bound, limit)
        part = {**_without(part, exclusive), bound: tighter(limit, other)}
        part |= {exclusive: True} if tighter(limit, other) == limit else {}
    return part


def read_tuple(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with a list of `items` as `prefixItems`.

    >>> read_tuple({"items": [{"type": "string"}], "additionalItems": False}, ())
    {'prefixItems': [{'type': 'string'}], 'items': False}
    """
    if not isinstance(part.get("items"), list) or "prefixItems" in part:
        return part
    remaining = {"items": part["additionalItems"]} if "additionalItems" in part else {}
    prefix = {"prefixItems": part["items"]} if part["items"] else {}
    return {**_without(part, "items", "additionalItems"), **prefix, **remaining}


def read_prefix_items(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with `prefixItems` as a list of `items`.

    >>> read_prefix_items({"prefixItems": [{"type": "string"}], "items": False}, ())
    {'items': [{'type': 'string'}], 'additionalItems': False}
    """
    if not isinstance(part.get("prefixItems"), list) or isinstance(part.get("items"), list):
        return part
    remaining = {"additionalItems": part["items"]} if "items" in part else {}
    return {**_without(part, "items", "prefixItems"), "items": part["prefixItems"], **remaining}


def read_counts(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with its counts as integers.

    >>> read_counts({"minLength": 1.0}, ())
    {'minLength': 1}
    """
    numbers = {name: part[name] for name in COUNTS if isinstance(part.get(name), float)}
    integers = {name: int(number) for name, number in numbers.items() if number.is_integer()}
    return {**part, **integers} if integers else part


def read_dependencies(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with `dependencies` as `dependentRequired` and `dependentSchemas`.

    >>> read_dependencies({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}, ())
    {'dependentRequired': {'a': ['b']}, 'dependentSchemas': {'c': {'required': ['d']}}}
    """
    dependencies = part.get("dependencies")
    if not isinstance(dependencies, dict):
        return part
    names = {name: [each] if isinstance(each, str) else each for name, each in dependencies.items()}
    required = {name: each for name, each in names.items() if isinstance(each, list)}
    schemas = {name: each for name, each in names.items() if name not in required}
    rewritten = _without(part, "dependencies")
    rewritten |= {"dependentRequired": {**part.get("dependentRequired", {}), **required}} if required else {}
    return rewritten | ({"dependentSchemas": {**part.get("dependentSchemas", {}), **schemas}} if schemas else {})


def read_nullable(part: JSON, path: JSONPath) -> JSON:
    """Return a part that accepts null where OpenAPI's `nullable` says so, without that keyword.

    OpenAPI 3.0 defines it only beside `type`, and wants null in an `enum` too; whoever writes it elsewhere means null.

    Raises:
        SchemaError: Its value is neither true nor false.

    >>> read_nullable({"type": "string", "nullable": True, "enum": ["a"]}, ())
    {'type': ['string', 'null'], 'enum': ['a', None]}
    >>> read_nullable({"$ref": "#/definitions/a", "nullable": True}, ())
    {'anyOf': [{'$ref': '#/definitions/a'}, {'type': 'null'}]}
    """
    flags = [part[word] for word in NULLABLE if word in part]
    if not all(isinstance(flag, bool) for flag in flags):
        raise SchemaError("not a JSON Schema: nullable is true or false", path=(*path, "nullable"))
    if not any(flags):
        return part
    bare = _without(part, *NULLABLE)
    return _with_null_branch(bare) if bare.keys() & BRANCHES else _with_null_type(bare)


def _with_null_branch(part: JSON) -> JSON:
    outer_words = (ANNOTATIONS | IDENTIFIERS) - {"discriminator"}  # which is read beside its union
    outside = {key: value for key, value in part.items() if key in outer_words}
    return {**outside, "anyOf": [_without(part, *outside), NULL]}


def _with_null_type(part: JSON) -> JSON:
    widened = dict(part)
    if "const" in part:
        widened = {**_without(part, "const"), "enum": [part["const"]]}
    if isinstance(widened.get("enum"), list) and None not in widened["enum"]:
        widened["enum"] = [*widened["enum"], None]
    names = type_names(part.get("type", "null"))
    return widened if "null" in names else {**widened, "type": [*names, "null"]}


def read_example(part: JSON, _path: JSONPath) -> JSON:
    """Return a part with OpenAPI's `example` as `examples`.

    >>> read_example({"example": "a"}, ())
    {'examples': ['a']}
    """
    if "example" not in part:
        return part
    examples = part.get("examples")
    return {**_without(part, "example"), "examples": examples if isinstance(examples, list) else [part["example"]]}


def _without(part: JSON, *keywords: str) -> JSON:
    return {key: value for key, value in part.items() if key not in keywords}


KEYWORD_RULES = (
    KeywordRule(read_types, 'the type "any", one in capitals, or a schema as a type: read as JSON Schema'),
    KeywordRule(read_required, '"required": true in a property: the property is required'),
    KeywordRule(drop_required, '"required": true outside properties: no effect'),
    KeywordRule(drop_empty_required, '"required": []: no effect', "6", "2020-12"),
    KeywordRule(read_counts, "a count such as 2.0: read as 2"),
    KeywordRule(read_divisor, "divisibleBy: read as multipleOf"),
    KeywordRule(read_format, "the formats ip-address and host-name: read as ipv4 and hostname"),
    KeywordRule(read_local_time, "the format time of draft 3: read as time-local", only_draft="3"),
    KeywordRule(read_extends, "extends, disallow: read as allOf, not"),
    KeywordRule(
        read_exclusive_bounds,
        "a boolean exclusiveMinimum or exclusiveMaximum: the bound beside it is excluded",
        "4",
        "4",
    ),
    KeywordRule(
        read_numeric_exclusive_bounds,
        "a numeric exclusiveMinimum or exclusiveMaximum: read as in draft 6",
        "6",
        "2020-12",
    ),
    KeywordRule(read_tuple, "a list of items: read as prefixItems", "4", "2019-09"),
    KeywordRule(read_prefix_items, "prefixItems: read as in draft 2020-12", "2020-12", "2020-12"),
    KeywordRule(read_dependencies, "dependencies: read as in draft 7", "4", "7"),
    KeywordRule(read_nullable, "nullable: null is valid too"),
    KeywordRule(read_example, "example: read as examples"),
)
"""The rules, in the order in which they are applied to a part."""
