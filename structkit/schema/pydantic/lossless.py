"""Core schemas that read back what pydantic alone loses or lets pass: bytes, keys of maps, items of sets."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from pydantic_core import PydanticCustomError, core_schema

from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.values import JSON
from structkit.values.text import shorten_json

DATA_URL = "data:;base64,"
"""How bytes begin that are no UTF-8 text (RFC 2397)."""

STRUCTURES = frozenset({"tuple", "named-tuple", "list", "set", "frozenset", "model", "dataclass", "typed-dict", "dict"})
NOT_AS_KEYS = STRUCTURES | {"none", "nullable", "union", "tagged-union", "complex", "frozendict"}
"""Types whose values JSON cannot say as a key, or which are not read back from one."""

STRING_CHANGES = frozenset({"strip_whitespace", "to_lower", "to_upper"})

Resolve = Callable[[Any], Any]


def write_bytes(raw: bytes) -> str:
    """Bytes as the text they spell in UTF-8; a data URL where they spell none, or one themselves.

    >>> write_bytes(b"abc"), write_bytes(b"data:;base64,"), write_bytes(bytes([255]))
    ('abc', 'data:;base64,ZGF0YTo7YmFzZTY0LA==', 'data:;base64,/w==')
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = DATA_URL
    return DATA_URL + b64encode(raw).decode() if text.startswith(DATA_URL) else text


def read_bytes(text: Any) -> Any:
    """What `write_bytes` has written; what is no text is left to pydantic.

    Raises:
        ValueError: A data URL that is none.
    """
    if not isinstance(text, str):
        return text
    return b64decode(text.removeprefix(DATA_URL), validate=True) if text.startswith(DATA_URL) else text.encode()


def any_bytes(part: JSON, _resolve: Resolve) -> JSON:
    """Bytes of any kind: pydantic writes and reads UTF-8 only."""
    reading = core_schema.no_info_before_validator_function(read_bytes, _bare(part))
    writing = core_schema.plain_serializer_function_ser_schema(
        write_bytes, return_schema=core_schema.str_schema(), when_used="json-unless-none"
    )
    return _in_json(reading, part, writing)


def each_once(part: JSON, _resolve: Resolve) -> JSON:
    """A set that refuses an item given twice: pydantic keeps one of them without a word."""
    make = set if part["type"] == "set" else frozenset
    listed: Any = {**_bare(part), "type": "list"}
    told = {"pydantic_js_updates": {"uniqueItems": True}}
    reading = core_schema.no_info_after_validator_function(partial(_gathered, make), listed, metadata=told)
    return _in_json(reading, part)


def _gathered(make: Callable[[list[Any]], Any], items: list[Any]) -> Any:
    found = make(items)
    if len(found) < len(items):
        twice = next(item for position, item in enumerate(items) if item in items[:position])
        raise PydanticCustomError("item_twice", "the item {item} is given twice", {"item": shorten_json(twice)})
    return found


def as_list(part: JSON, _resolve: Resolve) -> JSON:
    """An iterable as a list, which can be read more than once."""

    def write(value: Any, as_before: Callable[[Any], Any]) -> Any:
        return as_before(list(value))

    listed: Any = {**_bare(part), "type": "list"}
    return _in_json(listed, part, core_schema.wrap_serializer_function_ser_schema(write, schema=listed))


def faithful_keys(part: JSON, resolve: Resolve) -> JSON:
    """A map whose keys come back as they were, each once."""
    keys = part.get("keys_schema", {"type": "any"})
    if keys["type"] == "nullable" or not _reads_back(resolve(keys), resolve):
        part = {**part, "keys_schema": _as_json_text(keys)}
    elif _stays_distinct(keys):
        return part
    once = core_schema.no_info_after_validator_function(_Once, part["keys_schema"])
    kept_apart: Any = {**_bare(part), "keys_schema": once}
    reading = core_schema.no_info_after_validator_function(_unwrapped, kept_apart)
    return _in_json(reading, part)


def _reads_back(keys: Any, resolve: Resolve) -> bool:
    """Whether a key of the type is text that the type reads."""
    kind = keys["type"]
    if kind == "union":
        choices = [resolve(choice[0] if isinstance(choice, tuple) else choice) for choice in keys["choices"]]
        return all(choice["type"] in {"str", "literal"} and _reads_back(choice, resolve) for choice in choices)
    if kind in {"literal", "enum"}:
        values = keys["expected"] if kind == "literal" else [member.value for member in keys["members"]]
        return all(isinstance(value, str) for value in values)
    return kind not in NOT_AS_KEYS


def _stays_distinct(keys: Any) -> bool:
    """Whether different texts are different keys."""
    if keys["type"] == "str":
        return not keys.keys() & STRING_CHANGES
    return keys["type"] in {"any", "literal", "enum"}


def _as_json_text(keys: Any) -> JSON:
    def write(key: Any, as_json: Callable[[Any], Any]) -> str:
        return json.dumps(as_json(key), ensure_ascii=False)

    writing = core_schema.wrap_serializer_function_ser_schema(write, schema=_bare(keys))
    text = _in_json(core_schema.json_schema(keys), keys, writing)
    return {key: value for key, value in text.items() if key != "ref"}  # it is the name of the keys as they are


class _Once:
    """A key that equals no other, so that none is lost before they can be counted."""

    def __init__(self, key: Any) -> None:
        self.key = key


def _unwrapped(found: Any) -> Any:
    """The map with its keys as they are."""
    keys = [once.key for once in found]
    if len({*keys}) < len(keys):
        twice = next(key for position, key in enumerate(keys) if key in keys[:position])
        raise PydanticCustomError("key_twice", "the key {key} is given twice", {"key": shorten_json(twice)})
    return type(found)({once.key: item for once, item in found.items()})


def _in_json(reading: Any, part: JSON, writing: Any = None) -> JSON:
    """The part, read from JSON in a way of its own."""

    def write(value: Any, as_before: Callable[[Any], Any]) -> Any:
        return as_before(value)

    writing = writing or core_schema.wrap_serializer_function_ser_schema(write, schema=_bare(part))
    told = {**part.get("metadata", {}), ORIGINAL_SCHEMA: part}
    either = core_schema.json_or_python_schema(
        reading, _bare(part), ref=part.get("ref"), metadata=told, serialization=writing
    )
    return cast("JSON", either)


def _bare(part: JSON) -> Any:
    return {key: value for key, value in part.items() if key not in {"ref", "metadata"}}


FAITHFUL: dict[str, Callable[[JSON, Resolve], JSON]] = {
    "bytes": any_bytes,
    "generator": as_list,
    "set": each_once,
    "frozenset": each_once,
    **dict.fromkeys(("dict", "ordered-dict", "counter"), faithful_keys),
}
"""By the type of a core schema, how it becomes exact."""
