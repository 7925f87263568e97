"""The token counts of a reply, in the fields of different vendors."""

from __future__ import annotations

from structkit.values import JSON, JSONValue, Usage

MAX_TOKENS = 10**12
"""A larger number cannot be a token count, and is treated as unreported."""

CACHE_FIELDS = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Tokens of Anthropic's cache, which it counts apart from the input."""


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
    prompt += _uncounted_cache(counts, prompt, completion)
    reasoning = _read_detail(counts, "completion_tokens_details", "reasoning_tokens")
    completion += _uncounted_reasoning(counts, prompt + completion, completion, reasoning)
    if is_written and not (completion and prompt):
        return Usage(unreported=1)
    total = max(read_count(counts.get("total_tokens")) or 0, prompt + completion)
    return Usage(prompt, completion, total, 0, min(prompt, _read_cached_tokens(counts)), reasoning)


def _uncounted_cache(counts: JSON, prompt: int, completion: int) -> int:
    """Return how many tokens of the cache are billed as input, and not in its count, as Anthropic counts them.

    Some gateways add them to the input. They did not if the total has both, or if there are more of them than of the
    input. OpenAI's count of a cache is a part of the input, and what the total has beside it may be thinking.

    >>> counts = {"cache_read_input_tokens": 800}
    >>> _uncounted_cache(counts, 810, 4), _uncounted_cache(counts, 10, 4)
    (0, 800)
    """
    surplus = (read_count(counts.get("total_tokens")) or 0) - prompt - completion
    if apart := sum(read_count(counts.get(name)) or 0 for name in CACHE_FIELDS):
        return apart if apart > prompt or surplus >= apart else 0
    cached = _read_cached_tokens(counts)
    return cached if surplus == cached else 0


def _uncounted_reasoning(counts: JSON, counted: int, completion: int, reasoning: int) -> int:
    """Return how many tokens of thinking are billed as output, and not in its count, as those of xAI and Google are.

    They are in the total alone, as a part of the cache may be, where an endpoint counts its tokens apart.
    """
    surplus = (read_count(counts.get("total_tokens")) or counted) - counted
    if surplus <= 0 or any(read_count(counts.get(name)) for name in CACHE_FIELDS):
        return reasoning if reasoning > completion else 0
    return surplus


def _read_cached_tokens(counts: JSON) -> int:
    """Return how many tokens came from the cache: in OpenAI's field, DeepSeek's, Moonshot's or Anthropic's."""
    names = ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens")
    other = next(filter(None, (read_count(counts.get(name)) for name in names)), 0)
    return _read_detail(counts, "prompt_tokens_details", "cached_tokens") or other


def _read_detail(counts: JSON, group: str, name: str) -> int:
    details = counts.get(group)
    return (read_count(details.get(name)) or 0) if isinstance(details, dict) else 0


def read_count(value: JSONValue) -> int | None:
    """Return a count; None for anything else, or a number that cannot be one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_TOKENS else None
