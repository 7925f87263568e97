"""The options of `label` as values: how their texts are read, and what several of them mean together."""

from __future__ import annotations

import enum
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from structkit.client.endpoint_settings import model_name
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.batch.settings import OnChange
    from structkit.costs.price import Price


class OnAmbiguous(enum.Enum):
    """What to do with a row whose last request may have been answered and paid for."""

    resend = "resend"
    hold = "hold"


class Blank(enum.Enum):
    """What to do with a row in whose cells the prompt has nothing to read."""

    skip = "skip"
    ask = "ask"
    fail = "fail"


class GuardFormulas(enum.Enum):
    """In which columns of a CSV file a text that a spreadsheet would run is escaped."""

    all = "all"
    output = "output"
    none = "none"


def parse_concurrency(text: str) -> int | Literal["auto"]:
    """Parse the maximum number of requests in flight.

    >>> parse_concurrency("auto"), parse_concurrency("64")
    ('auto', 64)
    """
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise typer.BadParameter(f"{text!r} is neither auto nor a number of requests")
    return "auto" if text == "auto" else int(text)


def parse_max_failed(text: str) -> int | str:
    """Parse how many rows may fail.

    >>> parse_max_failed("10"), parse_max_failed("2.5%")
    (10, '2.5%')
    """
    from structkit.batch.failure_limit import validate_max_failed

    max_failed = int(text) if text.isdecimal() else text
    try:
        validate_max_failed(max_failed)
    except ConfigError:
        raise typer.BadParameter(f"{text!r} is neither a number of rows nor a percentage, such as 5%") from None
    return max_failed


def parse_amount(text: str) -> Decimal:
    """Parse an amount of money.

    >>> parse_amount("2.50")
    Decimal('2.50')
    """
    from structkit.costs.attempt_cost import MAX_TOTAL
    from structkit.costs.attempt_cost import parse_amount as amount_of

    if (amount := amount_of(text, MAX_TOTAL)) is None:
        raise typer.BadParameter(f"{text!r} is not an amount of money")
    return amount


def find_price(
    price_input: Decimal | None, price_output: Decimal | None, prices: Path | None, model: str | None
) -> Price | None:
    """Return the price of tokens, from two options or a file of prices; None without either.

    Raises:
        ConfigError: One of the two options is missing, there is a file too, or it has no price of this model.
    """
    from structkit.costs.price import Price

    if prices is not None and (price_input, price_output) != (None, None):
        raise ConfigError("use either --prices, or --price-input and --price-output")
    if prices is not None:
        return read_price(prices, model_name(model))
    if price_input is None and price_output is None:
        return None
    if price_input is None or price_output is None:
        raise ConfigError("a price has two parts: --price-input and --price-output, per million tokens")
    return Price(price_input, price_output)


def read_price(prices: Path, model: str) -> Price:
    """Read the price of a model's tokens from a file.

    Raises:
        ConfigError: The file cannot be read, or has no price of the model.
    """
    from structkit.costs.price import read_prices

    prices_by_model = read_prices(prices)
    if model not in prices_by_model:
        raise ConfigError(f"{prices} has no price of {model!r}, only of {', '.join(prices_by_model) or 'no model'}")
    return prices_by_model[model]


def find_on_change(**flags: bool) -> OnChange:
    """Return what to do if the job no longer matches its journal.

    Raises:
        ConfigError: Two flags are set.

    >>> find_on_change(reparse=False, mix=True, new=False)
    'mix'
    """
    names: list[Any] = [name for name, is_set in flags.items() if is_set]
    if len(names) > 1:
        raise ConfigError("use only one of --reparse, --mix and --new")
    return names[0] if names else "stop"
