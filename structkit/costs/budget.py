"""A budget that is never overdrawn by reserved amounts, and the estimates that it reserves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from structkit.costs.attempt_cost import MAX_TOTAL, ZERO, parse_amount
from structkit.costs.price import Price
from structkit.values import JSON, JSONValue, Message

Amount: TypeAlias = Decimal | int | float | str

REPLY_LIMITS = ("max_completion_tokens", "max_tokens")
"""Fields of a request that limit the tokens of each choice; of two, the larger one is assumed to count."""

CHOICE_COUNTS = ("n", "best_of")
"""Fields of a request that ask for several choices, each of which is paid for."""


ASCII_CHARS_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text without a tokenizer: four ASCII characters each, or one other character.

    >>> estimate_tokens("Label this review."), estimate_tokens("谁大")
    (5, 2)
    """
    ascii_chars = len(text.encode("ascii", "ignore"))
    return -(-ascii_chars // ASCII_CHARS_PER_TOKEN) + len(text) - ascii_chars


FILE_TOKENS = 1_500
"""The estimate for an image or another file in a prompt: about that of an image of a page (OpenAI's and Anthropic's
pages on images, November 2026)."""


MAX_IMAGE_TOKENS = 24_000
"""The most that an image is estimated at for a reservation, which is twice that: what gpt-4o-mini counts for a large
one, the most of all models (OpenAI's page on images, November 2026)."""


def estimate_prompt_tokens(messages: Iterable[Message]) -> int:
    """Estimate the tokens of a prompt, whose files do not count by their length in base64.

    >>> estimate_prompt_tokens([Message("user", ({"type": "text", "text": "谁大"}, {"type": "image_url"}))])
    1502
    """
    contents = (message.content for message in messages)
    parts = (part for content in contents for part in ([content] if isinstance(content, str) else content or ()))
    return sum(map(_estimate_part, parts))


def _estimate_part(part: str | JSON) -> int:
    text = part if isinstance(part, str) else part.get("text")
    return estimate_tokens(text) if isinstance(text, str) else FILE_TOKENS


class Reservation(NamedTuple):
    """The most tokens that a request may take, which are reserved for it until its reply says how many it took."""

    prompt_tokens: int
    completion_tokens: int

    def cost(self, price: Price | None) -> Decimal:
        """Return what they cost; 0 without a price.

        >>> Reservation(2000, 100).cost(Price(Decimal("2.50"), Decimal(10))), Reservation(2000, 100).cost(None)
        (Decimal('0.006'), Decimal('0'))
        """
        return ZERO if price is None else price.cost(self.prompt_tokens, self.completion_tokens)


def reserve_tokens(body: JSON, text: str, max_reply_tokens: int) -> Reservation:
    """Return the most tokens that a request may take: twice its estimated ones, and a full reply for each choice.

    An image does not count by its length in base64, beyond the most that a model counts for one.

    Args:
        body: The body of the request.
        text: The same as text.
        max_reply_tokens: The length to assume for a reply that the request does not limit.

    >>> reserve_tokens({"max_tokens": 100, "n": 3}, "x" * 4000, 4096)
    Reservation(prompt_tokens=2000, completion_tokens=300)
    >>> image = {"type": "image_url", "image_url": {"url": "x" * 400_000}}
    >>> reserve_tokens({"messages": [{"role": "user", "content": [image]}]}, "x" * 404_000, 4096).prompt_tokens
    50000
    """
    limits = [limit for name in REPLY_LIMITS if (limit := _as_count(body.get(name)))]
    choices = max([1, *(_as_count(body.get(name)) for name in CHOICE_COUNTS)])
    return Reservation(
        2 * (estimate_tokens(text) + _image_correction(body)), choices * max(limits, default=max_reply_tokens)
    )


def _image_correction(body: JSON) -> int:
    """Return what the images of a request have to be estimated at, less what they are by their length."""
    contents = (message.get("content") for message in body.get("messages") or ())
    parts = (part for content in contents if isinstance(content, list | tuple) for part in content)
    images = (part.get("image_url") for part in parts if part.get("type") == "image_url")
    lengths = [len(str(image.get("url"))) // ASCII_CHARS_PER_TOKEN for image in images if isinstance(image, Mapping)]
    return sum(min(max(length, FILE_TOKENS), MAX_IMAGE_TOKENS) - length for length in lengths)


def _as_count(value: JSONValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


class Budget:
    """What may still be spent: each request reserves the most that it may cost, and then settles its actual cost.

    Args:
        limit: What may be spent in all; None for no limit.
        spent: What earlier runs have spent of it.

    Attributes:
        limit: What may be spent in all.
        spent: What was spent; a reply of unknown cost counts as what was reserved for it.
        reserved: What requests in flight may cost.
        poll_s: Seconds after which a reservation may be tried again, because the limit changes; None if it does not.
        waits_for: What has to happen before there is a limit, in words; empty if there is one.

    Raises:
        ValueError: An amount is negative or not a number.

    >>> budget = Budget("0.02")
    >>> budget.reserve(Decimal("0.015")), budget.reserve(Decimal("0.015"))
    (True, False)
    >>> budget.settle(Decimal("0.015"), Decimal("0.004")); budget.reserve(Decimal("0.015"))
    True
    """

    poll_s: float | None = None
    waits_for = ""

    def __init__(self, limit: Amount | None, *, spent: Amount = ZERO) -> None:
        """Start with nothing reserved."""
        self.limit = None if limit is None else _as_amount(limit)
        self.spent = _as_amount(spent)
        self.reserved = ZERO

    @property
    def is_used_up(self) -> bool:
        """Whether nothing can bring money back: no request is in flight that may cost less than is reserved for it."""
        return not self.reserved

    def reserve(self, estimate: Decimal) -> bool:
        """Reserve *estimate*, and return True; False, with nothing reserved, if it exceeds what remains."""
        estimate = _as_amount(estimate)
        if self.limit is not None and self.spent + self.reserved + estimate > self.limit:
            return False
        self.reserved += estimate
        return True

    def reopen(self, reserved: Decimal) -> None:
        """Turn what was counted as spent into a reservation: a request of an earlier run may still be answered."""
        amount = _as_amount(reserved)
        self.spent = max(ZERO, self.spent - amount)
        self.reserved += amount

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
    amount = parse_amount(value, MAX_TOTAL)
    if amount is None:
        raise ValueError(f"expected an amount of money, 0 or more, not {value!r}")
    return amount
