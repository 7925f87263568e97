"""A JSON Schema document and the targets of its references. Nothing outside the document is ever fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from structkit.errors import SchemaError
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.json_pointer import pointer_keys


class SchemaDocument:
    """A schema document, and schemas that the compiler has added to it.

    Attributes:
        root: The document, with every reference as a pointer from the root; never changed.
        is_dynamic: Whether it has references whose target depends on the path to them.
    """

    def __init__(self, root: JSON) -> None:
        """Rewrite its references as pointers.

        Raises:
            SchemaError: An `$id` or `$ref` is not an address.
        """
        self.root = root
        self.is_dynamic = any(DYNAMIC_REFERENCES & part.keys() for part in self.objects())
        if any(map(_has_address, self.objects())):
            self.root = _with_pointers(root)
        self._added: dict[str, JSON] = {}

    @cached_property
    def uses(self) -> Counter[str]:
        """The number of uses of each `$ref`."""
        return Counter(part["$ref"] for part in self.objects() if isinstance(part.get("$ref"), str))

    def add(self, pointer: str, schema: JSON, uses: int) -> None:
        """Add a schema that *pointer* refers to."""
        self._added[pointer] = schema
        self.uses[pointer] += uses

    def __contains__(self, pointer: str) -> bool:
        """Return whether a schema was added under this pointer."""
        return pointer in self._added

    def resolve(self, schema: JSONValue, path: JSONPath = ()) -> JSON:
        """Return the schema, or the one that its chain of `$ref`s leads to.

        Raises:
            SchemaError: The `$ref` leads back to itself, out of the document, or nowhere.
        """
        visited: set[str] = set()
        while isinstance(schema, dict) and "$ref" in schema:
            if schema["$ref"] in visited:
                raise SchemaError(f"the $ref {schema['$ref']!r} leads back to itself", path=path)
            visited.add(schema["$ref"])
            schema = self.resolve_pointer(schema["$ref"], path)
        return schema if isinstance(schema, dict) else {}

    def resolve_if_possible(self, schema: JSONValue) -> JSON:
        """Return what `resolve` does, or an empty schema for a `$ref` that it cannot follow."""
        try:
            return self.resolve(schema)
        except SchemaError:
            return {}

    def resolve_pointer(self, pointer: str, path: JSONPath) -> JSONValue:
        """Return the target of one `$ref`.

        Raises:
            SchemaError: It leads out of the document, nowhere, or to a value that is not a schema.
        """
        if pointer in self._added:
            return self._added[pointer]
        if not pointer.startswith("#"):
            raise SchemaError(
                f"the $ref {pointer!r} leads out of the document; nothing is fetched: put its target under $defs",
                path=path,
            )
        target = self._lookup(pointer)
        if target is None:
            key = next(pointer_keys(pointer), "$defs")
            reason = (
                f"the $ref {pointer!r} leads nowhere: the document has no such part; "
                f"a schema out of a larger document needs the {key!r} of that document too"
            )
            raise SchemaError(reason, path=path)
        if not isinstance(target, dict | bool):
            raise SchemaError(f"the $ref {pointer!r} leads to a value that is not a schema", path=path)
        return target

    def _lookup(self, pointer: str) -> JSONValue:
        target: JSONValue = self.root if pointer.partition("/")[0] == "#" else None
        for key in pointer_keys(pointer):
            try:
                target = target[int(key)] if isinstance(target, list) else target[key]
            except (KeyError, IndexError, ValueError, TypeError):
                return None
        return target

    def objects(self) -> Iterator[JSON]:
        """Yield every object of the document, in its order."""
        stack: list[JSONValue] = [self.root]
        while stack:
            part = stack.pop()
            if isinstance(part, dict):
                yield part
            children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
            stack += reversed([*children])


DYNAMIC_REFERENCES = frozenset({"$dynamicRef", "$recursiveRef"})


def _has_address(part: JSON) -> bool:
    """Return whether an object has an address of its own, or a reference that is more than a pointer."""
    address = part.get("$ref")
    is_address = isinstance(address, str) and address != "#" and not address.startswith("#/")
    return is_address or any(isinstance(part.get(word), str) for word in (*DYNAMIC_REFERENCES, "$id", "id"))


def _with_pointers(root: JSON) -> JSON:
    from structkit.schema.json_schema.references import with_pointers

    try:
        return with_pointers(root)
    except ValueError as error:
        raise SchemaError(f"an $id or $ref is not a valid URI: {error}") from None
