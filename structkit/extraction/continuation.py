"""What can be saved of a reply that was cut at the token limit, and how it is gone on with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from structkit.parsing import read_prefix
from structkit.schema import Codec, Patch, find_cut, make_patch
from structkit.values import JSONPath, Parameters, Policy, value_at


def make_continuation(codec: Codec[Any], asked: Patch | None, text: str) -> Patch | None:
    """The patch that asks for the rest; None where no list was cut, or none of it is complete.

    The rest is the elements after the complete ones of the list, and what would have come after the list.

    Args:
        codec: The whole.
        asked: The places that the reply was about; None where it was about the whole.
        text: What came of it.
    """
    prefix = read_prefix(text)
    spoken = asked.codec if asked else codec
    reached = None if prefix is None else spoken.partial(prefix.value)
    cut = None if prefix is None else find_cut(spoken.nodes.root, prefix.value, prefix.path)
    if reached is None or cut is None:
        return None
    path, unsaid = cut
    if asked is not None:
        if any(place.appends and (place.field.name,) in unsaid for place in asked.places):
            return None  # two lists would have to be gone on with
        path, *unsaid = (_in_whole(asked, each) for each in (path, *unsaid))
        reached = asked.merged(reached)
    missing = dict.fromkeys(issue.path for issue in codec.validated(reached).issues)
    return make_patch(codec, reached, [*unsaid, *missing], rest=path)


def _in_whole(asked: Patch, path: JSONPath) -> JSONPath:
    """A path of a patch's reply as one of the whole, where the reply is merged."""
    name, *below = path
    place = next(place for place in asked.places if place.field.name == name)
    if place.appends and below:
        below[0] = int(below[0]) + len(value_at(asked.draft, place.path))
    return (*place.path, *below)


def raise_token_cap(parameters: Parameters, policy: Policy) -> Parameters | None:
    """The parameters with a higher cap on the reply; None where the policy leaves no room.

    >>> raise_token_cap(Parameters(max_tokens=100), Policy(max_tokens=400)).body
    {'max_tokens': 400}
    >>> raise_token_cap(Parameters(max_tokens=400), Policy(max_tokens=400))
    """
    cap = parameters.max_completion_tokens or parameters.max_tokens
    if policy.max_tokens is None or (cap is not None and cap >= policy.max_tokens):
        return None
    if parameters.max_completion_tokens is not None:
        return replace(parameters, max_completion_tokens=policy.max_tokens)
    return replace(parameters, max_tokens=policy.max_tokens)
