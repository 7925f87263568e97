"""Which calls are several calls: about the chunks of a long text, or for several replies that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def has_chunks(defaults: Mapping[str, Any], call: Mapping[str, Any]) -> bool:
    """Return whether a call divides its text."""
    return bool(call.get("chunk", defaults.get("chunk")))


def find_several_calls(defaults: Mapping[str, Any], call: Mapping[str, Any], *, is_async: bool = False) -> Any:
    """Return the function that makes the calls; None for a plain call.

    Args:
        defaults: The arguments that all calls of the client have.
        call: The arguments of the call.
        is_async: Whether the function is awaited.
    """
    chunk = call.get("chunk", defaults.get("chunk"))
    confidence = call.get("confidence", defaults.get("confidence"))
    if not chunk and (confidence is None or isinstance(confidence, str)):
        return None
    return _several_calls(chunk, is_async=is_async)


def _several_calls(chunk: Any, *, is_async: bool) -> Callable[..., Any]:
    if chunk:
        from structkit.client import chunk_calls

        return chunk_calls.run_chunks_async if is_async else chunk_calls.run_chunks
    from structkit.client import sample_calls

    return sample_calls.run_samples_async if is_async else sample_calls.run_samples
