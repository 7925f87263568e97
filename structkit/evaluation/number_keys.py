"""Keys of rows that are the same whole number: `1`, and `1.0` in a table whose column had gaps and became floats."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

WHOLE_NUMBER = re.compile(r"([+-]?[0-9]+)\.0+")


def whole_number(key: str) -> str:
    """Return a key without the decimals of a whole number.

    >>> whole_number("7.00"), whole_number("7.10"), whole_number("A.0")
    ('7', '7.10', 'A.0')
    """
    match = WHOLE_NUMBER.fullmatch(key)
    return match[1] if match else key


def match_number_keys(keys: Iterable[str], other_keys: Iterable[str]) -> dict[str, str]:
    """Return the key of the other table for each key that is the same whole number, where both have exactly one.

    Args:
        keys: Those that the other table does not have as they are.
        other_keys: Those of the other table that this one does not have.

    >>> match_number_keys(["1.0", "2.5", "3.0", "3.00"], ["1", "2", "3"])
    {'1.0': '1'}
    """
    by_number, other_by_number = _by_number(keys), _by_number(other_keys)
    pairs = ((group, other_by_number.get(number, [])) for number, group in by_number.items())
    return {group[0]: matches[0] for group, matches in pairs if len(group) == len(matches) == 1}


def _by_number(keys: Iterable[str]) -> dict[str, list[str]]:
    groups = defaultdict[str, list[str]](list)
    for key in keys:
        groups[whole_number(key)].append(key)
    return groups
