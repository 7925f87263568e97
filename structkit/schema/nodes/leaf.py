"""Scalars, enums and constants: the same on both sides."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.described import described
from structkit.schema.nodes.node import Compiler, Node
from structkit.schema.words import in_words, short, split_bounds
from structkit.values import JSON, JSONValue, Path


@dataclass(frozen=True)
class Leaf:
    """A string, number, boolean or null, perhaps one of a few.

    >>> Leaf({"type": "string", "enum": ["a", "b"]}).holds("c")
    False
    """

    schema: JSON
    identity = True

    @property
    def kind(self) -> str:
        """The scalar's type."""
        return str(self.schema["type"])

    @property
    def constant(self) -> JSONValue:
        """The only value it takes, or None."""
        return self.schema.get("const")

    def show(self) -> JSON:
        """The scalar's own schema."""
        return self.schema

    def dump(self, value: JSONValue) -> JSONValue:
        """The value itself."""
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """The value itself."""
        return wire

    def holds(self, value: JSONValue) -> bool:
        """By JSON type, and by membership where the values are listed."""
        return is_of_type(value, self.schema["type"]) and value in self.values_or(value)

    reads = holds

    def values_or(self, value: JSONValue) -> list[JSONValue]:
        """The values listed, or just *value* where any will do."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum", [value])

    def translate(self, path: Path) -> Path:
        """Nothing lies below a scalar."""
        return path


NULL = Leaf({"type": "null"})


def is_of_type(value: JSONValue, name: str) -> bool:
    """Whether *value* is of the JSON Schema type *name*.

    >>> is_of_type(3, "number"), is_of_type(True, "integer"), is_of_type(3.0, "integer")
    (True, False, True)
    """
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _PYTHON_TYPES[name])


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


STRING_BOUNDS = ("pattern", "format", "minLength", "maxLength")
NUMBER_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def build_scalar(schema: JSON, path: Path, compiler: Compiler) -> Node:
    """A scalar with the bounds the dialect takes; the others in words."""
    names = STRING_BOUNDS if schema["type"] == "string" else NUMBER_BOUNDS
    kept, moved = split_bounds(schema, names, compiler.dialect)
    for name, value in moved.items():
        compiler.note(path, "checked locally", f"{name} {short(value)}: said in the description")
    return described(Leaf({"type": schema["type"], **kept}), in_words(moved))
