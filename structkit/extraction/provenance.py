"""How each place of a value was obtained; computed only when it is first looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from structkit.errors import SchemaError
from structkit.schema import Codec, Patch
from structkit.schema.response_format import ResponseFormat
from structkit.values import ABSENT, JSONPath, JSONValue, Origin, Result, leaf_paths, value_at

if TYPE_CHECKING:
    from structkit.extraction.pruning import Pruning


class Provenance(Mapping[JSONPath, Origin]):
    """The origin of every scalar of a value, by its path; an empty list or object counts as one place.

    Args:
        codec: The type.
        value: The accepted value.
        draft: The natural JSON that was validated to it.
        origins: The origins of places of the draft, the root among them; a place has that of its nearest ancestor.
    """

    def __init__(self, codec: Codec[Any], value: Any, draft: JSONValue, origins: Mapping[JSONPath, Origin]) -> None:
        """Store what the lookup needs: most results are never asked for their provenance."""
        self._codec, self._value, self.draft, self._origins = codec, value, draft, origins

    @cached_property
    def _by_path(self) -> dict[JSONPath, Origin]:
        try:
            natural = self._codec.natural(self._value)
        except SchemaError:  # a validator made a value that has no JSON form
            natural = self.draft
        return {path: self.origin_at(path) for path in leaf_paths(natural)}

    def is_in_draft(self, path: JSONPath) -> bool:
        """Return whether the model wrote the place."""
        return value_at(self.draft, path) is not ABSENT

    def origin_at(self, path: JSONPath) -> Origin:
        """Return the origin of a place; one that is not in the draft was filled with a default."""
        ancestors = (path[:length] for length in range(len(path), -1, -1))
        origin = next(self._origins[ancestor] for ancestor in ancestors if ancestor in self._origins)
        return origin if self.is_in_draft(path) else Origin("defaulted", origin.attempt)

    def __getitem__(self, path: JSONPath) -> Origin:
        """Return the origin of one place."""
        return self._by_path[path]

    def __iter__(self) -> Iterator[JSONPath]:
        """Iterate over the paths, in the order of the value."""
        return iter(self._by_path)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._by_path)


class JoinedProvenance(Provenance):
    """The provenance of a value that was joined from the results of several parts.

    Args:
        response_format: The type of the value, which knows the parts that own a path.
        value: The accepted value.
        draft: The joined natural JSON.
        parts: The results of the parts, in order.
    """

    def __init__(
        self, response_format: ResponseFormat[Any], value: Any, draft: JSONValue, parts: tuple[Result[Any], ...]
    ) -> None:
        """Store what the lookup needs."""
        super().__init__(response_format, value, draft, {})
        self._response_format, self._parts = response_format, parts

    def origin_at(self, path: JSONPath) -> Origin:
        """Return the origin of a place, with its attempt counted over the attempts of all parts."""
        owner = self._owner(path)
        offset = sum(len(part.attempts) for part in self._parts[:owner])
        origin = self._provenance(owner).origin_at(path)
        return replace(origin, attempt=origin.attempt + offset)

    def _owner(self, path: JSONPath) -> int:
        """Return the number of the part that wrote a place or, for a default, of one that could have written it."""
        owners = self._response_format.owners(path) or [*range(len(self._parts))]
        return next((number for number in owners if self._provenance(number).is_in_draft(path)), owners[0])

    def _provenance(self, number: int) -> Provenance:
        return cast("Provenance", self._parts[number].provenance)


class PrunedProvenance(Provenance):
    """The provenance of a value from which was removed what no source has.

    Args:
        codec: The type.
        value: The value.
        earlier: The provenance before.
        pruning: What was removed.
    """

    def __init__(self, codec: Codec[Any], value: Any, earlier: Provenance, pruning: Pruning) -> None:
        """Store what the lookup needs."""
        super().__init__(codec, value, pruning.answer.draft, {})
        self._earlier, self._pruning = earlier, pruning

    def origin_at(self, path: JSONPath) -> Origin:
        """Return the origin of a place; of a list that has become empty as well, it is `removed`."""
        origin = self._earlier.origin_at(self._pruning.old_path(path))
        return Origin("removed", origin.attempt) if path in self._pruning.removed_paths else origin


class LaterProvenance(Provenance):
    """The provenance of a result that has attempts of other calls before its own.

    Args:
        codec: The type.
        value: The value.
        provenance: The provenance by its own attempts.
        offset: The number of attempts before.
    """

    def __init__(self, codec: Codec[Any], value: Any, provenance: Provenance, offset: int) -> None:
        """Store what the lookup needs."""
        super().__init__(codec, value, provenance.draft, {})
        self._provenance, self._offset = provenance, offset

    def origin_at(self, path: JSONPath) -> Origin:
        """Return the origin of a place, with its attempt counted over all attempts."""
        origin = self._provenance.origin_at(path)
        return replace(origin, attempt=origin.attempt + self._offset)


def origins_after_patch(
    origins: Mapping[JSONPath, Origin], patch: Patch, merged: JSONValue, origin: Origin
) -> dict[JSONPath, Origin]:
    """Return the origins after the reply to a patch: the places that it re-asked have the origin of its attempt."""
    new_origins = dict(origins)
    for place in patch.places:
        if not place.appends:
            new_origins = {path: each for path, each in new_origins.items() if path[: len(place.path)] != place.path}
            new_origins[place.path] = origin
            continue
        start, end = (len(value_at(draft, place.path)) for draft in (patch.draft, merged))
        new_origins |= {(*place.path, position): origin for position in range(start, end)}
    return new_origins
