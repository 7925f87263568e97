"""A budget that is never overdrawn by reserved amounts, and the estimates that it reserves."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from structkit.costs.price import Price, parse_amount
from structkit.costs.reply_cost import ZERO

Amount: TypeAlias = Decimal | int | float | str


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text without a tokenizer: four ASCII characters each, or one other character.

    >>> estimate_tokens("Label this review."), estimate_tokens("谁大")
    (5, 2)
    """
    ascii_chars = len(text.encode("ascii", "ignore"))
    return -(-ascii_chars // 4) + len(text) - ascii_chars


def worst_case_cost(prompt: str, max_tokens: int, price: Price) -> Decimal:
    """Return the most that a request may cost, to be reserved: twice its estimated tokens, and a full reply.

    >>> worst_case_cost("x" * 4000, 100, Price(Decimal("2.50"), Decimal(10)))
    Decimal('0.006')
    """
    return price.cost(2 * estimate_tokens(prompt), max_tokens)


class Budget:
    """What may still be spent: each request reserves the most that it may cost, and then settles its actual cost.

    Args:
        limit: What may be spent in all; None for no limit.
        spent: What earlier runs have spent of it.

    Attributes:
        limit: What may be spent in all.
        spent: What was spent; a reply of unknown cost counts as what was reserved for it.
        reserved: What requests in flight may cost.

    Raises:
        ValueError: An amount is negative or not a number.

    >>> budget = Budget("0.02")
    >>> budget.reserve(Decimal("0.015")), budget.reserve(Decimal("0.015"))
    (True, False)
    >>> budget.settle(Decimal("0.015"), Decimal("0.004")); budget.reserve(Decimal("0.015"))
    True
    """

    def __init__(self, limit: Amount | None, *, spent: Amount = ZERO) -> None:
        """Start with nothing reserved."""
        self.limit = None if limit is None else _as_amount(limit)
        self.spent = _as_amount(spent)
        self.reserved = ZERO

    def reserve(self, estimate: Decimal) -> bool:
        """Reserve *estimate*, and return True; False, with nothing reserved, if it exceeds what remains."""
        estimate = _as_amount(estimate)
        if self.limit is not None and self.spent + self.reserved + estimate > self.limit:
            return False
        self.reserved += estimate
        return True

    def settle(self, reserved: Decimal, actual: Decimal | None) -> None:
        """Replace a reservation by what the request cost.

        Args:
            reserved: What was reserved for it.
            actual: What it cost; zero if nothing was sent, None if it is unknown.
        """
        if _as_amount(reserved) > self.reserved:
            raise ValueError(f"{reserved} was not reserved, only {self.reserved}")
        self.reserved -= reserved
        self.spent += reserved if actual is None else _as_amount(actual)


def _as_amount(value: Amount) -> Decimal:
    amount = parse_amount(value)
    if amount is None:
        raise ValueError(f"expected an amount of money, 0 or more, not {value!r}")
    return amount
