"""Sets inside a value that is shown to the model, in an order that is the same in every process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

from structkit.values import JSON


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
        return sorted(items, key=json.dumps) if isinstance(value, AbstractSet) else items
    if isinstance(encoded, dict):
        members = [*(value if isinstance(value, Mapping) else getattr(value, "__dict__", {})).values()]
        if len(members) == len(encoded):
            pairs = zip(encoded.items(), members, strict=True)
            return {key: with_set_order(member, each) for (key, each), member in pairs}
    return encoded


def order_set_texts(part: JSON) -> None:
    """Put the default and the examples of a set in order, which pydantic has written as lists."""
    branches = part.get("anyOf", ())
    if not any(isinstance(each, dict) and each.get("uniqueItems") for each in (part, *branches)):
        return
    if isinstance(part.get("default"), list):
        part["default"] = _in_order(part["default"])
    if isinstance(part.get("examples"), list):
        part["examples"] = [
            sorted(each, key=json.dumps) if isinstance(each, list) else each for each in part["examples"]
        ]


def _in_order(items: Any) -> Any:
    return sorted(items, key=json.dumps) if isinstance(items, list) else items
