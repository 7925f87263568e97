"""Prices per million tokens, as the user states them.

There is no table of prices in this package: prices change, and a wrong one is worse than none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from structkit.costs.attempt_cost import parse_amount
from structkit.errors import ConfigError, JobError
from structkit.values import JSONValue
from structkit.values.argument_hints import explain_arguments

MILLION = Decimal(1_000_000)
MAX_ERROR_CHARS = 100
"""Characters of an invalid price that an error message quotes."""


OTHER_NAMES = {
    "prompt": "use input=..., per million tokens",
    "completion": "use output=..., per million tokens",
    "cached": "use cached_input=..., per million tokens",
}
"""What other price lists call a part of a price, and what it is here."""


@explain_arguments(OTHER_NAMES)
@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the currency of the budget.

    A price may also be an `int`, a text, or a `float`, which counts as it is written: 0.15 is `Decimal("0.15")`.

    Args:
        input: Of the input.
        output: Of the output.
        cached_input: Of input from the endpoint's cache; None if it costs as much as other input.

    Raises:
        ConfigError: One is not an amount of money, 0 or more.

    >>> Price(0.15, "0.60")
    Price(input=Decimal('0.15'), output=Decimal('0.60'), cached_input=None)
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None

    def __post_init__(self) -> None:
        """Validate the amounts."""
        for name in ("input", "output", "cached_input"):
            value = getattr(self, name)
            if value is None and name == "cached_input":
                continue
            if (amount := parse_amount(value)) is None:
                raise ConfigError(
                    f"Price({name}=...) is {value!r:.{MAX_ERROR_CHARS}}, not an amount of money, 0 or more"
                )
            object.__setattr__(self, name, amount)

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> Decimal:
        """Return what that many tokens cost; *cached_tokens* are part of *prompt_tokens*.

        >>> Price(Decimal("2.50"), Decimal(10)).cost(1000, 100)
        Decimal('0.0035')
        >>> Price(Decimal("2.50"), Decimal(10), Decimal("1.25")).cost(1000, 100, 400)
        Decimal('0.003')
        """
        discount = Decimal(0) if self.cached_input is None else (self.input - self.cached_input) * cached_tokens
        return (self.input * prompt_tokens - discount + self.output * completion_tokens) / MILLION


def read_prices(source: Mapping[str, JSONValue] | str | Path) -> dict[str, Price]:
    """Read the user's prices by model, from a mapping or from a TOML or JSON file of the same form.

    Names of models are compared exactly: a dated snapshot may cost more or less than the model it belongs to.

    Args:
        source: For each model `{"input": ..., "output": ...}`, and `cached_input` where cached input is cheaper, per
            million tokens; or a `Price`.

    Raises:
        JobError: The file cannot be read, or a price is invalid; with the file.

    >>> read_prices({"gpt-4o": {"input": 2.5, "output": "10.00"}})
    {'gpt-4o': Price(input=Decimal('2.5'), output=Decimal('10.00'), cached_input=None)}
    """
    file = None if isinstance(source, Mapping) else str(source)
    table = source if isinstance(source, Mapping) else _read_table(Path(source))
    return {
        model: price if isinstance(price, Price) else _parse_price(model, price, file) for model, price in table.items()
    }


def _read_table(path: Path) -> Mapping[str, JSONValue]:
    import tomllib  # a plain call reads no file

    try:
        text = path.read_text(encoding="utf-8")
        is_toml = path.suffix.lower() == ".toml"
        table = tomllib.loads(text, parse_float=Decimal) if is_toml else json.loads(text, parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        hint = "" if path.suffix.lower() in {".toml", ".json"} else "; write them as TOML (.toml) or JSON (.json)"
        raise JobError(f"the prices in {path} cannot be read: {error}{hint}", file=str(path)) from error
    if not isinstance(table, dict):
        raise JobError(f"{path} must map models to prices, but contains a {type(table).__name__}", file=str(path))
    return table


def _parse_price(model: str, value: JSONValue, file: str | None) -> Price:
    entries = value if isinstance(value, Mapping) else {}
    price_in, price_out = parse_amount(entries.get("input")), parse_amount(entries.get("output"))
    cached = parse_amount(entries.get("cached_input"))
    names = {"input", "output", *(["cached_input"] if cached is not None else [])}
    if price_in is None or price_out is None or {*entries} != names:
        example = '{"input": 2.50, "output": 10.00}, per million tokens'
        raise JobError(
            f"the price of {model!r} must look like {example}; not {str(value)[:MAX_ERROR_CHARS]}", file=file
        )
    return Price(price_in, price_out, cached)
