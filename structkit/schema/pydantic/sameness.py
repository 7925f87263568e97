"""Whether two Python values are the same: equal, and of the same types at every level."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from typing import Any

from pydantic import BaseModel


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal with their types; objects without an `__eq__` by their attributes.

    >>> is_same([1], [1]), is_same([1], [True]), is_same({"a": 1}, {"a": 1.0}), is_same(math.nan, float("nan"))
    (True, False, False, True)
    """
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, dict | set | frozenset):
        return _have_same_members(one, other)
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if _is_record(type(one)):
        return is_same(_attributes(one), _attributes(other))
    return bool(one == other)


def _have_same_members(one: Any, other: Any) -> bool:
    if {(type(key), key) for key in one} != {(type(key), key) for key in other}:
        return False
    return not isinstance(one, dict) or all(is_same(item, other[key]) for key, item in one.items())


def _is_record(cls: type) -> bool:
    """Return whether instances are the same if their attributes are."""
    compare: Any = cls.__eq__
    return compare in {object.__eq__, BaseModel.__eq__} or dataclasses.is_dataclass(cls)


def _attributes(instance: Any) -> dict[str, Any]:
    if isinstance(instance, BaseModel):
        return {**instance.__dict__, **(instance.__pydantic_extra__ or {})}
    if dataclasses.is_dataclass(instance):
        return {field.name: getattr(instance, field.name, None) for field in dataclasses.fields(instance)}
    return dict(getattr(instance, "__dict__", {}))
