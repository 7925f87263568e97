"""A type too large for one request, in parts that fit: objects divided by their fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from structkit.dialects import Size
from structkit.errors import SchemaError
from structkit.schema.nodes.described import described, said_of, undescribed
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import Object
from structkit.schema.strict.compiled import Wire
from structkit.schema.strict.size import measure, references
from structkit.values import JSON, JSONPath, JSONValue


def split(wire: Wire) -> tuple[Wire, ...]:
    """Parts of a type, each within the vendor's limits; together they have every field once.

    Raises:
        SchemaError: A part that cannot be divided is over the limits by itself.
    """
    pieces = _Division(wire).pieces(wire.root, ())
    parts = (replace(wire, root=described(piece, said_of(wire.root))) for piece in pieces)
    # Sharing what a part repeats names it, and the names count too.
    return tuple(replace(part, shared=False) if part.excess else part for part in parts)


NOTHING = Size()


class _Division:
    """One type's fields, and what each counts."""

    def __init__(self, wire: Wire) -> None:
        self._most = wire.dialect.most
        self._shown = wire.definitions.show()
        self._sizes = {name: measure(part) + Size(characters=len(name)) for name, part in self._shown.items()}

    def pieces(self, node: Node, path: JSONPath, around: Size = NOTHING) -> Iterator[Object]:
        """The object in pieces, fields in order, as many in each as fit inside of what counts so much itself."""
        whole = undescribed(node)
        if not isinstance(whole, Object):
            size = self._counted(node)
            excess = size.excess(self._most) or (around + size).excess(self._most)
            raise SchemaError(
                f"too large for one request ({excess}), and no object that could be divided; ask for less in one call",
                path=path,
            )
        taken: dict[str, Field] = {}
        total, needed = around, frozenset[str]()
        for field in self._fields(whole, path, around):
            if taken and (field.name in taken or (total + self._cost(field, needed)).excess(self._most)):
                yield Object(tuple(taken.values()))
                taken, total, needed = {}, around, frozenset()
            taken[field.name] = field
            total, needed = total + self._cost(field, needed), needed | self._needs(field.node)
        if taken and whole.rest and (total + self._cost(whole.rest, needed)).excess(self._most):
            yield Object(tuple(taken.values()))
            taken = {}
        yield Object(tuple(taken.values()), whole.rest)

    def _fields(self, whole: Object, path: JSONPath, around: Size) -> Iterator[Field]:
        """The fields; one that is too large alone in pieces of its own."""
        for field in whole.fields:
            if not (around + self._cost(field, frozenset())).excess(self._most):
                yield field
                continue
            for piece in self.pieces(field.node, (*path, field.name), around + self._own(field)):
                yield replace(field, node=described(piece, said_of(field.node)))

    def _cost(self, field: Field, needed: frozenset[str]) -> Size:
        """What a field adds to an object that has these definitions already."""
        return self._own(field) + self._counted(field.node, needed)

    def _own(self, field: Field) -> Size:
        """What a field adds by itself."""
        return Size(properties=1, characters=len(field.wire), optional=field.absence == "missing")

    def _counted(self, node: Node, needed: frozenset[str] = frozenset()) -> Size:
        return sum((self._sizes[name] for name in self._needs(node) - needed), measure(node.show()))

    def _needs(self, node: Node) -> frozenset[str]:
        return references(node.show(), self._shown)


def restricted(node: Node, whole: Node, natural: JSONValue) -> JSONValue:
    """What of a natural value belongs to a part of the whole."""
    part, undivided = undescribed(node), undescribed(whole)
    if not (isinstance(part, Object) and isinstance(undivided, Object) and isinstance(natural, dict)):
        return natural
    nodes = {field.name: field.node for field in undivided.fields}
    own = {field.name: field.node for field in part.fields if field.name in natural}
    others = {name: item for name, item in natural.items() if part.rest is not None and name not in nodes}
    return {**{name: restricted(own[name], nodes[name], natural[name]) for name in own}, **others}


def owns(node: Node, path: JSONPath) -> bool:
    """Whether a part of a divided type holds what stands at *path*."""
    inner = undescribed(node)
    if not path or not isinstance(inner, Object):
        return True
    field = next((field for field in inner.fields if field.name == path[0]), None)
    return owns(field.node, path[1:]) if field else inner.rest is not None


def joined(values: list[JSONValue]) -> JSONValue:
    """The natural values of all parts as one.

    >>> joined([{"a": 1, "deep": {"x": 1}}, {"b": 2, "deep": {"y": 2}}])
    {'a': 1, 'deep': {'x': 1, 'y': 2}, 'b': 2}
    """
    whole: JSON = {}
    for value in values:
        if not isinstance(value, dict):  # a part that is no object: the type's own validation says so
            return value
        for name, item in value.items():
            both = isinstance(item, dict) and isinstance(whole.get(name), dict)
            whole[name] = joined([whole[name], item]) if both else item
    return whole
