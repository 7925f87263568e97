"""A cell of a row: as JSON, as the text that a prompt has of it, and whether there is anything to read in it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import to_jsonable_python

from structkit.values.exact_float import ExactFloat, has_exact_floats
from structkit.values.iso_time import iso_duration, iso_time
from structkit.values.json import JSONValue, compact_encoder
from structkit.values.page import PromptDocument

MISSING_TYPES = frozenset({"NAType", "NaTType", "MaskedConstant"})
"""The types of `pandas.NA`, `pandas.NaT` and `numpy.ma.masked`, by name: neither library is imported for them."""

ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff")
"""Invisible characters for which `str.isspace` is False."""


PLAIN_TYPES = frozenset({str, bool, int, float, type(None)})


def to_json_value(value: Any) -> JSONValue:
    r"""Return a cell as JSON: dates in ISO form, bytes in base64, decimals as text, sets as sorted lists.

    Raises:
        TypeError: It is an object that is not data.

    >>> import datetime, decimal
    >>> cells = datetime.date(2026, 1, 2), decimal.Decimal("1.50"), b"\xff", {"b", "a"}
    >>> [to_json_value(cell) for cell in cells]
    ['2026-01-02', '1.50', '_w==', ['a', 'b']]
    """
    if has_exact_floats(value):
        return value
    try:
        return _to_json(value)
    except RecursionError:
        raise ValueError("a cell contains itself, or is nested too deep") from None


def _to_json(value: Any) -> JSONValue:
    """Return a cell, or a part of one; pydantic gets each scalar alone, since it writes those of pandas as Python's."""
    if isinstance(value, dict):
        return {_to_key(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_to_json, value)]
    if isinstance(value, set | frozenset):
        return sorted(map(_to_json, value), key=json.dumps)
    return value if type(value) in PLAIN_TYPES else _scalar_to_json(value)


def _scalar_to_json(value: Any) -> JSONValue:
    if isinstance(value, Iterator):
        raise TypeError(f"a {type(value).__name__} can be read only once: pass a list")
    if not isinstance(value, float) and is_missing(value):
        return None
    if type(value).__name__ == "Timestamp" and isinstance(value, datetime):  # pydantic would keep the microseconds
        return iso_time(value.isoformat())
    if type(value).__name__ == "Timedelta" and isinstance(value, timedelta):
        return iso_duration(value // timedelta(microseconds=1) * 1_000 + _nanoseconds(value))
    return to_jsonable_python(value, bytes_mode="base64", inf_nan_mode="constants", fallback=_scalar)


def _to_key(key: Any) -> str:
    text = key if isinstance(key, str) else _to_json(key)
    return str(text) if isinstance(text, str) else next(iter(to_jsonable_python({key: None})))


ENCODE_FINITE = compact_encoder(allow_nan=False, default=to_json_value)


def to_json_text(value: Any) -> str:
    """Return a value as JSON text on one line; NaN, which stands for a missing value, is null, and an infinity is text.

    >>> to_json_text({"a": [1.5, float("nan"), float("inf")], "b": "é"})
    '{"a":[1.5,null,"Infinity"],"b":"é"}'
    """
    if has_exact_floats(value):
        return _exact_text(value)
    try:
        return ENCODE_FINITE(value)
    except ValueError:
        return ENCODE_FINITE(_finite(to_json_value(value)))


def _exact_text(value: JSONValue) -> str:
    """Return JSON text with all digits of its numbers, which the encoder of Python writes as floats."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{ENCODE_FINITE(str(key))}:{_exact_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_exact_text, value)) + "]"
    return value.text if isinstance(value, ExactFloat) else to_json_text(value)


def _finite(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_finite, value)]
    return value if not isinstance(value, float) or math.isfinite(value) else infinity_text(value)


def infinity_text(value: float) -> str | None:
    """Return an infinity as the text that the types of pydantic have for it; None for NaN."""
    return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def is_empty(cell: Any) -> bool:
    """Return whether a cell has no value: None, an empty text, empty bytes, NaN, or another mark for a missing value.

    >>> is_empty(None), is_empty(float("nan")), is_empty(""), is_empty(0), is_empty(" ")
    (True, True, True, False, False)
    """
    return not cell if isinstance(cell, str | bytes | bytearray) else cell is None or is_missing(cell)


def is_missing(value: Any) -> bool:
    """Return whether a value is a mark for a missing one: NaN of any numeric type, or what pandas and numpy have.

    >>> is_missing(Decimal("NaN")), is_missing(float("nan")), is_missing(None), is_missing("")
    (True, True, False, False)
    """
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, str | int):  # almost always
        return False
    if isinstance(value, Decimal):
        return value.is_nan()
    kind = type(value)
    is_scalar = kind.__module__ == "numpy" and getattr(value, "ndim", None) == 0
    return kind.__name__ in MISSING_TYPES or (is_scalar and bool(value != value))  # noqa: PLR0124 (NaN and NaT)


def to_text(cell: Any) -> str:
    """Return a cell as a prompt has it, the same for every format of tables.

    An empty cell is an empty text, a text stays as it is, dates and times are in ISO form, and any other value is JSON.

    >>> import datetime
    >>> [to_text(cell) for cell in (None, float("nan"), "NA", True, 1.5, ["a", None], datetime.date(2026, 1, 2))]
    ['', '', 'NA', 'true', '1.5', '["a",null]', '2026-01-02']
    """
    if isinstance(cell, str):
        return str.__str__(cell)  # the value of a member of a string enumeration
    if is_empty(cell):
        return ""
    if type(cell) is int or isinstance(cell, PromptDocument):
        return f"{cell}"
    try:
        value = to_json_value(cell)
    except (TypeError, ValueError):
        return str(cell)  # not data, but an argument of a function, such as an object with a `__str__`
    if isinstance(value, float) and not math.isfinite(value):
        return infinity_text(value) or ""
    return value if isinstance(value, str) else "" if value is None else to_json_text(value)


def is_blank(cell: Any) -> bool:
    r"""Return whether a cell has nothing to read: it is empty, or has only white space.

    >>> is_blank(" \n\u200b"), is_blank(None), is_blank("-"), is_blank(0), is_blank([])
    (True, True, False, False, False)
    """
    if not isinstance(cell, str):
        return is_empty(cell)
    return all(letter.isspace() or letter in ZERO_WIDTH for letter in cell)


READ_KINDS: dict[str, Callable[[Any], JSONValue]] = {
    "M": lambda value: iso_time(str(value)),  # its Python value is an integer if it has nanoseconds
    "m": lambda value: iso_duration(int(value.astype("m8[ns]").astype("i8"))),
    # Of 32 bits: 0.1, and not the digits of the same number with 64. With those of 16 bits, 65504 would be 65500.
    "f": lambda value: value.item() if value.itemsize == 2 else float(str(value)),  # noqa: PLR2004
}
"""By the kind of a scalar of numpy, what reads it, if its Python value is another one."""


def _nanoseconds(duration: Any) -> int:
    return int(getattr(duration, "nanoseconds", 0))


def _scalar(value: Any) -> JSONValue:
    """Return the Python value of a scalar or an array of numpy, pandas and the like."""
    if is_missing(value):
        return None
    if hasattr(value, "columns"):
        raise TypeError(f"a {type(value).__name__} is a table: pass its rows")
    if getattr(value, "ndim", 0):
        return [*map(_to_json, value)]
    if hasattr(value, "mask"):  # a masked array without dimensions
        return value.tolist()
    if read := READ_KINDS.get(getattr(getattr(value, "dtype", None), "kind", "")):
        return read(value)
    item = getattr(value, "item", None) or getattr(value, "tolist", None)
    if item is None:
        raise TypeError(f"a {type(value).__name__} is not data")
    return item()
