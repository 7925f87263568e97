"""How sure the model was of each place of a result, by the log probabilities in the replies that wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from structkit.confidence.logprobs import read_tokens, score_scalars
from structkit.errors import ConfigError, MalformedReply, StructkitError
from structkit.schema import Codec
from structkit.schema.patch import place_name
from structkit.values import Attempt, JSONPath, JSONValue, Origin, Result
from structkit.values.confidence_map import Confidence, ConfidenceMap

if TYPE_CHECKING:
    from structkit.extraction.pruning import Pruning

TokenConfidence: TypeAlias = Literal["logprobs", "auto"]
"""Whether log probabilities are required, or used where the endpoint returns them."""

Scores: TypeAlias = Mapping[JSONPath, Confidence]
"""The confidence of the scalars of one reply, by their paths in it."""

UNWRITTEN = ("defaulted", "removed")
"""Origins of places that no reply has."""

NO_LOGPROBS = (
    "the endpoint returns no log probabilities for this model, which confidence='logprobs' (--confidence logprobs) "
    "needs: pass 'auto', or, in extract and run, the number of replies to compare, as in confidence=3"
)


def with_token_confidence(
    result: Result[Any], codec: Codec[Any], choice: TokenConfidence
) -> Result[Any] | StructkitError:
    """Return a result with the confidence of its value, or an error.

    Args:
        result: The result.
        codec: The type.
        choice: With `logprobs`, an accepted reply without log probabilities is a ConfigError; with `auto`, the result
            has no confidence. In both cases, that of a reply whose tokens do not join to its text is unknown.
    """
    accepted = next(answer for answer in result.choices if answer.valid)
    *earlier, last = result.attempts
    replies = [*(_score_reply(attempt, None) for attempt in earlier), _score_reply(last, accepted.index)]
    if replies[-1] is None and choice == "logprobs":
        return ConfigError(NO_LOGPROBS).with_attempts(result.attempts)
    find = partial(_find, codec, accepted.draft)
    details = {path: find(path, origin, replies[origin.attempt - 1]) for path, origin in result.provenance.items()}
    if replies[-1] is None and not any(details.values()):
        return result
    return replace(result, confidence=ConfidenceMap(details))


def _score_reply(attempt: Attempt, index: int | None) -> Scores | None:
    """Return the confidence of what the reply of an attempt has; None if it has no log probabilities.

    It is empty if these are broken or not those of the text: the value may be right all the same.

    Args:
        attempt: The attempt.
        index: The index of the choice that was read; None for the first one.
    """
    if (reply := attempt.completion) is None:
        return None
    choice = next(each for each in reply.choices if index in (None, each.index))
    text = choice.content or next((call.arguments for call in choice.tool_calls), "")
    try:
        tokens = read_tokens(reply.raw_choice(choice.index))
        return score_scalars(text, tokens) if tokens and text else None
    except MalformedReply:
        return {}


def _find(
    codec: Codec[Any], draft: JSONValue, path: JSONPath, origin: Origin, reply: Scores | None
) -> Confidence | None:
    """Return the confidence of a place of the value; None if it is not in the reply.

    Args:
        codec: The type.
        draft: The natural JSON of the value.
        path: The place.
        origin: How it was obtained.
        reply: The confidence of what the reply that wrote it has.
    """
    if reply is None or origin.how in UNWRITTEN:
        return None
    wire_path = codec.wire_path(path, draft)
    if origin.how == "re-asked":
        for length in range(len(path), 0, -1):  # a reply to a patch has each place under a name of its own
            place = codec.wire_path(path[:length], draft)
            if (detail := reply.get((place_name(path[:length]), *wire_path[len(place) :]))) is not None:
                return detail
    return reply.get(wire_path) or reply.get(path)  # the model may have written the natural form


def prune_confidence(confidence: ConfidenceMap, pruning: Pruning, paths: Iterable[JSONPath]) -> ConfidenceMap:
    """Return the confidence of a value from which was removed what no source has.

    Args:
        confidence: The confidence of the value before.
        pruning: What was removed.
        paths: The places of the value now.
    """
    removed = pruning.removed_paths
    details = {path: None if path in removed else confidence.details.get(pruning.old_path(path)) for path in paths}
    return ConfidenceMap(details)
