"""Equality of JSON values, by a key that can be looked up: many values are compared in linear time."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from structkit.values import JSONValue


def equality_key(value: JSONValue) -> Hashable:
    """Return a key that is equal for equal JSON values only: 1 is 1.0, True is not 1, the order of keys is ignored.

    >>> equality_key(1) == equality_key(1.0), equality_key(True) == equality_key(1)
    (True, False)
    >>> equality_key({"a": 1, "b": [2]}) == equality_key({"b": [2.0], "a": 1})
    True
    """
    if isinstance(value, dict):
        return frozenset((name, equality_key(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(equality_key, value))
    # Numbers as text: a hostile document can make the hashes of numbers collide.
    if isinstance(value, float):
        return (int, hex(int(value))) if value.is_integer() else (float, repr(value))
    return (type(value), hex(value)) if isinstance(value, int) else value


def unique_values(values: Iterable[JSONValue]) -> list[JSONValue]:
    """Return the values in order, without those that equal an earlier one.

    >>> unique_values([1, True, 1.0, {"a": 1}, {"a": 1.0}])
    [1, True, {'a': 1}]
    """
    by_key: dict[Hashable, JSONValue] = {}
    for value in values:
        by_key.setdefault(equality_key(value), value)
    return [*by_key.values()]


def is_completed(value: JSONValue, original: JSONValue) -> bool:
    """Return whether a value equals another one, but for properties that only it has.

    >>> is_completed({"a": [{"b": 1, "c": None}]}, {"a": [{"b": 1}]}), is_completed({"a": 1}, {"a": 1, "b": 2})
    (True, False)
    """
    if isinstance(value, dict) and isinstance(original, dict):
        return all(name in value and is_completed(value[name], item) for name, item in original.items())
    if isinstance(value, list) and isinstance(original, list):
        return len(value) == len(original) and all(map(is_completed, value, original))
    return bool(value == original)
