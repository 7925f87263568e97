"""What vendors' Batch APIs accept and cost, with the page that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class BatchRules:
    """The limits of one batch, and its price.

    Args:
        max_requests: The requests that a batch may have.
        max_bytes: The size of its file.
        price_factor: What a token costs, as a share of its list price.
        window: The time within which a batch is done, or expires.
        url: What the requests of a batch are sent to at the endpoint.
    """

    max_requests: int = 50_000
    max_bytes: int = 100 * MEGABYTE
    price_factor: Decimal = Decimal(1)
    window: str = "24h"
    url: str = "/v1/chat/completions"


DEFAULT_RULES = BatchRules()
"""What all known Batch APIs accept; a discount that nobody has documented is not assumed."""

HALF = Decimal("0.5")

# API reference, "Create batch": "up to 50,000 requests, and can be up to 200 MB in size" (November 2026); help center,
# "Batch API FAQ": "Each model will be offered at 50% cost discount".
OPENAI_RULES = replace(DEFAULT_RULES, max_bytes=200 * MEGABYTE, price_factor=HALF)

# learn.microsoft.com, "Batch - Create batch": the same limits and urls; "Getting started with Azure OpenAI batch
# deployments": "at 50% less cost than global standard" (November 2026).
AZURE_RULES = OPENAI_RULES

# console.groq.com, "Batch API": "25% lower cost"; the page names no size that is larger than the default.
GROQ_RULES = replace(DEFAULT_RULES, price_factor=Decimal("0.75"))

# alibabacloud.com, Model Studio, "OpenAI compatible - Batch": "at 50% of the cost of real-time calls"; help.aliyun.com:
# 50,000 requests and 100 MB.
QWEN_RULES = replace(DEFAULT_RULES, price_factor=HALF)

BATCH_RULES: Mapping[str, BatchRules] = {
    "openai": OPENAI_RULES,
    "azure": AZURE_RULES,
    "groq": GROQ_RULES,
    "qwen": QWEN_RULES,
}
"""By the name of the dialect at whose own address the batch is sent."""


def find_batch_rules(dialect: str) -> BatchRules:
    """Return the rules of a vendor by the name of its dialect.

    >>> find_batch_rules("openai").max_bytes, find_batch_rules("vllm").price_factor
    (200000000, Decimal('1'))
    """
    return BATCH_RULES.get(dialect, DEFAULT_RULES)
