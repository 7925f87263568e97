"""From a natural JSON Schema to its tree of wire nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias
from urllib.parse import unquote

from structkit.errors import SchemaError
from structkit.schema.explanation import Note
from structkit.schema.naming import unused, wire_name
from structkit.schema.nodes.anything import NAME as ANYTHING
from structkit.schema.nodes.anything import Anything
from structkit.schema.nodes.array import build_array
from structkit.schema.nodes.described import described, said_of, undescribed
from structkit.schema.nodes.enum import build_enum
from structkit.schema.nodes.leaf import build_scalar
from structkit.schema.nodes.node import Compiler, Kind, Node
from structkit.schema.nodes.positional import build_tuple
from structkit.schema.nodes.record import build_object
from structkit.schema.nodes.reference import Definitions, Reference
from structkit.schema.nodes.union import build_union
from structkit.schema.words import short
from structkit.values import JSON, Dialect, JSONValue, Path

Build: TypeAlias = Callable[[JSON, Path, Compiler], Node]

BY_KEYWORD: dict[str, Build] = {
    "enum": build_enum,
    "const": build_enum,
    "anyOf": build_union,
    "oneOf": build_union,
    "prefixItems": build_tuple,
}
"""The first keyword of these that a schema has decides; else its type does."""

BY_TYPE: dict[str, Build] = {
    "object": build_object,
    "array": build_array,
    "string": build_scalar,
    "integer": build_scalar,
    "number": build_scalar,
    "boolean": build_scalar,
    "null": build_scalar,
}

TYPE_HINTS = {
    "properties": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "items": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
}
"""What a schema without a type must mean by its keywords."""

CHECKED_AFTER = frozenset(
    {"not", "if", "then", "else", "contains", "minContains", "maxContains"}
    | {"dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems"}
)
"""Keywords without a strict form: said in the description, checked after the reply."""

ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
)
UNSUPPORTED = frozenset({"allOf", "$dynamicRef", "$recursiveRef"})


class SchemaCompiler:
    """Builds the nodes of one schema document; implements the `Compiler` that constructs see."""

    def __init__(self, document: JSON, dialect: Dialect) -> None:
        """Get ready to compile *document* for *dialect*."""
        self.document = document
        self.dialect = dialect
        self.definitions = Definitions()
        self.notes: list[Note] = []
        self._uses = count_references(document)
        self._names: dict[str, str] = {}
        self._building: set[str] = set()
        self._referred: set[str] = set()

    def root(self) -> Node:
        """The node of the whole document; a root `$ref` is inlined, because strict mode wants an object."""
        node = self.build(self.document, ())
        self.definitions.settle()
        inner = undescribed(node)
        return described(inner.node, said_of(node)) if isinstance(inner, Reference) and inner.name != ANYTHING else node

    def build(self, schema: JSONValue, path: Path) -> Node:
        """The node of a part of the document, with what the part says of itself."""
        if schema is True or schema == {}:
            return self.anything()
        if not isinstance(schema, dict):
            raise SchemaError(f"no value can fit the schema {short(schema)}", path=path)
        for keyword in UNSUPPORTED & schema.keys():
            raise SchemaError(f"{keyword} has no strict form yet; write the combined schema out", path=path)
        node = self._reference(schema["$ref"], path) if "$ref" in schema else self._construct(schema, path)
        return described(node, *self._texts(schema, path))

    def _construct(self, schema: JSON, path: Path) -> Node:
        for keyword, build in BY_KEYWORD.items():
            if keyword in schema:
                return build(schema, path, self)
        kind = schema.get("type") or next((TYPE_HINTS[word] for word in schema if word in TYPE_HINTS), None)
        if isinstance(kind, list):
            return build_union({"anyOf": [{**_bare(schema), "type": name} for name in kind]}, path, self)
        if kind is None:
            return self.anything()
        if kind not in BY_TYPE:
            raise SchemaError(f"{short(kind)} is not a JSON Schema type", path=path)
        return BY_TYPE[kind]({**schema, "type": kind}, path, self)

    def _texts(self, schema: JSON, path: Path) -> Iterator[str]:
        """What is to be said of a value: the caller's words, then the rules that the wire cannot say."""
        if title := schema.get("title"):
            yield f"{title}."
        if description := schema.get("description"):
            yield description
        if examples := schema.get("examples"):
            yield f"For example {', '.join(short(example) for example in examples)}."
        for keyword in schema:
            if keyword in CHECKED_AFTER:
                self.note(path, "checked locally", f"{keyword}: said in the description")
                yield f"{keyword}: {short(schema[keyword], 200)}."

    def _reference(self, pointer: str, path: Path) -> Node:
        """A definition used once is inlined; one used twice, or inside itself, is referred to."""
        name = self._name(pointer)
        if name in self.definitions.nodes or name in self._building:
            self._referred.add(name)
            return Reference(name, self.definitions)
        self._building.add(name)
        node = self.build(self._follow(pointer, path), path)
        self._building.remove(name)
        if self._uses[pointer] == 1 and name not in self._referred:
            return node
        self.definitions.nodes[name] = node
        return Reference(name, self.definitions)

    def resolve(self, schema: JSONValue) -> JSON:
        """The schema itself, or what its `$ref` leads to."""
        seen: set[str] = set()
        while isinstance(schema, dict) and "$ref" in schema and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = self._follow(schema["$ref"], ())
        return schema if isinstance(schema, dict) else {}

    def anything(self) -> Node:
        """The definition of any JSON value, made when first asked for."""
        self.definitions.nodes.setdefault(ANYTHING, Anything())
        return Reference(ANYTHING, self.definitions)

    def note(self, path: Path, kind: Kind, text: str) -> None:
        """Keep it for `explain`."""
        note = Note(path, kind, text)
        if note not in self.notes:
            self.notes.append(note)

    def _follow(self, pointer: str, path: Path) -> JSONValue:
        if not pointer.startswith("#"):
            raise SchemaError(f"the $ref {pointer!r} leads out of the document; nothing is fetched", path=path)
        target: JSONValue = self.document
        for step in pointer.removeprefix("#").split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            try:
                target = target[int(key)] if isinstance(target, list) else target[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise SchemaError(f"the $ref {pointer!r} leads nowhere in the document", path=path) from None
        return target

    def _name(self, pointer: str) -> str:
        if pointer not in self._names:
            name = wire_name(unquote(pointer).rpartition("/")[2].removeprefix("#") or "root")
            self._names[pointer] = unused(name, {ANYTHING, *self._names.values()})
        return self._names[pointer]


def count_references(document: JSON) -> Counter[str]:
    """How often each `$ref` stands in what the root can reach."""
    found: Counter[str] = Counter()
    waiting: list[JSONValue] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and isinstance(part.get("$ref"), str):
            found[part["$ref"]] += 1
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return found


def _bare(schema: JSON) -> JSON:
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS}
