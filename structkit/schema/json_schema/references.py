"""References by any address: each as a pointer from the document's root to what it means where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin

from referencing import Resource
from referencing.jsonschema import DRAFT202012, specification_with

from structkit.schema.json_schema.metaschema import NAMED
from structkit.values import JSON, JSONValue

LITERAL = frozenset({"enum", "const", "default", "examples"})
"""Keywords whose value is no schema, whatever it looks like."""

REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def rooted(document: JSON) -> JSON:
    """The same document with every reference inside it as a pointer from its root.

    A dynamic reference leads to the outermost place it can: a guess that the reply's check mends.

    >>> inner = {"$id": "http://x.y/inner", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$anchor": "b"}}}
    >>> found = rooted({"$ref": "http://x.y/inner#b", "$defs": {"inner": inner}})
    >>> found["$ref"], found["$defs"]["inner"]["items"]
    ('#/$defs/inner/$defs/a', {'$ref': '#/$defs/inner/$defs/a'})
    """
    whole: JSON = _unshared(document)
    return _Addresses(whole).schema(whole, "")


def _unshared(part: JSONValue) -> Any:
    """A copy no part of which stands in two places."""
    if isinstance(part, list):
        return [_unshared(item) for item in part]
    return {key: _unshared(value) for key, value in part.items()} if isinstance(part, dict) else part


class _Addresses:
    """Every address in a document, and the places where they lead."""

    def __init__(self, document: JSON) -> None:
        specification = specification_with(str(document.get("$schema", "")), default=DRAFT202012)
        known = {id(part.contents): (base, part) for base, part in _subschemas(specification.create_resource(document))}
        self._bases = {place: base for place, (base, _) in known.items()}
        self._pointers: dict[int, str] = {}
        self._resources = {self._bases[id(document)]: document}
        self._anchors: dict[tuple[str, str], JSON] = {}
        for pointer, part in _places(document):  # in this order, because the first of equal addresses counts
            self._pointers[id(part)] = pointer
            if id(part) in known:
                self._learn(part, *known[id(part)])

    def _learn(self, part: JSON, base: str, resource: Resource[Any]) -> None:
        if resource.id() is not None:
            self._resources.setdefault(base, part)
        for anchor in resource.anchors():
            self._anchors.setdefault((base, anchor.name), part)

    def schema(self, part: JSON, base: str) -> JSON:
        """A schema inside the resource of that address, with its references rewritten."""
        base = self._bases.get(id(part), base)
        found: JSON = {}
        for key, value in part.items():
            if key in REFERENCES and isinstance(value, str):
                found["$ref"] = self._pointer(key, value, base)
            elif key in NAMED and isinstance(value, dict):
                found[key] = {name: self._any(inner, base) for name, inner in value.items()}
            else:
                found[key] = value if key in LITERAL else self._any(value, base)
        return found

    def _any(self, part: JSONValue, base: str) -> JSONValue:
        if isinstance(part, list):
            return [self._any(item, base) for item in part]
        return self.schema(part, base) if isinstance(part, dict) else part

    def _pointer(self, keyword: str, reference: str, base: str) -> str:
        """The pointer to what a reference means; what leads out of the document keeps its whole address."""
        whole = base + reference if reference.startswith("#") else urljoin(base, reference)
        address, _, fragment = whole.partition("#")
        resource = self._resources.get(address)
        if resource is None:
            return whole
        if fragment[:1] in {"", "/"}:
            target = self._outermost(resource) if keyword == "$recursiveRef" else resource
            return self._pointers[id(target)] + fragment
        anchored = self._anchors.get((address, unquote(fragment)))
        if anchored is None:
            return f"#{fragment}"
        target = self._outermost_anchored(anchored, fragment) if keyword == "$dynamicRef" else anchored
        return self._pointers[id(target)]

    def _outermost(self, resource: JSON) -> JSON:
        if resource.get("$recursiveAnchor") is not True:
            return resource
        return next(part for part in self._resources.values() if part.get("$recursiveAnchor") is True)

    def _outermost_anchored(self, anchored: JSON, name: str) -> JSON:
        if anchored.get("$dynamicAnchor") != name:
            return anchored
        return next(part for part in self._anchors.values() if part.get("$dynamicAnchor") == name)


def _subschemas(root: Resource[Any]) -> Iterator[tuple[str, Resource[Any]]]:
    """Every schema that is an object, with the address of the nearest resource around it."""
    waiting = [("", root)]
    while waiting:
        base, part = waiting.pop()
        if isinstance(part.contents, dict):
            base = urljoin(base, part.id() or "").partition("#")[0]
            yield base, part
            waiting += ((base, inner) for inner in part.subresources())


def _places(document: JSON) -> Iterator[tuple[str, JSON]]:
    """Every object of a document with the pointer to it, in the document's order."""
    waiting: list[tuple[str, JSONValue]] = [("#", document)]
    while waiting:
        pointer, part = waiting.pop()
        if isinstance(part, dict):
            yield pointer, part
        inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        waiting += reversed([(f"{pointer}/{_step(key)}", value) for key, value in inside])


def _step(key: str | int) -> str:
    """A key as a step of a pointer in an address."""
    return str(key).replace("~", "~0").replace("/", "~1").replace("%", "%25")
