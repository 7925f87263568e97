"""The answer in a choice of a reply: which of its texts is read, and what the reply to a patch is merged into."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from structkit.errors import StructkitError
from structkit.extraction.checks import apply_checks
from structkit.extraction.failure import choice_error, choice_issue
from structkit.extraction.prefill import read_continuation
from structkit.extraction.reasoning import read_reasoning
from structkit.parsing.limits import MAX_REPAIRED_CHARS
from structkit.schema import reject_several
from structkit.values import Answer, Choice


def read_choices(step: Any, choices: tuple[Choice, ...]) -> list[tuple[Answer[Any], StructkitError | None]]:
    """Return the choices of a reply as answers, as `read_choice`; all of them together may be as long as one."""
    if len(choices) > 1 and sum(len(choice.content or "") for choice in choices) > MAX_REPAIRED_CHARS:
        step = replace(step, policy=replace(step.policy, repairs=False))
    return [read_choice(step, choice) for choice in choices]


def read_choice(step: Any, choice: Choice) -> tuple[Answer[Any], StructkitError | None]:
    """Return a choice of the reply to a step as an answer, and why it is none if its text must not be read.

    The finish reason comes before the text, because a truncated text is not an answer.

    Args:
        step: The extraction.
        choice: The choice.
    """
    error, texts = choice_error(choice, step.response_format, step.parameters), step.current_mode.decode(choice)
    if error is None and not texts and (valid_answer := read_reasoning(choice, partial(_read_text, step), step.policy)):
        answer: Answer[Any] = valid_answer
    elif error is not None or not texts:
        answer = Answer(0, texts[0] if texts else "", None, (choice_issue(choice, error),))
    else:
        answer = _first_valid(step, texts)
        if not answer.valid:
            read_texts = partial(_first_valid, step)
            answer = read_continuation(texts, step.request.messages, read_texts, step.policy) or answer
    return answer.for_choice(choice), error


def _first_valid(step: Any, texts: tuple[str, ...]) -> Answer[Any]:
    """Return the answer of the first valid text, or else the one with the fewest issues."""
    if len(texts) == 1:
        return _read_text(step, texts[0])
    answers = [_read_text(step, text) for text in dict.fromkeys(texts)]
    if valid_answers := [answer for answer in answers if answer.valid]:
        return reject_several(valid_answers[0], valid_answers[1:], step.policy.repairs)
    return min(answers, key=lambda answer: len(answer.issues))


def _read_text(step: Any, text: str) -> Answer[Any]:
    """Return a text as an answer; the reply to a patch is merged into the draft first."""
    answer = step.codec.read(text, repairs=step.policy.repairs, context=step.context)
    if step.patch is not None and answer.valid:
        merged_answer = step.response_format.read_natural(step.patch.merge(answer.value), None, text, step.context)
        answer = replace(merged_answer, repairs=answer.repairs)
    elif step.patch is not None:  # the model may have sent the whole value instead of the places
        value = step.response_format.read(text, repairs=step.policy.repairs, context=step.context)
        is_complete = step.patch.covers_draft(value.draft) and all(issue.path for issue in value.issues)
        answer = value if is_complete else replace(answer, draft=None)
    return apply_checks(answer, step.checks) if step.checks else answer
