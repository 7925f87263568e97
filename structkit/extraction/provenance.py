"""How each place of a value was obtained; computed only when it is first looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias, cast

from structkit.errors import SchemaError
from structkit.schema import Codec, Patch
from structkit.schema.response_format import ResponseFormat
from structkit.values import ABSENT, JSONPath, JSONValue, Origin, Result, value_at


@dataclass(frozen=True, slots=True)
class DraftOrigins:
    """The origins in a draft that one extraction produced.

    Args:
        draft: The natural JSON that was validated.
        origins: The origins of places of the draft, the root among them; a place has that of its nearest ancestor.
    """

    draft: JSONValue
    origins: Mapping[JSONPath, Origin]

    def __contains__(self, path: object) -> bool:
        """Return whether the place is in the draft."""
        return isinstance(path, tuple) and value_at(self.draft, path) is not ABSENT

    def __getitem__(self, path: JSONPath) -> Origin:
        """Return the origin of a place."""
        ancestors = (path[:length] for length in range(len(path), -1, -1))
        origin = next(self.origins[ancestor] for ancestor in ancestors if ancestor in self.origins)
        return origin if path in self else Origin("defaulted", origin.attempt)


@dataclass(frozen=True, slots=True)
class JoinedOrigins:
    """The origins in a draft that was joined from the results of several parts.

    Args:
        response_format: The type of the joined value, which knows the parts that own a path.
        parts: The results of the parts, in order.
    """

    response_format: ResponseFormat[Any]
    parts: tuple[Result[Any], ...]

    def __getitem__(self, path: JSONPath) -> Origin:
        """Return the origin of a place, its attempt counted over the attempts of all parts."""
        number = self._owner(path)
        offset = sum(len(part.attempts) for part in self.parts[:number])
        origin = _origins_of(self.parts[number])[path]
        return replace(origin, attempt=origin.attempt + offset)

    def _owner(self, path: JSONPath) -> int:
        """Return the number of the part that wrote a place, or of one that could have written it."""
        owners = self.response_format.owners(path) or [*range(len(self.parts))]
        return next((number for number in owners if path in _origins_of(self.parts[number])), owners[0])


def _origins_of(part: Result[Any]) -> DraftOrigins:
    """Return the origins of a part, whose result one extraction made."""
    return cast("DraftOrigins", cast("Provenance", part.provenance).origins)


Origins: TypeAlias = "DraftOrigins | JoinedOrigins"


class Provenance(Mapping[JSONPath, Origin]):
    """The origin of every scalar of a value, by its path; an empty list or object counts as one place.

    Args:
        codec: The type.
        value: The accepted value.
        draft: The natural JSON that was validated to it.
        origins: The origins of the places of the draft.
    """

    def __init__(self, codec: Codec[Any], value: Any, draft: JSONValue, origins: Origins) -> None:
        """Store what the lookup needs: most results are never asked for their provenance."""
        self.origins = origins
        self._codec, self._value, self._draft = codec, value, draft

    @cached_property
    def _by_path(self) -> dict[JSONPath, Origin]:
        try:
            natural = self._codec.natural(self._value)
        except SchemaError:  # a validator made a value that has no JSON form
            natural = self._draft
        return {path: self.origins[path] for path in _leaves(natural, ())}

    def __getitem__(self, path: JSONPath) -> Origin:
        """Return the origin of one place."""
        return self._by_path[path]

    def __iter__(self) -> Iterator[JSONPath]:
        """Iterate over the paths, in the order of the value."""
        return iter(self._by_path)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._by_path)


def _leaves(value: JSONValue, path: JSONPath) -> Iterator[JSONPath]:
    items: Iterable[tuple[Any, JSONValue]] = ()
    if isinstance(value, list):
        items = enumerate(value)
    elif isinstance(value, dict):
        items = value.items()
    is_leaf = True
    for step, item in items:
        is_leaf = False
        yield from _leaves(item, (*path, step))
    if is_leaf:
        yield path


def origins_after_patch(
    origins: Mapping[JSONPath, Origin], patch: Patch, merged: JSONValue, origin: Origin
) -> dict[JSONPath, Origin]:
    """Return the origins after the reply to a patch: the places that it re-asked have the origin of its attempt."""
    updated = dict(origins)
    for place in patch.places:
        if not place.appends:
            updated = {path: each for path, each in updated.items() if path[: len(place.path)] != place.path}
            updated[place.path] = origin
            continue
        start, end = (len(value_at(draft, place.path)) for draft in (patch.draft, merged))
        updated |= {(*place.path, position): origin for position in range(start, end)}
    return updated
