"""Numbers and booleans that a model wrote as text where the schema takes no text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from structkit.values import JSON, JSONPath, JSONValue, format_path

LONGEST = 64
"""Characters beyond which a text is no number that anyone would write."""

PLAIN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
GROUPED = re.compile(r"([1-9][0-9]{0,2}(?:([,. '_])[0-9]{3})(?:\2[0-9]{3})*)(?:([.,])([0-9]+))?")
AROUND = re.compile(r"([-+]?)([^-+0-9]*?) ?([-+]?)([0-9](?:[0-9,.'_ eE+-]*[0-9])?) ?(\D*)")
SAME = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-"})
"""Spaces that part groups of digits, the apostrophe that does, and the minus sign of typesetters."""

CURRENCY_NAMES = """
    $ € £ ¥ ₹ ₩ ₽ ₺ ฿ ₫ ₪ ₴ US$ A$ C$ R$
    AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW MXN NOK NZD PLN SEK SGD THB TRY USD ZAR
"""
UNIT_NAMES = """
    % percent pct ° °C °F µg mg g kg lb lbs oz µm mm cm km mi ft yd m² cm² km² ft² m³ ha ml mL cl l L
    ns µs ms s sec secs min mins h hr hrs km/h mph m/s V A W Wh kW kWh Hz kHz MHz GHz kB KB MB GB TB px pt dpi
    gram grams kilogram kilograms pound pounds ounce ounces litre litres liter liters
    metre metres meter meters kilometre kilometres kilometer kilometers mile miles foot feet inch inches
    second seconds minute minutes hour hours day days week weeks month months year years yrs
    dollar dollars euro euros yen item items pcs piece pieces unit units person people page pages word words
    token tokens point points
"""
CURRENCIES = frozenset(CURRENCY_NAMES.split())
UNITS = CURRENCIES | frozenset(UNIT_NAMES.split())
"""What may follow a number and leaves it as it is; not `k`, `m`, `M`, `t`, `bn`, which may be thousands or millions."""

Unread: Final = ...
"""The text is no number, or may be more than one."""


def mend_numbers(value: JSONValue, schema: JSON) -> tuple[JSONValue, tuple[str, ...]]:
    """Read the texts in a wire *value* as numbers or booleans where its strict *schema* takes those and no text.

    A text is read only when it can mean one number: with groups of three, with a currency or unit that
    does not change it, or plain. `"1,234"` is 1234, for a comma before three digits parts groups wherever a point
    is the decimal sign, as it is in JSON; `"1,5"` stays as it is. Where the schema names values one by one
    (`enum`, `const`), nothing is read. A union's branches must agree; those whose constants differ are left out.

    Returns:
        The value, the same object when nothing was read, and what was read where.

    >>> item = {"type": "object", "properties": {"price": {"type": "number"}, "sku": {"type": "string"}}}
    >>> schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    >>> mend_numbers({"items": [{"price": "$1,234.50", "sku": "12"}]}, schema)
    ({'items': [{'price': 1234.5, 'sku': '12'}]}, ('number in text at items[0].price',))
    >>> mend_numbers({"items": [{"price": "12 to 15"}]}, schema)
    ({'items': [{'price': '12 to 15'}]}, ())
    """
    repairs: list[str] = []
    try:
        return _mend(value, [schema], schema, (), repairs), tuple(repairs)
    except RecursionError:  # deeper than any validator goes
        return value, ()


def read_number(text: str, *, whole: bool = False) -> int | float | None:
    """The one number that *text* can mean, or None.

    >>> [read_number(text) for text in ("1.234", "1,234", "1.234,50", "1 234", "-$1'234.5", "25%", "12 kg")]
    [1.234, 1234, 1234.5, 1234, -1234.5, 25, 12]
    >>> [read_number(text) for text in ("1,5", "12k", "10-12", "5 pm", "007", "0,123", "~5")]
    [None, None, None, None, None, None, None]
    >>> read_number("3.0", whole=True), read_number("3.5", whole=True)
    (3, None)
    """
    found = AROUND.fullmatch(text.strip().translate(SAME)) if len(text) <= LONGEST else None
    if found is None:
        return None
    sign, before, inner, digits, after = found.groups()
    if (sign and inner) or not (before.strip() in CURRENCIES | {""} and after.strip() in UNITS | {""}):
        return None
    plain = _plain(digits)
    return None if plain is None else _value(plain, negative="-" in sign + inner, whole=whole)


def _plain(digits: str) -> str | None:
    """The digits as JSON writes them."""
    if PLAIN.fullmatch(digits):
        return digits
    found = GROUPED.fullmatch(digits)
    if found is None:
        return None
    grouped, separator, point, fraction = found.groups()
    if point == separator:
        return None
    return grouped.replace(separator, "") + (f".{fraction}" if point else "")


def _value(digits: str, *, negative: bool, whole: bool) -> int | float | None:
    before, _, fraction = digits.partition(".")
    if before.isdigit() and (not fraction or (whole and not fraction.strip("0"))):
        return -int(before) if negative else int(before)
    value = float(digits)
    if whole or value == float("inf"):
        return None
    return -value if negative else value


def _mend(value: JSONValue, schemas: list[JSON], root: JSON, path: JSONPath, repairs: list[str]) -> JSONValue:
    """The value, read by all the *schemas* of which it may have any."""
    if isinstance(value, str):
        return _mend_text(value, list(_branches(schemas, root)), path, repairs)
    if isinstance(value, list):
        below = [branch["items"] for branch in _branches(schemas, root) if isinstance(branch.get("items"), dict)]
        mended = [_mend(item, below, root, (*path, index), repairs) for index, item in enumerate(value)]
        return mended if any(new is not old for new, old in zip(mended, value, strict=True)) else value
    if isinstance(value, dict):
        shapes = [_properties(branch) for branch in _branches(schemas, root)]
        fitting = [shape for shape in shapes if _fits(value, shape)]
        new = {
            key: _mend(item, [shape[key] for shape in fitting if key in shape], root, (*path, key), repairs)
            for key, item in value.items()
        }
        return new if any(new[key] is not item for key, item in value.items()) else value
    return value


def _properties(schema: JSON) -> JSON:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _fits(value: JSON, shape: JSON) -> bool:
    """Whether no constant among the properties speaks against the value."""
    return all(value[key] in _constants(shape[key]) for key in value.keys() & shape.keys() if _is_constant(shape[key]))


def _is_constant(schema: JSONValue) -> bool:
    return isinstance(schema, dict) and ("const" in schema or "enum" in schema)


def _constants(schema: JSON) -> list[JSONValue]:
    return [schema["const"]] if "const" in schema else schema["enum"]


def _branches(schemas: list[JSON], root: JSON) -> Iterator[JSON]:
    """The schemas behind references and unions."""
    seen: set[int] = set()
    open_: list[JSONValue] = [*schemas]
    while open_:
        schema = open_.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        reference, union = schema.get("$ref"), schema.get("anyOf")
        if isinstance(reference, str):
            definitions = root.get("$defs") or {}
            open_.append(definitions.get(reference.removeprefix("#/$defs/")) if reference != "#" else root)
        elif isinstance(union, list):
            open_ += union
        else:
            yield schema


def _mend_text(text: str, branches: list[JSON], path: JSONPath, repairs: list[str]) -> JSONValue:
    types = _types(branches)
    value: JSONValue = None
    kind = "number"
    if types & {"number", "integer"}:
        value = read_number(text, whole="number" not in types)
    if value is None and "boolean" in types:
        kind, value = "boolean", {"true": True, "false": False}.get(text.strip().casefold())
    if value is None:
        return text
    repairs.append(f"{kind} in text at {format_path(path)}")
    return value


def _types(branches: list[JSON]) -> set[str]:
    """The types that are taken; none where text is, or where values are named one by one."""
    types: set[str] = set()
    for branch in branches:
        type_ = branch.get("type")
        if type_ is None or _is_constant(branch):
            return set()
        types.update(type_ if isinstance(type_, list) else [type_])
    return set() if "string" in types else types
