"""Units in texts, and those that the name or the description of a place states: 2 hours are not 2 minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.parsing.numbers import split_unit
from structkit.values import JSON, JSONPath

UNIT_NAMES = """
    °C ° celsius c | °F ° fahrenheit f
    µg | mg | g gram grams | kg kilogram kilograms | t tonne tonnes ton tons | lb lbs pound pounds | oz ounce ounces
    µm | mm | cm | m metre metres meter meters | km kilometre kilometres kilometer kilometers
    = mi mile miles | ft foot feet | yd yards | inch inches
    m² sqm | cm² | km² | ft² sqft | ha
    ml mL | cl | l L litre litres liter liters | m³
    ns | µs | ms | s sec secs second seconds | min mins minute minutes | h hr hrs hour hours | day days
    = week weeks | month months | year years yr yrs
    km/h kmh kph | mph | m/s
    W | kW | MW
    Wh | kWh | MWh
    Hz | kHz | MHz | GHz
    kB KB | MB | GB | TB
    USD US$ $ dollar dollars | AUD A$ $ dollar dollars | CAD C$ $ dollar dollars | HKD $ dollar dollars
    = NZD $ dollar dollars | SGD $ dollar dollars | MXN $ | EUR € euro euros | GBP £ | JPY ¥ yen | CNY ¥ | CHF
    = BRL R$ | INR ₹ | KRW ₩ | TRY ₺ | THB ฿ | ILS ₪ | PLN | CZK | DKK | NOK | SEK | HUF | ZAR
"""
"""A dimension on each line, which a `=` continues; the names of each of its units."""

DIMENSIONS = [
    [frozenset(unit.casefold().split()) for unit in line.split("|")]
    for line in UNIT_NAMES.replace("\n    =", " |").strip().splitlines()
]
WORD = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+")
STATED_UNIT = re.compile(r"(?:\bin |\((?=[^\s()]+\)))([^\s.,;:()]+)", re.IGNORECASE)
"""A unit in a description, as in `Height in cm` or `Height (cm)`."""


def has_other_unit(text: str, path: JSONPath, schemas: list[JSON]) -> bool:
    """Return whether a text is a number with another unit than the one that its place states, of the same dimension.

    >>> has_other_unit("2 hours", ("duration_minutes",), []), has_other_unit("2 min", ("durationMinutes",), [])
    (True, False)
    >>> has_other_unit("500 g", ("weight",), [{"description": "Weight in kg."}])
    True
    >>> has_other_unit("6 months", ("age",), []), has_other_unit("6 months", ("age_months",), [])
    (True, False)
    >>> has_other_unit("18 years", ("min_age",), []), has_other_unit("3 years", ("term",), [{"description": "(min 1)"}])
    (False, False)
    """
    unit = split_unit(text).casefold()
    if not unit:
        return False
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    words = [word.casefold() for word in WORD.findall(name)]
    is_minimum = len(words) > 1 and words[0] == "min"  # and not a number of minutes
    words = words[1:] if is_minimum else words
    stated = {word for schema in schemas for word in STATED_UNIT.findall(str(schema.get("description", "")))}
    stated_units = {*words} | {word.casefold() for word in stated}
    units = [each for each in _units_like(unit) if not stated_units.isdisjoint(each)]
    if not units and "age" in words:
        units = [each for each in _units_like(unit) if "years" in each]
    return bool(units) and not any(unit in each for each in units)


def _units_like(unit: str) -> Iterator[frozenset[str]]:
    """Yield the units of the dimension of one of them."""
    for dimension in DIMENSIONS:
        if any(unit in each for each in dimension):
            yield from dimension
