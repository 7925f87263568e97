"""Tuples: an object with one property a position, because strict arrays have alike items only."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.naming import unused, wire_name
from structkit.schema.nodes.array import Array, build_array
from structkit.schema.nodes.node import Compiler, Node
from structkit.schema.nodes.object import Field, Object
from structkit.values import JSON, JSONValue, Path

POSITION_NAME = "x-structkit-name"
"""Keyword of a position's schema that carries the name it has in a named tuple."""


@dataclass(frozen=True)
class Positional:
    """`["Ada", 36]` as `{"item_0": "Ada", "item_1": 36}`; items beyond the fixed ones under `rest`.

    >>> from structkit.schema.nodes import Leaf
    >>> node = Positional((("name", Leaf({"type": "string"})), ("age", Leaf({"type": "integer"}))))
    >>> node.dump(["Ada", 36]), node.load({"name": "Ada", "age": 36})
    ({'name': 'Ada', 'age': 36}, ['Ada', 36])
    """

    items: tuple[tuple[str, Node], ...]
    rest: Node | None = None
    kind = "object"
    identity = False

    @property
    def names(self) -> list[str]:
        """The properties' names, `rest` last."""
        return [name for name, _ in self.items] + (["rest"] if self.rest else [])

    @property
    def object(self) -> Object:
        """The same as an object."""
        nodes = [node for _, node in self.items] + ([self.rest] if self.rest else [])
        return Object(tuple(Field(name, name, node) for name, node in zip(self.names, nodes, strict=True)))

    def show(self) -> JSON:
        """A closed object, a property a position."""
        return self.object.show()

    def dump(self, value: JSONValue) -> JSONValue:
        """Position by position."""
        return self.object.dump(self._spread(value)) if isinstance(value, list) else value

    def load(self, wire: JSONValue) -> JSONValue:
        """Back to an array."""
        if not isinstance(wire, dict) or wire.keys() != set(self.names):
            return wire
        natural = self.object.load(wire)
        fixed = [natural[name] for name, _ in self.items]
        return fixed + natural["rest"] if self.rest else fixed

    def _spread(self, value: list[JSONValue]) -> JSON:
        fixed = dict(zip((name for name, _ in self.items), value, strict=False))
        return {**fixed, "rest": value[len(self.items) :]} if self.rest else fixed

    def holds(self, value: JSONValue) -> bool:
        """A list of the right length whose items look right."""
        return (
            isinstance(value, list)
            and (len(value) == len(self.items) or (self.rest is not None and len(value) > len(self.items)))
            and self.object.holds(self._spread(value))
        )

    def reads(self, wire: JSONValue) -> bool:
        """An object with just these names."""
        return self.object.reads(wire)

    def translate(self, path: Path) -> Path:
        """The position's name."""
        if not path or not isinstance(path[0], int):
            return path
        if path[0] < len(self.items):
            name, node = self.items[path[0]]
            return (name, *node.translate(path[1:]))
        rest = (path[0] - len(self.items), *path[1:])
        return ("rest", *(self.rest.translate(rest) if self.rest else rest))


def build_tuple(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """A tuple: an array of fixed length where all items are alike, else an object, a property a position."""
    parts, others = schema["prefixItems"], schema.get("items", False)
    is_fixed = others is False or schema.get("maxItems") == len(parts)
    if is_fixed and parts and all(part == parts[0] for part in parts):
        size = {"items": parts[0], "minItems": len(parts), "maxItems": len(parts)}
        return build_array(size, path, compiler)
    compiler.note(path, "rewritten", "tuple: an object, a property a position")
    names: list[str] = []
    for position, part in enumerate(parts):
        names.append(unused(wire_name(part.get(POSITION_NAME) or f"item_{position}"), names))
    nodes = [compiler.build(part, (*path, position)) for position, part in enumerate(parts)]
    rest = None if is_fixed else Array(compiler.build(others, (*path, "[]")))
    return Positional(tuple(zip(names, nodes, strict=True)), rest)
