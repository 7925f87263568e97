"""Which Python types each setting of a job may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from structkit.batch.settings import JobSettings
from structkit.costs.attempt_cost import MAX_TOTAL, parse_amount
from structkit.costs.price import Price
from structkit.errors import ConfigError

MAX_CONCURRENCY = 100_000
"""More requests at once than a machine has ports: each is a task in memory, even if nothing is sent."""

MAX_SHOWN = 80
"""Characters of a value that an error message quotes."""


def is_number(value: Any) -> bool:
    """Return whether a value is a number; True and False are none here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_amount(value: Any) -> bool:
    if not isinstance(value, str | Decimal) and not _is_count(value):
        return False  # a float such as 0.1 is not the amount that was written
    return parse_amount(value, MAX_TOTAL) is not None


def _are_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_concurrency(value: Any) -> bool:
    return value == "auto" or (_is_count(value) and 1 <= value <= MAX_CONCURRENCY)


TEXT, FLAG = (_is_text, "a text"), (_is_flag, "True or False")
TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "prompt": (lambda value: isinstance(value, str) or callable(value), "a template or a function"),
    **dict.fromkeys(("model", "base_url", "api_key", "key", "table", "delimiter", "encoding", "items"), TEXT),
    "value_column": TEXT,
    "limits": TEXT,
    **dict.fromkeys(("retry_failed", "overwrite", "progress", "batch_api", "wait"), FLAG),
    "limit": (_is_count, "a whole number"),
    "sample": (_is_count, "a whole number"),
    "grace": (is_number, "a number of seconds"),
    "review_below": (lambda value: is_number(value) and 0 <= value <= 1, "a confidence from 0 to 1"),
    "budget": (_is_amount, 'an amount of money, as a Decimal or a text such as "2.50"'),
    "price": (lambda value: isinstance(value, Price), "a structkit.Price"),
    "concurrency": (_is_concurrency, f"auto, or 1 or more, and {MAX_CONCURRENCY:,} at most"),
    "columns": (_are_names, "names of columns in a tuple"),
    "call": (lambda value: isinstance(value, Mapping), "a dict of arguments"),
}
"""By setting, what its value has to be, as a function and in words."""

OPTIONAL = frozenset(
    {
        "review_below",
        "model",
        "base_url",
        "api_key",
        "key",
        "table",
        "delimiter",
        "encoding",
        "items",
        "limit",
        "sample",
        "budget",
        "price",
        "limits",
    }
)
"""Settings that may be None."""

SECRETS = frozenset({"api_key", "limits"})
"""Settings whose values no message has."""


def validate_types(settings: JobSettings) -> None:
    """Validate the types of a job's settings.

    Raises:
        ConfigError: One has another type.
    """
    for name, (is_valid, words) in TYPES.items():
        value = getattr(settings, name)
        if not (is_valid(value) or (value is None and name in OPTIONAL)):
            text = type(value).__name__ if name in SECRETS else repr(value)[:MAX_SHOWN]
            raise ConfigError(f"{name} must be {words}, not {text}")
