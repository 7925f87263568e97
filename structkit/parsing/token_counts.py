"""The token counts of a reply, in the fields of different vendors."""

from __future__ import annotations

from structkit.values import JSON, JSONValue, Usage

MAX_TOKENS = 10**12
"""A larger number cannot be a token count, and is treated as unreported."""

CACHE_FIELDS = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Tokens of Anthropic's cache, which are not in the count of the input."""


def read_usage(usage: JSONValue, *, is_written: bool = False) -> Usage:
    """Parse the token counts; a missing or invalid count of the input or output makes the whole reply unreported.

    Args:
        usage: The counts.
        is_written: Whether the model has written something: zero tokens of the input or output were not counted then.

    >>> read_usage({"prompt_tokens": 9, "completion_tokens": 12, "prompt_tokens_details": {"cached_tokens": 4}})
    Usage(prompt_tokens=9, completion_tokens=12, total_tokens=21, unreported=0, cached_tokens=4, reasoning_tokens=0)
    >>> read_usage({"prompt_tokens": -1}).unreported
    1
    >>> [read_usage({"prompt_tokens": n, "completion_tokens": 9 - n}, is_written=True).unreported for n in (0, 4, 9)]
    [1, 0, 1]
    """
    counts = usage if isinstance(usage, dict) else {}
    prompt, completion = read_count(counts.get("prompt_tokens")), read_count(counts.get("completion_tokens"))
    if prompt is None or completion is None:
        return Usage(unreported=1)
    reasoning = _read_detail(counts, "completion_tokens_details", "reasoning_tokens")
    completion += _uncounted_reasoning(counts, prompt + completion, completion, reasoning)
    if is_written and not (completion and (prompt or _has_cache_fields(counts))):
        return Usage(unreported=1)
    total = read_count(counts.get("total_tokens")) or prompt + completion
    cached = min(prompt, _read_cached_tokens(counts))
    return Usage(prompt, completion, total, 0, cached, reasoning)


def _uncounted_reasoning(counts: JSON, counted: int, completion: int, reasoning: int) -> int:
    """Return how many tokens of thinking are billed as output, and not in its count, as those of xAI and Google are.

    They are in the total alone; so are tokens of the cache at some gateways, which have a count of their own.
    """
    surplus = (read_count(counts.get("total_tokens")) or counted) - counted
    if surplus <= 0 or surplus == _read_cached_tokens(counts) or _has_cache_fields(counts):
        return reasoning if reasoning > completion else 0
    return surplus


def _has_cache_fields(counts: JSON) -> bool:
    """Return whether tokens of the cache were counted apart from the input, of which none may be left."""
    return any(read_count(counts.get(name)) for name in CACHE_FIELDS)


def _read_cached_tokens(counts: JSON) -> int:
    """Return how many tokens came from the cache: in OpenAI's field, DeepSeek's or Moonshot's."""
    other = read_count(counts.get("prompt_cache_hit_tokens")) or read_count(counts.get("cached_tokens")) or 0
    return _read_detail(counts, "prompt_tokens_details", "cached_tokens") or other


def _read_detail(counts: JSON, group: str, name: str) -> int:
    details = counts.get(group)
    return (read_count(details.get(name)) or 0) if isinstance(details, dict) else 0


def read_count(value: JSONValue) -> int | None:
    """Return a count; None for anything else, or a number that cannot be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_TOKENS else None
