"""When two JSON values are the same: by a key that can be looked up, so that many are compared in linear time."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from structkit.values import JSONValue


def equality_key(value: JSONValue) -> Hashable:
    """What is equal for the same JSON alone: 1 is 1.0, True is neither, and the order of keys says nothing.

    >>> equality_key(1) == equality_key(1.0), equality_key(True) == equality_key(1)
    (True, False)
    >>> equality_key({"a": 1, "b": [2]}) == equality_key({"b": [2.0], "a": 1})
    True
    """
    if isinstance(value, dict):
        return frozenset((name, equality_key(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(equality_key, value))
    if isinstance(value, float):
        return (int, hex(int(value))) if value.is_integer() else (float, repr(value))
    # Texts, because the hashes of numbers can be made to collide.
    return (type(value), hex(value)) if isinstance(value, int) else value


def unique_values(values: Iterable[JSONValue]) -> list[JSONValue]:
    """The values without those that are the same as one before.

    >>> unique_values([1, True, 1.0, {"a": 1}, {"a": 1.0}])
    [1, True, {'a': 1}]
    """
    found: dict[Hashable, JSONValue] = {}
    for value in values:
        found.setdefault(equality_key(value), value)
    return [*found.values()]
