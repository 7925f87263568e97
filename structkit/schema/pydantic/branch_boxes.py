"""Unions of a core schema whose branches JSON cannot tell apart: each such branch gets a box, `{"Cat": {...}}`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import wraps
from operator import is_, itemgetter
from typing import Any, cast

from pydantic_core import core_schema

from structkit.schema.keywords import BOXED_BRANCH, PYTHON_CLASS, UNBOXED
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.pydantic.aliases import field_alias
from structkit.schema.pydantic.ambiguity import Ambiguity, object_fields
from structkit.schema.pydantic.branch_choice import BranchChoice
from structkit.schema.pydantic.caller_functions import unwrap_function
from structkit.schema.pydantic.json_form import INSTANCES, READERS, JSONForm, json_form
from structkit.schema.pydantic.part import (
    SchemaPart,
    inner_values,
    is_schema,
    python_only_choices,
    union_choices,
    without_ref,
)
from structkit.schema.pydantic.serializers import is_of_library, layers, restricted_to_input_type
from structkit.values import JSON

CLASS_CHANGES = frozenset({"function-after", "function-wrap", "function-plain"})
"""Types of core schemas with a function that may return an instance of another class, such as a member's value."""

INPUT_WRAPPERS = READERS | {"function-after", "nullable"}
"""Types of core schemas that may be between a validator and the union whose JSON it gets."""

JSON_TYPES = (dict, list, str, int, float)
"""The classes of values of JSON other than null."""


class UnionRewrite:
    """The rewrite of unions: each value is written in the branch that reads it back.

    Args:
        resolve: Returns what a branch is without wrappers and references.
        definitions: The named parts of the whole schema.
        compile_part: Compiles a part separately.
        config: The settings of the model that contains the union.
    """

    def __init__(
        self,
        resolve: Callable[[Any], Any],
        definitions: dict[str, Any],
        compile_part: Callable[[Any], SchemaPart],
        config: JSON,
    ) -> None:
        """Store what the rewrite needs to know of what contains the union."""
        self._resolve, self._definitions, self._compile_part = resolve, definitions, compile_part
        self._config: Any = {key: value for key, value in config.items() if key != "title"}

    def union(self, part: JSON) -> JSON:
        """Return a union with its ambiguous branches boxed under their names."""
        original = union_choices(part)
        python_only = python_only_choices(part)
        choices = [_without_json(choice) if choice in python_only else choice for choice in original]
        choices = [restricted_to_input_type(choice, self._definitions, self._compile_part) for choice in choices]
        part = part if all(map(is_, choices, original)) else {**part, "choices": choices}
        boxes = self._boxes(choices)
        return self._boxed(part, choices, boxes) if boxes else self._unboxed(part, choices)

    def _unboxed(self, part: JSON, choices: list[Any]) -> JSON:
        """Return a union without boxes; where a function writes a branch, it could write the values of others, too."""
        if any(map(self._is_json_value, choices[1:])):  # from JSON, pydantic would read an integer as a float before it
            choices = sorted(choices, key=self._is_json_value, reverse=True)
            part = {**part, "choices": choices}
        is_ambiguous = any(map(self._may_read_other_types, choices))
        if is_ambiguous or any(self._is_written_by_function(choice, frozenset()) for choice in choices):
            branches = {str(position): choice for position, choice in enumerate(choices)}
            resolved = {name: self._resolve(branch) for name, branch in branches.items()}
            choice = self._choice(branches, resolved, union=part, is_ambiguous=is_ambiguous)
            return {**part, "serialization": core_schema.plain_serializer_function_ser_schema(choice.write)}
        return part

    def tagged_by_function(self, part: JSON) -> JSON:
        """Return a union whose discriminator is a function, written without it: the function may read JSON only."""
        branches = {str(tag): choice for tag, choice in part["choices"].items()}
        resolved = {tag: self._resolve(choice) for tag, choice in branches.items()}
        choice = self._choice(branches, resolved, union=part, is_ambiguous=True)
        return {**part, "serialization": core_schema.plain_serializer_function_ser_schema(choice.write)}

    def nullable(self, part: JSON) -> JSON:
        """Return a nullable type, boxed where one of its own values is written as null."""
        form = self._form(part["schema"])
        if form.is_native or "null" not in form.types:
            return part
        return self.union({**part, "type": "union", "choices": [{"type": "none"}, part["schema"]]})

    def _boxes(self, choices: list[Any]) -> dict[str, int]:
        """Return the names of the boxes and the positions of the branches in them: all that JSON cannot tell apart."""
        boxes: dict[str, int] = {}
        for position in sorted(Ambiguity(self._resolve, self._form).positions(choices)):
            boxes[unused_name(_branch_name(self._resolve(choices[position])), boxes)] = position
        unboxed = {*range(len(choices))}.difference(boxes.values()) if boxes else ()
        for position in unboxed:
            if self._may_look_boxed(choices[position], boxes.keys()):
                boxes[unused_name(_branch_name(self._resolve(choices[position])), boxes)] = position
        return boxes

    def _may_look_boxed(self, choice: Any, names: Collection[str]) -> bool:
        """Return whether a value of a branch may be an object with only one key, which is the name of a box."""
        branch = self._resolve(choice)
        if "object" not in self._form(choice).types:
            return False
        if branch["type"] not in {*INSTANCES, "typed-dict"} or branch.get("root_model"):
            return True
        extra_keys = branch.get("extra_behavior") or (branch.get("config") or {}).get("extra_fields_behavior")
        aliases = (field_alias(name, field) for name, field in object_fields(branch))
        return extra_keys == "allow" or any(alias in names for alias in aliases)

    def _boxed(self, part: JSON, choices: list[Any], boxes: dict[str, int]) -> JSON:
        by_name = {name: choices[position] for name, position in boxes.items()}
        boxed = {*boxes.values()}
        unboxed = [choice for position, choice in enumerate(choices) if position not in boxed]
        tagged = {name: _box(name, choice, self._config) for name, choice in by_name.items()}
        if unboxed:
            remaining = {**without_ref(part), "choices": unboxed}
            tagged[UNBOXED] = unboxed[0] if len(unboxed) == 1 else self._unboxed(remaining, unboxed)
        branches = {**by_name, **({UNBOXED: tagged[UNBOXED]} if unboxed else {})}
        resolved: dict[str, Any] = {name: self._resolve(choice) for name, choice in by_name.items()}
        resolved |= {UNBOXED: [self._resolve(choice) for choice in unboxed]} if unboxed else {}
        choice = self._choice(branches, resolved, boxes=by_name)
        schema = core_schema.tagged_union_schema(
            tagged,
            _BoxReader(frozenset(branches), choice, texts_are_boxed=self._are_texts_boxed(by_name.values(), unboxed)),
            ref=part.get("ref"),
            metadata=_texts(part),
            serialization=core_schema.plain_serializer_function_ser_schema(choice.write),
        )
        return cast("JSON", schema)

    def _are_texts_boxed(self, boxed: Iterable[Any], unboxed: Iterable[Any]) -> bool:
        """Return whether a text can be a value in a box only, so that no number or boolean is read from it."""
        forms = [*map(self._form, unboxed)]
        may_be_unboxed = any(form.may_read_any or not form.types or "string" in form.types for form in forms)
        return not may_be_unboxed and any("string" in self._form(choice).types for choice in boxed)

    def _choice(self, branches: dict[str, Any], resolved: dict[str, Any], **settings: Any) -> BranchChoice:
        all_layers = (layer for branch in branches.values() for layer in layers(branch, self._definitions))
        may_change_classes = any(layer["type"] in CLASS_CHANGES for layer in all_layers)
        return BranchChoice(branches, resolved, self._compile_part, may_change_classes=may_change_classes, **settings)

    def _may_read_other_types(self, choice: Any) -> bool:
        """Return whether a function of the caller's gets the JSON before a class does, and may read all types of it."""
        is_class = has_reader = False
        while isinstance(choice, dict):
            is_class |= choice["type"] in INSTANCES
            has_reader |= choice["type"] in READERS and not is_of_library(choice["function"])
            ref = choice.get("schema_ref")
            choice = choice.get("schema") if ref is None else self._definitions.get(ref)
        return is_class and has_reader

    def _is_json_value(self, choice: Any) -> bool:
        """Return whether a branch is `JsonValue`, which from JSON is any value, and from Python is not."""
        return bool(choice["type"] != "any" and self._resolve(choice)["type"] == "any")

    def _form(self, choice: Any) -> JSONForm:
        return json_form(choice, self._definitions)

    def _is_written_by_function(self, part: Any, entered_refs: frozenset[str]) -> bool:
        """Return whether a function writes the values, or values in them, and does not look at their class."""
        if isinstance(part, list | tuple):
            return any(self._is_written_by_function(item, entered_refs) for item in part)
        if not isinstance(part, dict):
            return False
        if is_schema(part):
            if part["type"] in INSTANCES:
                return False
            if "serialization" in part:
                return True
            ref = part.get("schema_ref")
            if ref in self._definitions and ref not in entered_refs:
                return self._is_written_by_function(self._definitions[ref], entered_refs | {ref})
        return any(self._is_written_by_function(inner, entered_refs) for inner in inner_values(part))


def with_unboxed_input(part: JSON) -> JSON:
    """Return a validator whose function gets the value in a box, as its branch reads it, and not the box."""
    inner = part["schema"]
    while inner["type"] in INPUT_WRAPPERS:
        inner = inner["schema"]
    reader = inner.get("discriminator")
    if not isinstance(reader, _BoxReader) or is_of_library(part["function"]):
        return part
    function = part["function"]["function"]

    @wraps(unwrap_function(function))
    def validate(value: Any, *arguments: Any) -> Any:
        name = reader.box_name(value)
        if name is None or name == UNBOXED:
            return function(value, *arguments)
        content = value[name]
        if part["type"] == "function-before":
            return reader.in_box(function(content, *arguments), name, content)
        handler, *information = arguments
        return function(content, lambda inner: handler(reader.in_box(inner, name, content)), *information)

    return {**part, "function": {**part["function"], "function": validate}}


class _BoxReader:
    """The branch of a JSON value, by its box."""

    def __init__(self, names: frozenset[str], choice: BranchChoice, *, texts_are_boxed: bool) -> None:
        self.__name__ = "branch"  # pydantic's errors contain it
        self._names, self._choice, self._texts_are_boxed = names, choice, texts_are_boxed

    def box_name(self, value: Any) -> str | None:
        """Return the name of the box that a value is in."""
        name = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
        return str(name) if name in self._names else None

    def in_box(self, value: Any, name: str, content: Any) -> Any:
        """Return what a validator has made of the content of a box: an instance in the box of its class."""
        if value is not content and not isinstance(value, JSON_TYPES):
            own_name = self._choice.by_class(value)
            name = (UNBOXED if value is None else name) if own_name is None else own_name
        return value if name == UNBOXED else {name: value}

    def __call__(self, value: Any) -> str | None:
        if (name := self.box_name(value)) is not None:
            return name
        lacks_box = UNBOXED not in self._names or (self._texts_are_boxed and isinstance(value, str))
        return self._choice.by_class(value) if lacks_box else UNBOXED  # the former reports the missing box


def _texts(part: JSON) -> JSON | None:
    """Return the metadata of a union by which it is described, as far as it does not depend on its form."""
    updates = (part.get("metadata") or {}).get("pydantic_js_updates") or {}
    texts = {word: updates[word] for word in ("title", "description", "examples", "deprecated") if word in updates}
    return {"pydantic_js_updates": texts} if texts else None


def _without_json(choice: Any) -> Any:
    """Return a branch that no reply can be, and that writes no value: pydantic writes some as another branch's."""

    def reject(value: Any) -> Any:
        raise TypeError(f"an instance of {type(value).__name__} has no JSON form")

    return {**choice, "serialization": core_schema.plain_serializer_function_ser_schema(reject)}


def _branch_name(branch: Any) -> str:
    """Return the name of a branch: of its class, or of its kind."""
    kind = branch["type"] if branch["type"].isidentifier() and branch["type"] != "union" else "option"
    return wire_name(str(getattr(branch.get(PYTHON_CLASS) or branch.get("cls"), "__name__", kind)))


def _box(name: str, branch: Any, config: Any) -> Any:
    """Return the branch under its name, unboxed after validation; `BranchChoice` writes the box."""
    field = core_schema.typed_dict_field(branch, required=True)
    metadata = {"pydantic_js_updates": {BOXED_BRANCH: True}}
    box = core_schema.typed_dict_schema({name: field}, extra_behavior="forbid", config=config, metadata=metadata)

    return core_schema.no_info_after_validator_function(itemgetter(name), box)
