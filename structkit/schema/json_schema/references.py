"""References by address, anchor or dynamic anchor, rewritten as pointers from the document's root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin

from referencing import Resource
from referencing.jsonschema import DRAFT202012, specification_with

from structkit.schema.json_schema.child_schemas import SCHEMA_MAP_KEYWORDS
from structkit.values import JSON, JSONValue
from structkit.values.json_pointer import escape_key

LITERAL_KEYWORDS = frozenset({"enum", "const", "default", "examples"})
"""Keywords whose value is not a schema, whatever it looks like."""

REFERENCE_KEYWORDS = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def with_pointers(document: JSON) -> JSON:
    """Return the document with every reference as a pointer from its root.

    A dynamic reference leads to the outermost place that it can. That is a guess; the reply is validated exactly.

    >>> inner = {"$id": "http://x.y/inner", "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$anchor": "b"}}}
    >>> rewritten = with_pointers({"$ref": "http://x.y/inner#b", "$defs": {"inner": inner}})
    >>> rewritten["$ref"], rewritten["$defs"]["inner"]["items"]
    ('#/$defs/inner/$defs/a', {'$ref': '#/$defs/inner/$defs/a'})
    """
    copied: JSON = _without_sharing(document)
    return _AddressIndex(copied).rewrite(copied, "")


def _without_sharing(part: JSONValue) -> Any:
    """Return a copy in which no object is in two places, so that identity tells places apart."""
    if isinstance(part, list):
        return [_without_sharing(item) for item in part]
    return {key: _without_sharing(value) for key, value in part.items()} if isinstance(part, dict) else part


class _AddressIndex:
    """Every address in a document, with the part it leads to."""

    def __init__(self, document: JSON) -> None:
        specification = specification_with(str(document.get("$schema", "")), default=DRAFT202012)
        resources = {
            id(part.contents): (base, part) for base, part in _subschemas(specification.create_resource(document))
        }
        self._bases = {place: base for place, (base, _) in resources.items()}
        self._pointers: dict[int, str] = {}
        self._resources = {self._bases[id(document)]: document}
        self._anchors: dict[tuple[str, str], JSON] = {}
        for pointer, part in _places(document):  # in this order, because the first of equal addresses counts
            self._pointers[id(part)] = pointer
            if id(part) in resources:
                self._add(part, *resources[id(part)])

    def _add(self, part: JSON, base: str, resource: Resource[Any]) -> None:
        if resource.id() is not None:
            self._resources.setdefault(base, part)
        for anchor in resource.anchors():
            self._anchors.setdefault((base, anchor.name), part)

    def rewrite(self, part: JSON, base: str) -> JSON:
        """Return a schema of the resource at *base* with its references rewritten."""
        base = self._bases.get(id(part), base)
        rewritten: JSON = {}
        for key, value in part.items():
            if key in REFERENCE_KEYWORDS and isinstance(value, str):
                rewritten["$ref"] = self._pointer(key, value, base)
            elif key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
                rewritten[key] = {name: self._rewrite_any(inner, base) for name, inner in value.items()}
            else:
                rewritten[key] = value if key in LITERAL_KEYWORDS else self._rewrite_any(value, base)
        return rewritten

    def _rewrite_any(self, part: JSONValue, base: str) -> JSONValue:
        if isinstance(part, list):
            return [self._rewrite_any(item, base) for item in part]
        return self.rewrite(part, base) if isinstance(part, dict) else part

    def _pointer(self, keyword: str, reference: str, base: str) -> str:
        """Return the pointer to a reference's target; the full address of one outside the document."""
        full_address = base + reference if reference.startswith("#") else urljoin(base, reference)
        address, _, fragment = full_address.partition("#")
        resource = self._resources.get(address)
        if resource is None:
            return full_address
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
    """Yield every schema that is an object, with the address of the resource that it is in."""
    stack = [("", root)]
    while stack:
        base, part = stack.pop()
        if isinstance(part.contents, dict):
            base = urljoin(base, part.id() or "").partition("#")[0]
            yield base, part
            stack += ((base, inner) for inner in part.subresources())


def _places(document: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield every object of a document with the pointer to it, in the document's order."""
    stack: list[tuple[str, JSONValue]] = [("#", document)]
    while stack:
        pointer, part = stack.pop()
        if isinstance(part, dict):
            yield pointer, part
        children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        stack += reversed([(f"{pointer}/{escape_key(key)}", value) for key, value in children])
