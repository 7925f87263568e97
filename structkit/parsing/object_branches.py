"""The objects among the branches of a schema, indexed once for all values that may be written for one of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain

from structkit.parsing.schema_branches import is_open, properties_of
from structkit.parsing.spelling import group_names, names_like
from structkit.values import JSON


class ObjectBranches:
    """The declared properties of branches.

    Attributes:
        properties: The properties of each branch.
        names: All their names.
        is_open: Whether a branch allows other keys than the declared ones.
    """

    def __init__(self, branches: Iterable[JSON]) -> None:
        """Collect the properties of the branches."""
        branches = [*branches]
        self.properties = [*map(properties_of, branches)]
        self.names = dict.fromkeys(chain(*self.properties))
        self.is_open = any(map(is_open, branches))

    def absent_name(self, key: str, value: JSON) -> str | None:
        """Return the only declared name that an object lacks, and that a key differs from in spelling only."""
        absent = [name for name in names_like(key, self._names_by_spelling) if name not in value]
        return absent[0] if len(absent) == 1 else None

    def with_keys(self, value: JSON) -> list[JSON]:
        """Return the properties of the branches that declare a key of an object, in their order."""
        positions = {position for key in value for position in self._positions.get(key, ())}
        return [self.properties[position] for position in sorted(positions)]

    @cached_property
    def _names_by_spelling(self) -> dict[str, list[str]]:
        return group_names(self.names)

    @cached_property
    def _positions(self) -> dict[str, list[int]]:
        positions: dict[str, list[int]] = {}
        for position, properties in enumerate(self.properties):
            for name in properties:
                positions.setdefault(name, []).append(position)
        return positions
