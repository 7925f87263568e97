"""Why a choice is not an answer, from its finish reason or refusal; and the error after the last invalid answer."""

from __future__ import annotations

from typing import Any, TypeVar

from structkit.errors import ExtractionError, Filtered, InvalidOutput, Refusal, Truncated
from structkit.schema import Codec
from structkit.values import Answer, Choice, Issue, Parameters

T = TypeVar("T")

TRUNCATED_REASONS = frozenset({"length", "model_length", "max_tokens"})
"""The finish reasons of a truncated reply, in lower case: OpenAI's, Mistral's at the end of its context, and the one of
Anthropic and Gemini."""

INTERRUPTED = "error"
"""The finish reason of a reply that failed in transfer; such a reply proves nothing about the mode."""

MAX_REFUSAL_CHARS = 200
"""The length at which an error shortens a refusal."""


def is_truncated(choice: Choice) -> bool:
    """Return whether a choice ended at a token limit.

    >>> is_truncated(Choice(finish_reason="MAX_TOKENS")), is_truncated(Choice(finish_reason="stop"))
    (True, False)
    """
    return (choice.finish_reason or "").lower() in TRUNCATED_REASONS


def choice_error(choice: Choice, codec: Codec[Any], parameters: Parameters) -> ExtractionError | None:
    """Return why a choice is not an answer, whatever its text is; None if its text is to be read."""
    if choice.refusal:
        refusal = choice.refusal[:MAX_REFUSAL_CHARS]
        return Refusal(f"the model refused: {refusal!r}; change the input or the instructions", partial=choice.content)
    if choice.finish_reason == "content_filter":
        return Filtered("the endpoint's content filter withheld the reply; change the input", partial=choice.content)
    if is_truncated(choice):
        return Truncated(
            f"the reply was truncated at the token limit{_limit(parameters)}: raise max_tokens, set Policy.max_tokens "
            f"to let structkit raise it, or bound the lists and texts of {codec.name}",
            partial=choice.content or next((call.arguments for call in choice.tool_calls), None),
        )
    return None


def choice_issue(choice: Choice, error: ExtractionError | None) -> Issue:
    """Return the same as an issue; the text of a refusal is in `got`, not in the message."""
    if isinstance(error, Refusal):
        return Issue((), "the model refused", repr((choice.refusal or "")[:MAX_REFUSAL_CHARS]))
    return Issue((), str(error) if error else "the reply is empty")


def _limit(parameters: Parameters) -> str:
    cap = parameters.max_completion_tokens or parameters.max_tokens
    return f" (max_tokens={cap})" if cap else ""


def invalid_output(codec: Codec[T], answer: Answer[T], attempts: int) -> InvalidOutput:
    """Return the error after the last attempt that the policy allows."""
    issues = "\n".join(f"  {issue}" for issue in answer.issues)
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return InvalidOutput(
        f"no valid {codec.name} in {times}; the issues of the last reply:\n{issues}\n"
        "loosen the type, give an example, or allow more attempts",
        issues=answer.issues,
        partial=answer.text,
    )
