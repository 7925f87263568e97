"""Places of a valid value that are re-asked once and alone: those no source has, and those a model was unsure of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from structkit.evidence.leaves import find_leaves
from structkit.evidence.source_texts import SourceTexts
from structkit.extraction.acceptance import wire_text
from structkit.extraction.correction import MAX_PATCH_PLACES
from structkit.extraction.pruning import Validate, accept_nulls, find_missing
from structkit.schema import Codec, Patch, make_patch
from structkit.values import Answer, Issue, JSONPath, JSONValue, Origin, Result, value_at
from structkit.values.text import shorten_json

COPY_IT = "this is not in the text: copy the value from there"
COPY_IT_OR_NULL = f"{COPY_IT}, or write null if the text has none"
"""What the model receives about a value that is not in the text."""

READ_IT_AGAIN = "another model was not sure of this value: read it in the text again"
"""What the stronger model receives about a value of the first."""


def reask_missing(conversation: Any, result: Result[Any], texts: SourceTexts, validate: Validate) -> Any:
    """Return the conversation that re-asks the places of a result that no source has.

    None if there are none, if no attempt is left, or if they cannot be asked for without the rest of the value. A
    number is not re-asked where the sources have none, nor a date where they have none: any other would be missing too.
    """
    codec = conversation.response_format
    answer = next(choice for choice in result.choices if choice.valid)
    answer_count = _count_answers(conversation, result)
    if answer_count >= conversation.policy.attempts:
        return None
    places, patch = _find_places(codec, answer.draft, _answerable(answer.draft, codec, texts))
    if not places:
        return None
    nullable = {*accept_nulls(answer.draft, places, validate)}
    issues = _issues(answer, {path: COPY_IT_OR_NULL if path in nullable else COPY_IT for path in places})
    return replace(_reask(conversation, result, answer, patch, issues), answer_count=answer_count)


def _answerable(draft: JSONValue, codec: Codec[Any], texts: SourceTexts) -> tuple[JSONPath, ...]:
    """Return the paths of the scalars that no source has, where a source has others of their kind."""
    missing = find_missing(draft, codec, texts).missing
    if not missing:
        return ()
    kinds = {leaf.path: leaf.kind for leaf in find_leaves(draft, codec.natural_schema)}
    has_kind = {"number": bool(texts.numbers), "date": bool(texts.dates)}
    return tuple(path for path in missing if has_kind.get(kinds[path], True))


def reask_unsure(conversation: Any, result: Result[Any], places: Sequence[JSONPath]) -> Any:
    """Return the conversation with another model that re-asks the places of a result that the first was unsure of.

    None if they cannot be asked for without the rest of the value.
    """
    answer = next(choice for choice in result.choices if choice.valid)
    places, patch = _find_places(conversation.response_format, answer.draft, places)
    if patch is None:
        return None
    return _reask(conversation, result, answer, patch, _issues(answer, dict.fromkeys(places, READ_IT_AGAIN)))


def _reask(
    conversation: Any, result: Result[Any], answer: Answer[Any], patch: Patch | None, issues: tuple[Issue, ...]
) -> Any:
    """Return a conversation that asks for the places of a patch of a result's value."""
    codec = conversation.response_format
    return replace(
        conversation.initial_parts[0] if hasattr(conversation, "initial_parts") else conversation,
        response_format=codec,
        checks=conversation.checks,
        fallback=conversation.fallback,
        attempts=(*result.attempts[:-1], replace(result.attempts[-1], issues=issues)),
        invalid_answer=replace(answer, text=wire_text(codec, answer.draft), value=None, issues=issues),
        patch=patch,
        origins={(): Origin("direct", len(result.attempts)), **result.provenance},
    )


def _find_places(
    codec: Codec[Any], draft: JSONValue, paths: Sequence[JSONPath]
) -> tuple[tuple[JSONPath, ...], Patch | None]:
    """Return the places to ask for, and the patch of them; None for a value without parts, which is one place."""
    places = tuple(paths[:MAX_PATCH_PLACES])
    if places in ((), ((),)):
        return places, None
    patch = _largest_patch(codec, draft, places)
    return tuple(path for path in places if patch and patch.has_place(path)), patch


def _largest_patch(codec: Codec[Any], draft: JSONValue, places: Sequence[JSONPath]) -> Patch | None:
    """Return the patch of all places; of fewer if some cannot be asked for separately, or all of them are too many."""
    patch = make_patch(codec, draft, places)
    if patch is not None:
        return patch
    usable = [path for path in places if make_patch(codec, draft, [path])]
    while usable and (patch := make_patch(codec, draft, usable)) is None:
        usable = usable[: len(usable) // 2]
    return patch


def _count_answers(conversation: Any, result: Result[Any]) -> int:
    """Return the number of answers so far; the first answers to all parts of a split type count as one."""
    if not hasattr(conversation, "initial_parts"):
        return int(conversation.answer_count) + 1
    return sum(attempt.completion is not None for attempt in result.attempts) - len(conversation.initial_parts) + 1


def _issues(answer: Answer[Any], messages: Mapping[JSONPath, str]) -> tuple[Issue, ...]:
    """Return an issue with the value of each place, by the messages about them."""
    return tuple(Issue(path, message, shorten_json(value_at(answer.draft, path))) for path, message in messages.items())
