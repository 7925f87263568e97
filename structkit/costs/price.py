"""What tokens cost, what a run may cost, and a budget that is never overdrawn by what was promised.

There is no table of prices here: they change, and a wrong one is worse than none.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeAlias

from structkit.errors import JobError, TransportError
from structkit.values import Completion, JSONValue, Usage

MILLION = Decimal(1_000_000)
MOST = Decimal(10) ** 9
"""No reply, and no million tokens, costs as much: a larger number is no price."""

ZERO = Decimal(0)
Amount: TypeAlias = Decimal | int | float | str
REPORTED = ("cost", "total_cost")
"""Where gateways write into `usage` what a reply cost."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the currency of the budget."""

    input: Decimal
    output: Decimal

    def of(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """What so many tokens cost.

        >>> Price(Decimal("2.50"), Decimal(10)).of(1000, 100)
        Decimal('0.0035')
        """
        return (self.input * prompt_tokens + self.output * completion_tokens) / MILLION


def read_prices(source: Mapping[str, JSONValue] | str | Path) -> dict[str, Price]:
    """The user's own prices, by model: a mapping, or a TOML or JSON file of the same form.

    A model is named to the letter: a snapshot may cost other than its namesake.

    Args:
        source: For each model `{"input": ..., "output": ...}`, per million tokens; or a `Price`.

    Raises:
        JobError: The file cannot be read, or a price is none; with the file.

    >>> read_prices({"gpt-4o": {"input": 2.5, "output": "10.00"}})
    {'gpt-4o': Price(input=Decimal('2.5'), output=Decimal('10.00'))}
    """
    file = None if isinstance(source, Mapping) else str(source)
    table = source if isinstance(source, Mapping) else _read(Path(source))
    return {model: price if isinstance(price, Price) else _price(model, price, file) for model, price in table.items()}


def _read(path: Path) -> Mapping[str, JSONValue]:
    try:
        text = path.read_text(encoding="utf-8")
        is_toml = path.suffix.lower() == ".toml"
        table = tomllib.loads(text, parse_float=Decimal) if is_toml else json.loads(text, parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"the prices in {path} cannot be read: {error}", file=str(path)) from error
    if not isinstance(table, dict):
        raise JobError(f"{path} holds no prices by model, but a {type(table).__name__}", file=str(path))
    return table


def _price(model: str, given: JSONValue, file: str | None) -> Price:
    found = given if isinstance(given, Mapping) else {}
    read, written = _amount(found.get("input")), _amount(found.get("output"))
    if read is None or written is None or {*found} != {"input", "output"}:
        wanted = '{"input": 2.50, "output": 10.00}, per million tokens'
        raise JobError(f"the price of {model!r} is written {wanted}; not {str(given)[:100]}", file=file)
    return Price(read, written)


def _amount(value: JSONValue) -> Decimal | None:
    """An amount of money; None where it is none. A float counts as it is written, not as it is stored.

    >>> _amount(0.1), _amount("1e-3"), _amount(-1), _amount("NaN"), _amount(True)
    (Decimal('0.1'), Decimal('0.001'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and 0 <= amount <= MOST else None


def cost_of(usage: Usage, raw: JSONValue, price: Price | None) -> Decimal | None:
    """What a reply cost: as the gateway reports it, else by its tokens; None where that is not known.

    Args:
        usage: The reply's tokens.
        raw: Its body.
        price: Of its model, if the user has told one.

    >>> cost_of(Usage(1000, 100, 1100), {"usage": {"cost": 0.0031}}, None)
    Decimal('0.0031')
    >>> cost_of(Usage(1000, 100, 1100), {}, Price(Decimal("2.50"), Decimal(10)))
    Decimal('0.0035')
    >>> cost_of(Usage(unreported=1), {}, Price(Decimal("2.50"), Decimal(10)))
    """
    if (told := reported(raw)) is not None:
        return told
    return None if price is None or usage.unreported else price.of(usage.prompt_tokens, usage.completion_tokens)


def cost_of_reply(reply: Completion | TransportError, price: Price | None) -> Decimal | None:
    """What a reply cost, as with `cost_of`; a refusal for which nothing can have been billed cost nothing.

    >>> cost_of_reply(TransportError("too many requests", retryable=True), None)
    Decimal('0')
    """
    if isinstance(reply, Completion):
        return cost_of(reply.usage, reply.raw, price)
    usage = reply.usage_of_reply
    return cost_of(usage, reply.body, price) if usage.total_tokens or usage.unreported else ZERO


@dataclass(frozen=True, slots=True)
class Spending:
    """What replies told of their cost, and what is known of those that told nothing.

    Args:
        cost: What was told, together.
        told: How many replies told it.
        prompt_tokens: Of those that told nothing.
        completion_tokens: Likewise.
        silent: How many told nothing, but may have cost something.
        unreported: How many of these did not tell their tokens either.
    """

    cost: Decimal = ZERO
    told: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    silent: int = 0
    unreported: int = 0

    @property
    def known(self) -> Decimal | None:
        """What was told; None where nothing was.

        >>> Spending(silent=3).known, Spending(Decimal("0.0100"), 1, silent=3).known
        (None, Decimal('0.01'))
        """
        return self.cost.normalize() if self.told else None

    def __add__(self, other: Spending) -> Spending:
        """Both together."""
        return Spending(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def beyond(self, before: Mapping[str, Any], price: Price, longest: int) -> Decimal:
        """What all this cost at most, beyond what was known *before*; of unknown length are the *longest* replies.

        >>> spending = Spending(Decimal(1), 1, prompt_tokens=30, silent=3, unreported=1)
        >>> spending.beyond({"cost": "0.5", "prompt_tokens": 10}, Price(Decimal(1_000_000), Decimal(10_000)), 100)
        Decimal('21.5')
        """
        lost = max(0, self.unreported - before.get("unreported", 0))
        read = self.prompt_tokens - before.get("prompt_tokens", 0)
        written = self.completion_tokens - before.get("completion_tokens", 0)
        return self.cost - Decimal(before.get("cost", 0)) + price.of(read, written + lost * longest)


def reported(raw: JSONValue) -> Decimal | None:
    """What a body says that it cost; some gateways give an object with the parts, and their sum among them."""
    usage = raw.get("usage") if isinstance(raw, dict) else None
    told = [usage.get(name) for name in REPORTED] if isinstance(usage, dict) else []
    sums = (cost.get("total_cost") if isinstance(cost, dict) else cost for cost in told)
    return next((amount for cost in sums if (amount := _amount(cost)) is not None), None)


def tokens_in(text: str) -> int:
    """About how many tokens a text is, where no endpoint has counted: four ASCII characters each, or one other.

    >>> tokens_in("Label this review."), tokens_in("谁大")
    (5, 2)
    """
    ascii_letters = len(text.encode("ascii", "ignore"))
    return -(-ascii_letters // 4) + len(text) - ascii_letters


def worst_case(prompt: str, max_tokens: int, price: Price) -> Decimal:
    """What a request may cost at most, to be reserved: twice the tokens its characters let expect, and a full reply.

    >>> worst_case("x" * 4000, 100, Price(Decimal("2.50"), Decimal(10)))
    Decimal('0.006')
    """
    return price.of(2 * tokens_in(prompt), max_tokens)


class Budget:
    """What may still be spent: each request reserves the most that it may cost, and settles what it did cost.

    Args:
        limit: What may be spent in all; None is no bound.
        spent: What earlier runs have spent of it.

    Attributes:
        limit: What may be spent in all.
        spent: What was spent; a reply of unknown cost counts as what was reserved for it.
        reserved: What requests under way may cost.

    Raises:
        ValueError: An amount is negative or none.

    >>> budget = Budget("0.02")
    >>> budget.reserve(Decimal("0.015")), budget.reserve(Decimal("0.015"))
    (True, False)
    >>> budget.settle(Decimal("0.015"), Decimal("0.004")); budget.reserve(Decimal("0.015"))
    True
    """

    def __init__(self, limit: Amount | None, *, spent: Amount = ZERO) -> None:
        """Nothing is reserved."""
        self.limit = None if limit is None else _checked(limit)
        self.spent = _checked(spent)
        self.reserved = ZERO

    def reserve(self, estimate: Decimal) -> bool:
        """Set *estimate* aside; False, and nothing set aside, where that is more than is left."""
        estimate = _checked(estimate)
        if self.limit is not None and self.spent + self.reserved + estimate > self.limit:
            return False
        self.reserved += estimate
        return True

    def settle(self, reserved: Decimal, actual: Decimal | None) -> None:
        """Replace a reservation by what the request cost.

        Args:
            reserved: What was reserved for it.
            actual: What it cost; zero where nothing was sent, None where it is unknown.
        """
        if _checked(reserved) > self.reserved:
            raise ValueError(f"{reserved} was not reserved, only {self.reserved}")
        self.reserved -= reserved
        self.spent += reserved if actual is None else _checked(actual)


def _checked(given: Amount) -> Decimal:
    amount = _amount(given)
    if amount is None:
        raise ValueError(f"an amount of money, 0 or more, not {given!r}")
    return amount


@dataclass(frozen=True, slots=True)
class Sample:
    """What one row took, or may take."""

    prompt_tokens: int
    completion_tokens: int


def guess(prompt: str, reply: str) -> Sample:
    """A row that was not sent, by the characters of its prompt and of a reply such as may come; see `tokens_in`.

    >>> guess("Label this review.", '{"label": "good"}')
    Sample(prompt_tokens=5, completion_tokens=5)
    """
    return Sample(tokens_in(prompt), tokens_in(reply))


@dataclass(frozen=True, slots=True)
class Span:
    """An estimate: what is expected, and between what it will be nineteen times in twenty."""

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take, and cost where the price is known."""

    prompt_tokens: Span
    completion_tokens: Span
    cost: Span | None


def forecast(rows: int, samples: Sequence[Sample], price: Price | None) -> Forecast:
    """What a run of so many rows will take, if its other rows are as those of a sample.

    The spread of the sample tells how far off its mean may be. Of a single row it tells nothing: half to double is
    taken.

    Raises:
        ValueError: The sample is empty.

    >>> found = forecast(1000, [Sample(90, 10), Sample(110, 10)], Price(Decimal(1), Decimal(2)))
    >>> f"{found.cost.low:.3f} to {found.cost.high:.3f}", found.completion_tokens.expected
    ('0.100 to 0.140', Decimal('10000'))
    """
    if not samples:
        raise ValueError("no estimate without a sample; guess() makes one of a row that was not sent")
    costs = [price.of(each.prompt_tokens, each.completion_tokens) for each in samples] if price else []
    return Forecast(
        _span(rows, [Decimal(each.prompt_tokens) for each in samples]),
        _span(rows, [Decimal(each.completion_tokens) for each in samples]),
        _span(rows, costs) if costs else None,
    )


def _span(rows: int, seen: Sequence[Decimal]) -> Span:
    """The sum over all rows, with twice its standard error to both sides."""
    expected = rows * _mean(seen)
    if len(seen) == 1:
        return Span(expected / 2, expected, expected * 2)
    variance = sum(((each - _mean(seen)) ** 2 for each in seen), ZERO) / (len(seen) - 1)
    off = 2 * (variance * (Decimal(rows) ** 2 / len(seen) + rows)).sqrt()
    return Span(max(ZERO, expected - off), expected, expected + off)


def _mean(seen: Sequence[Decimal]) -> Decimal:
    return sum(seen, ZERO) / len(seen)
