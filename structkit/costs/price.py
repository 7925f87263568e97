"""Prices per million tokens, as the user states them.

There is no table of prices in this package: prices change, and a wrong one is worse than none.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from structkit.errors import JobError
from structkit.values import JSONValue

MILLION = Decimal(1_000_000)
MAX_AMOUNT = Decimal(10) ** 9
"""A larger number is not a plausible amount, neither for a reply nor for a million tokens."""

MAX_ERROR_CHARS = 100
"""Characters of an invalid price that an error message quotes."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the currency of the budget."""

    input: Decimal
    output: Decimal

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Return what that many tokens cost.

        >>> Price(Decimal("2.50"), Decimal(10)).cost(1000, 100)
        Decimal('0.0035')
        """
        return (self.input * prompt_tokens + self.output * completion_tokens) / MILLION


def read_prices(source: Mapping[str, JSONValue] | str | Path) -> dict[str, Price]:
    """Read the user's prices by model, from a mapping or from a TOML or JSON file of the same form.

    Names of models are compared exactly: a dated snapshot may cost more or less than the model it belongs to.

    Args:
        source: For each model `{"input": ..., "output": ...}`, per million tokens; or a `Price`.

    Raises:
        JobError: The file cannot be read, or a price is invalid; with the file.

    >>> read_prices({"gpt-4o": {"input": 2.5, "output": "10.00"}})
    {'gpt-4o': Price(input=Decimal('2.5'), output=Decimal('10.00'))}
    """
    file = None if isinstance(source, Mapping) else str(source)
    table = source if isinstance(source, Mapping) else _read_table(Path(source))
    return {
        model: price if isinstance(price, Price) else _parse_price(model, price, file) for model, price in table.items()
    }


def _read_table(path: Path) -> Mapping[str, JSONValue]:
    try:
        text = path.read_text(encoding="utf-8")
        is_toml = path.suffix.lower() == ".toml"
        table = tomllib.loads(text, parse_float=Decimal) if is_toml else json.loads(text, parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"the prices in {path} cannot be read: {error}", file=str(path)) from error
    if not isinstance(table, dict):
        raise JobError(f"{path} must map models to prices, but contains a {type(table).__name__}", file=str(path))
    return table


def _parse_price(model: str, value: JSONValue, file: str | None) -> Price:
    entries = value if isinstance(value, Mapping) else {}
    price_in, price_out = parse_amount(entries.get("input")), parse_amount(entries.get("output"))
    if price_in is None or price_out is None or {*entries} != {"input", "output"}:
        example = '{"input": 2.50, "output": 10.00}, per million tokens'
        raise JobError(
            f"the price of {model!r} must look like {example}; not {str(value)[:MAX_ERROR_CHARS]}", file=file
        )
    return Price(price_in, price_out)


def parse_amount(value: JSONValue | Decimal) -> Decimal | None:
    """Return an amount of money, or None if the value is not one.

    A float counts as it is written (0.1), not as it is stored in binary.

    >>> parse_amount(0.1), parse_amount("1e-3"), parse_amount(-1), parse_amount("NaN"), parse_amount(True)
    (Decimal('0.1'), Decimal('0.001'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and 0 <= amount <= MAX_AMOUNT else None
