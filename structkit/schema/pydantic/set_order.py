"""Sets as JSON, in an order that is the same in every process: a set itself has the order of its hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from itertools import chain, repeat
from typing import Any

from pydantic_core import to_jsonable_python

from structkit.schema.pydantic.aliases import field_alias
from structkit.values import JSON


def in_set_order(items: Iterable[Any]) -> list[Any]:
    """Return the items of a set, which are JSON already, in order.

    >>> in_set_order(["b", 1, "a"])
    ['a', 'b', 1]
    """
    return sorted(items, key=json.dumps)


def with_set_order(value: Any, encoded: Any) -> Any:
    """Return the JSON of a value with the items of each set in order.

    Args:
        value: The value, which may be or contain sets.
        encoded: Its JSON, in which a set is a list in the order of the hashes of its items.

    >>> with_set_order({"a": [{3, 1, 2}]}, {"a": [[3, 1, 2]]})
    {'a': [[1, 2, 3]]}
    """
    value = value.value if isinstance(value, Enum) else value
    if isinstance(encoded, list) and isinstance(value, Iterable):
        items = [with_set_order(item, each) for item, each in zip(value, encoded, strict=False)]
        if len(items) != len(encoded):
            return encoded
        return in_set_order(items) if isinstance(value, AbstractSet) else items
    if isinstance(encoded, dict):
        members = [*(value if isinstance(value, Mapping) else getattr(value, "__dict__", {})).values()]
        if len(members) == len(encoded):
            pairs = zip(encoded.items(), members, strict=True)
            return {key: with_set_order(member, each) for (key, each), member in pairs}
    return encoded


def with_extra_order(schema: Any) -> Any:
    """Return a core schema with the sets in its `json_schema_extra` as lists, in order."""
    extra = (schema.get("metadata") or {}).get("pydantic_js_extra")
    if not isinstance(extra, dict):
        return schema
    ordered = with_set_order(extra, to_jsonable_python(extra))
    return {**schema, "metadata": {**schema["metadata"], "pydantic_js_extra": ordered}}


def order_examples(cls: Any, fields: Iterable[tuple[str, Any]], properties: JSON) -> None:
    """Put the sets among the examples of a class's fields in order, in place: pydantic has written them as lists."""
    infos = getattr(cls, "__pydantic_fields__", {})
    for name, field in fields:
        part, examples = properties.get(field_alias(name, field)), getattr(infos.get(name), "examples", None)
        if examples and isinstance(part, dict) and "examples" in part:
            part["examples"] = with_set_order(examples, part["examples"])


def list_sets(part: JSON) -> None:
    """Write the sets in what a caller has put into the JSON Schema of a part as lists, in place."""
    for word in ("enum", "examples"):
        value = part.get(word)
        values = [value, *value] if isinstance(value, list | AbstractSet) else []
        if any(isinstance(each, AbstractSet) for each in values):
            part[word] = with_set_order(value, to_jsonable_python(value, fallback=str))


def order_set_texts(part: JSON) -> None:
    """Put the sets in the default and in the examples of a part in order, which pydantic has written as lists."""
    list_sets(part)
    if "default" in part:
        part["default"] = _in_order(part["default"], part)
    if isinstance(part.get("examples"), list):
        part["examples"] = [_in_order(example, part) for example in part["examples"]]


def _in_order(value: Any, part: Any) -> Any:
    """Return a value with the items of its sets in order, as far as its schema says without references what is a set.

    >>> _in_order([["b", "a"], ["b", "a"]], {"prefixItems": [{"uniqueItems": True}, {}]})
    [['a', 'b'], ['b', 'a']]
    """
    branches = [part, *part.get("anyOf", ())] if isinstance(part, dict) else []
    shape = {word: inner for branch in branches if isinstance(branch, dict) for word, inner in branch.items()}
    if isinstance(value, list):
        parts = chain(shape.get("prefixItems", ()), repeat(shape.get("items")))
        items = [_in_order(item, inner) for item, inner in zip(value, parts, strict=False)]
        return in_set_order(items) if shape.get("uniqueItems") else items
    if isinstance(value, dict):
        properties, member_shape = shape.get("properties", {}), shape.get("additionalProperties")
        return {key: _in_order(member, properties.get(key, member_shape)) for key, member in value.items()}
    return value
