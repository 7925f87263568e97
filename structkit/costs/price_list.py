"""Prices by model, for the cost of a result: the caller's own, or those of the package `genai-prices`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from structkit.costs.attempt_cost import PriceList
from structkit.costs.price import Price, read_prices
from structkit.costs.reply_cost import cost_of
from structkit.errors import ConfigError, JobError, install_hint
from structkit.values import Usage

PACKAGE = "genai-prices"
"""The value of `prices` for the prices of that package."""

Prices: TypeAlias = "Mapping[str, Price | Mapping[str, Any]] | str | Path"
"""Prices by model, a TOML or JSON file with them, or `genai-prices`."""


@dataclass(frozen=True)
class OwnPrices:
    """The caller's prices, by the exact names of models.

    >>> OwnPrices({"gpt-4o": Price(Decimal(2), Decimal(10))})
    OwnPrices(gpt-4o)
    """

    prices: Mapping[str, Price]

    def cost(self, model: str, usage: Usage) -> Decimal | None:
        """Implement `PriceList.cost`."""
        return cost_of(usage, None, self.prices.get(model))

    def __repr__(self) -> str:
        """The names of the models."""
        return f"OwnPrices({', '.join(self.prices)})"


@dataclass(frozen=True)
class PackagePrices:
    """The prices of the package `genai-prices`, in US dollars, as the installed version has them.

    Args:
        address: The base URL of the endpoint, which determines the vendor.
        package: The package.
    """

    address: str
    package: Any

    def cost(self, model: str, usage: Usage) -> Decimal | None:
        """Implement `PriceList.cost`; a model of an endpoint that the package does not know has no price."""
        if usage.unreported:
            return None
        tokens = self.package.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cache_read_tokens=usage.cached_tokens or None,
        )
        try:
            cost: Decimal = self.package.calc_price(tokens, model, provider_api_url=self.address).total_price
        except (LookupError, ValueError):
            return None
        return cost

    def __repr__(self) -> str:
        """The version of the package, and the date of its prices if they were updated since."""
        snapshot = import_module("genai_prices.data_snapshot").get_snapshot()
        updated = f" of {snapshot.timestamp:%Y-%m-%d}" if snapshot.from_auto_update else ""
        return f"{PACKAGE} {self.package.__version__}{updated}"


def open_prices(source: Prices | None, address: str) -> PriceList | None:
    """Return the prices of a client; None if there are none.

    Raises:
        ConfigError: The file or a price is invalid, or the package is not installed.
    """
    if source is None:
        return None
    if source == PACKAGE:
        return PackagePrices(address, _import_package())
    if not isinstance(source, Mapping | str | Path):
        raise ConfigError(f"prices= must be a mapping, a file or {PACKAGE!r}, not {type(source).__name__}")
    try:
        table: Any = source
        return OwnPrices(read_prices(table))
    except JobError as error:
        raise ConfigError(str(error)) from None


def _import_package() -> Any:
    try:
        return import_module("genai_prices")
    except ImportError:
        raise ConfigError(f"prices={PACKAGE!r} needs a package: {install_hint('prices')}") from None
