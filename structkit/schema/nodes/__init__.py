"""The wire nodes, one construct a file: each has its strict schema and converts values to the wire and back."""

from structkit.schema.nodes.any_value import AnyValueNode
from structkit.schema.nodes.array import ArrayNode
from structkit.schema.nodes.box import BoxedNode
from structkit.schema.nodes.description import DescribedNode, describe
from structkit.schema.nodes.map import MapNode
from structkit.schema.nodes.node import Field, Node, WireError
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.reference import Definitions, ReferenceNode
from structkit.schema.nodes.scalar import ScalarNode
from structkit.schema.nodes.tuple import TupleNode
from structkit.schema.nodes.union import UnionNode

__all__ = [
    "AnyValueNode",
    "ArrayNode",
    "BoxedNode",
    "Definitions",
    "DescribedNode",
    "Field",
    "MapNode",
    "Node",
    "ObjectNode",
    "ReferenceNode",
    "ScalarNode",
    "TupleNode",
    "UnionNode",
    "WireError",
    "describe",
]
