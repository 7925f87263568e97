"""Places of a type that pydantic validates, described by its core schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from pydantic_core import SchemaValidator, core_schema

from structkit.partial.construct import InstanceFactory, dataclass_factory, model_factory, root_model_factory
from structkit.partial.loaders import PydanticLoader, ValueLoader
from structkit.partial.place import TypePlace
from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.schema.nodes.node import Node
from structkit.schema.pydantic.aliases import field_alias
from structkit.schema.pydantic.json_validator import compile_validator
from structkit.values import ABSENT, JSONValue

OBJECT_TYPES = frozenset({"model", "dataclass", "typed-dict"})
LIST_CLASSES: dict[str, Callable[[list[Any]], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
KINDS = {
    **dict.fromkeys(OBJECT_TYPES, "object"),
    **dict.fromkeys(["list", *LIST_CLASSES], "list"),
    "dict": "map",
    "any": "any",
}
SCALAR_CLASSES = {"str": str, "int": int, "float": float, "bool": bool}
WRAPPER_TYPES = frozenset({"default", "nullable", "definitions"})
FUNCTION_TYPES = frozenset({"function-before", "function-after", "function-wrap"})
NEUTRAL_KEYS = frozenset({"type", "ref", "metadata", "serialization", "strict"})
"""Keys of a core schema that neither constrain nor change a value of the right JSON type."""

LENGTH_KEYS = frozenset({"min_length", "max_length"})
TEXT_CHANGES = frozenset({"str_strip_whitespace", "str_to_lower", "str_to_upper"})


@dataclass(frozen=True)
class CoreDefinitions:
    """The definitions of a core schema."""

    definitions: dict[str, Any] = field(default_factory=dict)

    def resolve(self, core: Any, *, skips_model_validators: bool = True) -> Any:
        """Return a core schema without what only matters when its value is complete.

        Removed are references, defaults, null, and a model's own "after" validators.
        """
        while True:
            kind = core["type"]
            if ORIGINAL_SCHEMA in (core.get("metadata") or ()):
                core = core["metadata"][ORIGINAL_SCHEMA]
            elif kind == "definition-ref":
                core = self.definitions[core["schema_ref"]]
            elif kind in WRAPPER_TYPES or (skips_model_validators and self._is_model_validator(core)):
                core = core["schema"]
            else:
                return core

    def _is_model_validator(self, core: Any) -> bool:
        """Return whether it is an "after" validator of the model inside, so that its result is that model."""
        if core["type"] != "function-after":
            return False
        inner = self.resolve(core["schema"])
        decorators = getattr(inner.get("cls"), "__pydantic_decorators__", None)
        validators = decorators.model_validators.values() if decorators else ()
        return any(validator.func == core["function"]["function"] for validator in validators)

    def validator(self, core: Any, config: Any) -> SchemaValidator:
        """Return the validator of a core schema by itself."""
        return compile_validator(self.complete(core), config)

    def complete(self, core: Any) -> Any:
        """Return a core schema with the definitions that it refers to."""
        referenced = self._referenced(core, {})
        return core_schema.definitions_schema(core, [*referenced.values()]) if referenced else core

    def _referenced(self, part: Any, referenced: dict[str, Any]) -> dict[str, Any]:
        """Add the definitions that a part refers to, directly or through others, and return them all."""
        if isinstance(part, dict):
            name = part.get("schema_ref")
            if part.get("type") == "definition-ref" and name not in referenced and name in self.definitions:
                referenced[name] = self.definitions[name]
                self._referenced(referenced[name], referenced)
        children = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
        for child in children:
            if isinstance(child, dict | list | tuple):
                self._referenced(child, referenced)
        return referenced


@dataclass(frozen=True)
class PydanticPlace:
    """A place of a type that pydantic validates.

    Args:
        core: The core schema of the place, made invertible.
        cores: The definitions that it refers to.
        config: The configuration of the model around.
    """

    core: Any
    cores: CoreDefinitions
    config: Any = None

    @property
    def _resolved_core(self) -> Any:
        return self.cores.resolve(self.core)

    @property
    def _root_core(self) -> Any:
        """The core schema inside a `RootModel`; of any other type, its own."""
        core = self._resolved_core
        return self.cores.resolve(core["schema"]) if core.get("root_model") else core

    @property
    def _field_cores(self) -> Any:
        """The fields of an object; None if a function is applied to them first."""
        core = self._resolved_core
        if core["type"] == "typed-dict":
            return core["fields"]
        inner = core["schema"] if core["type"] in OBJECT_TYPES and not core.get("root_model") else {}
        return inner.get("fields") if inner.get("type") in {"model-fields", "dataclass-args"} else None

    def is_a(self, kind: str) -> bool:
        """Return whether the type of the core schema is of a kind."""
        core = self._root_core
        if KINDS.get(core["type"]) != kind:
            return False
        if core["type"] in LIST_CLASSES:  # a tuple of fixed length has no valid part
            return core is self._resolved_core and (core["type"] != "tuple" or _has_any_length(core))
        return kind != "object" or self._field_cores is not None

    @property
    def without_functions(self) -> PydanticPlace:
        """The place without the caller's functions around it, which see or replace the value."""
        core = self._strip_functions(self.core)
        has_inner = core["type"] in {"model", "dataclass"}
        return replace(self, core={**core, "schema": self._strip_functions(core["schema"])} if has_inner else core)

    def _strip_functions(self, core: Any) -> Any:
        while (core := self.cores.resolve(core))["type"] in FUNCTION_TYPES:
            core = core["schema"]
        return core

    def loader(self, node: Node) -> ValueLoader:
        """Return a loader that validates by this part of the type."""
        return PydanticLoader(node, lambda: self.cores.validator(self.core, self.config))

    @property
    def is_unconstrained(self) -> bool:
        """Whether it is a plain list or map of any length."""
        core = self._resolved_core
        return core["type"] in {"list", "dict", "any"} and not core.keys() & LENGTH_KEYS

    @property
    def streams_text(self) -> bool:
        """Whether it is text without constraints that an incomplete text could break, and without changes to it.

        Lengths do not count, because they are validated at the end.
        """
        core = self._resolved_core
        if core["type"] == "any":
            return True
        is_text = core["type"] == "str" and core.keys() <= NEUTRAL_KEYS | LENGTH_KEYS
        return is_text and not _changes_text(self.config)

    @property
    def passthrough_type(self) -> type | None:
        """The class of a scalar without constraints."""
        core = self._resolved_core
        scalar_class = SCALAR_CLASSES.get(core["type"])
        is_changed = scalar_class is str and _changes_text(self.config)
        return scalar_class if core.keys() <= NEUTRAL_KEYS and not is_changed else None

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, TypePlace]]:
        """Return the attributes and places of fields, by alias or name."""
        requested = {*names}
        cores = self._field_cores or {}
        named_cores = cores.items() if isinstance(cores, dict) else ((each["name"], each) for each in cores)
        config = self._resolved_core.get("config") or self.config
        return {
            alias: (name, replace(self, core=each["schema"], config=config))
            for name, each in named_cores
            if (alias := field_alias(name, each)) in requested and not each.get("init_only")
        }

    @property
    def has_independent_fields(self) -> bool:
        """Whether none of the caller's code sees more than one field."""
        core = self._resolved_core
        sees_object = core.get("post_init") or core.get("custom_init") or _sees_other_fields(self._field_cores)
        return not sees_object and self.cores.resolve(self.core, skips_model_validators=False) is core

    @property
    def factory(self) -> InstanceFactory | None:
        """The factory of the class."""
        factories = {"model": model_factory, "dataclass": dataclass_factory}
        core = self._resolved_core
        return factories[core["type"]](core["cls"]) if core["type"] in factories else None

    @property
    def wrap(self) -> Callable[[Any], Any] | None:
        """The factory of a root model, or the class of a tuple or set."""
        core = self._resolved_core
        return root_model_factory(core["cls"]) if core.get("root_model") else LIST_CLASSES.get(core["type"])

    def member(self, key: str) -> TypePlace | None:
        """Return the place of the members; of any value if the type does not have one for them."""
        config = self._resolved_core.get("config") or self.config
        core = self._root_core
        if key not in core and core["type"] not in {"list", "dict", "any", *LIST_CLASSES}:
            return None
        member = core.get(key, {"type": "any"})
        return replace(self, core=member[0] if isinstance(member, list) else member, config=config)

    def key_loader(self) -> Callable[[str, Any], Any] | None:
        """Return a function that validates a map with that key only."""
        core = self._root_core.get("keys_schema", {"type": "any"})
        if core["type"] in {"any", "str"} and core.keys() <= NEUTRAL_KEYS and not _changes_text(self.config):
            return None
        loader = PydanticLoader(IDENTITY_NODE, lambda: self.cores.validator(core_schema.dict_schema(core), self.config))

        def load_key(text: str, context: Any) -> Any:
            value = loader.load({text: None}, context)
            return ABSENT if value is ABSENT else next(iter(value))

        return load_key

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> TypePlace | None:
        """Return the place of the only branch with the tag, or of the only one of the node's JSON type."""
        types = {"object": OBJECT_TYPES | {"dict"}, "array": {"list"}}[node.kind]
        choices = [each for each in self._choices(self._resolved_core) if self.cores.resolve(each)["type"] in types]
        if tag is not None:
            choices = [choice for choice in choices if self._constants(choice, tag[0]) == [tag[1]]]
        return replace(self, core=choices[0]) if len(choices) == 1 else None

    def box(self, key: str, *, is_natural: bool) -> TypePlace | None:
        """Return the place that `invertible` has put into a box."""
        for choice in self._choices(self._resolved_core):
            if is_natural and isinstance(choice.get("function", {}).get("function"), itemgetter):
                fields = choice["schema"]["fields"]
                if key in fields:
                    return replace(self, core=fields[key]["schema"])
        return None

    def _choices(self, union: Any) -> Iterator[Any]:
        """Yield the branches of a union, and of unions in it."""
        if union["type"] not in {"union", "tagged-union"}:
            yield union
            return
        choices = union["choices"]
        for choice in choices.values() if isinstance(choices, dict) else choices:
            yield from self._choices(choice[0] if isinstance(choice, tuple) else choice)

    def _constants(self, choice: Any, name: str) -> Any:
        """Return the values that the field of an object may have, if they are listed."""
        place = replace(self, core=choice)
        fields = place.fields([name]) if place.is_a("object") else {}
        _, field_place = fields.get(name, ("", None))
        return self.cores.resolve(field_place.core).get("expected") if isinstance(field_place, PydanticPlace) else None


def _has_any_length(core: Any) -> bool:
    """Return whether a tuple has any number of items of one type."""
    return core.get("variadic_item_index") == 0 and len(core["items_schema"]) == 1


def _sees_other_fields(part: Any) -> bool:
    """Return whether a validator or a default factory gets the values of earlier fields."""
    if isinstance(part, dict):
        if part.get("type") == "with-info" or part.get("default_factory_takes_data"):
            return True
        return any(_sees_other_fields(value) for key, value in part.items() if key not in {"serialization", "metadata"})
    return isinstance(part, list | tuple) and any(map(_sees_other_fields, part))


def _changes_text(config: Any) -> bool:
    return any((config or {}).get(name) for name in TEXT_CHANGES)


class _IdentityNode:
    """A node of values whose wire JSON is their natural JSON."""

    is_identity = True


IDENTITY_NODE: Any = _IdentityNode()
