"""The branches of a union that JSON cannot tell apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from typing import Any, cast

from pydantic_core import SchemaValidator, ValidationError

from structkit.schema.keywords import PYTHON_CLASS
from structkit.schema.pydantic.aliases import named_fields
from structkit.schema.pydantic.json_form import ANY, INSTANCES, TEMPORAL, JSONForm
from structkit.values import JSON

COERCIBLE = frozenset({"int", "float", "bool", "decimal", "complex"}) | TEMPORAL
"""Types that pydantic also reads from JSON of another type: a duration from a number, a number from a string."""

IP_ADDRESS = "ip-address"
"""Stands for the core schemas of addresses and networks, which are functions."""

READERS = {"number": TEMPORAL | {"decimal", "fraction", "complex", IP_ADDRESS}, "object": frozenset({"named-tuple"})}
"""Types that pydantic also reads from a JSON type that they are not written as."""

EAGER_READERS = frozenset({"named-tuple", IP_ADDRESS})
"""Of these, the types that are preferred to the type of a native value; an int is not read as a duration."""

MAX_LEVELS = 5
"""Levels of lists in lists whose items are compared, and of root models in root models."""


class Ambiguity:
    """The comparison of branches.

    Args:
        resolve: Returns what a branch is without wrappers and references.
        form: Returns how the values of a branch are written.
    """

    def __init__(self, resolve: Callable[[Any], Any], form: Callable[[Any], JSONForm]) -> None:
        """Store both."""
        self._resolve, self._form = resolve, form

    def positions(self, choices: list[Any], max_levels: int = MAX_LEVELS) -> set[int]:
        """Return the positions of branches whose values, as JSON, could be taken for those of another branch."""
        branches = [self._resolve(choice) for choice in choices]
        forms = [self._form(choice) for choice in choices]
        kinds = [self._kind(branch) for branch in branches]
        ambiguous: set[int] = set()
        for name in ANY:
            writers = {position for position, form in enumerate(forms) if name in form.types}
            any_readers = {position for position, form in enumerate(forms) if form.may_read_any and name != "null"}
            readers = {position for position, kind in enumerate(kinds) if kind in READERS.get(name, ())}
            positions = sorted(writers | any_readers | readers)
            has_readers = bool(any_readers) or any(kinds[position] in EAGER_READERS for position in readers)
            are_native = not has_readers and all(forms[position].is_native for position in writers)
            if not writers or len(positions) < 2 or are_native:  # noqa: PLR2004
                continue
            if not self._are_distinct(name, [branches[position] for position in positions], max_levels):
                ambiguous |= {position for position in positions if branches[position]["type"] != "none"}
        return ambiguous.union(*_coerced_constants(branches, kinds), _equal_constants(branches, kinds))

    def _kind(self, branch: Any) -> str:
        """Return the type of a branch; of a root model, that of its value."""
        for _ in range(MAX_LEVELS):
            branch = self._resolve(branch["schema"]) if branch.get("root_model") else branch
        return IP_ADDRESS if _is_ip_address(branch) else str(branch["type"])

    def _are_distinct(self, name: str, branches: list[Any], max_levels: int) -> bool:
        if name == "object":
            return _have_different_constants(branches)
        if name != "array" or max_levels == 0 or not all(_is_list(branch) for branch in branches):
            return False
        items = [branch.get("items_schema", {"type": "any"}) for branch in branches]
        return not self.positions(items, max_levels - 1)


def _is_ip_address(branch: JSON) -> bool:
    cls = branch.get(PYTHON_CLASS) or getattr(branch.get("function", {}).get("function"), "__self__", None)
    name = f"{getattr(cls, '__module__', '')}.{getattr(cls, '__name__', '')}"
    return name.startswith(("ipaddress.IPv", "pydantic.networks.IPv"))


def _is_list(branch: JSON) -> bool:
    return branch["type"] == "list" and PYTHON_CLASS not in branch


def _coerced_constants(branches: list[Any], kinds: list[str]) -> Iterator[set[int]]:
    """Yield the positions of each pair of branches where one reads a constant of the other as its own value."""
    for other_position, other in enumerate(branches):
        for text in _constant_texts(other):
            for position, kind in enumerate(kinds):
                if kind in COERCIBLE and _is_readable(kind, text):
                    yield {position, other_position}


def _equal_constants(branches: list[Any], kinds: list[str]) -> set[int]:
    """Return the positions of branches with True or False, and of those with 1 or 0: Python takes them for equal."""
    booleans = {position for position, kind in enumerate(kinds) if kind == "bool"}
    numbers = set[int]()
    for position, branch in enumerate(branches):
        values = _constants_of(branch)
        booleans |= {position} if any(isinstance(value, bool) for value in values) else set()
        numbers |= {position} if any(not isinstance(value, bool) and value in (0, 1) for value in values) else set()
    return booleans | numbers if booleans and numbers and len(booleans | numbers) > 1 else set()


def _constants_of(branch: Any) -> list[Any]:
    """Return the values of an enum's members, or of a literal; of its members, their values."""
    constants = branch["members"] if branch["type"] == "enum" else branch.get("expected", ())
    return [constant.value if isinstance(constant, Enum) else constant for constant in constants]


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


def _have_different_constants(branches: list[Any]) -> bool:
    """Return whether the objects have a common property with a different constant in each."""
    constants = [_constants(branch) for branch in branches]
    common = set.intersection(*(set(each) for each in constants))
    return any(len({each[name] for each in constants}) == len(branches) for name in common)


def _constants(branch: Any) -> dict[str, str]:
    """Return the properties that can have one value only, each with the value's repr."""
    constants: dict[str, str] = {}
    for name, field in object_fields(branch):
        schema = field["schema"]
        schema = schema["schema"] if schema["type"] == "default" else schema
        if schema["type"] == "literal" and len(schema["expected"]) == 1:
            constants[name] = repr(schema["expected"][0])
    return constants


def object_fields(branch: Any) -> Iterable[tuple[str, JSON]]:
    """Return the fields of an object type, by name."""
    inner = branch.get("schema", {}) if branch["type"] in INSTANCES else branch
    return named_fields(inner.get("fields", {}))
