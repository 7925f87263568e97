"""A type too large for one request, in parts that fit: its objects divided by their fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from structkit.dialects import Size
from structkit.errors import SchemaError
from structkit.schema.nodes.description import describe, description_of, without_description
from structkit.schema.nodes.node import Field, Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.strict.compiled import CompiledSchema
from structkit.schema.strict.definition_sizes import DefinitionSizes
from structkit.schema.strict.size import measure
from structkit.values import JSON, JSONPath, JSONValue


def split(compiled: CompiledSchema) -> tuple[CompiledSchema, ...]:
    """Return the parts of a type, each within the vendor's limits; together they have every field once.

    Raises:
        SchemaError: A part that cannot be divided is over the limits.
    """
    objects = _Division(compiled).parts(compiled.root, ())
    parts = (replace(compiled, root=describe(part, description_of(compiled.root))) for part in objects)
    # The definitions for repeated parts have names, whose characters count too, so that they can exceed a limit.
    return tuple(replace(part, shared=False) if part.excess else part for part in parts)


EMPTY = Size()


class _Division:
    """The division of one type into parts."""

    def __init__(self, compiled: CompiledSchema) -> None:
        self._limits = compiled.dialect.max_size
        self._definitions = DefinitionSizes(compiled.definitions.schemas)
        self._sizes: dict[int, tuple[Node, Size, frozenset[str]]] = {}  # with the node, so that its id stays its own

    def parts(self, node: Node, path: JSONPath, outer_size: Size = EMPTY) -> Iterator[ObjectNode]:
        """Yield an object in parts, with the fields in order and as many in each part as fit.

        Args:
            node: The object.
            path: Its natural path.
            outer_size: The size of what contains it.
        """
        undivided = without_description(node)
        if not isinstance(undivided, ObjectNode):
            size = self._size_of(node)
            excess = size.excess(self._limits) or (outer_size + size).excess(self._limits)
            raise SchemaError(
                f"the type is too large for one request ({excess}), and not an object whose fields could be requested "
                "separately; use a smaller type",
                path=path,
            )
        fields: dict[str, Field] = {}
        total, definitions = outer_size, frozenset[str]()
        for field in self._fields(undivided, path, outer_size):
            new_total = total + self._cost(field, definitions)
            if fields and (field.name in fields or new_total.excess(self._limits)):
                yield ObjectNode(tuple(fields.values()))
                fields, definitions = {}, frozenset()
                new_total = outer_size + self._cost(field, definitions)
            fields[field.name] = field
            total, definitions = new_total, definitions | self._measure(field.node)[1]
        if (
            fields
            and undivided.extra_keys
            and (total + self._cost(undivided.extra_keys, definitions)).excess(self._limits)
        ):
            yield ObjectNode(tuple(fields.values()))
            fields = {}
        yield ObjectNode(tuple(fields.values()), undivided.extra_keys)

    def _fields(self, undivided: ObjectNode, path: JSONPath, outer_size: Size) -> Iterator[Field]:
        """Yield the fields of an object; a field that is too large for one part is yielded several times, in parts."""
        for field in undivided.fields:
            if not (outer_size + self._cost(field, frozenset())).excess(self._limits):
                yield field
                continue
            for part in self.parts(field.node, (*path, field.name), outer_size + self._property_size(field)):
                yield replace(field, node=describe(part, description_of(field.node)))

    def _cost(self, field: Field, definitions: frozenset[str]) -> Size:
        """Return the size that a field adds to a part that has some definitions already."""
        return self._property_size(field) + self._size_of(field.node, definitions)

    def _property_size(self, field: Field) -> Size:
        """Return the size of a field without its value."""
        return Size(properties=1, characters=len(field.wire), optional=field.absence == "missing")

    def _size_of(self, node: Node, definitions: frozenset[str] = frozenset()) -> Size:
        size, names = self._measure(node)
        return size + self._definitions.total(names - definitions)

    def _measure(self, node: Node) -> tuple[Size, frozenset[str]]:
        """Return the size of a node's own schema, and the definitions that it needs."""
        if id(node) not in self._sizes:
            schema = node.schema
            self._sizes[id(node)] = node, measure(schema), self._definitions.needed_by(schema)
        return self._sizes[id(node)][1:]


def select_part(part: Node, whole_type: Node, natural: JSONValue) -> JSONValue:
    """Return what belongs to a part in a natural value of the whole type."""
    part, whole_type = without_description(part), without_description(whole_type)
    if not (isinstance(part, ObjectNode) and isinstance(whole_type, ObjectNode) and isinstance(natural, dict)):
        return natural
    nodes = {field.name: field.node for field in whole_type.fields}
    part_nodes = {field.name: field.node for field in part.fields if field.name in natural}
    extra_keys = {name: item for name, item in natural.items() if part.extra_keys is not None and name not in nodes}
    return {**{name: select_part(part_nodes[name], nodes[name], natural[name]) for name in part_nodes}, **extra_keys}


def has_path(part: Node, path: JSONPath) -> bool:
    """Return whether a part of a divided type contains a natural path."""
    inner = without_description(part)
    if not path or not isinstance(inner, ObjectNode):
        return True
    field = next((field for field in inner.fields if field.name == path[0]), None)
    return has_path(field.node, path[1:]) if field else inner.extra_keys is not None


def join_parts(values: list[JSONValue]) -> JSONValue:
    """Return the natural values of all parts as one value.

    >>> join_parts([{"a": 1, "deep": {"x": 1}}, {"b": 2, "deep": {"y": 2}}])
    {'a': 1, 'deep': {'x': 1, 'y': 2}, 'b': 2}
    """
    joined: JSON = {}
    for value in values:
        if not isinstance(value, dict):  # the reply to a part is not an object: validation will report that
            return value
        for name, item in value.items():
            is_divided = isinstance(item, dict) and isinstance(joined.get(name), dict)
            joined[name] = join_parts([joined[name], item]) if is_divided else item
    return joined
