"""Numbers in JSON text that a float does not represent exactly: each with the text that has all its digits."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, ClassVar

from structkit.values.json import FrozenJSON, JSONValue

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_EXACT_CHARS = 15
"""A number without an exponent and with so few characters is always the shortest text of its float."""


class ExactFloat(float):
    """A float that is the nearest to a number, and the number's own text.

    It is a plain float for arithmetic, comparison and `json`; only its `repr` has all digits.

    >>> read_float("12345678901234567.89"), read_float("12345678901234567.89") + 0, read_float("0.1")
    (12345678901234567.89, 1.2345678901234568e+16, 0.1)
    """

    text: str
    exists: ClassVar[bool] = False
    """Whether there was ever one in this process; without one, no reply is searched for them."""

    def __new__(cls, text: str) -> Self:
        """Create the number of a text."""
        number = super().__new__(cls, text)
        number.text = text
        ExactFloat.exists = True
        return number

    def __repr__(self) -> str:
        """The text, as it was written."""
        return self.text

    def is_integer(self) -> bool:
        """Whether the number itself is whole; the nearest float may be although it is not."""
        number = Decimal(self.text)
        return number == number.to_integral_value()

    def __reduce__(self) -> tuple[type[ExactFloat], tuple[str]]:
        """Keep the text in copies."""
        return ExactFloat, (self.text,)


def read_float(digits: str) -> float:
    """Return a number in JSON as a float, which has its text where other digits would be written for the float.

    >>> read_float("1.50"), type(read_float("9007199254740993.0")).__name__, read_float("1e400")
    (1.5, 'ExactFloat', inf)
    """
    value = float(digits)
    if len(digits) <= MAX_EXACT_CHARS and "e" not in digits and "E" not in digits:
        return value
    return value if value - value or _is_same(digits, value) else ExactFloat(digits)


def _is_same(digits: str, value: float) -> bool:
    """Return whether a text has the value that is written for a float; true for an exponent that no decimal has."""
    try:
        return Decimal(digits) == Decimal(repr(value))
    except InvalidOperation:
        return True


def without_texts(value: JSONValue) -> JSONValue:
    """Return a JSON value with each whole number as an exact integer, and each other one as its nearest float.

    >>> without_texts([read_float("9007199254740993.0"), read_float("12345678901234567.89")])
    [9007199254740993, 1.2345678901234568e+16]
    """
    if isinstance(value, dict):
        return {key: without_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [*map(without_texts, value)]
    if not isinstance(value, ExactFloat):
        return value
    return int(Decimal(value.text)) if value.is_integer() else float(value)


CONTAINERS = frozenset({dict, FrozenJSON, list})
MAX_FLOAT_DIGITS = 308
"""An integer with so many digits is never too large for a float."""


def has_exact_floats(value: JSONValue) -> bool:
    """Return whether `exact_floats` yields anything; fast, because every reply is searched.

    A cell of a caller's row may contain itself, so each container is searched once.
    """
    if not ExactFloat.exists:
        return False
    stack, visited = [value], set[int]()
    while stack:
        parts = _parts(stack.pop())
        types = {*map(type, parts)}
        if ExactFloat in types:
            return True
        if not types.isdisjoint(CONTAINERS):
            inner = [part for part in parts if type(part) in CONTAINERS and id(part) not in visited]
            visited.update(map(id, inner))
            stack += inner
    return False


def has_long_integers(value: JSONValue) -> bool:
    """Return whether a value has an integer that is too large for a float."""
    stack = [value]
    while stack:
        parts = _parts(stack.pop())
        types = {*map(type, parts)}
        if int in types and any(type(part) is int and abs(part) > sys.float_info.max for part in parts):
            return True
        if not types.isdisjoint(CONTAINERS):
            stack += (part for part in parts if type(part) in CONTAINERS)
    return False


def _parts(value: JSONValue) -> Collection[JSONValue]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)


def exact_floats(value: JSONValue) -> Iterator[ExactFloat]:
    """Yield the numbers in a JSON value that no float represents exactly."""
    stack = [value]
    while stack:
        part = stack.pop()
        if type(part) is ExactFloat:
            yield part
        elif isinstance(part, dict):
            stack += part.values()
        elif isinstance(part, list):
            stack += part
