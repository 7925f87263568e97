"""Repair numbers and booleans that a model wrote as text although the schema does not allow text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structkit.values import JSON, JSONPath, JSONValue, format_path

MAX_NUMBER_CHARS = 64
"""A longer text is not a number that a model would write."""

PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
GROUPED_NUMBER = re.compile(r"([1-9][0-9]{0,2}(?:([,. '_])[0-9]{3})(?:\2[0-9]{3})*)(?:([.,])([0-9]+))?")
NUMBER_WITH_UNIT = re.compile(r"([-+]?)([^-+0-9]*?) ?([-+]?)([0-9](?:[0-9,.'_ eE+-]*[0-9])?) ?(\D*)")
TYPOGRAPHY = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2019": "'", "\u2212": "-"})
"""Spaces and the apostrophe that separate groups of digits, and the minus sign, in their typographic forms."""

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
"""Units that do not change the number before them; not `k`, `m`, `M`, `t`, `bn`, which may mean a multiple of it."""


def repair_numbers(value: JSONValue, schema: JSON) -> tuple[JSONValue, tuple[str, ...]]:
    """Replace texts in a wire *value* by numbers or booleans where its strict *schema* allows those but no text.

    A text is replaced only if it can mean one number: plain, with groups of three digits, or with a currency or unit
    that does not change it. `"1,234"` is 1234, because a comma before three digits separates groups in any notation
    that has the decimal point of JSON; `"1,5"` stays as it is. Where the schema lists the values (`enum`, `const`),
    nothing is replaced. The branches of a union must agree, except for branches whose constants differ from the value.

    Returns:
        The value (the same object if nothing was replaced), and a description of each repair.

    >>> item = {"type": "object", "properties": {"price": {"type": "number"}, "sku": {"type": "string"}}}
    >>> schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    >>> repair_numbers({"items": [{"price": "$1,234.50", "sku": "12"}]}, schema)
    ({'items': [{'price': 1234.5, 'sku': '12'}]}, ('number in text at items[0].price',))
    >>> repair_numbers({"items": [{"price": "12 to 15"}]}, schema)
    ({'items': [{'price': '12 to 15'}]}, ())
    """
    repairs: list[str] = []
    try:
        return _repair(value, [schema], schema, (), repairs), tuple(repairs)
    except RecursionError:  # nested deeper than any validator accepts
        return value, ()


def read_number(text: str, *, as_integer: bool = False) -> int | float | None:
    """Return the one number that *text* can mean, or None.

    >>> [read_number(text) for text in ("1.234", "1,234", "1.234,50", "1 234", "-$1'234.5", "25%", "12 kg")]
    [1.234, 1234, 1234.5, 1234, -1234.5, 25, 12]
    >>> [read_number(text) for text in ("1,5", "12k", "10-12", "5 pm", "007", "0,123", "~5")]
    [None, None, None, None, None, None, None]
    >>> read_number("3.0", as_integer=True), read_number("3.5", as_integer=True)
    (3, None)
    """
    match = NUMBER_WITH_UNIT.fullmatch(text.strip().translate(TYPOGRAPHY)) if len(text) <= MAX_NUMBER_CHARS else None
    if match is None:
        return None
    sign, before, inner_sign, digits, after = match.groups()
    if (sign and inner_sign) or not (before.strip() in CURRENCIES | {""} and after.strip() in UNITS | {""}):
        return None
    json_digits = _json_digits(digits)
    if json_digits is None:
        return None
    return _number(json_digits, is_negative="-" in sign + inner_sign, as_integer=as_integer)


def _json_digits(digits: str) -> str | None:
    """Return the digits in the notation of JSON, without group separators."""
    if PLAIN_NUMBER.fullmatch(digits):
        return digits
    match = GROUPED_NUMBER.fullmatch(digits)
    if match is None:
        return None
    integer, separator, point, fraction = match.groups()
    if point == separator:
        return None
    return integer.replace(separator, "") + (f".{fraction}" if point else "")


def _number(digits: str, *, is_negative: bool, as_integer: bool) -> int | float | None:
    integer, _, fraction = digits.partition(".")
    if integer.isdigit() and (not fraction or (as_integer and not fraction.strip("0"))):
        return -int(integer) if is_negative else int(integer)
    value = float(digits)
    if as_integer or value == float("inf"):
        return None
    return -value if is_negative else value


def _repair(value: JSONValue, schemas: list[JSON], root: JSON, path: JSONPath, repairs: list[str]) -> JSONValue:
    """Return the value, repaired where all *schemas* agree; any of them may be the one that it was written for."""
    if isinstance(value, str):
        return _repair_text(value, list(_branches(schemas, root)), path, repairs)
    if isinstance(value, list):
        item_schemas = [branch["items"] for branch in _branches(schemas, root) if isinstance(branch.get("items"), dict)]
        items = [_repair(item, item_schemas, root, (*path, index), repairs) for index, item in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        candidates = (_properties(branch) for branch in _branches(schemas, root))
        matching = [properties for properties in candidates if _matches_constants(value, properties)]
        members = {
            key: _repair(item, [each[key] for each in matching if key in each], root, (*path, key), repairs)
            for key, item in value.items()
        }
        return members if any(members[key] is not item for key, item in value.items()) else value
    return value


def _properties(schema: JSON) -> JSON:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _matches_constants(value: JSON, properties: JSON) -> bool:
    """Return whether the value has none but the allowed values where the properties have constants."""
    constant = (key for key in value.keys() & properties.keys() if _is_constant(properties[key]))
    return all(value[key] in _constants(properties[key]) for key in constant)


def _is_constant(schema: JSONValue) -> bool:
    return isinstance(schema, dict) and ("const" in schema or "enum" in schema)


def _constants(schema: JSON) -> list[JSONValue]:
    return [schema["const"]] if "const" in schema else schema["enum"]


def _branches(schemas: list[JSON], root: JSON) -> Iterator[JSON]:
    """Yield the schemas with references and unions resolved."""
    visited: set[int] = set()
    stack: list[JSONValue] = [*schemas]
    while stack:
        schema = stack.pop()
        if not isinstance(schema, dict) or id(schema) in visited:
            continue
        visited.add(id(schema))
        reference, union = schema.get("$ref"), schema.get("anyOf")
        if isinstance(reference, str):
            definitions = root.get("$defs") or {}
            stack.append(definitions.get(reference.removeprefix("#/$defs/")) if reference != "#" else root)
        elif isinstance(union, list):
            stack += union
        else:
            yield schema


def _repair_text(text: str, branches: list[JSON], path: JSONPath, repairs: list[str]) -> JSONValue:
    types = _types(branches)
    value: JSONValue = None
    kind = "number"
    if types & {"number", "integer"}:
        value = read_number(text, as_integer="number" not in types)
    if value is None and "boolean" in types:
        kind, value = "boolean", {"true": True, "false": False}.get(text.strip().casefold())
    if value is None:
        return text
    repairs.append(f"{kind} in text at {format_path(path)}")
    return value


def _types(branches: list[JSON]) -> set[str]:
    """Return the allowed types; none if text is allowed, or if the values are listed."""
    types: set[str] = set()
    for branch in branches:
        type_ = branch.get("type")
        if type_ is None or _is_constant(branch):
            return set()
        types.update(type_ if isinstance(type_, list) else [type_])
    return set() if "string" in types else types
