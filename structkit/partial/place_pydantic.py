"""Places of a type that pydantic validates, by its core schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from pydantic_core import SchemaValidator, core_schema

from structkit.partial.construct import Make, dataclass_maker, model_maker, root_maker
from structkit.partial.place import Side
from structkit.partial.validation import Check, Validated
from structkit.schema.keywords import ORIGINAL_SCHEMA
from structkit.schema.nodes.node import Node
from structkit.values import ABSENT, JSONValue

RECORDS = frozenset({"model", "dataclass", "typed-dict"})
GATHERED: dict[str, Callable[[list[Any]], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
KINDS = {**dict.fromkeys(RECORDS, "record"), **dict.fromkeys(["list", *GATHERED], "list"), "dict": "map", "any": "any"}
PLAIN = {"str": str, "int": int, "float": float, "bool": bool}
AROUND = frozenset({"default", "nullable", "definitions"})
FUNCTIONS = frozenset({"function-before", "function-after", "function-wrap"})
SAID = frozenset({"type", "ref", "metadata", "serialization", "strict"})
"""Keys of a core schema that neither bound nor change a value that has its JSON type."""

LENGTHS = frozenset({"min_length", "max_length"})
CHANGES_TEXT = frozenset({"str_strip_whitespace", "str_to_lower", "str_to_upper"})


@dataclass(frozen=True)
class Cores:
    """The definitions of a core schema."""

    definitions: dict[str, Any] = field(default_factory=dict)

    def bare(self, core: Any, *, validators: bool = True) -> Any:
        """A part without what need not be known while it is open: defaults, null, a model's own *validators*."""
        while True:
            kind = core["type"]
            if ORIGINAL_SCHEMA in (core.get("metadata") or ()):
                core = core["metadata"][ORIGINAL_SCHEMA]
            elif kind == "definition-ref":
                core = self.definitions[core["schema_ref"]]
            elif kind in AROUND or (kind == "function-after" and validators and self._is_own(core)):
                core = core["schema"]
            else:
                return core

    def _is_own(self, core: Any) -> bool:
        """Whether a validator is one of the model's below, so that it gives that model."""
        inside = self.bare(core["schema"])
        decorators = getattr(inside.get("cls"), "__pydantic_decorators__", None)
        own = decorators.model_validators.values() if decorators else ()
        return any(validator.func == core["function"]["function"] for validator in own)

    def validator(self, core: Any, config: Any) -> SchemaValidator:
        """The validator of a part by itself."""
        needed = self._needed(core, {})
        if needed:
            core = core_schema.definitions_schema(core, [*needed.values()])
        return SchemaValidator(core, config, _use_prebuilt=False)

    def _needed(self, part: Any, found: dict[str, Any]) -> dict[str, Any]:
        """The definitions that a part refers to, and those they refer to."""
        if isinstance(part, dict):
            name = part.get("schema_ref")
            if part.get("type") == "definition-ref" and name not in found and name in self.definitions:
                found[name] = self.definitions[name]
                self._needed(found[name], found)
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
        for each in inside:
            if isinstance(each, dict | list | tuple):
                self._needed(each, found)
        return found


@dataclass(frozen=True)
class Typed:
    """A place of a type that pydantic validates.

    Args:
        core: The part of its core schema, made invertible.
        cores: Its definitions.
        config: The settings of the model around.
    """

    core: Any
    cores: Cores
    config: Any = None

    @property
    def _bare(self) -> Any:
        return self.cores.bare(self.core)

    @property
    def _inner(self) -> Any:
        """What a `RootModel` is around; else the place itself."""
        bare = self._bare
        return self.cores.bare(bare["schema"]) if bare.get("root_model") else bare

    @property
    def _fields(self) -> Any:
        """Where a record's fields are listed; None where something is done to them first."""
        bare = self._bare
        if bare["type"] == "typed-dict":
            return bare["fields"]
        inner = bare["schema"] if bare["type"] in RECORDS and not bare.get("root_model") else {}
        return inner.get("fields") if inner.get("type") in {"model-fields", "dataclass-args"} else None

    def is_a(self, kind: str) -> bool:
        """By the type of the core schema."""
        inner = self._inner
        if KINDS.get(inner["type"]) != kind:
            return False
        if inner["type"] in GATHERED:  # a tuple is complete or none, unless it may have any length
            return inner is self._bare and (inner["type"] != "tuple" or _is_endless(inner))
        return kind != "record" or self._fields is not None

    @property
    def underneath(self) -> Typed:
        """The place without the caller's functions around it: what they are given, or make anew."""
        core = self._under(self.core)
        has_inner = core["type"] in {"model", "dataclass"}
        return replace(self, core={**core, "schema": self._under(core["schema"])} if has_inner else core)

    def _under(self, core: Any) -> Any:
        while (core := self.cores.bare(core))["type"] in FUNCTIONS:
            core = core["schema"]
        return core

    def check(self, node: Node) -> Check:
        """By its own validator."""
        return Validated(node, lambda: self.cores.validator(self.core, self.config))

    @property
    def composed(self) -> bool:
        """Where no length is bounded, and it is a plain list or map."""
        return self._bare["type"] in {"list", "dict", "any"} and not self._bare.keys() & LENGTHS

    @property
    def grows(self) -> bool:
        """Text without a rule that a beginning could break, or that changes it; lengths are for the end."""
        if self._bare["type"] == "any":
            return True
        is_text = self._bare["type"] == "str" and self._bare.keys() <= SAID | LENGTHS
        return is_text and not _is_changed(self.config)

    @property
    def plain(self) -> type | None:
        """A scalar without bounds."""
        kind = PLAIN.get(self._bare["type"])
        return kind if self._bare.keys() <= SAID and not (kind is str and _is_changed(self.config)) else None

    def fields(self, names: Iterable[str]) -> dict[str, tuple[str, Side]]:
        """By alias, or by name."""
        wanted = {*names}
        listed = self._fields or {}
        named = listed.items() if isinstance(listed, dict) else ((each["name"], each) for each in listed)
        config = self._bare.get("config") or self.config
        return {
            alias: (name, replace(self, core=each["schema"], config=config))
            for name, each in named
            if (alias := each.get("validation_alias") or name) in wanted and not each.get("init_only")
        }

    @property
    def divisible(self) -> bool:
        """Where no code of the caller's sees one field beside another."""
        bare = self._bare
        is_looked_at = bare.get("post_init") or bare.get("custom_init") or _looks_around(self._fields)
        return not is_looked_at and self.cores.bare(self.core, validators=False) is bare

    @property
    def make(self) -> Make | None:
        """An instance of the class."""
        makers = {"model": model_maker, "dataclass": dataclass_maker}
        kind = self._bare["type"]
        return makers[kind](self._bare["cls"]) if kind in makers else None

    @property
    def dress(self) -> Callable[[Any], Any] | None:
        """A root model's, or another kind of list."""
        return root_maker(self._bare["cls"]) if self._bare.get("root_model") else GATHERED.get(self._bare["type"])

    def inside(self, what: str) -> Side | None:
        """The members' place; anything where the type does not say."""
        config = self._bare.get("config") or self.config
        inner = self._inner
        if what not in inner and inner["type"] not in {"list", "dict", "any", *GATHERED}:
            return None
        core = inner.get(what, {"type": "any"})
        return replace(self, core=core[0] if isinstance(core, list) else core, config=config)

    def key(self) -> Callable[[str, Any], Any] | None:
        """By a map of one member."""
        keys = self._inner.get("keys_schema", {"type": "any"})
        if keys["type"] in {"any", "str"} and keys.keys() <= SAID and not _is_changed(self.config):
            return None
        one = Validated(ANY_NODE, lambda: self.cores.validator(core_schema.dict_schema(keys), self.config))

        def read(text: str, context: Any) -> Any:
            found = one.value({text: None}, context)
            return ABSENT if found is ABSENT else next(iter(found))

        return read

    def branch(self, node: Node, tag: tuple[str, JSONValue] | None) -> Side | None:
        """The only branch that has the tag, or the only one of its JSON type."""
        wanted = {"object": RECORDS | {"dict"}, "array": {"list"}}[node.kind]
        bare = [(choice, self.cores.bare(choice)) for choice in self._choices(self._bare)]
        fitting = [choice for choice, inner in bare if inner["type"] in wanted]
        if tag is not None:
            fitting = [choice for choice in fitting if self._constant(choice, tag[0]) == [tag[1]]]
        return replace(self, core=fitting[0]) if len(fitting) == 1 else None

    def box(self, name: str, *, own: bool) -> Side | None:
        """What `invertible` has put into a box."""
        for choice in self._choices(self._bare):
            if own and isinstance(choice.get("function", {}).get("function"), itemgetter):
                boxed = choice["schema"]["fields"]
                if name in boxed:
                    return replace(self, core=boxed[name]["schema"])
        return None

    def _choices(self, union: Any) -> Iterator[Any]:
        """The branches of a union, and of unions in it."""
        if union["type"] not in {"union", "tagged-union"}:
            yield union
            return
        choices = union["choices"]
        for choice in choices.values() if isinstance(choices, dict) else choices:
            yield from self._choices(choice[0] if isinstance(choice, tuple) else choice)

    def _constant(self, choice: Any, name: str) -> Any:
        """The values that a record's field may have, where they are listed."""
        side = replace(self, core=choice)
        found = side.fields([name]).get(name) if side.is_a("record") else None
        return self.cores.bare(found[1].core).get("expected") if found and isinstance(found[1], Typed) else None


def _is_endless(core: Any) -> bool:
    """Whether a tuple has alike items, as many as there are."""
    return core.get("variadic_item_index") == 0 and len(core["items_schema"]) == 1


def _looks_around(part: Any) -> bool:
    """Whether a validator or a default factory gets the fields before its own."""
    if isinstance(part, dict):
        if part.get("type") == "with-info" or part.get("default_factory_takes_data"):
            return True
        return any(_looks_around(value) for key, value in part.items() if key not in {"serialization", "metadata"})
    return isinstance(part, list | tuple) and any(map(_looks_around, part))


def _is_changed(config: Any) -> bool:
    return any((config or {}).get(name) for name in CHANGES_TEXT)


class _Anything:
    """Stands for the node of what is natural JSON already."""

    is_identity = True


ANY_NODE: Any = _Anything()
