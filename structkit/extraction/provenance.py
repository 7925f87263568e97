"""Where each place of a value came from, worked out when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from structkit.errors import SchemaError
from structkit.schema import Codec, Patch
from structkit.values import ABSENT, JSONPath, JSONValue, Origin, value_at


class Provenance(Mapping[JSONPath, Origin]):
    """The origin of every scalar of a value, by its path; a list or object without members counts as one.

    Args:
        codec: The type.
        value: The accepted value.
        draft: The natural JSON that it was made of.
        origins: Where the parts of the draft came from; the nearest one above a place counts.
    """

    def __init__(self, codec: Codec[Any], value: Any, draft: JSONValue, origins: Mapping[JSONPath, Origin]) -> None:
        """Keep what is needed."""
        self._codec, self._value, self._draft, self._origins = codec, value, draft, origins

    @cached_property
    def _found(self) -> dict[JSONPath, Origin]:
        try:
            natural = self._codec.natural(self._value)
        except SchemaError:  # a value that a validator made of the draft, and that has no JSON form
            natural = self._draft
        return {path: self._origin(path) for path in _leaves(natural, ())}

    def _origin(self, path: JSONPath) -> Origin:
        above = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in self._origins)
        origin = self._origins[above]
        return origin if value_at(self._draft, path) is not ABSENT else Origin("defaulted", origin.attempt)

    def __getitem__(self, path: JSONPath) -> Origin:
        """The origin of one place."""
        return self._found[path]

    def __iter__(self) -> Iterator[JSONPath]:
        """JSONPath by path, in the order of the value."""
        return iter(self._found)

    def __len__(self) -> int:
        """How many places there are."""
        return len(self._found)


def _leaves(value: JSONValue, path: JSONPath) -> Iterator[JSONPath]:
    members = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    steps = [(step, item) for step, item in members]
    if not steps:
        yield path
    for step, item in steps:
        yield from _leaves(item, (*path, step))


def origins_after_patch(
    origins: Mapping[JSONPath, Origin], patch: Patch, merged: JSONValue, origin: Origin
) -> dict[JSONPath, Origin]:
    """The origins after a patch came back: what it asked for is of its attempt."""
    found = dict(origins)
    for place in patch.places:
        if not place.appends:
            found = {path: known for path, known in found.items() if path[: len(place.path)] != place.path}
            found[place.path] = origin
            continue
        before, after = (len(value_at(whole, place.path)) for whole in (patch.draft, merged))
        found |= {(*place.path, position): origin for position in range(before, after)}
    return found
