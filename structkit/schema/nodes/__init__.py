"""The wire nodes: one construct a file, each knowing the schema it shows and the way there and back."""

from structkit.schema.nodes.anything import Anything
from structkit.schema.nodes.array import Array
from structkit.schema.nodes.boxed import Boxed
from structkit.schema.nodes.described import Described, described
from structkit.schema.nodes.leaf import Leaf
from structkit.schema.nodes.map import Pairs
from structkit.schema.nodes.node import Field, Node, WireError
from structkit.schema.nodes.object import Object
from structkit.schema.nodes.reference import Definitions, Reference
from structkit.schema.nodes.tuple import Positional
from structkit.schema.nodes.union import Union

__all__ = [
    "Anything",
    "Array",
    "Boxed",
    "Definitions",
    "Described",
    "Field",
    "Leaf",
    "Node",
    "Object",
    "Pairs",
    "Positional",
    "Reference",
    "Union",
    "WireError",
    "described",
]
