"""From a natural JSON Schema to its tree of wire nodes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import unquote

from structkit.dialects import Dialect
from structkit.errors import SchemaError
from structkit.schema.descriptions import describe_bounds
from structkit.schema.explanation import Note, NoteKind
from structkit.schema.json_schema.all_of import merge, with_alternatives
from structkit.schema.json_schema.document import Document
from structkit.schema.json_types import guess_type
from structkit.schema.keywords import ADDITIONAL_BOUNDS, DESCRIBED_BOUNDS
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.nodes.anything import MEMBER, VALUE, AnyMapNode, AnyMemberNode, AnyValueNode
from structkit.schema.nodes.array import build_array
from structkit.schema.nodes.build_object import build_object
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.described import described, said_of, undescribed
from structkit.schema.nodes.enum import build_enum
from structkit.schema.nodes.extra_keys import NAME as EXTRA
from structkit.schema.nodes.extra_keys import ExtraKeyNode, ExtraKeysNode
from structkit.schema.nodes.json_text import as_text
from structkit.schema.nodes.leaf import build_scalar
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.object import ObjectNode
from structkit.schema.nodes.other_types import KEY, OtherTypesNode
from structkit.schema.nodes.reference import Definitions, ReferenceNode
from structkit.schema.nodes.tuple import build_tuple
from structkit.schema.nodes.union import any_of, build_union
from structkit.schema.strict.finiteness import find_endless
from structkit.schema.unsatisfiable import UnsatisfiableSchema
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

Build: TypeAlias = Callable[[JSON, JSONPath, Compiler], Node]


def build_items(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """A list of schemas under `items` is a tuple, before 2020-12."""
    build = build_tuple if isinstance(schema.get("items"), list) else build_array
    return build(schema, path, compiler)


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
    "array": build_items,
    "string": build_scalar,
    "integer": build_scalar,
    "number": build_scalar,
    "boolean": build_scalar,
    "null": build_scalar,
}

CHECKED_AFTER = frozenset(
    {"not", "if", "then", "else", "contains", "minContains", "maxContains"}
    | {"dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems"}
)
"""Keywords without a strict form: stated in the description, checked after the reply."""

ANNOTATIONS = frozenset(
    {"title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
)
CONTAINERS = frozenset(
    {"$defs", "definitions", "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"}
)
ALTERNATIVES = frozenset({"anyOf", "oneOf", "if", "then", "else", "dependentSchemas"})

OTHERS = frozenset({"not_object", "not_array"})
UNSAID = object()
DEEP = 50
DEEPEST = 50
"""Levels spelt out; a merge of recursive definitions can go on without end."""

MOST_MERGES = 2_000
"""Merging can multiply without end on hostile schemas; beyond this, what is left is any value, checked after."""


class SchemaCompiler:
    """Builds the nodes of one schema document; implements the `Compiler` that constructs see."""

    def __init__(
        self,
        document: JSON,
        dialect: Dialect,
        *,
        is_user_schema: bool,
        allows_extra_keys: bool,
        max_enum_values: float = math.inf,
    ) -> None:
        """Get ready to compile *document* for *dialect*.

        Args:
            document: The schema.
            dialect: What the vendor accepts.
            is_user_schema: Whether the document is the caller's own, and not pydantic's.
            allows_extra_keys: Whether an object that says nothing of other keys takes them.
            max_enum_values: The values up to which an enum is listed.
        """
        self.document = Document(document)
        self.dialect = dialect
        self.allows_extra_keys = allows_extra_keys
        self.max_enum_values = max_enum_values
        self.defaults_apply = not is_user_schema
        self.definitions = Definitions()
        self.notes: dict[Note, None] = {}  # each once, in order
        self._names: dict[str, str] = {}
        self._building: dict[str, JSONPath] = {}
        self._budget = MOST_MERGES
        self._referred: set[str] = set()
        self._loops: dict[str, JSONPath] = {}
        self._null: dict[str, bool] = {}

    def root(self) -> Node:
        """The node of the whole document; a root `$ref` is inlined, because strict mode wants an object."""
        node = self.build(self.document.root, ())
        self.definitions.settle()
        if self._loops:
            self._refuse_endless(node)
        inner = undescribed(node)
        return (
            described(inner.node, said_of(node)) if isinstance(inner, ReferenceNode) and inner.name != VALUE else node
        )

    def _refuse_endless(self, root: Node) -> None:
        endless = find_endless(root.schema, self.definitions.schemas)
        for name in (name for name in self._loops if name in endless):
            reason = (
                f"only a value without end fits: {name} holds {name}; write a list of it, or let it be null or absent"
            )
            raise SchemaError(reason, path=self._loops[name])

    def build(self, schema: JSONValue, path: JSONPath) -> Node:
        """The node of a part of the document, with what the part says of itself."""
        if schema is True or schema == {}:
            return self.anything()
        if len(path) > DEEPEST:
            self.note(path, "checked locally", "too deep to spell out: any value")
            return self.anything()
        if not isinstance(schema, dict):
            raise UnsatisfiableSchema(f"no value can fit the schema {shorten_json(schema)}", path=path)
        if schema.get("not") is True or schema.get("not") == {}:
            raise UnsatisfiableSchema("no value can fit: not anything", path=path)
        if "allOf" in schema or ("$ref" in schema and self._has_siblings(schema)):
            return self._all_of(schema, path)
        node = self._reference(schema["$ref"], path) if "$ref" in schema else self._construct(schema, path)
        return described(node, *self._texts(schema, path))

    def _has_siblings(self, schema: JSON) -> bool:
        """Whether a `$ref` stands beside bounds: since 2019-09 both hold, before that the bounds are ignored."""
        is_modern = not re.search(r"draft-0[3467]", str(self.document.root.get("$schema", "")))
        return is_modern and not schema.keys() <= ANNOTATIONS | {"$ref"} | CONTAINERS

    def _all_of(self, schema: JSON, path: JSONPath) -> Node:
        """The parts merged; a merge of definitions is a definition itself, so that recursion ends."""
        own = {key: value for key, value in schema.items() if key not in {"allOf", "$ref"} | CONTAINERS}
        parts = [part for part in schema.get("allOf", ()) if part is not True]
        parts += [{"$ref": schema["$ref"]}] if "$ref" in schema else []
        pointers = sorted({part["$ref"] for part in parts if isinstance(part, dict) and part.keys() == {"$ref"}})
        if not own and len(parts) == 1:
            return self.build(parts[0], path)
        if own or len(pointers) < len(parts):
            return self.build(self._merged([own, *parts], path), path)
        name = "+".join(pointers)
        if name not in self.document:
            self.document.add(name, self._merged(parts, path), uses=2)
        return self._reference(name, path)

    def _merged(self, parts: list[JSONValue], path: JSONPath) -> JSON:
        self._budget -= 1
        if self._budget < 0:
            self.note(path, "checked locally", "allOf: too much to merge")
            return {}
        merged: JSON = {}
        for part in parts:
            if part is False:
                raise UnsatisfiableSchema("no value can fit: a part of allOf is false", path=path)
            found = self.document.resolve(part, path)
            parted = [_without(found, "allOf"), *found.get("allOf", ())]
            merged = merge(merged, self._merged(parted, path) if parted[1:] else found, path)
        return _without(merged, *CONTAINERS)

    def _construct(self, schema: JSON, path: JSONPath) -> Node:
        """The node of a schema without a reference: by its telling keyword, else by its type."""
        kind = guess_type(schema)
        if kind == "object" and schema.keys() & ALTERNATIVES and "discriminator" not in schema:
            return self._object_with_alternatives(schema, path)
        keyword = next((word for word in BY_KEYWORD if word in schema), None)
        if keyword is not None:
            node = BY_KEYWORD[keyword](schema, path, self)
            return self._with_others(node, schema, path) if keyword == "prefixItems" else node
        if isinstance(kind, list):
            return build_union({"anyOf": [{**_bare(schema), "type": name} for name in kind]}, path, self)
        if kind is None or ("type" not in schema and kind in {"string", "number"}):
            return self._any_type(schema, path)
        if kind not in BY_TYPE:
            raise SchemaError(f"{shorten_json(kind)} is not a JSON Schema type", path=path)
        return self._with_others(BY_TYPE[kind]({**schema, "type": kind}, path, self), schema, path)

    def _with_others(self, node: Node, schema: JSON, path: JSONPath) -> Node:
        """A schema that names no type takes values of every other one; only a root that reads as an object is one."""
        if "type" in schema or self.defaults_apply:
            return node
        if path == () and isinstance(node, ObjectNode):
            self.note(path, "dropped", "taken to be an object: values of other types are not offered")
            return replace(node, is_narrowed=True)
        others = OtherTypesNode(str(guess_type(schema)), unused_name(KEY, schema.get("properties", {})))
        self.note(path, "rewritten", f"no type is named: values of others as their JSON text under {others.key!r}")
        self.definitions.nodes.setdefault(others.name, others)
        return any_of([ReferenceNode(others.name, self.definitions), node])

    def _any_type(self, schema: JSON, path: JSONPath) -> Node:
        """Bounds of one type leave the values of all others alone."""
        for keyword in schema.keys() - ANNOTATIONS:
            self.note(path, "checked locally", f"{keyword}: it bounds values of one type only")
        return self.anything()

    def _object_with_alternatives(self, schema: JSON, path: JSONPath) -> Node:
        """Whole objects as a union; parts of one object as optional properties, checked after."""
        wholes = [part for word in ("anyOf", "oneOf") for part in schema.get(word, ())]
        if wholes and not schema.get("properties") and all(self.resolve(part).get("properties") for part in wholes):
            base = _without(_bare(schema), "anyOf", "oneOf", *CONTAINERS)
            return build_union({"anyOf": [{"allOf": [base, part]} for part in wholes]}, path, self)
        for word in ALTERNATIVES & schema.keys():
            self.note(path, "checked locally", f"{word}: every property of any case is offered")
        whole = with_alternatives(schema, self.resolve)
        node = BY_TYPE["object"]({**_without(whole, *ALTERNATIVES), "type": "object"}, path, self)
        return self._with_others(node, schema, path)

    def _texts(self, schema: JSON, path: JSONPath) -> Iterator[str]:
        """What is to be said of a value: the caller's words, then the rules that the wire cannot say."""
        if title := schema.get("title"):
            yield f"{title}."
        if description := schema.get("description"):
            yield description
        if examples := schema.get("examples"):
            yield f"For example {', '.join(shorten_json(example) for example in examples)}."
        for bounds in schema.get(ADDITIONAL_BOUNDS, ()):
            self.note(path, "checked locally", f"allOf: {shorten_json(bounds)}: stated in the description")
            yield describe_bounds(bounds)
        for bound in schema.get(DESCRIBED_BOUNDS, ()):
            self.note(path, "checked locally", f"{bound}: stated in the description")
        for keyword in schema:
            if keyword in CHECKED_AFTER:
                self.note(path, "checked locally", f"{keyword}: stated in the description")
                yield describe_bounds({keyword: schema[keyword]})

    def _reference(self, pointer: str, path: JSONPath) -> Node:
        """A definition used once is inlined; one used twice, or inside itself, is referred to."""
        name = self._name(pointer)
        if self._building.get(name) == path:
            raise UnsatisfiableSchema(f"the $ref {pointer!r} leads back to itself", path=path)
        if name in self._building:
            self._loops.setdefault(name, path)
            if not self.dialect.recursion:
                self.note(path, "rewritten", f"{name} inside itself: a JSON text")
                return as_text(name)
        if name in self.definitions.nodes or name in self._building:
            self._referred.add(name)
            return ReferenceNode(name, self.definitions)
        self._building[name] = path
        self.document.resolve({"$ref": pointer}, path)
        node = self.build(self.document.follow(pointer, path), path)
        del self._building[name]
        if self.document.uses[pointer] == 1 and name not in self._referred:
            return node
        self.definitions.nodes[name] = node
        return ReferenceNode(name, self.definitions)

    def resolve(self, schema: JSONValue) -> JSON:
        """The schema itself, or what its `$ref` leads to."""
        return self.document.resolve(schema)

    def takes_null(self, schema: JSONValue, depth: int = 0) -> bool:
        """Whether null is a value of the schema; beyond any sensible depth, supposed so."""
        if not isinstance(schema, dict) or depth > DEEP:
            return schema is not False
        if "$ref" not in schema:
            return self._takes_null(schema, depth)
        if schema["$ref"] not in self._null:
            self._null[schema["$ref"]] = False  # what leads back to itself takes nothing by that
            self._null[schema["$ref"]] = self._takes_null(self.resolve(schema), depth)
        return self._null[schema["$ref"]]

    def _takes_null(self, found: JSON, depth: int) -> bool:
        if "anyOf" in found or "oneOf" in found:
            parts = [*found.get("anyOf", ()), *found.get("oneOf", ())]
            return self._type_takes_null(found) and any(self.takes_null(part, depth + 1) for part in parts)
        if "enum" in found or "const" in found:
            return None in [*found.get("enum", ()), found.get("const", UNSAID)]
        return self._type_takes_null(found) and all(self.takes_null(part, depth + 1) for part in found.get("allOf", ()))

    def _type_takes_null(self, schema: JSON) -> bool:
        kind = guess_type(schema) if self.defaults_apply else schema.get("type")
        return kind is None or "null" in (kind if isinstance(kind, list) else [kind])

    def anything(self) -> Node:
        """The definition of any JSON value, made when first asked for; it refers to itself."""
        if not self.dialect.recursion:
            return as_text()
        self._define_anything()
        return ReferenceNode(VALUE, self.definitions)

    def any_map(self) -> Node:
        """A map of anything, on the same definitions."""
        if not self.dialect.recursion:
            return self.extras()
        self._define_anything()
        return AnyMapNode()

    def extras(self) -> Node:
        """The place for keys beyond the declared ones."""
        self.definitions.nodes.setdefault(EXTRA, ExtraKeyNode())
        return ExtraKeysNode()

    def _define_anything(self) -> None:
        self.definitions.nodes.setdefault(VALUE, AnyValueNode())
        self.definitions.nodes.setdefault(MEMBER, AnyMemberNode())

    def note(self, path: JSONPath, kind: NoteKind, text: str) -> None:
        """Keep it for `explain`."""
        self.notes[Note(path, kind, text)] = None

    def _name(self, pointer: str) -> str:
        if pointer not in self._names:
            name = wire_name(unquote(pointer).rpartition("/")[2].removeprefix("#") or "root")
            self._names[pointer] = unused_name(name, {VALUE, MEMBER, EXTRA, *OTHERS, *self._names.values()})
        return self._names[pointer]


def _without(schema: JSON, *keywords: str) -> JSON:
    return {key: value for key, value in schema.items() if key not in keywords}


def _bare(schema: JSON) -> JSON:
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS}
