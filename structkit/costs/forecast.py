"""What a run will take, estimated from a sample of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from structkit.costs.attempt_cost import ZERO
from structkit.costs.budget import estimate_tokens
from structkit.costs.price import Price


@dataclass(frozen=True, slots=True)
class Sample:
    """The tokens that one row took, or may take.

    Args:
        prompt_tokens: Of the input.
        completion_tokens: Of the output.
        cost: What the row cost, by the models that answered; None if that is not known.
    """

    prompt_tokens: int
    completion_tokens: int
    cost: Decimal | None = None

    def cost_at(self, price: Price | None) -> Decimal | None:
        """Return what the row cost, or else what its tokens cost at a price; None if neither is known."""
        if self.cost is not None or price is None:
            return self.cost
        return price.cost(self.prompt_tokens, self.completion_tokens)


def estimate_sample(prompt: str, reply: str) -> Sample:
    """Estimate a row that was not sent, by the characters of its prompt and of an example reply.

    >>> estimate_sample("Label this review.", '{"label": "good"}')
    Sample(prompt_tokens=5, completion_tokens=5, cost=None)
    """
    return Sample(estimate_tokens(prompt), estimate_tokens(reply))


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expected amount, with its 95 % interval."""

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """The tokens that a run will take, and its cost where that of its rows or the price is known."""

    prompt_tokens: Estimate
    completion_tokens: Estimate
    cost: Estimate | None


def forecast_run(rows: int, samples: Sequence[Sample], price: Price | None) -> Forecast:
    """Estimate what a run of that many rows will take, from a random sample of them.

    The spread of the sample says how far off its mean may be. A single row has no spread: its interval is half to
    double the expected amount.

    Raises:
        ValueError: The sample is empty.

    >>> forecast = forecast_run(1000, [Sample(90, 10), Sample(110, 10)], Price(Decimal(1), Decimal(2)))
    >>> f"{forecast.cost.low:.3f} to {forecast.cost.high:.3f}", forecast.completion_tokens.expected
    ('0.100 to 0.140', Decimal('10000'))
    """
    if not samples:
        raise ValueError("no forecast without a sample; estimate_sample() makes one of a row that was not sent")
    costs = [cost for each in samples if (cost := each.cost_at(price)) is not None]
    return Forecast(
        _estimate(rows, [Decimal(each.prompt_tokens) for each in samples]),
        _estimate(rows, [Decimal(each.completion_tokens) for each in samples]),
        _estimate(rows, costs) if len(costs) == len(samples) else None,
    )


def _estimate(rows: int, amounts: Sequence[Decimal]) -> Estimate:
    """Return the sum over all rows, plus and minus twice its standard error."""
    expected = rows * _mean(amounts)
    if len(amounts) == 1:
        return Estimate(expected / 2, expected, expected * 2)
    variance = sum(((each - _mean(amounts)) ** 2 for each in amounts), ZERO) / (len(amounts) - 1)
    margin = 2 * (variance * (Decimal(rows) ** 2 / len(amounts) + rows)).sqrt()
    return Estimate(max(ZERO, expected - margin), expected, expected + margin)


def _mean(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, ZERO) / len(amounts)
