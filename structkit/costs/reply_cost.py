"""What a reply cost: as the gateway reports it, or by its tokens; and the sums over many replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from structkit.costs.attempt_cost import ZERO, reported_cost
from structkit.costs.price import Price
from structkit.errors import TransportError
from structkit.values import Completion, JSONValue, Usage


def cost_of(usage: Usage, raw: JSONValue, price: Price | None) -> Decimal | None:
    """Return what a reply cost: as the gateway reports it, else by its tokens; None if neither is known.

    Args:
        usage: The reply's tokens.
        raw: The reply's body.
        price: The price of its model, if the user has stated one.

    >>> cost_of(Usage(1000, 100, 1100), {"usage": {"cost": 0.0031}}, None)
    Decimal('0.0031')
    >>> cost_of(Usage(1000, 100, 1100), {}, Price(Decimal("2.50"), Decimal(10)))
    Decimal('0.0035')
    >>> cost_of(Usage(unreported=1), {}, Price(Decimal("2.50"), Decimal(10)))
    """
    if (cost := reported_cost(raw)) is not None:
        return cost
    return (
        None
        if price is None or usage.unreported
        else price.cost(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
    )


def cost_of_reply(reply: Completion | TransportError, price: Price | None) -> Decimal | None:
    """Return what a reply cost, as `cost_of` does; an error that cannot have been billed costs zero.

    >>> cost_of_reply(TransportError("too many requests", retryable=True), None)
    Decimal('0')
    """
    if isinstance(reply, Completion):
        return cost_of(reply.usage, reply.raw, price)
    usage = reply.usage_of_reply
    return cost_of(usage, reply.body, price) if usage.total_tokens or usage.unreported else ZERO


@dataclass(frozen=True, slots=True)
class Spending:
    """The costs that replies reported, and the tokens of the replies that reported none.

    Args:
        cost: The sum of all reported costs.
        with_cost: How many replies reported a cost.
        prompt_tokens: Prompt tokens of the replies without a reported cost.
        completion_tokens: Completion tokens of the replies without a reported cost.
        without_cost: How many replies reported no cost, but may have cost something.
        unreported: How many of these did not report their tokens either.
        reserved: How many of these have a reservation in the journal.
        reserved_prompt: The prompt tokens that were reserved for these.
        reserved_completion: The completion tokens that were reserved for these.
    """

    cost: Decimal = ZERO
    with_cost: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    without_cost: int = 0
    unreported: int = 0
    reserved: int = 0
    reserved_prompt: int = 0
    reserved_completion: int = 0

    @property
    def reported_cost(self) -> Decimal | None:
        """The sum of all reported costs; None if no reply reported one.

        >>> Spending(without_cost=3).reported_cost, Spending(Decimal("0.0100"), 1, without_cost=3).reported_cost
        (None, Decimal('0.01'))
        """
        return self.cost.normalize() if self.with_cost else None

    def __add__(self, other: Spending) -> Spending:
        """Add two sums, field by field."""
        return Spending(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def max_cost_since(self, before: Mapping[str, Any], price: Price, max_tokens: int) -> Decimal:
        """Return the most that was spent since *before*, an earlier state of these sums as JSON.

        A reply that did not report its tokens costs what was reserved for it.

        Args:
            before: The earlier sums, by the names of the fields; a missing one is zero.
            price: The price of the replies that reported no cost.
            max_tokens: The length to assume for a reply without tokens and reservation, in journals of older versions.

        >>> spending = Spending(Decimal(1), 1, prompt_tokens=30, without_cost=3, unreported=1)
        >>> before = {"cost": "0.5", "prompt_tokens": 10}
        >>> spending.max_cost_since(before, Price(Decimal(1_000_000), Decimal(10_000)), 100)
        Decimal('21.5')
        >>> reserved = Spending(without_cost=1, unreported=1, reserved=1, reserved_prompt=7, reserved_completion=500)
        >>> reserved.max_cost_since({}, Price(Decimal(1_000_000), Decimal(10_000)), 100)
        Decimal('12')
        """
        names = (
            "prompt_tokens",
            "completion_tokens",
            "reserved_prompt",
            "reserved_completion",
            "unreported",
            "reserved",
        )
        added = {name: getattr(self, name) - before.get(name, 0) for name in names}
        tokens_in = added["prompt_tokens"] + added["reserved_prompt"]
        tokens_out = added["completion_tokens"] + added["reserved_completion"]
        without_reservation = max(0, added["unreported"] - added["reserved"])
        cost = self.cost - Decimal(before.get("cost", 0))
        return cost + price.cost(tokens_in, tokens_out + without_reservation * max_tokens)
