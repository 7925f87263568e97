"""Why a choice ended, where that decides what comes of it; and what is said when no reply fitted."""

from __future__ import annotations

from typing import Any, TypeVar

from structkit.errors import ExtractionError, Filtered, InvalidOutput, Refusal, Truncated
from structkit.schema import Codec
from structkit.values import Answer, Choice, Issue, Parameters

T = TypeVar("T")

CUT = frozenset({"length", "model_length", "max_tokens"})
"""Finish reasons of a reply that was cut at a limit: OpenAI's, Mistral's at the end of its context, Anthropic's; and
Gemini's, in capitals."""

INTERRUPTED = "error"
"""The finish reason of a reply that failed on the way: it says nothing of how it was asked for."""

SHOWN = 200
"""How many characters of a refusal an error shows."""


def is_cut(choice: Choice) -> bool:
    """Whether a choice ended at a limit.

    >>> is_cut(Choice(finish_reason="MAX_TOKENS")), is_cut(Choice(finish_reason="stop"))
    (True, False)
    """
    return (choice.finish_reason or "").lower() in CUT


def choice_error(choice: Choice, codec: Codec[Any], parameters: Parameters) -> ExtractionError | None:
    """Why a choice is no answer, whatever its text says; None where its text counts."""
    if choice.refusal:
        said = choice.refusal[:SHOWN]
        return Refusal(f"the model refused: {said!r}; change the input or the instructions", partial=choice.content)
    if choice.finish_reason == "content_filter":
        return Filtered("the endpoint's content filter held back the reply; change the input", partial=choice.content)
    if is_cut(choice):
        return Truncated(
            f"the reply was cut at the token limit{_limit(parameters)}: raise max_tokens (Policy.max_tokens lets it be "
            f"raised by itself), or bound the lists and texts of {codec.name}",
            partial=choice.content or next((call.arguments for call in choice.tool_calls), None),
        )
    return None


def choice_issue(choice: Choice, fault: ExtractionError | None) -> Issue:
    """The same as an issue; what the model said stands apart from its message."""
    if isinstance(fault, Refusal):
        return Issue((), "the model refused", repr((choice.refusal or "")[:SHOWN]))
    return Issue((), str(fault) if fault else "the reply is empty")


def _limit(parameters: Parameters) -> str:
    given = parameters.max_completion_tokens or parameters.max_tokens
    return f" (max_tokens={given})" if given else ""


def invalid_output(codec: Codec[T], wrong: Answer[T], asked: int) -> InvalidOutput:
    """That the model was asked often enough and no reply fitted."""
    listed = "\n".join(f"  {issue}" for issue in wrong.issues)
    times = "1 attempt" if asked == 1 else f"{asked} attempts"
    return InvalidOutput(
        f"no reply fitted {codec.name} in {times}; the last one:\n{listed}\n"
        "loosen the type, give an example, or allow more attempts",
        issues=wrong.issues,
        partial=wrong.text,
    )
