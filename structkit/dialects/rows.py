"""The dialects known."""

from __future__ import annotations

from structkit.values import Dialect

# developers.openai.com, guide "Structured model outputs", section "Supported schemas" (text checked 2026-08-23).
OPENAI = Dialect(
    name="openai",
    keywords=frozenset(
        {"pattern", "format", "multipleOf", "minItems", "maxItems"}
        | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    ),
    formats=frozenset(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]),
)
