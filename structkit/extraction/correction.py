"""What is sent after a wrong reply: the whole asked for again, or only the places that are wrong."""

from __future__ import annotations

import json
from typing import Any

from structkit.prompts import ask_for_places, feedback
from structkit.schema import Codec, Patch, make_patch
from structkit.values import Answer, JSONPath, Message, value_at

SHORT = 300
"""Characters of a reply that costs less to be written again than its mistakes to be explained."""

NO_JSON = "Your last reply was no JSON object: {why}. Reply with the JSON object that was asked for, and nothing else."
"""What is said of a reply that holds nothing to correct: shown again, or quoted, it would only be gone on with."""

MOST_PLACES = 50
"""Places asked for in one patch; a reply with more is wrong as a whole."""


def correction_messages(codec: Codec[Any], wrong: Answer[Any] | None, patch: Patch | None) -> tuple[Message, ...]:
    """The messages that tell the model what to put right; none at the first ask.

    >>> from structkit.schema import ResponseFormat
    >>> prose = ResponseFormat(int).read("Three, I think.")
    >>> [message.content[:60] for message in correction_messages(ResponseFormat(int), prose, None)]
    ['Your last reply was no JSON object: not valid JSON: Expectin']
    """
    if wrong is None:
        return ()
    if patch is not None:
        return (_sendable("user", ask_for_places(wrong.issues, patch_places(patch), patch.draft)),)
    if wrong.draft is None and "{" not in wrong.text:
        why = "; ".join(issue.message for issue in wrong.issues)  # not what it said: it would only be said again
        return (_sendable("user", NO_JSON.format(why=why)),)
    told = _sendable("user", feedback(wrong.issues, codec.wire_path))
    return (_sendable("assistant", wrong.text), told) if wrong.text else (told,)


def patch_places(patch: Patch) -> list[tuple[str, JSONPath, bool]]:
    """The name, the path and whether a list is to be gone on with, for each place of a patch."""
    return [(place.field.name, place.path, place.appends) for place in patch.places]


def _sendable(role: Any, text: str) -> Message:
    """A message that JSON can carry, whatever the model wrote."""
    return Message(role, text.encode("utf-8", "replace").decode())


def cheaper_patch(
    codec: Codec[Any], wrong: Answer[Any], before: Patch | None, *, at_any_cost: bool = False
) -> Patch | None:
    """The patch that asks for what is wrong alone; None where asking for the whole is better.

    That is where the wrong places cannot be asked for, where most of the reply is wrong, where it would cost more,
    and where the same place was asked for before.
    """
    patch = _patch(codec, wrong, before)
    return patch if patch is not None and (at_any_cost or _is_affordable(patch, codec, wrong)) else None


def _patch(codec: Codec[Any], wrong: Answer[Any], before: Patch | None) -> Patch | None:
    paths = dict.fromkeys(issue.path for issue in wrong.issues)  # in their order: equal replies, equal requests
    if wrong.draft is None or not paths or len(paths) > MOST_PLACES:
        return None
    patch = make_patch(codec, wrong.draft, paths)
    return None if patch and before and _paths(patch) & _paths(before) else patch


def _is_affordable(patch: Patch, codec: Codec[Any], wrong: Answer[Any]) -> bool:
    if len(wrong.text) < SHORT:
        return False
    rewritten = sum(len(json.dumps(value_at(wrong.draft, path), default=str)) for path in _paths(patch))
    whole = len(wrong.text)
    costs_more = len(json.dumps(patch.codec.schema)) > len(json.dumps(codec.schema)) + 2 * whole
    return 2 * rewritten <= whole and not costs_more


def _paths(patch: Patch) -> set[JSONPath]:
    return {place.path for place in patch.places}
