"""What is requested after a reply that was truncated at the token limit: the remaining items, or a higher limit."""

from __future__ import annotations

from typing import Any

from structkit.parsing import read_prefix
from structkit.schema import Codec, Patch, find_truncated_list, make_patch
from structkit.values import JSONPath, Parameters, Policy, value_at


def make_continuation(codec: Codec[Any], patch: Patch | None, text: str, context: Any = None) -> Patch | None:
    """Return the patch that requests the remainder of a truncated reply, or None if the reply cannot be continued.

    The remainder is the items after the complete ones of a list, and the properties after the list. A reply that was
    truncated outside of a list, or before the first complete item, cannot be continued.

    Args:
        codec: The type of the whole value.
        patch: The patch that the reply answers; None if it answers a request for the whole value.
        text: The truncated text.
        context: What pydantic's validators get as `info.context`.
    """
    prefix = read_prefix(text)
    if prefix is None:
        return None
    reply_codec = patch.codec if patch else codec
    draft = reply_codec.load_partial(prefix.value)
    position = find_truncated_list(reply_codec.compiled_schema.root, prefix.value, prefix.path)
    if draft is None or position is None:
        return None
    path, missing_paths = position
    if patch is not None:
        if any(place.appends and (place.field.name,) in missing_paths for place in patch.places):
            return None  # two lists would have to be continued at once
        path, *missing_paths = (_path_in_value(patch, each) for each in (path, *missing_paths))
        draft = patch.merge(draft)
    invalid_paths = dict.fromkeys(issue.path for issue in codec.read_natural(draft, context=context).issues)
    return make_patch(codec, draft, [*missing_paths, *invalid_paths], truncated_list=path)


def _path_in_value(patch: Patch, path: JSONPath) -> JSONPath:
    """Return a path of the reply to a patch as a path of the whole value into which the reply is merged."""
    name, *inner = path
    place = next(place for place in patch.places if place.field.name == name)
    if place.appends and inner:
        inner[0] = int(inner[0]) + len(value_at(patch.draft, place.path))
    return (*place.path, *inner)


def raise_token_cap(parameters: Parameters, policy: Policy) -> Parameters | None:
    """Return the parameters with their token limit raised to the policy's, or None if it is not lower.

    >>> raise_token_cap(Parameters(max_tokens=100), Policy(max_tokens=400)).body
    {'max_tokens': 400}
    >>> raise_token_cap(Parameters(max_tokens=400), Policy(max_tokens=400))
    """
    limit = parameters.token_cap
    if policy.max_tokens is None or (limit is not None and limit >= policy.max_tokens):
        return None
    if "max_completion_tokens" in parameters.options:
        return parameters.updated(max_completion_tokens=policy.max_tokens)
    return parameters.updated(max_tokens=policy.max_tokens)
