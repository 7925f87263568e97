"""The names that values have in the caller's code, such as those of an enum's members; a model may write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from structkit.values import JSONValue

NamesOfValues: TypeAlias = "Mapping[frozenset[str], Mapping[str, JSONValue]]"
"""By the JSON texts of all values that a schema lists: the values by their names."""


NO_NAMES: NamesOfValues = {}


def index_member_names(enums: Iterable[Mapping[str, JSONValue]]) -> NamesOfValues:
    """Return the names of the values of several enums; none for values that two enums name differently.

    >>> names = index_member_names([{"LOW": 1, "HIGH": 2}, {"RED": "r"}])
    >>> [sorted(values) for values in names], names[values_key([2, 1])]
    ([['1', '2'], ['"r"']], {'LOW': 1, 'HIGH': 2})
    """
    names: dict[frozenset[str], Mapping[str, JSONValue]] = {}
    for members in enums:
        key = values_key(members.values())
        names[key] = members if names.get(key, members) == members else {}
    return names


def values_key(values: Iterable[JSONValue]) -> frozenset[str]:
    """Return the key of the values that a schema lists; it may list null as well."""
    return frozenset(json.dumps(value) for value in values if value is not None)
