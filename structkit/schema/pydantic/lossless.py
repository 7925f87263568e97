"""Core schemas that keep what pydantic loses or does not report: bytes, infinities, map keys, duplicate set items."""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from typing import Any, cast

from pydantic_core import PydanticCustomError, core_schema, to_jsonable_python

from structkit.schema.keywords import DESCRIBED_BOUNDS, GENERATED_DESCRIPTION, NULLABLE, ORIGINAL_SCHEMA
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.class_names import ClassNames
from structkit.schema.pydantic.part import compile_serializer, to_natural, without_ref
from structkit.schema.pydantic.serializers import is_of_library
from structkit.schema.pydantic.set_order import in_set_order
from structkit.values import JSON, JSONValue
from structkit.values.text import shorten_json

DATA_URL = "data:;base64,"
"""The prefix of bytes that are not UTF-8 text (RFC 2397)."""

STRUCTURES = frozenset({"tuple", "named-tuple", "list", "set", "frozenset", "model", "dataclass", "typed-dict", "dict"})
NOT_AS_KEYS = STRUCTURES | {"none", "nullable", "union", "tagged-union", "complex", "frozendict"}
"""Types whose values cannot be JSON keys, or are not read back from one."""

STRING_CHANGES = frozenset({"strip_whitespace", "to_lower", "to_upper"})

Resolve = Callable[[Any], Any]
"""Returns what a part is without wrappers and references."""


def write_bytes(raw: bytes) -> str:
    """Return bytes as UTF-8 text; as a data URL where they are not UTF-8, or start like a data URL themselves.

    >>> write_bytes(b"abc"), write_bytes(b"data:;base64,"), write_bytes(bytes([255]))
    ('abc', 'data:;base64,ZGF0YTo7YmFzZTY0LA==', 'data:;base64,/w==')
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = DATA_URL
    return DATA_URL + b64encode(raw).decode() if text.startswith(DATA_URL) else text


def read_bytes(text: Any) -> Any:
    """Return the bytes that `write_bytes` has written; a value that is not a string is returned unchanged.

    Raises:
        PydanticCustomError: The text starts like a data URL and is not one.
    """
    if not isinstance(text, str):
        return text
    if not text.startswith(DATA_URL):
        return text.encode()
    try:
        return b64decode(text.removeprefix(DATA_URL), validate=True)
    except ValueError:
        raise PydanticCustomError("base64", "Input should be Base64 after {prefix}", {"prefix": DATA_URL}) from None


def with_any_bytes(part: JSON, _resolve: Resolve) -> JSON:
    """Write and read bytes of any kind: pydantic writes and reads UTF-8 only."""
    from_json = core_schema.no_info_before_validator_function(read_bytes, _bare(part))
    serialization = core_schema.plain_serializer_function_ser_schema(
        write_bytes, return_schema=core_schema.str_schema(), when_used="json-unless-none"
    )
    return _with_json_form(from_json, part, serialization)


INFINITIES = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def with_infinities(part: JSON, _resolve: Resolve) -> JSON:
    """Write and read infinities and NaN as text, as `ser_json_inf_nan="strings"` does: JSON has no number for them."""
    number = _bare(part)
    text_or_number = core_schema.union_schema([number, core_schema.literal_schema([*INFINITIES])])
    from_json = core_schema.no_info_before_validator_function(
        read_float, number, json_schema_input_schema=text_or_number
    )
    serialization = core_schema.plain_serializer_function_ser_schema(write_float, when_used="json-unless-none")
    return _with_json_form(from_json, part, serialization)


def read_float(value: Any) -> Any:
    """Return the float that a text stands for; another value unchanged."""
    return INFINITIES.get(value, value) if isinstance(value, str) else value


def write_float(value: Any) -> Any:
    """Return an infinity or NaN as text; another value unchanged.

    >>> write_float(-math.inf), write_float(1.5)
    ('-Infinity', 1.5)
    """
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def with_unique_items(part: JSON, _resolve: Resolve) -> JSON:
    """Reject duplicate items of a set, which pydantic drops; write the items in order."""
    set_type = set if part["type"] == "set" else frozenset
    list_schema: Any = {**_bare(part), "type": "list"}
    metadata = {"pydantic_js_updates": {"uniqueItems": True}}
    to_set = partial(_to_set, set_type, part.get("items_schema", core_schema.any_schema()))
    from_json = core_schema.no_info_after_validator_function(to_set, list_schema, metadata=metadata)

    def write(value: Any, write_set: Callable[[Any], Any]) -> Any:
        items = write_set(set_type(value) if isinstance(value, AbstractSet) else value)  # `AbstractSet` accepts both
        return in_set_order(items) if isinstance(value, AbstractSet) else items

    return _with_json_form(from_json, part, core_schema.wrap_serializer_function_ser_schema(write, schema=_bare(part)))


def _to_set(set_type: Callable[[list[Any]], Any], item_type: Any, items: list[Any]) -> Any:
    try:
        result = set_type(items)
    except TypeError:
        raise PydanticCustomError("unhashable_item", "Input should have no list and no object as an item") from None
    if len(result) < len(items):
        duplicate = next(item for position, item in enumerate(items) if item in items[:position])
        text = shorten_json(_as_json(duplicate, item_type))
        raise PydanticCustomError("duplicate_item", "write the item {item} only once", {"item": text})
    return result


def _as_json(item: Any, item_type: Any) -> JSONValue:
    """Return an item as its type writes it; without its type, where that refers to definitions."""
    with suppress(Exception):  # whatever a serializer of the caller's raises
        natural: JSONValue = to_natural(compile_serializer(item_type), item)
        return natural
    json: JSONValue = to_jsonable_python(item, by_alias=True, bytes_mode="base64", inf_nan_mode="strings", fallback=str)
    return json


def as_list(part: JSON, _resolve: Resolve) -> JSON:
    """Read an iterable as a list, which can be iterated more than once."""

    def write(value: Any, write_list: Callable[[Any], Any]) -> Any:
        return write_list(list(value))

    list_schema: Any = {**_bare(part), "type": "list"}
    serialization = core_schema.wrap_serializer_function_ser_schema(write, schema=list_schema)
    return _with_json_form(list_schema, part, serialization)


def _write_key(key: Any) -> Any:
    if not isinstance(key, str):
        text = shorten_json(repr(key), MAX_QUOTED_CHARS)
        raise TypeError(
            f"the key {text} is not text, and its map has no type for keys; declare it, as in dict[int, str]"
        )
    return key


TEXT_ONLY = core_schema.plain_serializer_function_ser_schema(_write_key)
"""Writes the keys of a map without a type for them, which are read as text."""


def with_lossless_keys(part: JSON, resolve: Resolve) -> JSON:
    """Write map keys so that they are read back, and reject duplicate keys."""
    keys = part.get("keys_schema", {"type": "any"})
    if not _are_read_back(resolve(keys), resolve) or _are_numbers_in_python(keys, resolve):
        part = {**part, "keys_schema": _as_json_text(keys)}
    elif keys["type"] == "any" and "serialization" not in keys:
        return {**part, "keys_schema": {**keys, "serialization": TEXT_ONLY}}
    elif _are_unchanged(keys):
        return part
    distinct_keys = core_schema.no_info_after_validator_function(_DistinctKey, part["keys_schema"])
    map_schema: Any = {**_bare(part), "keys_schema": distinct_keys}
    from_json = core_schema.no_info_after_validator_function(_unwrap_keys, map_schema)
    return _with_json_form(from_json, part)


def _are_read_back(keys: Any, resolve: Resolve) -> bool:
    """Return whether keys of the type are written as text that the type reads."""
    kind = keys["type"]
    if NULLABLE in keys or (kind != "str" and keys.get("strict")):
        return False
    if kind == "union":
        choices = [resolve(choice[0] if isinstance(choice, tuple) else choice) for choice in keys["choices"]]
        return all(choice["type"] in {"str", "literal"} and _are_read_back(choice, resolve) for choice in choices)
    if kind in {"literal", "enum"}:
        values = keys["expected"] if kind == "literal" else [member.value for member in keys["members"]]
        return all(isinstance(value, str) for value in values)
    return kind not in NOT_AS_KEYS


def _are_numbers_in_python(keys: Any, resolve: Resolve) -> bool:
    """Return whether a function gets the key as a Python text, which a strict number does not accept."""
    return keys["type"] in {"function-before", "function-wrap"} and resolve(keys)["type"] in {"int", "float", "bool"}


def _are_unchanged(keys: Any) -> bool:
    """Return whether different JSON keys always become different keys."""
    if keys["type"] == "str":
        return not keys.keys() & STRING_CHANGES
    return keys["type"] in {"any", "literal", "enum"}


def _as_json_text(keys: Any) -> JSON:
    """Return the schema of keys that are written as their JSON text."""
    serialization = core_schema.wrap_serializer_function_ser_schema(_write_text, schema=_bare(keys))
    text = _with_json_form(core_schema.json_schema(keys), keys, serialization)
    return {key: value for key, value in text.items() if key != "ref"}  # the name belongs to the schema of the keys


def with_any_text(part: JSON, _resolve: Resolve) -> JSON:
    """Write JSON in a text with its infinities, which are read back: pydantic writes null for them."""
    inner = without_ref(part.get("schema", core_schema.any_schema()))
    return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(_write_text, schema=inner)}


def _write_text(value: Any, write_json: Callable[[Any], Any]) -> str:
    return json.dumps(write_json(value), ensure_ascii=False, separators=(",", ":"))


class _DistinctKey:
    """A key that equals no other key, so that duplicate keys survive until they are counted."""

    def __init__(self, key: Any) -> None:
        self.key = key


def _unwrap_keys(wrapped: Any) -> Any:
    """Return the map with its own keys, which must be distinct."""
    keys = [wrapper.key for wrapper in wrapped]
    if len({*keys}) < len(keys):
        duplicate = next(key for position, key in enumerate(keys) if key in keys[:position])
        raise PydanticCustomError("duplicate_key", "write the key {key} only once", {"key": shorten_json(duplicate)})
    return type(wrapped)({wrapper.key: item for wrapper, item in wrapped.items()})


def _with_json_form(from_json: Any, part: JSON, serialization: Any = None) -> JSON:
    """Return the part with its own schema for JSON, which is all that is ever validated."""

    def write(value: Any, write_default: Callable[[Any], Any]) -> Any:
        return write_default(value)

    serialization = serialization or core_schema.wrap_serializer_function_ser_schema(write, schema=_bare(part))
    metadata = {**part.get("metadata", {}), ORIGINAL_SCHEMA: part}
    schema = core_schema.json_or_python_schema(
        from_json, core_schema.any_schema(), ref=part.get("ref"), metadata=metadata, serialization=serialization
    )
    return cast("JSON", schema)


def _bare(part: JSON) -> Any:
    return {key: value for key, value in part.items() if key not in {"ref", "metadata"}}


def with_one_reading(part: JSON, _resolve: Resolve) -> JSON:
    """Return a strict `defaultdict` that is read once: its last step would read the result of the first as JSON."""
    steps = part["steps"]
    is_repeated = [step["type"] for step in steps] == ["json-or-python", "function-wrap"]
    if not is_repeated or not is_of_library(steps[1]["function"]):
        return part
    return {**part, "steps": [steps[0], {**steps[1], "schema": core_schema.dict_schema()}]}


def with_class_name(part: JSON, _resolve: Resolve) -> JSON:
    """Write and read a class by its name: pydantic reads classes from Python only."""
    names = ClassNames(part["cls"])
    updates = {GENERATED_DESCRIPTION: names.description, DESCRIBED_BOUNDS: ["name of a loaded class"]}
    from_json = core_schema.no_info_after_validator_function(
        names.find, core_schema.str_schema(), metadata={"pydantic_js_updates": updates}
    )
    return _with_json_form(from_json, part, core_schema.plain_serializer_function_ser_schema(names.write))


LOSSLESS_REWRITES: dict[str, Callable[[JSON, Resolve], JSON]] = {
    "bytes": with_any_bytes,
    "chain": with_one_reading,
    "float": with_infinities,
    "generator": as_list,
    "is-subclass": with_class_name,
    "json": with_any_text,
    "set": with_unique_items,
    "frozenset": with_unique_items,
    **dict.fromkeys(("dict", "ordered-dict", "counter"), with_lossless_keys),
}
"""The rewrite that makes a core schema lossless, by its type."""
