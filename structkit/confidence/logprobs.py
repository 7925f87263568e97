"""The probabilities of a reply's tokens, and of the tokens that each of its scalars is written with."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from structkit.errors import MalformedReply
from structkit.parsing.value_spans import value_spans
from structkit.values import JSON, JSONPath
from structkit.values.confidence_map import Confidence

FORCED_LOGPROB = -1e-6
"""A token above it had no alternative, or none that mattered; it says nothing of the others."""


class Token(NamedTuple):
    """A token of a reply.

    Args:
        data: Its bytes, which may be a part of a character.
        logprob: The natural logarithm of its probability.
    """

    data: bytes
    logprob: float


def read_tokens(choice: JSON) -> tuple[Token, ...]:
    """Return the tokens of a choice's content, as `logprobs.content` has them; none if it has no log probabilities.

    Args:
        choice: The choice as the endpoint returned it.

    Raises:
        MalformedReply: An entry is no token with a log probability.
    """
    logprobs = choice.get("logprobs")
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(_read_token(entry) for entry in entries)


def _read_token(entry: object) -> Token:
    if isinstance(entry, dict):
        data, logprob = entry.get("bytes"), entry.get("logprob")
        try:
            text = bytes(data) if isinstance(data, list) else str(entry["token"]).encode("utf-8", "surrogatepass")
            if isinstance(logprob, int | float) and logprob <= 0:
                return Token(text, float(logprob))
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
    raise MalformedReply(f"an entry of logprobs.content is no token with a log probability: {entry!r:.200}")


def score_scalars(text: str, tokens: Sequence[Token]) -> Mapping[JSONPath, Confidence]:
    """Return the confidence of each scalar of a reply, by its path on the wire.

    Its score is the probability of its least probable token. Tokens of structure, keys and quotes do not count, and
    neither do those without an alternative.

    Args:
        text: The content of the reply.
        tokens: Its tokens. Special tokens may precede or follow the content, as the end of a turn does.

    Raises:
        MalformedReply: The tokens are not those of the content.

    >>> tokens = [Token(b'{"a": ', -3.0), Token(b'"go', -0.1), Token(b'od"', -0.7), Token(b"}", -2.0)]
    >>> round(score_scalars('{"a": "good"}', tokens)["a",].score, 2)
    0.5
    """
    data = text.encode("utf-8", "surrogatepass")
    joined = b"".join(token.data for token in tokens)
    shift = joined.find(data)
    if shift < 0 or not data:
        raise MalformedReply("the tokens of logprobs.content do not join to the content of the reply")
    starts = [0, *accumulate(len(token.data) for token in tokens)]
    ends = [0, *accumulate(len(character.encode("utf-8", "surrogatepass")) for character in text)]
    return {
        path: _score(tokens, starts, shift + ends[start], shift + ends[end]) for path, start, end in value_spans(text)
    }


def _score(tokens: Sequence[Token], starts: Sequence[int], start: int, end: int) -> Confidence:
    """Return the confidence of the bytes from *start* to *end*, which are at least one."""
    logprobs = [token.logprob for token in _between(tokens, starts, start, end)]
    choices = [logprob for logprob in logprobs if logprob < FORCED_LOGPROB] or [0.0]
    mean = math.exp(sum(choices) / len(choices))
    return Confidence(math.exp(min(choices)), mean_probability=mean, token_count=len(logprobs))


def _between(tokens: Sequence[Token], starts: Sequence[int], start: int, end: int) -> Iterator[Token]:
    number = bisect_right(starts, start) - 1
    while number < len(tokens) and starts[number] < end:
        yield tokens[number]
        number += 1
