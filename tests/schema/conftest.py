"""Shared by the schema tests: a checker of strictness, written from the vendor's rules alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel

from structkit import ResponseFormat

# Rules: OpenAI's guide "Structured model outputs", section "Supported schemas", and reported rejections.
KEYWORDS = {
    "string": {"pattern", "format"},
    "number": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "integer": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set(),
    "null": set(),
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
}
EVERYWHERE = {"type", "description", "enum", "const"}
FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
LOOKAROUND = re.compile(r"\(\?(=|!|<=|<!)")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
REFERENCE = re.compile(r"#/\$defs/([^/]+)")

MAX_PROPERTIES = 5_000
MAX_ENUM_VALUES = 1_000
MAX_CHARS = 120_000
LARGE_ENUM = 250
MAX_CHARS_OF_LARGE_ENUM = 15_000
MAX_LEVELS = 10

Schema = dict[str, Any]


def find_faults(schema: Schema) -> list[str]:
    """Return every way in which *schema* breaks the strict subset; empty where it is strict."""
    return [*_root(schema), *_nodes(schema), *_limits(schema)]


def find_payload_faults(payload: Schema) -> list[str]:
    """Return every way in which the value of `response_format` is not one that the endpoint accepts."""
    if payload.keys() != {"type", "json_schema"} or payload["type"] != "json_schema":
        return [f"the envelope is {[*payload]}"]
    inner = payload["json_schema"]
    faults = [] if NAME.fullmatch(inner["name"]) else [f"the name {inner['name']!r}"]
    faults += [] if inner["strict"] is True else ["strict is not true"]
    faults += [] if inner.keys() <= {"name", "schema", "strict", "description"} else [f"the envelope is {[*inner]}"]
    return faults + find_faults(inner["schema"])


def _root(schema: Schema) -> Iterator[str]:
    if schema.get("type") != "object":
        yield f"the root is {schema.get('type', [*schema])}, not an object"
    if "anyOf" in schema or "$ref" in schema:
        yield "the root is an anyOf or a $ref"


def _nodes(schema: Schema) -> Iterator[str]:
    definitions = schema.get("$defs", {})
    root = {key: value for key, value in schema.items() if key != "$defs"}
    yield from _node(root, "#", definitions)
    for name, part in definitions.items():
        yield from _node(part, f"#/$defs/{name}", definitions)


def _node(node: Any, place: str, definitions: Schema) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"{place}: {node!r} is not a schema object"
    elif "$ref" in node:
        yield from _reference(node, place, definitions)
    elif "anyOf" in node:
        yield from _any_of(node, place, definitions)
    else:
        yield from _typed(node, place, definitions)


def _reference(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    if node.keys() != {"$ref"}:
        yield f"{place}: $ref has siblings {sorted(node.keys() - {'$ref'})}"
    target = REFERENCE.fullmatch(node["$ref"])
    if node["$ref"] != "#" and (not target or target[1] not in definitions):
        yield f"{place}: $ref to {node['$ref']}, which is not a top-level definition"


def _any_of(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    if extra := node.keys() - {"anyOf", "description"}:
        yield f"{place}: anyOf has siblings {sorted(extra)}"
    if not isinstance(node["anyOf"], list) or not node["anyOf"]:
        yield f"{place}: anyOf without branches"
        return
    for position, branch in enumerate(node["anyOf"]):
        yield from _node(branch, f"{place}/anyOf/{position}", definitions)
    yield from _first_keys(node, place, definitions)


def _first_keys(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    """Object branches must not share their first key, unless it has a distinct constant in each."""
    constants_by_key: dict[str, list[str | None]] = {}
    for branch in _branches(node, definitions, frozenset()):
        if branch.get("type") == "object" and branch.get("properties"):
            key, value = next(iter(branch["properties"].items()))
            value = definitions.get(value["$ref"].rpartition("/")[2]) if "$ref" in value else value
            constant = json.dumps(value["const"]) if isinstance(value, dict) and "const" in value else None
            constants_by_key.setdefault(key, []).append(constant)
    for key, constants in constants_by_key.items():
        if len(constants) > 1 and (None in constants or len(set(constants)) < len(constants)):
            yield f"{place}: {len(constants)} branches share the first key {key!r}"


def _branches(node: Schema, definitions: Schema, entered: frozenset[str]) -> Iterator[Schema]:
    for branch in node["anyOf"]:
        inner, name = branch, None
        if isinstance(branch, dict) and "$ref" in branch:
            name = branch["$ref"].rpartition("/")[2]
            inner = definitions.get(name)
        if not isinstance(inner, dict) or name in entered:
            continue
        if "anyOf" in inner:
            yield from _branches(inner, definitions, entered | {name} if name else entered)
        else:
            yield inner


def _typed(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    type_ = node.get("type")
    types = type_ if isinstance(type_, list) else [type_]
    if not types or any(each not in KEYWORDS for each in types):
        yield f"{place}: the type is {type_!r}"
        return
    if len({*types} - {"null"}) > 1:
        yield f"{place}: a list of several types"
    allowed = EVERYWHERE.union(*(KEYWORDS[each] for each in types))
    if extra := node.keys() - allowed:
        yield f"{place}: keywords {sorted(extra)} on {type_}"
    if "description" in node and not isinstance(node["description"], str):
        yield f"{place}: the description is not text"
    if "object" in types:
        yield from _object(node, place, definitions)
    if "array" in types:
        yield from _array(node, place, definitions)
    yield from _constants(node, types, place)
    yield from _bounds(node, place)


def _object(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    properties = node.get("properties")
    if not isinstance(properties, dict) or not properties:
        yield f"{place}: object without properties"
        return
    if node.get("additionalProperties") is not False:
        yield f"{place}: object not closed"
    if sorted(node.get("required", ())) != sorted(properties):
        yield f"{place}: not every property is required"
    for name, part in properties.items():
        yield from _node(part, f"{place}/{name}", definitions)


def _array(node: Schema, place: str, definitions: Schema) -> Iterator[str]:
    if "items" not in node:
        yield f"{place}: array without items"
    else:
        yield from _node(node["items"], f"{place}/[]", definitions)
    for bound in ("minItems", "maxItems"):
        if bound in node and not (type(node[bound]) is int and node[bound] >= 0):
            yield f"{place}: {bound} is {node[bound]!r}"


def _constants(node: Schema, types: list[str], place: str) -> Iterator[str]:
    values = [*node.get("enum", ()), *([node["const"]] if "const" in node else ())]
    if "enum" in node and not node["enum"]:
        yield f"{place}: enum without values"
    if len({json.dumps(value) for value in values}) < len(values):
        yield f"{place}: duplicate value in the enum"
    for value in values:
        if not any(_is_of(value, each) for each in types):
            yield f"{place}: the value {value!r} is not of type {node['type']}"


def _is_of(value: Any, name: str) -> bool:
    if value is None or isinstance(value, bool):
        return name == ("null" if value is None else "boolean")
    if isinstance(value, str):
        return name == "string"
    if isinstance(value, int):
        return name in {"integer", "number"}
    return isinstance(value, float) and (name == "number" or (name == "integer" and value.is_integer()))


def _bounds(node: Schema, place: str) -> Iterator[str]:
    if "format" in node and node["format"] not in FORMATS:
        yield f"{place}: the format {node['format']!r}"
    if "pattern" in node:
        yield from _pattern(node["pattern"], place)
    for bound in KEYWORDS["number"] & node.keys():
        if isinstance(node[bound], bool) or not isinstance(node[bound], int | float):
            yield f"{place}: {bound} is {node[bound]!r}"


def _pattern(pattern: Any, place: str) -> Iterator[str]:
    if LOOKAROUND.search(pattern):
        yield f"{place}: lookaround in the pattern {pattern!r}"
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"{place}: the pattern {pattern!r} is broken: {error}"


def _limits(schema: Schema) -> Iterator[str]:
    properties = enum_values = characters = 0
    for part in _parts(schema):
        names = [*part.get("properties", ()), *part.get("$defs", ())]
        values = [*part.get("enum", ()), *([part["const"]] if "const" in part else ())]
        size = sum(len(value) if isinstance(value, str) else len(json.dumps(value)) for value in values)
        properties += len(part.get("properties", ()))
        enum_values += len(part.get("enum", ()))
        characters += sum(map(len, names)) + size
        if len(values) > LARGE_ENUM and part.get("type") == "string" and size > MAX_CHARS_OF_LARGE_ENUM:
            yield f"an enum of {len(values)} strings with {size} characters"
    if properties > MAX_PROPERTIES:
        yield f"{properties} properties"
    if enum_values > MAX_ENUM_VALUES:
        yield f"{enum_values} enum values"
    if characters > MAX_CHARS:
        yield f"{characters} characters in names and enums"
    if (levels := max(map(_levels, [schema, *schema.get("$defs", {}).values()]))) > MAX_LEVELS:
        yield f"{levels} levels of nested objects"


def _parts(schema: Any) -> Iterator[Schema]:
    """Yield every schema object inside *schema*, itself included."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += _children(part)
            waiting += part.get("$defs", {}).values()


def _children(part: Schema) -> list[Any]:
    return [*part.get("properties", {}).values(), *part.get("anyOf", ()), *([part["items"]] if "items" in part else ())]


def _levels(part: Any) -> int:
    """Return the levels of nested objects, the outermost counted as 1; references are not followed."""
    if not isinstance(part, dict):
        return 0
    return (part.get("type") == "object") + max(map(_levels, _children(part)), default=0)


FORMAT_CHECKER = FormatChecker(formats=())
"""The nine formats, implemented from their RFCs: jsonschema checks most of them only with optional packages."""

FORMAT_PATTERNS = {
    "time": r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    "duration": r"P(\d+W|(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)",
    "email": r"[^@\s]+@[^@\s]+",
    "hostname": r"(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*",
    "ipv4": r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
FORMAT_PATTERNS["date-time"] = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[tT]" + FORMAT_PATTERNS["time"]

for _name, _format_pattern in FORMAT_PATTERNS.items():
    FORMAT_CHECKER.checks(_name)(
        lambda value, pattern=re.compile(_format_pattern): not isinstance(value, str) or bool(pattern.fullmatch(value))
    )
FORMAT_CHECKER.checks("date", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(dt.date.fromisoformat(value))
)
FORMAT_CHECKER.checks("ipv6", raises=ValueError)(
    lambda value: not isinstance(value, str) or bool(ipaddress.IPv6Address(value))
)


def list_errors(schema: Schema, wire: Any) -> list[str]:
    """Return why *wire* does not conform to *schema*, formats included; empty where it does."""
    validator = Draft202012Validator(schema, format_checker=FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(wire)]


def is_equal_with_types(one: Any, other: Any) -> bool:
    """Return whether two values are equal with their types, at all levels: 1, 1.0 and True differ, as do list and tuple."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_equal_with_types(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_equal_with_types, one, other))
    if isinstance(one, BaseModel):
        return is_equal_with_types(one.__dict__, other.__dict__) and is_equal_with_types(
            one.__pydantic_extra__, other.__pydantic_extra__
        )
    if dataclasses.is_dataclass(one):
        return is_equal_with_types(_attributes(one), _attributes(other))
    return bool(one == other)


def _attributes(instance: Any) -> dict[str, Any]:
    names = vars(instance) if hasattr(instance, "__dict__") else instance.__slots__
    return {name: getattr(instance, name) for name in names}


@pytest.fixture(scope="session")
def strict_faults() -> Callable[[Schema], list[str]]:
    """The checker of strict schemas."""
    return find_faults


@pytest.fixture(scope="session")
def payload_faults() -> Callable[[Schema], list[str]]:
    """The checker of whole payloads."""
    return find_payload_faults


@pytest.fixture(scope="session")
def wire_errors() -> Callable[[Schema, Any], list[str]]:
    """The checker of wire values against a strict schema."""
    return list_errors


@pytest.fixture(scope="session")
def is_equal() -> Callable[[Any, Any], bool]:
    """Equality of values and types."""
    return is_equal_with_types


@pytest.fixture(scope="session")
def check_round_trip() -> Callable[..., None]:
    """A check of what the codec promises, for one type and some of its values."""

    def check(output_type: Any, *values: Any, **options: Any) -> None:
        response_format: ResponseFormat[Any] = ResponseFormat(output_type, **options)
        assert find_payload_faults(response_format.payload) == []
        assert len(str(response_format.explain())) > 0
        for value in values:
            text = json.dumps(response_format.dump(value), allow_nan=False)
            assert list_errors(response_format.schema, json.loads(text)) == []
            for result in (response_format.load(json.loads(text)), response_format.parse(text)):
                assert is_equal_with_types(result, value), f"{value!r} was read back as {result!r} from {text}"

    return check
