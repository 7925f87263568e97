"""Compiles a natural JSON Schema to its tree of wire nodes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias
from urllib.parse import unquote

from structkit.dialects import Dialect
from structkit.errors import SchemaError
from structkit.schema.descriptions import describe_bounds
from structkit.schema.explanation import Note, NoteKind
from structkit.schema.json_schema.all_of import (
    ALTERNATIVES,
    has_object_alternatives,
    key_rules_of_alternatives,
    merge,
    with_alternatives,
)
from structkit.schema.json_schema.containment import Containment
from structkit.schema.json_schema.document import SchemaDocument
from structkit.schema.json_schema.foreign_keywords import read_dependencies
from structkit.schema.json_schema.value_validity import ValueValidity
from structkit.schema.json_types import bounds_by_type, guess_type
from structkit.schema.keywords import (
    DESCRIBED_BOUNDS,
    EMPTY_DEFAULT,
    GENERATED_DESCRIPTION,
    IGNORED_SCHEMA,
    POSITION_NAME,
)
from structkit.schema.naming import unused_name, wire_name, without_name_as_title
from structkit.schema.nodes.any_value import MEMBER, VALUE, AnyMapNode, AnyMemberNode, AnyValueNode
from structkit.schema.nodes.array import build_array
from structkit.schema.nodes.build_object import build_object
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe, description_of, without_description
from structkit.schema.nodes.enum import build_enum
from structkit.schema.nodes.extra_keys import DEFINITION_NAME as EXTRA
from structkit.schema.nodes.extra_keys import ExtraKeyNode, ExtraKeysNode
from structkit.schema.nodes.json_text import json_text_node
from structkit.schema.nodes.node import Node
from structkit.schema.nodes.reference import Definitions, ReferenceNode
from structkit.schema.nodes.scalar import build_scalar
from structkit.schema.nodes.stated_bounds import state_bounds
from structkit.schema.nodes.tuple import build_tuple
from structkit.schema.nodes.union import build_union
from structkit.schema.strict.deep_definitions import deep_definitions
from structkit.schema.strict.description_texts import DESCRIBED_KEYWORDS, description_texts
from structkit.schema.strict.finiteness import explain_infinite, find_infinite
from structkit.schema.strict.implied_types import with_other_types
from structkit.schema.strict.nullability import Nullability
from structkit.schema.strict.rules_beside import UNIONS, with_rules_in_branches
from structkit.schema.strict.union_tags import find_tag_names
from structkit.schema.unsatisfiable import UnsatisfiableSchema, reject_contradiction
from structkit.values import JSON, JSONPath, JSONValue
from structkit.values.text import shorten_json

Build: TypeAlias = Callable[[JSON, JSONPath, Compiler], Node]


def build_items(schema: JSON, path: JSONPath, compiler: Compiler) -> Node:
    """Build an array, or a tuple where each position has a schema: in `items`, as in drafts before 2020-12, too."""
    build = build_tuple if "prefixItems" in schema or isinstance(schema.get("items"), list) else build_array
    return build(schema, path, compiler)


BY_KEYWORD: dict[str, Build] = {
    "enum": build_enum,
    "const": build_enum,
    "anyOf": build_union,
    "oneOf": build_union,
}
"""The builder for the first of these keywords that a schema has. If it has none of them, its type decides."""

BY_TYPE: dict[str, Build] = {
    "object": build_object,
    "array": build_items,
    "string": build_scalar,
    "integer": build_scalar,
    "number": build_scalar,
    "boolean": build_scalar,
    "null": build_scalar,
}

ANNOTATIONS = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "readOnly", "writeOnly", "$comment"}
    | {GENERATED_DESCRIPTION, DESCRIBED_BOUNDS, POSITION_NAME, EMPTY_DEFAULT, IGNORED_SCHEMA}
)
CONTAINERS = frozenset(
    {"$defs", "definitions", "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"}
)
"""Keywords that name a schema or hold definitions, and constrain no value."""

OTHER_TYPES_NAMES = frozenset({"not_object", "not_array"})
"""The names of the definitions that `OtherTypesNode` uses."""

MAX_PATH_LENGTH = 50
"""Levels of nesting that get nodes of their own; below them, any value fits. Without this limit, a merge of recursive
definitions would never end."""

MAX_MERGES = 2_000
"""The merges in one document. A part beyond them accepts any value on the wire, and is validated after the reply. In a
hostile schema, each merge can lead to several more."""


class SchemaCompiler:
    """Builds the nodes of one schema document; the `Compiler` that the builders of nodes use."""

    def __init__(
        self,
        document: JSON,
        dialect: Dialect,
        *,
        is_user_schema: bool,
        is_open: bool,
        shared_enums: frozenset[str] = frozenset(),
        open_enums: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare to compile *document* for *dialect*.

        Args:
            document: The schema.
            dialect: What the vendor accepts.
            is_user_schema: Whether the document is the caller's, and not pydantic's.
            is_open: Whether all that a JSON Schema allows can be said: undeclared keys, and absent beside null.
            shared_enums: The enums that become definitions, as in `repeated_enums`.
            open_enums: The JSON texts of the enums that are only described.
        """
        self.document = SchemaDocument(document)
        self.dialect = dialect
        self.is_open = is_open
        self._shared_enums = shared_enums
        self._open_enums = open_enums
        self._enum_uses = Counter[str]()
        self._enum_names: dict[str, str] = {}
        self.defaults_apply = not is_user_schema  # in JSON Schema, `default` is an annotation
        self.definitions = Definitions()
        self.notes: dict[Note, None] = {}  # a dict as an ordered set
        self._names: dict[str, str] = {}
        self._open_definitions: dict[str, JSONPath] = {}
        self._remaining_merges = MAX_MERGES
        self._referenced_names: set[str] = set()
        self._recursive_paths: dict[str, JSONPath] = {}
        self._base_depth = 0
        self.infinite = set[str]()
        self.tag_names = find_tag_names(self.document)
        self.is_contained = Containment(self.document.resolve, is_open=is_open).is_contained
        self.valid_values = ValueValidity(self.document).valid_values
        self._nullability = Nullability(self.document, keywords_imply_type=self.defaults_apply)

    def root(self) -> Node:
        """Build the node of the whole document; a `$ref` there is inlined, because strict mode requires an object."""
        self._build_deep_definitions()
        node = self.build(self._without_class_title(self.document.root), ())
        self.definitions.find_identities()
        if self._recursive_paths:
            schemas = self.definitions.schemas
            self.infinite = find_infinite(schemas)
            notes = explain_infinite(node.schema, schemas, self.infinite, self._recursive_paths, self.dialect)
            self.notes |= dict.fromkeys(notes)
        inner = without_description(node)
        return (
            describe(inner.node, description_of(node))
            if isinstance(inner, ReferenceNode) and inner.name != VALUE
            else node
        )

    def _without_class_title(self, root: JSON) -> JSON:
        """Return the root of a caller's schema without a title in one word, which is the format's name."""
        is_name = not self.defaults_apply and len(str(root.get("title", "")).split()) == 1
        return _without(root, "title") if is_name else root

    def _build_deep_definitions(self) -> None:
        """Build the definitions far below the root, innermost first, so that no definition is nested in many others."""
        for pointer, path in deep_definitions(self.document):
            if self.document.uses[pointer] > 1:
                self._base_depth = len(path)
                with suppress(SchemaError):  # raised again where the definition is used
                    self._reference(pointer, path)
        self._base_depth = 0

    def build(self, schema: JSONValue, path: JSONPath) -> Node:
        """Build the node of a part of the document, with its description."""
        if schema is True or schema == {}:
            return self.any_value_node()
        if len(path) - self._base_depth > MAX_PATH_LENGTH:
            self.note(path, "checked locally", "nested too deep: any value")
            return self.any_value_node()
        if not isinstance(schema, dict):
            raise UnsatisfiableSchema(f"no value can fit the schema {shorten_json(schema)}", path=path)
        reject_contradiction(schema, path)
        if "not" in schema and self.is_contained(_without(schema, "not"), schema["not"]):
            raise UnsatisfiableSchema("no value can fit: `not` excludes every value that is asked for", path=path)
        if "allOf" in schema or ("$ref" in schema and self._has_siblings(schema)):
            return self._all_of(schema, path)
        node = self._reference(schema["$ref"], path) if "$ref" in schema else self._construct(schema, path)
        node = describe(node, description_of(node), schema.get(GENERATED_DESCRIPTION))
        return describe(node, *description_texts(schema, node, self.resolve, partial(self.note, path)))

    def _has_siblings(self, schema: JSON) -> bool:
        """Return whether other keywords count beside a `$ref`: drafts before 2019-09 ignore them."""
        is_modern = not re.search(r"draft-0[3467]", str(self.document.root.get("$schema", "")))
        return is_modern and not schema.keys() <= ANNOTATIONS | {"$ref"} | CONTAINERS

    def _all_of(self, schema: JSON, path: JSONPath) -> Node:
        """Build the merged parts; definitions become a new definition, so that recursion ends in a `$ref`."""
        siblings = {key: value for key, value in schema.items() if key not in {"allOf", "$ref"} | CONTAINERS}
        parts = [part for part in schema.get("allOf", ()) if part is not True]
        parts += [{"$ref": schema["$ref"]}] if "$ref" in schema else []
        pointers = sorted({part["$ref"] for part in parts if isinstance(part, dict) and part.keys() == {"$ref"}})
        if not siblings and len(parts) == 1:
            return self.build(parts[0], path)
        if siblings or len(pointers) < len(parts):
            return self.build(self._merge([siblings, *parts], path), path)
        name = "+".join(pointers)
        if name not in self.document:
            self.document.add(name, self._merge(parts, path), uses=2)
        return self._reference(name, path)

    def _merge(self, parts: list[JSONValue], path: JSONPath) -> JSON:
        self._remaining_merges -= 1
        if self._remaining_merges < 0:
            self.note(path, "checked locally", "allOf: too much to merge")
            return {}
        merged: JSON = {}
        for part in parts:
            if part is False:
                raise UnsatisfiableSchema("no value can fit: a part of allOf is false", path=path)
            resolved = self._resolve_part(part, path)
            inner_parts = [_without(resolved, "allOf"), *resolved.get("allOf", ())]
            merged = merge(merged, self._merge(inner_parts, path) if inner_parts[1:] else resolved, path)
        return _without(merged, *CONTAINERS)

    def _construct(self, schema: JSON, path: JSONPath) -> Node:
        """Build the node of a schema without a reference: by one of BY_KEYWORD, else by its type."""
        schema = read_dependencies(schema, path)
        kind = guess_type(schema)
        if kind == "object" and has_object_alternatives(schema, self.resolve):
            return self._object_with_alternatives(schema, path)
        if schema.keys() >= {*UNIONS}:
            return self._two_unions(schema, path)
        keyword = next((word for word in BY_KEYWORD if word in schema), None)
        if keyword is not None:
            rules = _without(_without_annotations(schema), *UNIONS, *CONTAINERS, *DESCRIBED_KEYWORDS)
            return BY_KEYWORD[keyword](with_rules_in_branches(schema, rules, self.resolve), path, self)
        if isinstance(kind, list):
            return build_union({"anyOf": [{**_without_annotations(schema), "type": name} for name in kind]}, path, self)
        if kind is None or ("type" not in schema and kind in {"string", "number"}):
            return self._any_type(schema, path)
        if kind not in BY_TYPE:
            raise SchemaError(
                f"{shorten_json(kind)} is not a JSON Schema type; expected one of: {', '.join(BY_TYPE)}", path=path
            )
        return with_other_types(partial(BY_TYPE[kind], {**schema, "type": kind}), schema, path, self)

    def _two_unions(self, schema: JSON, path: JSONPath) -> Node:
        """Build `anyOf`, and describe the `oneOf` beside it: both hold at once."""
        text = state_bounds({"oneOf": schema["oneOf"]}, path, self)
        return describe(self._construct(_without(schema, "oneOf"), path), text)

    def _any_type(self, schema: JSON, path: JSONPath) -> Node:
        """Accept any value: keywords for one type accept every value of the other types."""
        for keyword in (word for word in schema if word not in ANNOTATIONS | CONTAINERS):
            self.note(path, "checked locally", f"{keyword}: it bounds values of one type only")
        texts = {kind: describe_bounds(bounds) for kind, bounds in bounds_by_type(schema).items()}
        return describe(self.any_value_node(), *(f"If it is {kind}: {text}" for kind, text in texts.items() if text))

    def _object_with_alternatives(self, schema: JSON, path: JSONPath) -> Node:
        """Build a union if every alternative has properties, and otherwise one object whose properties are optional."""
        parts = [part for word in ("anyOf", "oneOf") for part in schema.get(word, ())]
        if parts and not schema.get("properties") and all(self.resolve(part).get("properties") for part in parts):
            base = _without(_without_annotations(schema), "anyOf", "oneOf", *CONTAINERS)
            keyword = "oneOf" if "anyOf" not in schema else "anyOf"
            return build_union({keyword: [{"allOf": [base, part]} for part in parts]}, path, self)
        for word in filter(ALTERNATIVES.__contains__, schema):
            self.note(path, "checked locally", f"{word}: every property of any case is offered")
        merged = with_alternatives(schema, self.resolve)
        rules = key_rules_of_alternatives(schema, self.resolve)
        node = BY_TYPE["object"]({**_without(merged, *ALTERNATIVES), **rules, "type": "object"}, path, self)
        node = describe(node, state_bounds({word: schema[word] for word in UNIONS if word in schema}, path, self))
        return with_other_types(lambda _path, _compiler: node, schema, path, self)

    def _reference(self, pointer: str, path: JSONPath) -> Node:
        """Build a reference; a definition that is used only once, and not inside itself, is inlined."""
        name = self._name(pointer)
        if self._open_definitions.get(name) == path:  # it leads back to itself without entering a property or an item
            raise UnsatisfiableSchema(f"the $ref {pointer!r} refers to itself", path=path)
        if name in self._open_definitions:
            self._recursive_paths.setdefault(name, path)
            if not self.dialect.recursion:
                self.note(path, "rewritten", f"{name} inside itself: a JSON text")
                return json_text_node(name)
        if name in self.definitions.nodes or name in self._open_definitions:
            self._referenced_names.add(name)
            return ReferenceNode(name, self.definitions)
        self._open_definitions[name] = path
        try:
            self.document.resolve({"$ref": pointer}, path)
            node = self.build(self._target(pointer, path), path)
        finally:
            del self._open_definitions[name]
        if self.document.uses[pointer] == 1 and name not in self._referenced_names:
            return node
        self.definitions.nodes[name] = node
        return ReferenceNode(name, self.definitions)

    def _target(self, pointer: str, path: JSONPath) -> JSONValue:
        target = self.document.resolve_pointer(pointer, path)
        if target is self.document.root:
            return self._without_class_title(self.document.root)
        return without_name_as_title(target, _definition_name(pointer))

    def _resolve_part(self, part: JSONValue, path: JSONPath) -> JSON:
        resolved = self.document.resolve(part, path)
        pointer = part.get("$ref") if isinstance(part, dict) else None
        return without_name_as_title(resolved, _definition_name(pointer)) if isinstance(pointer, str) else resolved

    def resolve(self, schema: JSONValue) -> JSON:
        """Return the schema itself, or the schema that its `$ref` leads to."""
        return self.document.resolve(schema)

    def is_nullable(self, schema: JSONValue) -> bool:
        """Return whether null is valid for a part of the schema."""
        return self._nullability.accepts_null(schema)

    def opens_enum(self, values: Sequence[JSONValue]) -> bool:
        """Return whether an enum is only described."""
        return bool(self._open_enums) and json.dumps(values) in self._open_enums

    def share_enum(self, node: Node, key: str, path: JSONPath) -> Node:
        """Return the node of an enum, or a reference to it."""
        self._enum_uses[key] += 1
        if key not in self._shared_enums:
            return node
        if key not in self._enum_names:
            steps = [step for step in path if isinstance(step, str) and step != "[]"]
            self._enum_names[key] = self._unused_name(wire_name(steps[-1] if steps else "values"))
            self.definitions.nodes[self._enum_names[key]] = node
        return ReferenceNode(self._enum_names[key], self.definitions)

    @property
    def repeated_enums(self) -> frozenset[str]:
        """The enums that several places have, by the keys with which `share_enum` was called."""
        return frozenset(key for key, uses in self._enum_uses.items() if uses > 1)

    def any_value_node(self) -> Node:
        """Return a reference to the recursive definition of any JSON value, which is added on first use."""
        if not self.dialect.recursion:
            return json_text_node()
        self._define_any_value()
        return ReferenceNode(VALUE, self.definitions)

    def any_map_node(self) -> Node:
        """Return the node of a map of any values, which uses the same definitions."""
        if not self.dialect.recursion:
            return self.extra_keys_node()
        self._define_any_value()
        return AnyMapNode()

    def extra_keys_node(self) -> Node:
        """Return the node for undeclared keys."""
        self.definitions.nodes.setdefault(EXTRA, ExtraKeyNode())
        return ExtraKeysNode()

    def _define_any_value(self) -> None:
        self.definitions.nodes.setdefault(VALUE, AnyValueNode())
        self.definitions.nodes.setdefault(MEMBER, AnyMemberNode())

    def note(self, path: JSONPath, kind: NoteKind, text: str) -> None:
        """Record a note for `explain`."""
        self.notes[Note(path, kind, text)] = None

    def _name(self, pointer: str) -> str:
        if pointer not in self._names:
            self._names[pointer] = self._unused_name(wire_name(_definition_name(pointer).removeprefix("#") or "root"))
        return self._names[pointer]

    def _unused_name(self, name: str) -> str:
        """Return a name for a definition that no other one has."""
        used_names = {VALUE, MEMBER, EXTRA, *OTHER_TYPES_NAMES, *self._names.values(), *self._enum_names.values()}
        return unused_name(name, used_names)


def _definition_name(pointer: str) -> str:
    return unquote(pointer).rpartition("/")[2]


def _without(schema: JSON, *keywords: str) -> JSON:
    return {key: value for key, value in schema.items() if key not in keywords}


def _without_annotations(schema: JSON) -> JSON:
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS}
