"""The objects among the branches of a schema, indexed once for all values that may be written for one of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain

from structkit.parsing.schema_branches import is_open, properties_of, unboxed_objects, walk_branches
from structkit.parsing.spelling import group_names, names_like
from structkit.values import JSON, JSONValue


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


class BranchIndex:
    """The branches of the parts of a schema, each list of parts resolved once for the many values of a list."""

    def __init__(self, root: JSON) -> None:
        """Start an index of the schema *root*, whose parts must stay alive."""
        self._root = root
        self._resolved: dict[tuple[int, ...], list[JSON]] = {}
        self._unboxed: dict[tuple[int, ...], tuple[set[str], list[JSON]]] = {}
        self._objects: dict[tuple[int, ...], ObjectBranches] = {}

    def resolved(self, schemas: list[JSON]) -> list[JSON]:
        """Return the branches of schemas, without references and unions."""
        key = identity_key(schemas)
        if key not in self._resolved:
            self._resolved[key] = [*walk_branches(schemas, self._root)]
        return self._resolved[key]

    def unboxed_objects(self, value: JSONValue, branches: list[JSON]) -> list[JSON]:
        """Return the objects in the boxes of a union, one of which a value may be that has no box."""
        key = identity_key(branches)
        if key not in self._unboxed:
            self._unboxed[key] = unboxed_objects(branches, self._root)
        keys, objects = self._unboxed[key]
        return [] if isinstance(value, dict) and not keys.isdisjoint(value) else objects

    def objects(self, branches: list[JSON]) -> ObjectBranches:
        """Return the declared properties of branches."""
        key = identity_key(branches)
        if key not in self._objects:
            self._objects[key] = ObjectBranches(branches)
        return self._objects[key]


def identity_key(schemas: list[JSON]) -> tuple[int, ...]:
    """Return a key for schemas that are parts of the same one."""
    return tuple(map(id, schemas))
