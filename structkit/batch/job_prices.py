"""What the tokens of a job cost: those of its model, and of the models that are asked when it cannot answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from structkit.batch.job_endpoint import job_call
from structkit.batch.settings import JobSettings
from structkit.client.arguments import validate_models
from structkit.costs.price import Price
from structkit.costs.reply_cost import cost_of_reply
from structkit.dialects.batch_rules import BatchRules
from structkit.transport import TransportReply


@dataclass(frozen=True)
class JobPrices:
    """The prices of the models of one job.

    Args:
        price: Of the job's own model; None if it is not known.
        fallback: Of each model of `fallback`.
    """

    price: Price | None
    fallback: Mapping[str, Price | None]

    def of(self, model: str) -> Price | None:
        """Return the price of a model; None if it is not known."""
        return self.fallback.get(model, self.price)

    def cost(self, model: str, reply: TransportReply) -> Decimal | None:
        """Return what a reply of a model cost, as `cost_of_reply` does."""
        return cost_of_reply(reply, self.of(model))

    @property
    def max_price(self) -> Price | None:
        """The most that a token of any of the models costs; None if a price is not known."""
        prices = [each for each in (self.price, *self.fallback.values()) if each is not None]
        if len(prices) <= len(self.fallback):
            return None
        cached = max(each.input if each.cached_input is None else each.cached_input for each in prices)
        return Price(max(each.input for each in prices), max(each.output for each in prices), cached)


def batch_prices(prices: JobPrices, rules: BatchRules) -> JobPrices:
    """Return the prices of a vendor's Batch API, from its list prices.

    >>> price = Price(Decimal(2), Decimal(10))
    >>> batch_prices(JobPrices(price, {}), BatchRules(price_factor=Decimal("0.5"))).of("m")
    Price(input=Decimal('1.0'), output=Decimal('5.0'), cached_input=None)
    """
    factor = rules.price_factor

    def scale(price: Price | None) -> Price | None:
        if price is None:
            return None
        cached = None if price.cached_input is None else price.cached_input * factor
        return Price(price.input * factor, price.output * factor, cached)

    return JobPrices(scale(prices.price), {model: scale(price) for model, price in prices.fallback.items()})


def job_prices(settings: JobSettings) -> JobPrices:
    """Return the prices of a job's models: `price` for its own, and `prices` for the others.

    Raises:
        ConfigError: `fallback` is not a list of names.
    """
    models = job_call(settings).get("fallback") or ()
    validate_models(models)
    prices = settings.prices_by_model or {}
    by_name = {name: prices.get(name) for name in models}
    return JobPrices(settings.price, by_name)
