"""A JSON Schema document: where its references lead. Nothing outside it is ever fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote

from structkit.errors import SchemaError
from structkit.values import JSON, JSONValue, Path


class Document:
    """A schema document and the schemas that have been put beside it under names of their own."""

    def __init__(self, root: JSON) -> None:
        """Take the document; it is never changed."""
        self.root = root
        if any(DYNAMIC.keys() & part.keys() for part in self._objects()):
            self.root = _static(root)
        self._added: dict[str, JSON] = {}

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each `$ref` stands in the document."""
        return Counter(part["$ref"] for part in self._objects() if isinstance(part.get("$ref"), str))

    def add(self, pointer: str, schema: JSON, uses: int) -> None:
        """Put a schema beside the document, to be referred to by *pointer*."""
        self._added[pointer] = schema
        self.uses[pointer] += uses

    def __contains__(self, pointer: str) -> bool:
        """Whether a schema was added under this pointer."""
        return pointer in self._added

    def resolve(self, schema: JSONValue, path: Path = ()) -> JSON:
        """The schema itself, or what its `$ref` leads to in the end.

        Raises:
            SchemaError: The `$ref` leads back to itself, out of the document, or nowhere.
        """
        seen: set[str] = set()
        while isinstance(schema, dict) and "$ref" in schema:
            if schema["$ref"] in seen:
                raise SchemaError(f"the $ref {schema['$ref']!r} leads back to itself", path=path)
            seen.add(schema["$ref"])
            schema = self.follow(schema["$ref"], path)
        return schema if isinstance(schema, dict) else {}

    def follow(self, pointer: str, path: Path) -> JSONValue:
        """What one `$ref` leads to.

        Raises:
            SchemaError: It leads out of the document, nowhere, or to what is no schema.
        """
        if pointer in self._added:
            return self._added[pointer]
        address, _, fragment = pointer.partition("#")
        resource = self._resource(address)
        if resource is None:
            raise SchemaError(f"the $ref {pointer!r} leads out of the document; nothing is fetched", path=path)
        target = self._pointed(resource, fragment) if fragment[:1] in {"", "/"} else self._anchored(fragment)
        if target is None:
            raise SchemaError(f"the $ref {pointer!r} leads nowhere in the document", path=path)
        if not isinstance(target, dict | bool):
            raise SchemaError(f"the $ref {pointer!r} leads to what is no schema", path=path)
        return target

    def _resource(self, address: str) -> JSON | None:
        """The document, or the part of it that has this address for an `$id`."""
        if address in {"", self.root.get("$id"), self.root.get("id")}:
            return self.root
        ids = ((part.get(word), part) for part in self._objects() for word in ("$id", "id"))
        return next((part for name, part in ids if isinstance(name, str) and f"/{name}".endswith(f"/{address}")), None)

    def _pointed(self, target: JSONValue, fragment: str) -> JSONValue:
        for step in fragment.split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key)] if isinstance(target, list) else target[key]
            except (KeyError, IndexError, ValueError, TypeError):
                return None
        return target

    def _anchored(self, name: str) -> JSON | None:
        spelt = {"$anchor": name, "$dynamicAnchor": name, "$id": f"#{name}", "id": f"#{name}"}
        anchored = (part for part in self._objects() if any(part.get(word) == spelt[word] for word in spelt))
        return next(anchored, None)

    def _objects(self) -> Iterator[JSON]:
        """Every object of the document, in its order."""
        waiting: list[JSONValue] = [self.root]
        while waiting:
            part = waiting.pop()
            if isinstance(part, dict):
                yield part
            inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
            waiting += reversed([*inside])


DYNAMIC = {"$dynamicRef": "$ref", "$recursiveRef": "$ref"}


def _static(part: JSONValue) -> JSONValue:
    """A document whose dynamic references lead to the outermost place they can: a guess that the reply's check mends.

    >>> _static({"items": {"$dynamicRef": "#node"}})
    {'items': {'$ref': '#node'}}
    """
    if isinstance(part, list):
        return [_static(item) for item in part]
    if not isinstance(part, dict):
        return part
    names = {key: DYNAMIC[key] if key in DYNAMIC and isinstance(part[key], str) else key for key in part}
    return {names[key]: _static(value) for key, value in part.items()}
