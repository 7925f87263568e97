"""Why a choice is not an answer, from its finish reason or refusal; and the error after the last invalid answer."""

from __future__ import annotations

from typing import Any, TypeVar

from structkit.dialects.finish_reasons import finish_kind_of
from structkit.errors import Filtered, InvalidOutput, Refusal, StructkitError, TransportError, Truncated
from structkit.parsing import has_ended_turn
from structkit.parsing.completion import MAX_REASON_CHARS, fault_of_choice
from structkit.schema import Codec
from structkit.values import Answer, Choice, Issue, Parameters
from structkit.values.text import list_lines, shorten

T = TypeVar("T")

FILTERED_ADVICE = "change the input"

REPEATED = "set a temperature above 0: at 0, the model repeats a reply that was rejected"

MAX_REFUSAL_CHARS = 200
"""The length at which an error shortens a refusal."""


def choice_error(choice: Choice, codec: Codec[Any], parameters: Parameters) -> StructkitError | None:
    """Return why a choice is not an answer, whatever its text is; None if its text is to be read."""
    kind = finish_kind_of(choice)
    if kind == "failed":
        return fault_of_choice(choice)
    if kind == "refused":
        text = (choice.refusal or choice.content or "")[:MAX_REFUSAL_CHARS]
        return Refusal(f"the model refused: {text!r}; change the input or the instructions", partial=choice.content)
    if kind == "filtered":
        return Filtered(
            f"the endpoint's content filter withheld the reply{_reason(choice)}; {FILTERED_ADVICE}",
            partial=choice.content,
        )
    if choice.finish_reason == "repetition":
        return Truncated(
            f"the reply repeats itself, so that it was stopped: bound the lists and texts of {codec.name}",
            partial=choice.content or next((call.arguments for call in choice.tool_calls), None),
        )
    if kind == "truncated" and not has_ended_turn(choice.content or ""):
        return Truncated(
            f"the reply was truncated at the token limit{_limit(parameters)}: "
            f"raise {parameters.token_cap_name}, set Policy.max_tokens "
            f"to let structkit raise it, or bound the lists and texts of {codec.name}",
            partial=choice.content or next((call.arguments for call in choice.tool_calls), None),
        )
    return None


def choice_issue(choice: Choice, error: StructkitError | None) -> Issue:
    """Return the same as an issue; the text of a refusal is in `got`, not in the message."""
    if isinstance(error, Refusal):
        return Issue((), "the model refused", repr((choice.refusal or choice.content or "")[:MAX_REFUSAL_CHARS]))
    if error:
        return Issue((), str(error))
    has_reasoning = bool((choice.reasoning or "").strip())
    return Issue((), "the reply is empty, except for its reasoning" if has_reasoning else "the reply is empty")


def prompt_filtered(error: TransportError) -> Filtered:
    """Return the error for a prompt that the endpoint's filter rejected, which some report as an HTTP error."""
    reason = str(error).removesuffix(f"; {FILTERED_ADVICE}")
    return Filtered(f"the endpoint's content filter rejected the prompt ({reason}); {FILTERED_ADVICE}")


def _reason(choice: Choice) -> str:
    """Return the vendor's own word for the filter; nothing for the word that OpenAI uses, which explains nothing."""
    reason = shorten(choice.finish_reason or "", MAX_REASON_CHARS)
    return "" if reason == "content_filter" else f" (finish_reason {reason!r})"


def _limit(parameters: Parameters) -> str:
    cap = parameters.token_cap
    return f" ({parameters.token_cap_name}={cap})" if cap else ""


def invalid_output(
    codec: Codec[T], answer: Answer[T], attempts: int, requests: int, *, is_last: bool = True
) -> InvalidOutput:
    """Return the error after the last attempt; requests in other modes are not attempts.

    Args:
        codec: The type.
        answer: The last answer.
        attempts: The number of attempts.
        requests: The number of requests.
        is_last: Whether the policy allows no further one; otherwise the model would only repeat its reply.
    """
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    times += f" ({requests} requests)" if requests > attempts else ""
    return InvalidOutput(
        f"no valid {codec.name} in {times}; the issues of the last reply:\n{list_lines(answer.issues)}\n"
        f"loosen the type, give an example, or {'allow more attempts' if is_last else REPEATED}",
        issues=answer.issues,
        partial=answer.text,
    )
