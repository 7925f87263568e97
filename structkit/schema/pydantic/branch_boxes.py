"""Unions of a core schema whose branches JSON cannot tell apart: each such branch gets a box, `{"Cat": {...}}`."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, cast

from pydantic_core import SchemaValidator, ValidationError, core_schema

from structkit.schema.keywords import BOXED_BRANCH, PYTHON_CLASS
from structkit.schema.naming import unused_name, wire_name
from structkit.schema.pydantic.aliases import named_fields
from structkit.schema.pydantic.part import with_definitions, without_ref
from structkit.values import JSON

NUMBERS = frozenset({"int", "float"})
TEMPORAL = frozenset({"date", "datetime", "time", "timedelta"})
TEXTS = frozenset({"str", "decimal", "fraction", "uuid", "url", "multi-host-url", "bytes", "complex"}) | TEMPORAL
ARRAYS = frozenset({"list", "set", "frozenset", "tuple", "deque", "generator", "named-tuple"})
OBJECTS = frozenset({"dict", "frozendict", "ordered-dict", "counter", "model", "dataclass", "typed-dict"})
INSTANCES = frozenset({"model", "dataclass"})

CONSTANTS = frozenset({"enum", "literal"})
COERCIBLE = frozenset({"int", "float", "bool", "decimal", "complex"}) | TEMPORAL
"""Types that pydantic also reads from JSON of another type: a duration from a number, a number from a string."""

PYTHON_TYPES: dict[str, type] = {
    **{cls.__name__: cls for cls in (str, int, float, bool, bytes, complex)},
    **{cls.__name__: cls for cls in (dt.date, dt.datetime, dt.time, dt.timedelta)},
    "decimal": Decimal,
}
"""Types whose values pydantic may accept as those of another type, even in strict mode."""

UNBOXED = ""
"""The tag of all branches without a box."""


def box_ambiguous_branches(part: JSON, resolve: Callable[[Any], Any], definitions: dict[str, Any]) -> JSON:
    """Return the union with its ambiguous branches boxed under their names.

    Args:
        part: The union's core schema.
        resolve: Returns what a branch is without wrappers and references.
        definitions: The named parts of the whole schema.
    """
    choices = [choice[0] if isinstance(choice, tuple) else choice for choice in part["choices"]]
    ambiguous = _ambiguous_positions([resolve(choice) for choice in choices])
    if not ambiguous:
        return part
    by_name: dict[str, Any] = {}
    for position in ambiguous:
        by_name[unused_name(wire_name(_branch_name(resolve(choices[position]))), by_name)] = choices[position]
    unambiguous = [choice for position, choice in enumerate(choices) if position not in ambiguous]
    tagged = {name: _box(name, choice) for name, choice in by_name.items()}
    if unambiguous:
        tagged[UNBOXED] = unambiguous[0] if len(unambiguous) == 1 else {**part, "choices": unambiguous}
    resolved = {name: resolve(choice) for name, choice in by_name.items()}
    branches = {**by_name, **({UNBOXED: tagged[UNBOXED]} if unambiguous else {})}
    discriminator = _Discriminator(branches, resolved, list(definitions.values()))
    return cast("JSON", core_schema.tagged_union_schema(tagged, discriminator))


class _Discriminator:
    """Finds the branch of a value: by its box in JSON, by its type in Python."""

    def __init__(self, branches: dict[str, Any], resolved: dict[str, Any], definitions: list[Any]) -> None:
        self._branches, self._names_by_type, self._definitions = branches, _names_by_type(resolved), definitions
        self._instances = {name for name, branch in resolved.items() if branch["type"] in INSTANCES}
        self._constants = {name for name, branch in resolved.items() if branch["type"] in CONSTANTS}
        self.__name__ = "branch"  # pydantic's errors contain it

    def __call__(self, value: Any) -> str | None:
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self._branches:
            return str(next(iter(value)))
        if type(value) in self._names_by_type:
            return self._names_by_type[type(value)]
        for name, validator in self._validators.items():
            if name in self._instances and isinstance(value, dict):  # pydantic accepts a dict, even in strict mode
                continue
            if validator.isinstance_python(value, strict=True):
                return name
        return UNBOXED if UNBOXED in self._branches else None

    @cached_property
    def _validators(self) -> dict[str, SchemaValidator]:
        schemas = {name: with_definitions(branch, self._definitions) for name, branch in self._branches.items() if name}
        names = sorted(schemas, key=lambda name: name not in self._constants)  # pydantic's int accepts an IntEnum too
        return {name: SchemaValidator(schemas[name]) for name in names}


def _names_by_type(branches: dict[str, Any]) -> dict[type, str]:
    """Return the branch of each Python type that only one branch has."""
    types = [(_python_type(branch), name) for name, branch in branches.items()]
    counts = Counter(cls for cls, _ in types)
    return {cls: name for cls, name in types if cls is not None and counts[cls] == 1}


def _python_type(branch: Any) -> type | None:
    if PYTHON_CLASS in branch:
        return branch[PYTHON_CLASS] if isinstance(branch[PYTHON_CLASS], type) else None
    cls = branch.get("cls")
    return cls if isinstance(cls, type) else PYTHON_TYPES.get(branch["type"])


def _box(name: str, branch: Any) -> Any:
    """Return the branch under its name: unboxed after validation, boxed by serialization."""
    field = core_schema.typed_dict_field(branch, required=True)
    metadata = {"pydantic_js_updates": {BOXED_BRANCH: True}}
    box = core_schema.typed_dict_schema({name: field}, extra_behavior="forbid", metadata=metadata)

    def write(value: Any, write_branch: Callable[[Any], Any]) -> Any:
        return {name: write_branch(value)}

    serialization = core_schema.wrap_serializer_function_ser_schema(write, schema=without_ref(branch))
    return core_schema.no_info_after_validator_function(itemgetter(name), box, serialization=serialization)


def _ambiguous_positions(branches: list[Any]) -> set[int]:
    """Return the positions of branches that have the JSON type of another branch and could be taken for it."""
    ambiguous: set[int] = set()
    for name, are_distinguishable in DISTINGUISHABLE.items():
        positions = [position for position, branch in enumerate(branches) if name in _json_types(branch)]
        if len(positions) > 1 and not are_distinguishable([branches[position] for position in positions]):
            ambiguous |= {*positions}
    return ambiguous.union(*_coerced_constants(branches))


def _coerced_constants(branches: list[Any]) -> Iterator[set[int]]:
    """Yield the positions of each pair of branches where one reads a constant of the other as its own value."""
    for position, branch in enumerate(branches):
        for other_position, other in enumerate(branches):
            if branch["type"] in COERCIBLE and any(
                _is_readable(branch["type"], text) for text in _constant_texts(other)
            ):
                yield {position, other_position}


def _constant_texts(branch: Any) -> list[str]:
    """Return the JSON texts of an enum's members: pydantic may read these as a value of another branch."""
    values = [member.value for member in branch["members"]] if branch["type"] == "enum" else []
    if branch["type"] == "literal" and PYTHON_CLASS in branch:  # a literal of members
        values = branch["expected"]
    return [json.dumps(value, default=repr) for value in values]


@cache
def _is_readable(kind: str, text: str) -> bool:
    """Return whether pydantic reads a JSON text as a value of a simple type."""
    try:
        SchemaValidator(cast("Any", {"type": kind})).validate_json(text)
    except ValidationError:
        return False
    return True


def _json_types(branch: Any) -> set[str]:
    kind = branch["type"]
    if kind == "literal":
        return {"string" if isinstance(value, str) else "number" for value in branch["expected"]}
    if kind == "enum":
        return {"string" if isinstance(member.value, str) else "number" for member in branch["members"]}
    return {JSON_TYPES.get(kind, str(kind))}


JSON_TYPES = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(TEXTS, "string"),
    **dict.fromkeys(ARRAYS, "array"),
    **dict.fromkeys(OBJECTS, "object"),
}
"""The JSON type of values, by the type of their core schema."""


def _are_all(*kinds: str) -> Callable[[list[Any]], bool]:
    return lambda branches: all(branch["type"] in kinds and PYTHON_CLASS not in branch for branch in branches)


def _have_different_constants(branches: list[Any]) -> bool:
    """Return whether the objects have a common property with a different constant in each."""
    constants = [_constants(branch) for branch in branches]
    common = set.intersection(*(set(each) for each in constants))
    return any(len({each[name] for each in constants}) == len(branches) for name in common)


DISTINGUISHABLE: dict[str, Callable[[list[Any]], bool]] = {
    "string": _are_all("str", "literal"),
    "number": _are_all("int", "float", "literal"),
    "array": _are_all("list"),
    "object": _have_different_constants,
}
"""For each JSON type, whether the values of several such branches differ without boxes."""


def _constants(branch: Any) -> dict[str, str]:
    """Return the properties that can have one value only, each with the value's repr."""
    inner = branch.get("schema", {}) if branch["type"] in INSTANCES else branch
    constants: dict[str, str] = {}
    for name, field in named_fields(inner.get("fields", {})):
        schema = field["schema"]
        schema = schema["schema"] if schema["type"] == "default" else schema
        if schema["type"] == "literal" and len(schema["expected"]) == 1:
            constants[name] = repr(schema["expected"][0])
    return constants


def _branch_name(branch: Any) -> str:
    return str(getattr(branch.get(PYTHON_CLASS) or branch.get("cls"), "__name__", branch["type"]))
