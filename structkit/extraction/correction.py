"""What is sent after an invalid reply: the whole value is re-asked, or only the invalid places."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from structkit.prompts import feedback, patch_feedback
from structkit.prompts.feedback import MAX_ISSUES
from structkit.schema import Codec, Patch, make_patch
from structkit.values import Answer, JSONPath, Message, value_at

MIN_PATCH_CHARS = 300
"""A shorter reply costs less to be rewritten as a whole than the request for its invalid places."""

MAX_PATCH_PLACES = 50
"""A reply with more invalid places is re-asked as a whole."""

NO_JSON = (
    "Your last reply was not a JSON object: {why}. "
    "Reply with the JSON object that was asked for, {form}, and nothing else."
)
"""The feedback on a reply without JSON. It does not quote the reply: a model shown its own prose continues it."""


def correction_messages(
    codec: Codec[Any], invalid_answer: Answer[Any] | None, patch: Patch | None
) -> tuple[Message, ...]:
    """Return the messages that ask the model to correct its last answer; none for the first request.

    >>> from structkit.schema import ResponseFormat
    >>> prose = ResponseFormat(int).read("Three, I think.")
    >>> [message.content[:60] for message in correction_messages(ResponseFormat(int), prose, None)]
    ['Your last reply was not a JSON object: not valid JSON: the t']
    """
    if invalid_answer is None:
        return ()
    issues = [codec.hint_at_null(issue, invalid_answer.draft) for issue in invalid_answer.issues[:MAX_ISSUES]]
    issues += invalid_answer.issues[MAX_ISSUES:]
    if patch is not None:
        return (_message("user", patch_feedback(issues, patch_places(patch), patch.draft)),)
    if invalid_answer.draft is None and "{" not in invalid_answer.text:
        reason = "; ".join(issue.message for issue in invalid_answer.issues)
        return (_message("user", NO_JSON.format(why=reason, form=codec.form)),)
    wire_path = partial(codec.wire_path, draft=invalid_answer.draft)
    request = _message("user", feedback(issues, wire_path))
    return (_message("assistant", invalid_answer.text), request) if invalid_answer.text else (request,)


def patch_places(patch: Patch) -> list[tuple[str, JSONPath, bool]]:
    """Return the name and the path of each place of a patch, and whether it continues a list."""
    return [(place.field.name, place.path, place.appends) for place in patch.places]


def _message(role: Any, text: str) -> Message:
    """Return a message that JSON can represent: the model may have written unpaired surrogates."""
    return Message(role, text.encode("utf-8", "replace").decode())


def cheaper_patch(
    codec: Codec[Any], invalid_answer: Answer[Any], last_patch: Patch | None, *, at_any_cost: bool = False
) -> Patch | None:
    """Return the patch that re-asks only the invalid places, or None if the whole value should be re-asked.

    The whole value is re-asked if the places cannot be requested separately, if most of the reply is invalid, if the
    patch would cost more, and if the last patch has already re-asked one of the places.
    """
    patch = _patch(codec, invalid_answer, last_patch)
    return patch if patch is not None and (at_any_cost or _is_cheaper(patch, codec, invalid_answer)) else None


def _patch(codec: Codec[Any], invalid_answer: Answer[Any], last_patch: Patch | None) -> Patch | None:
    # A dict, not a set, keeps the order: equal replies must lead to equal requests.
    paths = dict.fromkeys(issue.path for issue in invalid_answer.issues)
    if invalid_answer.draft is None or not paths or len(paths) > MAX_PATCH_PLACES:
        return None
    patch = make_patch(codec, invalid_answer.draft, paths)
    return None if patch and last_patch and _paths(patch) & _paths(last_patch) else patch


def _is_cheaper(patch: Patch, codec: Codec[Any], invalid_answer: Answer[Any]) -> bool:
    reply_chars = len(invalid_answer.text)
    if reply_chars < MIN_PATCH_CHARS:
        return False
    patch_chars = sum(len(json.dumps(value_at(invalid_answer.draft, path), default=str)) for path in _paths(patch))
    costs_more = len(json.dumps(patch.codec.schema)) > len(json.dumps(codec.schema)) + 2 * reply_chars
    return 2 * patch_chars <= reply_chars and not costs_more


def _paths(patch: Patch) -> set[JSONPath]:
    return {place.path for place in patch.places}
