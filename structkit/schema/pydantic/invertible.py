"""A pydantic core schema made invertible: what is validated from JSON can be written back as the same JSON.

pydantic's validation and serialisation are two functions that need not be inverses: fields are
excluded, secrets masked, aliases differ, serialisers format, and a union of look-alikes forgets
which branch a value came from. `invertible` changes a copy of the schema so that they are, and
pydantic-core does the rest: the rewritten schema is compiled like any other.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from operator import itemgetter
from typing import Any, cast

from pydantic_core import SchemaValidator, core_schema

from structkit.schema.keywords import BOXED_BRANCH, ORIGINAL_SCHEMA, PYTHON_CLASS
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.pydantic.aliases import plainly_named
from structkit.schema.pydantic.constants import SPELLED
from structkit.schema.pydantic.defaults import Unreadable, comes_back
from structkit.schema.pydantic.lossless import FAITHFUL, write_bytes
from structkit.schema.pydantic.part import Alone, standing_alone, without_ref
from structkit.schema.pydantic.serializers import CHECKS, as_read, layers, without_serializer
from structkit.values import JSON

FIELDS = frozenset({"model-field", "dataclass-field", "typed-dict-field"})
NUMBERS = frozenset({"int", "float"})
MOMENTS = frozenset({"date", "datetime", "time", "timedelta"})
TEXTS = frozenset({"str", "decimal", "fraction", "uuid", "url", "multi-host-url", "bytes", "complex"}) | MOMENTS
ARRAYS = frozenset({"list", "set", "frozenset", "tuple", "deque", "generator", "named-tuple"})
OBJECTS = frozenset({"dict", "frozendict", "ordered-dict", "counter", "model", "dataclass", "typed-dict"})
INSTANCES = frozenset({"model", "dataclass"})
PLAIN = NUMBERS | TEXTS | ARRAYS | OBJECTS | {"any", "bool", "enum", "literal", "union", "tagged-union"}
"""Types whose values pydantic writes by itself."""
OURS = frozenset({"pydantic", "pydantic_core", "pydantic_extra_types"}) | (sys.stdlib_module_names - {"builtins"})
"""Serialisers from these belong to a type and are its inverse; others were written for a reader."""

PRIVATE = frozenset({"python_schema", "json_schema", "lax_schema", "strict_schema"})
"""Parts where pydantic spells out one type in several ways: a union there is not the caller's."""

WITHIN = frozenset({"items_schema", "keys_schema", "values_schema", "fields"})
"""Parts that are the caller's again."""

OPAQUE = frozenset({"metadata", "serialization", "cls", "config", "expected", "members", "default"})
"""Parts that are no schemas."""

READER_SETTINGS = frozenset({"ser_json_timedelta", "ser_json_temporal", "ser_json_inf_nan", "ser_json_bytes"})
"""Settings that change what is written but not what is shown or read."""


PYTHON_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bytes": bytes, "complex": complex}
"""Types whose values pydantic may take for those of another, even where it is strict."""

BARE = ""
"""The tag of all branches that need none."""


def invertible(schema: Any) -> Any:
    """The core schema, changed where it has to be; the very same object where it has not."""
    return _Rewrite(schema).whole()


class _Rewrite:
    """One walk over a core schema."""

    def __init__(self, schema: Any) -> None:
        self._definitions = _named(schema)
        self._schema = schema
        self._bytes = "utf8"  # how the model around writes them
        self._config: JSON = {}  # of the model around

    def whole(self) -> Any:
        """The whole schema."""
        self._schema = self.of(self._schema)
        return self._schema

    def _shared(self) -> list[Any]:
        """What references lead to, once all is rewritten."""
        return [*_named(self._schema).values()]

    def of(self, part: Any, *, private: bool = False) -> Any:
        """A part, copied only where something in it changed."""
        if isinstance(part, list | tuple):
            items = [self.of(item, private=private) for item in part]
            return part if all(map(_same, items, part)) else type(part)(items)
        if not isinstance(part, dict):
            return part
        if part.get("custom_init"):  # its __init__ validates by the class's own schema
            return part
        if not isinstance(part.get("type"), str):  # a map of names: no name in it means anything
            named = {name: self.of(value, private=private) for name, value in part.items()}
            return part if all(map(_same, named.values(), part.values())) else named
        outside = self._bytes, self._config
        self._config = part.get("config") or self._config
        self._bytes = self._config.get("val_json_bytes", self._bytes)
        changed = {key: self._inner(key, value, private=private) for key, value in part.items()}
        rewritten = self._rewritten(changed, private=private)
        self._bytes, self._config = outside
        return part if rewritten is changed and all(map(_same, changed.values(), part.values())) else rewritten

    def _inner(self, key: str, value: Any, *, private: bool) -> Any:
        """What stands under one key of a part; a serialiser may have a schema of its own."""
        if key == "serialization" and isinstance(value.get("schema"), dict):
            return {**value, "schema": self.of(value["schema"])}
        return value if key in OPAQUE else self.of(value, private=(private or key in PRIVATE) and key not in WITHIN)

    def _rewritten(self, part: JSON, *, private: bool) -> JSON:
        kind = part.get("type")
        if kind in FIELDS:
            return self._without_bad_default(plainly_named(part))
        part = self._plainly_written(part) if "serialization" in part else part
        if kind == "union" and not private:
            return self._union(part)
        if kind in SPELLED:
            return SPELLED[kind](part)
        part = _plainly_configured(part) if isinstance(part.get("config"), dict) else part
        part = as_read(part, self._alone) if kind in CHECKS else part
        if kind not in FAITHFUL or "serialization" in part or (kind == "bytes" and self._bytes != "utf8"):
            return part
        return FAITHFUL[kind](part, self._resolved)

    def _alone(self, part: Any) -> Alone:
        return Alone(part, self._shared, _plain_config(self._config))

    def _without_bad_default(self, field: JSON) -> JSON:
        """The field, left out where it has a default that its own type would not read back."""
        part = field["schema"]
        if "default" not in part or "serialization_exclude_if" in field or part["type"] != "default":
            return field
        if "serialization" not in part and comes_back(part["schema"], part["default"], self._config):
            return field
        return {**field, "serialization_exclude_if": Unreadable(part["default"], self._alone(part))}

    def _plainly_written(self, part: JSON) -> JSON:
        """Secrets in the clear, and builtin types without a serialiser that formats them for a reader."""
        serializer = part["serialization"]
        function = serializer.get("function")
        if getattr(function, "__name__", "") == "_serialize_secret_field":
            return {**part, "serialization": core_schema.plain_serializer_function_ser_schema(_reveal)}
        if getattr(function, "__name__", "") == "_serialize_secret":
            inside = part["json_schema"]["schema"]
            return {**part, "serialization": core_schema.wrap_serializer_function_ser_schema(_reveal_in, schema=inside)}
        if str(getattr(function, "__module__", "pydantic")).partition(".")[0] in OURS:
            return part
        within = layers(part, self._definitions)
        return without_serializer(part, within, self._alone) if within[-1]["type"] in PLAIN else part

    def _union(self, part: JSON) -> JSON:
        """Branches that JSON cannot tell apart get a box with their name: `{"Cat": {...}}`."""
        choices = [choice[0] if isinstance(choice, tuple) else choice for choice in part["choices"]]
        confused = _confused([self._resolved(choice) for choice in choices])
        if not confused:
            return part
        names: dict[str, Any] = {}
        for position in confused:
            names[unused_name(wire_name(_label(self._resolved(choices[position]))), names)] = choices[position]
        bare = [choice for position, choice in enumerate(choices) if position not in confused]
        tagged = {name: _box(name, choice) for name, choice in names.items()}
        if bare:
            tagged[BARE] = bare[0] if len(bare) == 1 else {**part, "choices": bare}
        resolved = {name: self._resolved(choice) for name, choice in names.items()}
        given = {**names, **({BARE: tagged[BARE]} if bare else {})}
        tell = _Tell(given, resolved, list(self._definitions.values()))
        return cast("JSON", core_schema.tagged_union_schema(tagged, tell))

    def _resolved(self, part: Any) -> Any:
        """What a branch is underneath its wrappers; marked where its JSON becomes something else in Python."""
        converted: dict[str, Any] = {}
        while True:
            if ORIGINAL_SCHEMA in part.get("metadata", ()):
                part = part["metadata"][ORIGINAL_SCHEMA]
            elif part["type"] == "definition-ref":
                part = self._definitions.get(part["schema_ref"], {"type": "any"})
            elif part["type"] in {"lax-or-strict", "json-or-python"}:
                converted = {PYTHON_CLASS: part.get("python_schema", {}).get("cls") or converted.get(PYTHON_CLASS)}
                part = part.get("strict_schema") or part["json_schema"]
            elif part["type"] in {"default", "nullable", "function-after", "function-before", "function-wrap", "json"}:
                function = part.get("function", {}).get("function")
                converted = {PYTHON_CLASS: function} if isinstance(function, type) else converted
                part = part.get("schema", {"type": "any"})
            else:
                return {**part, **converted} if converted else part


class _Tell:
    """Which branch a value belongs to: by its box in JSON, by its type in Python."""

    def __init__(self, choices: dict[str, Any], resolved: dict[str, Any], definitions: list[Any]) -> None:
        self._choices, self._types, self._definitions = choices, _types(resolved), definitions
        self._instances = {name for name, choice in resolved.items() if choice["type"] in INSTANCES}
        self.__name__ = "branch"  # pydantic names the discriminator in its errors

    def __call__(self, value: Any) -> str | None:
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self._choices:
            return str(next(iter(value)))
        if type(value) in self._types:
            return self._types[type(value)]
        for name, validator in self._validators.items():
            if name in self._instances and isinstance(value, dict):  # pydantic would take it, even where it is strict
                continue
            if validator.isinstance_python(value, strict=True):
                return name
        return BARE if BARE in self._choices else None

    @cached_property
    def _validators(self) -> dict[str, SchemaValidator]:
        whole = {name: standing_alone(choice, self._definitions) for name, choice in self._choices.items() if name}
        return {name: SchemaValidator(schema) for name, schema in whole.items()}


def _types(choices: dict[str, Any]) -> dict[type, str]:
    """The branch of each Python type that only one branch has."""
    named = [(_type(choice), name) for name, choice in choices.items()]
    counts = Counter(cls for cls, _ in named)
    return {cls: name for cls, name in named if cls is not None and counts[cls] == 1}


def _type(choice: Any) -> type | None:
    if PYTHON_CLASS in choice:
        return choice[PYTHON_CLASS] if isinstance(choice[PYTHON_CLASS], type) else None
    cls = choice.get("cls")
    return cls if isinstance(cls, type) else PYTHON_TYPES.get(choice["type"])


def _box(name: str, choice: Any) -> Any:
    """The branch under its name, opened after validation and closed by serialisation."""
    field = core_schema.typed_dict_field(choice, required=True)
    told = {"pydantic_js_updates": {BOXED_BRANCH: True}}
    box = core_schema.typed_dict_schema({name: field}, extra_behavior="forbid", metadata=told)

    def close(value: Any, write: Callable[[Any], Any]) -> Any:
        return {name: write(value)}

    closing = core_schema.wrap_serializer_function_ser_schema(close, schema=without_ref(choice))
    return core_schema.no_info_after_validator_function(itemgetter(name), box, serialization=closing)


def _confused(choices: list[Any]) -> set[int]:
    """The positions of branches that share a JSON type with another and could be taken for it."""
    found: set[int] = set()
    for kind, harmless in HARMLESS.items():
        alike = [position for position, choice in enumerate(choices) if kind in _json_kinds(choice)]
        if len(alike) > 1 and not harmless([choices[position] for position in alike]):
            found |= {*alike}
    return found


def _json_kinds(choice: Any) -> set[str]:
    kind = choice["type"]
    if kind == "literal":
        return {"string" if isinstance(value, str) else "number" for value in choice["expected"]}
    if kind == "enum":
        return {"string" if isinstance(member.value, str) else "number" for member in choice["members"]}
    return {KINDS.get(kind, str(kind))}


KINDS = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(TEXTS, "string"),
    **dict.fromkeys(ARRAYS, "array"),
    **dict.fromkeys(OBJECTS, "object"),
}


def _all_of(*names: str) -> Callable[[list[Any]], bool]:
    return lambda choices: all(choice["type"] in names and PYTHON_CLASS not in choice for choice in choices)


def _tell_themselves_apart(choices: list[Any]) -> bool:
    """Whether the objects have a property in common whose constants differ."""
    constants = [_constants(choice) for choice in choices]
    shared = set.intersection(*(set(each) for each in constants))
    return any(len({each[name] for each in constants}) == len(choices) for name in shared)


HARMLESS: dict[str, Callable[[list[Any]], bool]] = {
    "string": _all_of("str", "literal"),
    "number": _all_of("int", "float", "literal"),
    "array": _all_of("list"),
    "object": _tell_themselves_apart,
}
"""For each JSON type, when several branches of it need no boxes: their values say which they are."""


def _constants(choice: Any) -> dict[str, str]:
    """The properties that can have one value only."""
    inner = choice.get("schema", {})
    inner = inner if choice["type"] in INSTANCES else choice
    fields = inner.get("fields", {})
    named = (
        fields.items() if isinstance(fields, dict) else ((field["name"], field) for field in fields if "name" in field)
    )
    found: dict[str, str] = {}
    for name, field in named:
        schema = field["schema"]
        schema = schema["schema"] if schema["type"] == "default" else schema
        if schema["type"] == "literal" and len(schema["expected"]) == 1:
            found[name] = repr(schema["expected"][0])
    return found


def _label(choice: Any) -> str:
    return str(getattr(choice.get(PYTHON_CLASS) or choice.get("cls"), "__name__", choice["type"]))


def _plainly_configured(part: JSON) -> JSON:
    config = _plain_config(part["config"])
    return part if config is part["config"] else {**part, "config": config}


def _plain_config(config: JSON) -> JSON:
    """The settings, without those for readers."""
    if not config.keys() & READER_SETTINGS:
        return config
    plain = {key: value for key, value in config.items() if key not in READER_SETTINGS}
    return {**plain, "ser_json_bytes": plain.get("val_json_bytes", "utf8")}


def _reveal(secret: Any) -> Any:
    value = secret.get_secret_value()
    return write_bytes(value) if isinstance(value, bytes) else value


def _reveal_in(secret: Any, write: Callable[[Any], Any]) -> Any:
    return write(secret.get_secret_value())


def _walk(part: Any) -> Iterable[JSON]:
    if isinstance(part, dict):
        is_schema = isinstance(part.get("type"), str)
        if is_schema:
            yield part
        for key, value in part.items():
            if not is_schema or key not in OPAQUE:
                yield from _walk(value)
    elif isinstance(part, list | tuple):
        for item in part:
            yield from _walk(item)


def _named(schema: Any) -> dict[str, JSON]:
    return {part["ref"]: part for part in _walk(schema) if "ref" in part}


def _same(first: object, second: object) -> bool:
    return first is second
