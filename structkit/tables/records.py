"""A row of the input: its position, its key, its values, and a digest of its content."""

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
        ordinal: Its position, counted from 0; in a journal the one that it has there.
        key: What identifies it, even after rows were added or removed: its key column, or else its `digest`. Rows with
            the same content then share a key.
        values: Its cells by column, as the source has them: text stays text.
        row: Its position in the input, counted from 1; 0 if it is not from an input.
    """

    ordinal: int
    key: str
    values: Mapping[str, Any]
    row: int = 0

    @cached_property
    def digest(self) -> str:
        """The digest of its content."""
        return digest(self.values)


def digest(values: Mapping[str, Any]) -> str:
    """Return a digest of a row's content, as 32 hex digits: the same in every run and for every order of columns.

    Raises:
        TypeError: A cell is an object that is not data.

    >>> digest({"a": 1, "b": "x"}) == digest({"b": "x", "a": 1}) != digest({"a": "1", "b": "x"})
    True
    """
    return hashlib.sha256(ENCODE_SORTED(dict(values)).encode()).hexdigest()[:32]


def to_json_value(value: Any) -> JSONValue:
    r"""Return a cell as JSON: dates in ISO form, bytes in base64, decimals as text, sets as sorted lists.

    Raises:
        TypeError: It is an object that is not data.

    >>> import datetime, decimal
    >>> cells = datetime.date(2026, 1, 2), decimal.Decimal("1.50"), b"\xff", {"b", "a"}
    >>> [to_json_value(cell) for cell in cells]
    ['2026-01-02', '1.50', '_w==', ['a', 'b']]
    """
    if isinstance(value, set | frozenset):
        return sorted(map(to_json_value, value), key=json.dumps)
    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="constants", fallback=_scalar)


# Encoders are created once: `json.dumps` with options creates one for every call.
ENCODE_SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=to_json_value).encode
ENCODE_FINITE = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=to_json_value
).encode


def to_json_text(value: Any) -> str:
    """Return a value as JSON text on one line; what JSON cannot represent (NaN, infinities) is null.

    >>> to_json_text({"a": [1.5, float("nan")], "b": "é"})
    '{"a":[1.5,null],"b":"é"}'
    """
    try:
        return ENCODE_FINITE(value)
    except ValueError:
        finite = to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="null", fallback=_scalar)
        return json.dumps(finite, ensure_ascii=False, separators=(",", ":"), default=to_json_value)


def _scalar(value: Any) -> JSONValue:
    """Return the Python value of a numpy scalar."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"a {type(value).__name__} is not data")
    return item()
