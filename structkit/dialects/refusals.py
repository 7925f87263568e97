"""The words by which an endpoint's rejection of a request is recognised, as gateways and vendors write them."""

from __future__ import annotations

import re

from structkit.dialects.dialect import ModeName

PERMANENT_ERROR = re.compile(
    r"auth|api[ _-]?key|quota|permission|not[ _]found|invalid_request|billing|unsupported|not support", re.IGNORECASE
)
"""Error codes and messages inside a 200 that a retry cannot cure."""

OUT_OF_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.IGNORECASE)
"""A 429 with one of these is not about the rate: waiting does not help."""

UNSUPPORTED = re.compile(r"unsupported|not support|not implemented", re.IGNORECASE)
"""Together with `MODE_FIELD` in a 500: a parameter that the server will not support on a retry either."""

MODE_FIELD = re.compile(
    r"response.?format|json.?(schema|object|mode)|structured.?output|\btools?\b|tool.?(choice|call)|grammar",
    re.IGNORECASE,
)
"""A field of the request that a mode sets."""

STREAM_OPTIONS = re.compile(r"stream_options|include_usage")
"""The option that asks for token counts at the end of a stream."""

GENERIC_MESSAGE = re.compile(
    r"\W*(bad request|unprocessable( entity)?|invalid (request|argument|parameters?)|"
    r"(provider|upstream) (returned )?error)?\W*(error)?\W*",
    re.IGNORECASE,
)
"""Messages without information: the rejection may be about anything in the request."""

UNRELATED_TO_SCHEMA = re.compile(
    r"context.?(length|window)|maximum context|too many tokens|max_(completion_)?tokens|"
    r"quota.{0,20}exceeded|(exceeded|insufficient).{0,20}quota|credit balance",
    re.IGNORECASE,
)
"""What no change of the schema would cure. Checked first, since these rejections mention a maximum, too."""

UNRELATED_TO_MODE = re.compile(
    r"too (long|large)|"
    r"(model|deployment)\b.{0,60}\b(not found|does not exist|not exist|unknown|not available|no longer)|"
    r"unknown (model|deployment)|api.?key|authenticat|billing|quota|balance|insufficient|temperature|top_p|"
    r"content.?(policy|filter)|moderation|image",
    re.IGNORECASE,
)
"""What no other mode would cure, unless the rejection also names the field that carries the schema."""

RESPONSE_FORMAT_FIELD = r"response.?format|output.?format|json.?(schema|object|mode)|structured.?output"
TOOL_FIELD = r"\btools\b|\btool.?(choice|use)|\bfunction.?call"
"""How a rejection names the field that carries the schema."""


def _mode_pattern(words: str) -> re.Pattern[str]:
    """Match *words*, or that no provider serves the request (OpenRouter), or that the model failed (Groq)."""
    return re.compile(f"{words}|requested parameters|failed to (generate|validate) json", re.IGNORECASE)


MODE_WORDS: dict[ModeName, re.Pattern[str]] = {
    "json_schema": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|schema|structured|strict|guided|grammar"),
    "json_schema_lax": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|schema|structured|guided|grammar"),
    "tool": _mode_pattern(r"tool|function|schema|strict|grammar"),
    "json_object": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|structured"),
    "prompt": re.compile(r"(?!)"),
}
"""How a rejection names the mode that it rejects."""

REJECTION = re.compile(
    r"\b(?:not (?:supported|permitted|allowed|accepted|a valid)|unsupported|unknown|invalid|forbidden)\b", re.IGNORECASE
)
"""Whole words only: the type of nearly every error is `invalid_request_error`."""

SCHEMA_SUBJECT = re.compile(
    r"schema|keyword|propert|constraint|feature|grammar|(unknown|unsupported) format", re.IGNORECASE
)
"""Tells the rejection of a schema's keyword from one of a prompt, which has a maximum and a pattern, too."""

RECURSION = re.compile(r"recursi|circular|cyclic", re.IGNORECASE)
"""The schema refers to itself."""

SIZE_LIMIT = re.compile(
    r"(?:limit|maximum|max|at most|up to|exceed(?:s|ed|ing)?)\D{0,30}(\d{1,9})(?!\d)", re.IGNORECASE
)
"""The limit that a rejection of a size names."""

PROPERTY_COUNT = re.compile(r"propert", re.IGNORECASE)
ENUM_COUNT = re.compile(r"\benum", re.IGNORECASE)
NESTING = re.compile(r"nest|level|depth", re.IGNORECASE)
"""What a `SIZE_LIMIT` limits."""

WEB_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
"""A web page may contain any of these words; it comes from something in front of the endpoint."""

CALLER_NAMES = re.compile(r"In context=\([^)]*\)|(?<=response_format )'[^']*'|(?<=function )'[^']*'")
"""How a rejection quotes names from the caller's own type."""

ECHO_KEYS = frozenset({"input", "request", "request_body", "messages", "failed_generation", "choices"})
"""Keys under which gateways repeat the request (`input` is FastAPI's, and so vLLM's), or the model's reply (Groq's
`failed_generation`, and the `choices` of a reply that the endpoint did not finish)."""
