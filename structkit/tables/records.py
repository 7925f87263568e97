"""A row of the input: its place, its key, its values, and what its content comes to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import to_jsonable_python

from structkit.values import JSONValue


@dataclass(frozen=True)
class Record:
    """One row of the input.

    Args:
        ordinal: Its place, counted from 0; in a journal the one that it has there.
        key: What names it, also after rows were added or removed: its key column, or else its `digest`. Rows with
            the same content share a key then.
        values: Its cells by column, as the source has them: text stays text.
        row: Its place in the input, counted from 1; 0 where it came from none.
    """

    ordinal: int
    key: str
    values: Mapping[str, Any]
    row: int = 0

    @cached_property
    def digest(self) -> str:
        """What its content comes to."""
        return digest(self.values)


def digest(values: Mapping[str, Any]) -> str:
    """A row's content as 32 hex digits: the same in every run and for every order of its columns.

    Raises:
        TypeError: A cell is no data.

    >>> digest({"a": 1, "b": "x"}) == digest({"b": "x", "a": 1}) != digest({"a": "1", "b": "x"})
    True
    """
    return hashlib.sha256(IN_ORDER(dict(values)).encode()).hexdigest()[:32]


def plain(value: Any) -> JSONValue:
    r"""A cell that is no JSON as JSON: dates in ISO form, bytes in base64, decimals as text, sets in order.

    Raises:
        TypeError: It is no data.

    >>> import datetime, decimal
    >>> plain(datetime.date(2026, 1, 2)), plain(decimal.Decimal("1.50")), plain(b"\xff"), plain({"b", "a"})
    ('2026-01-02', '1.50', '_w==', ['a', 'b'])
    """
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value), key=json.dumps)
    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="constants", fallback=_scalar)


IN_ORDER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=plain).encode
FINITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=plain).encode
"""Encoders made once: `json.dumps` makes one for every call."""


def as_json(value: Any) -> str:
    """A value as JSON text on one line; what JSON cannot say (NaN, infinities) is null.

    >>> as_json({"a": [1.5, float("nan")], "b": "é"})
    '{"a":[1.5,null],"b":"é"}'
    """
    try:
        return FINITE(value)
    except ValueError:
        known = to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="null", fallback=_scalar)
        return json.dumps(known, ensure_ascii=False, separators=(",", ":"), default=plain)


def _scalar(value: Any) -> JSONValue:
    """What a number of numpy's holds."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"a {type(value).__name__} is no data")
    return item()
