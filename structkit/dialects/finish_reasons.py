"""How a choice ended: the finish reasons that vendors use, refusals, and errors inside choices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from structkit.values import Choice

FinishKind: TypeAlias = Literal["complete", "truncated", "filtered", "refused", "failed"]
"""How a choice ended: its text is to be read; it reached a token limit; a content filter withheld it; the model
declined; or the endpoint failed while the model wrote it."""

REASONS: Mapping[FinishKind, str] = {
    "truncated": "length max_tokens max_output_tokens max_completion_tokens model_length token_limit error_limit "
    "incomplete max_length length_limit token_limit_reached max_token repetition repetition_truncation pause_turn "
    "model_context_window_exceeded context_window_exceeded context_length_exceeded max_output maximum_tokens",
    "filtered": "content_filter content_filtered content_filter_error sensitive safety recitation blocklist spii "
    "prohibited_content image_safety image_prohibited_content image_recitation guardrail_intervened error_toxic "
    "language content_moderation moderation data_inspection_failed model_armor",
    "refused": "refusal refused",
    "failed": "insufficient_system_resource resource_exhausted rate_limit_exceeded abort aborted cancelled canceled "
    "user_cancel time_limit",
}
"""The finish reasons of each kind, in the form of `_normalized`. Gateways pass on the words of OpenAI, Anthropic,
Gemini, Mistral, Cohere, Bedrock, DeepSeek, Zhipu, MiniMax, Aleph Alpha, watsonx, vLLM and SGLang. Any other word, such
as `stop`, is a complete reply: the text decides. `repetition` is our own, for a stream that was stopped."""

FAILURE = re.compile(r"(?:^|_)(?:error|exception|failed|failure|overloaded|timeout|unavailable)(?:_|$)")
"""A part of any other reason that says that the endpoint failed: `network_error`, `engine_error`."""

FINISH_KINDS: Mapping[str, FinishKind] = {word: kind for kind, words in REASONS.items() for word in words.split()}

COMMON_REASONS = frozenset({None, "stop", "tool_calls", "function_call"})
"""The finish reasons of nearly all replies, which need no look into the table."""


def finish_kind_of(choice: Choice) -> FinishKind:
    """Return how a choice ended: an error inside it comes first, then a refusal, then the finish reason.

    >>> [finish_kind_of(Choice(finish_reason=reason)) for reason in ("stop", "MAX_TOKENS", "FinishReason.SAFETY")]
    ['complete', 'truncated', 'filtered']
    >>> finish_kind_of(Choice(finish_reason="stop", error={"message": "upstream died", "code": 502}))
    'failed'
    """
    if choice.error:
        return "failed"
    if choice.refusal:
        return "refused"
    if choice.finish_reason in COMMON_REASONS:
        return "complete"
    return classify_finish_reason(choice.finish_reason or "")


def classify_finish_reason(reason: str) -> FinishKind:
    """Return the kind that a finish reason means, in any case and notation.

    >>> classify_finish_reason("content_filter: PROHIBITED_CONTENT"), classify_finish_reason("engine-error")
    ('filtered', 'failed')
    >>> classify_finish_reason("function_call_filter: MALFORMED_FUNCTION_CALL")
    'complete'
    """
    words = [_normalized(part) for part in (reason, *re.split(r"[:.]", reason))]
    kinds: list[FinishKind] = [FINISH_KINDS[word] for word in words if word in FINISH_KINDS]
    if not kinds and any(map(FAILURE.search, words)):
        return "failed"
    return kinds[0] if kinds else "complete"


def _normalized(reason: str) -> str:
    """Return a finish reason in lower case, its words joined by underscores, without the name of its enum.

    >>> _normalized("FINISH_REASON_MAX_TOKENS"), _normalized("maxTokens"), _normalized("Content Filter")
    ('max_tokens', 'max_tokens', 'content_filter')
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z0-9]+", "_", reason).strip("_").lower()
    return words.removeprefix("finish_reason_")
