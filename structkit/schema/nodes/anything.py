"""Any JSON value, said in strict form: scalars as they are, lists and maps in boxes of their own."""

from __future__ import annotations

from dataclasses import dataclass

from structkit.schema.nodes.node import WireError
from structkit.values import JSON, JSONValue, Path

NAME = "json_value"
SCALARS = ("string", "number", "boolean", "null")


@dataclass(frozen=True)
class Anything:
    """`{"a": [1]}` as `{"dict": [{"key": "a", "value": {"list": [1]}}]}`.

    >>> Anything().load(Anything().dump({"a": [1, None]}))
    {'a': [1, None]}
    """

    kind = "any"
    identity = False

    def show(self) -> JSON:
        """The definition itself; it refers to itself by its name."""
        this = {"$ref": f"#/$defs/{NAME}"}
        pair = _closed(key={"type": "string"}, value=this)
        return {
            "anyOf": [
                *({"type": name} for name in SCALARS),
                _closed(list={"type": "array", "items": this}),
                _closed(dict={"type": "array", "items": pair}),
            ]
        }

    def dump(self, value: JSONValue) -> JSONValue:
        """Lists and maps into their boxes, all the way down."""
        if isinstance(value, list):
            return {"list": [self.dump(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [{"key": key, "value": self.dump(item)} for key, item in value.items()]}
        return value

    def load(self, wire: JSONValue) -> JSONValue:
        """Out of the boxes; a reply that did not use them is taken as it is."""
        if not isinstance(wire, dict):
            return wire
        if wire.keys() == {"list"} and isinstance(wire["list"], list):
            return [self.load(item) for item in wire["list"]]
        if wire.keys() == {"dict"} and isinstance(wire["dict"], list):
            return self._load_pairs(wire["dict"])
        return wire

    def _load_pairs(self, pairs: list[JSONValue]) -> JSON:
        natural: JSON = {}
        for pair in pairs:
            if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
                raise WireError('every item under "dict" must be an object with "key" and "value"')
            if pair["key"] in natural:
                raise WireError(f"the key {pair['key']!r} is given twice")
            natural[pair["key"]] = self.load(pair.get("value"))
        return natural

    def holds(self, value: JSONValue) -> bool:
        """Always."""
        return True

    reads = holds

    def translate(self, path: Path) -> Path:
        """As it is: whoever may say anything knows its own names."""
        return path


def _closed(**properties: JSON) -> JSON:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
