"""The definitions that a part of a strict schema needs, and their size, computed once for all parts."""

from __future__ import annotations

from structkit.dialects import Size
from structkit.schema.strict.size import direct_references, measure
from structkit.values import JSON


class DefinitionSizes:
    """The sizes of the definitions of one schema.

    In a ring, each definition needs all others: equal sets of names are one object here, whose size is computed once.
    """

    def __init__(self, definitions: JSON) -> None:
        """Measure each definition."""
        self._direct = {name: direct_references(part) for name, part in definitions.items()}
        self._sizes = {name: measure(part) + Size(characters=len(name)) for name, part in definitions.items()}
        self._needed: dict[str, frozenset[str]] = {}
        self._shared_sets: dict[frozenset[str], frozenset[str]] = {}
        self._totals: dict[frozenset[str], Size] = {}

    def needed_by(self, schema: JSON) -> frozenset[str]:
        """Return the names of the definitions that a schema needs, directly or through others."""
        needed = [self._needed_by_name(name) for name in direct_references(schema)]
        return needed[0] if len(needed) == 1 else self._shared(frozenset[str]().union(*needed))

    def total(self, names: frozenset[str]) -> Size:
        """Return the size of some definitions together."""
        if names not in self._totals:
            self._totals[names] = sum((self._sizes[name] for name in names), Size())
        return self._totals[names]

    def _needed_by_name(self, name: str) -> frozenset[str]:
        if name not in self._needed:
            names, waiting = {name}, [name]
            while waiting:
                added = self._direct[waiting.pop()] - names
                names |= added
                waiting += added
            self._needed[name] = self._shared(frozenset(names))
        return self._needed[name]

    def _shared(self, names: frozenset[str]) -> frozenset[str]:
        """Return the set itself, or the equal one that was used first."""
        return self._shared_sets.setdefault(names, names)
