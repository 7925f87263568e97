"""How two values of a field are compared: exactly, by value, folded, nearly, or by a function of the caller's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, datetime, time, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, TypeAlias

from typing_extensions import Self

from structkit.errors import ConfigError
from structkit.evidence.folding import fold
from structkit.schema.json_equality import equality_key
from structkit.schema.keywords import OWN_PREFIX, is_decimal
from structkit.tables.columns import schema_types
from structkit.values import JSON, JSONValue

COMPARE_KEYWORD = f"{OWN_PREFIX}compare"
"""Keyword that says how the values of a field are compared."""

AreEqual: TypeAlias = Callable[[JSONValue, JSONValue], bool]
ToKey: TypeAlias = Callable[[JSONValue], Hashable]

DIGITS = re.compile(r"\d+")
ID_WORDS = frozenset({"id", "ids", "uuid", "guid", "iban", "bic", "isbn", "issn", "ean", "gtin", "sku", "vin", "url"})
"""Words in the name of a field whose texts are compared exactly."""

NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class Comparator:
    """How two values of a field are compared; an annotation of a type: `Annotated[float, Compare.within(0.01)]`.

    Args:
        name: What it is called in reports.
        key: Values with equal keys are equal. None if equality is not transitive.
        are_equal: Whether two values are equal, without a key.
        is_ignored: Whether the field is left out of the score.
        is_ordered: For a list: whether items are compared by position.
    """

    name: str
    key: ToKey | None = None
    are_equal: AreEqual | None = None
    is_ignored: bool = False
    is_ordered: bool = False

    def __call__(self, gold: JSONValue, got: JSONValue) -> bool:
        """Return whether a value is right."""
        if self.key is not None:
            return gold is got or self.key(gold) == self.key(got)
        return bool(self.are_equal(gold, got)) if self.are_equal else False

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        """Note it in the natural schema; it is not part of what is sent."""
        return {**handler(core_schema), COMPARE_KEYWORD: ComparatorNote(self)}


class ComparatorNote(str):
    """A comparator as a value of a JSON Schema: its name, with the comparator itself."""

    __slots__ = ("comparator",)
    comparator: Comparator

    def __new__(cls, comparator: Comparator) -> Self:
        """Store the comparator."""
        note = super().__new__(cls, comparator.name)
        note.comparator = comparator
        return note

    def __deepcopy__(self, memo: Any) -> ComparatorNote:
        """Copy as itself: it is never changed."""
        return self


def exact_key(value: JSONValue) -> Hashable:
    """Return the key of a value that is compared exactly."""
    return value if type(value) is str else equality_key(value)


def text_key(value: JSONValue) -> Hashable:
    r"""Return the key of a text: without case, accents, width, kinds of dashes and quotes, and runs of white space.

    >>> text_key("Caf\u00e9  \u2013 O\u2019Brien") == text_key("cafe - o'brien"), text_key("INV-1") == text_key("INV-2")
    (True, False)
    """
    return " ".join(fold(value).split()) if isinstance(value, str) else equality_key(value)


def number_key(value: JSONValue) -> Hashable:
    """Return the key of a number, which may be a text.

    >>> number_key("1.50") == number_key(1.5), number_key(1) == number_key(1.0), number_key("x")
    (True, True, 'x')
    """
    if type(value) is int or (type(value) is float and value.is_integer()):
        return value
    try:
        number = Decimal(value if isinstance(value, str) else repr(float(value)))
    except (InvalidOperation, TypeError, ValueError):
        return text_key(value)
    return number if number.is_finite() else str(number)


def date_key(value: JSONValue) -> Hashable:
    """Return the key of a date, a time, or a date and time; with an offset, its moment.

    >>> date_key("2026-03-14T10:00:00Z") == date_key("2026-03-14T11:00:00+01:00")
    True
    """
    for read in (date.fromisoformat, time.fromisoformat, datetime.fromisoformat):
        try:
            moment = read(str(value))
        except ValueError:
            continue
        is_aware = isinstance(moment, datetime) and moment.tzinfo is not None
        return moment.astimezone(timezone.utc) if is_aware and isinstance(moment, datetime) else moment
    return text_key(value)


EXACT, TEXT = Comparator("exact", exact_key), Comparator("text", text_key)
NUMBER, DATE = Comparator("number", number_key), Comparator("date", date_key)
FORMATS: dict[str, Comparator] = dict.fromkeys(
    ("date", "date-time", "iso-date-time", "date-time-local", "time", "iso-time"), DATE
)


def default_comparator(schema: JSON, name: str) -> Comparator:
    """Return how the scalars of a field are compared if its type does not say.

    >>> default_comparator({"type": "string"}, "city").name, default_comparator({"type": "string"}, "order_id").name
    ('text', 'exact')
    >>> default_comparator({"enum": ["a"]}, "x").name, default_comparator({"format": "date"}, "x").name
    ('exact', 'date')
    >>> default_comparator({"type": ["number", "null"]}, "total").name
    'number'
    """
    types = schema_types(schema)
    if "enum" in schema or "const" in schema or types == {"boolean"}:
        return EXACT
    if (types and types <= {"integer", "number"}) or is_decimal(schema):
        return NUMBER
    if comparator := FORMATS.get(str(schema.get("format"))):
        return comparator
    is_id = not ID_WORDS.isdisjoint(word.lower() for word in NAME_WORD.findall(name))
    if is_id or "pattern" in schema or "format" in schema:
        return EXACT
    return TEXT if types == {"string"} else UNTYPED


def untyped_key(value: JSONValue) -> Hashable:
    """Return the key of a value of which no type is known."""
    return number_key(value) if isinstance(value, int | float) and not isinstance(value, bool) else text_key(value)


UNTYPED = Comparator("value", untyped_key)


class Compare:
    """How the values of a field are compared, as annotations: `Annotated[str, Compare.fuzzy(0.9)]`.

    Without one, texts are compared without case, accents, kinds of dashes and quotes, and runs of white space; numbers,
    dates and times by value; enums, booleans, and texts with a format, a pattern or the name of an identifier exactly.

    Attributes:
        exact: Equal as JSON.
        text: Equal texts, but for case, accents, dashes, quotes and white space.
        ignore: The field is left out of the score.
        in_order: For a list, whose items are otherwise aligned in any order: item by item, by position.
    """

    exact: ClassVar[Comparator] = EXACT
    text: ClassVar[Comparator] = TEXT
    ignore: ClassVar[Comparator] = Comparator("ignore", is_ignored=True)
    in_order: ClassVar[Comparator] = Comparator("in_order", is_ordered=True)

    @staticmethod
    def within(absolute: float = 0, *, relative: float = 0) -> Comparator:
        """Return a comparator of numbers that may differ by so much, or by a share of the gold value.

        Raises:
            ConfigError: A tolerance is negative or not a number.

        >>> Compare.within(0.01)("9.99", 10), Compare.within(relative=0.05)(100, 106)
        (True, False)
        """
        limits = [_decimal(absolute), _decimal(relative)]
        if any(limit is None or limit < 0 for limit in limits):
            raise ConfigError(f"Compare.within: tolerances are numbers from 0, not {absolute!r} and {relative!r}")

        def are_near(gold: JSONValue, got: JSONValue) -> bool:
            numbers = _decimal(gold), _decimal(got)
            if numbers[0] is None or numbers[1] is None:
                return number_key(gold) == number_key(got)
            limit = max(limits[0] or Decimal(0), (limits[1] or Decimal(0)) * abs(numbers[0]))
            return abs(numbers[0] - numbers[1]) <= limit

        return Comparator(f"within {absolute or relative}", are_equal=are_near)

    @staticmethod
    def fuzzy(ratio: float = 0.9) -> Comparator:
        """Return a comparator of texts that are similar: from this ratio on, and with the same digits.

        The ratio is 1 minus the edits (insertions and deletions) as a share of the letters of both texts, folded.
        Digits have to be the same, because a number or an identifier with another digit is another one.

        Raises:
            ConfigError: The ratio is not between 0 and 1.

        >>> same = Compare.fuzzy(0.9)
        >>> same("Northwind Traders Ltd", "Northwind Trader Ltd."), same("INV-2291", "INV-2292")
        (True, False)
        """
        if not 0 <= ratio <= 1:
            raise ConfigError(f"Compare.fuzzy: the ratio is between 0 and 1, not {ratio!r}")

        def are_similar(gold: JSONValue, got: JSONValue) -> bool:
            from rapidfuzz.fuzz import ratio as similarity

            texts = [" ".join(fold(str(text)).split()) for text in (gold, got)]
            has_same_digits = DIGITS.findall(texts[0]) == DIGITS.findall(texts[1])
            return has_same_digits and similarity(*texts) >= 100 * ratio

        return Comparator(f"fuzzy {ratio:g}", are_equal=are_similar)

    @staticmethod
    def by(function: AreEqual) -> Comparator:
        """Return a comparator by a function of the gold value and the other one, both as natural JSON."""
        return Comparator(getattr(function, "__name__", "function"), are_equal=function)


def _decimal(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and not isinstance(value, bool) else None


def is_absent(value: JSONValue) -> bool:
    """Return whether there is no value: null, a blank text, an empty list or map, or no place at all.

    >>> [is_absent(value) for value in (None, " ", [], {}, float("nan"), 0, False)]
    [True, True, True, True, True, False, False]
    """
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (not value and isinstance(value, list | dict))
