"""A JSON Schema document: where its references lead. Nothing outside it is ever fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote

from structkit.errors import SchemaError
from structkit.values import JSON, JSONPath, JSONValue


class Document:
    """A schema document and the schemas that have been put beside it under names of their own."""

    def __init__(self, root: JSON) -> None:
        """Take the document; it is never changed.

        Raises:
            SchemaError: An address in it is none.
        """
        self.root = root
        self.is_dynamic = any(DYNAMIC & part.keys() for part in self._objects())
        if any(map(_is_addressed, self._objects())):
            self.root = _rooted(root)
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

    def resolve(self, schema: JSONValue, path: JSONPath = ()) -> JSON:
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

    def follow(self, pointer: str, path: JSONPath) -> JSONValue:
        """What one `$ref` leads to.

        Raises:
            SchemaError: It leads out of the document, nowhere, or to what is no schema.
        """
        if pointer in self._added:
            return self._added[pointer]
        if not pointer.startswith("#"):
            raise SchemaError(f"the $ref {pointer!r} leads out of the document; nothing is fetched", path=path)
        target = self._pointed(pointer)
        if target is None:
            raise SchemaError(f"the $ref {pointer!r} leads nowhere in the document", path=path)
        if not isinstance(target, dict | bool):
            raise SchemaError(f"the $ref {pointer!r} leads to what is no schema", path=path)
        return target

    def _pointed(self, pointer: str) -> JSONValue:
        target: JSONValue = self.root if pointer.partition("/")[0] == "#" else None
        for key in steps(pointer):
            try:
                target = target[int(key)] if isinstance(target, list) else target[key]
            except (KeyError, IndexError, ValueError, TypeError):
                return None
        return target

    def _objects(self) -> Iterator[JSON]:
        """Every object of the document, in its order."""
        waiting: list[JSONValue] = [self.root]
        while waiting:
            part = waiting.pop()
            if isinstance(part, dict):
                yield part
            inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
            waiting += reversed([*inside])


DYNAMIC = frozenset({"$dynamicRef", "$recursiveRef"})


def _is_addressed(part: JSON) -> bool:
    """Whether an object has an address of its own, or refers to one by more than a pointer."""
    address = part.get("$ref")
    is_address = isinstance(address, str) and address != "#" and not address.startswith("#/")
    return is_address or any(isinstance(part.get(word), str) for word in (*DYNAMIC, "$id", "id"))


def steps(pointer: str) -> Iterator[str]:
    """The keys that a JSON pointer names, one after the other."""
    return (unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _rooted(root: JSON) -> JSON:
    from structkit.schema.json_schema.references import rooted

    try:
        return rooted(root)
    except ValueError as error:
        raise SchemaError(f"an $id or $ref is no address: {error}") from None
