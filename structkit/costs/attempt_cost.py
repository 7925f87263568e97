"""What the reply of one attempt cost: as the endpoint reports it, or by a list of prices. Pure, without files."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Protocol

from structkit.errors import TransportError
from structkit.values import JSON, Completion, JSONValue, Usage

ZERO = Decimal(0)

MAX_AMOUNT = Decimal(10) ** 9
"""A larger number is not a plausible amount, neither for a reply nor for a million tokens."""

MAX_TOTAL = Decimal(10) ** 18
"""A larger number is not a plausible amount for all replies of a job."""

COST_FIELDS = ("cost", "total_cost")
"""Fields of `usage` in which gateways report the cost of a reply."""


class PriceList(Protocol):
    """Prices of many models."""

    def cost(self, model: str, usage: Usage) -> Decimal | None:
        """Return what tokens of a model cost; None if its price is unknown."""
        ...


def cost_of_attempt(reply: Completion | TransportError, model: str, prices: PriceList | None) -> Decimal | None:
    """Return what a reply cost: as the endpoint reports it, else by its tokens; None if neither is known.

    An error that cannot have been billed costs zero, and so does a reply from a cache.
    """
    if isinstance(reply, Completion):
        if reply.is_cached:
            return ZERO  # paid for by the call that was sent
        usage, body = reply.usage, reply.raw
    else:
        usage, body = reply.usage_of_reply, reply.body
    if (cost := reported_cost(body)) is not None:
        return None if usage.unreported and reply.retries else cost  # a retried request may have been billed, too
    if isinstance(reply, TransportError) and not (usage.total_tokens or usage.unreported):
        return ZERO
    return None if prices is None else prices.cost(model, usage)


def reported_cost(raw: JSONValue) -> Decimal | None:
    """Return the cost that a body reports; some gateways report an object of parts with their sum among them."""
    usage = raw.get("usage") if isinstance(raw, dict) else None
    if not isinstance(usage, dict) or usage.keys().isdisjoint(COST_FIELDS):
        return None
    for name in COST_FIELDS:
        cost = usage.get(name)
        amount = None if cost is None else parse_amount(cost.get("total_cost") if isinstance(cost, dict) else cost)
        if amount is not None:
            return amount + _cost_of_own_key(usage, amount)
    return None


def _cost_of_own_key(usage: JSON, cost: Decimal) -> Decimal:
    """Return what the vendor bills to a key of the caller's own, beside the gateway's fee, as OpenRouter reports it.

    >>> _cost_of_own_key({"is_byok": True, "cost_details": {"upstream_inference_cost": 0.19}}, Decimal(0))
    Decimal('0.19')
    """
    details, has_own_key = usage.get("cost_details"), usage.get("is_byok")
    amount = parse_amount(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    if amount is None:
        return ZERO
    return amount if has_own_key is True or (has_own_key is None and amount > cost) else ZERO


def parse_amount(value: JSONValue | Decimal, maximum: Decimal = MAX_AMOUNT) -> Decimal | None:
    """Return an amount of money, or None if the value is not one, or is larger than *maximum*.

    A float counts as it is written (0.1), not as it is stored in binary.

    >>> parse_amount(0.1), parse_amount("1e-3"), parse_amount(-1), parse_amount("NaN"), parse_amount(True)
    (Decimal('0.1'), Decimal('0.001'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and 0 <= amount <= maximum else None
