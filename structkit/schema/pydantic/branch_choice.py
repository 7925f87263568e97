"""The branch of a union that a Python value belongs to: the one that reads the value back from the JSON it writes."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from operator import eq
from typing import Any

from structkit.schema.keywords import PYTHON_CLASS
from structkit.schema.memo import compute_once
from structkit.schema.natural import MAX_QUOTED_CHARS
from structkit.schema.pydantic.compiled_patterns import is_pattern
from structkit.schema.pydantic.part import NO_INFINITIES, NO_JSON, SchemaPart
from structkit.schema.pydantic.sameness import is_same
from structkit.values import JSONValue
from structkit.values.text import shorten_json

CONSTANTS = frozenset({"enum", "literal"})
ANY_CLASS = frozenset({"any", "function-plain"})
"""Types of core schemas whose values may be of any class."""

PYTHON_TYPES: dict[str, type] = {
    **{cls.__name__: cls for cls in (str, int, float, bool, bytes, complex)},
    **{cls.__name__: cls for cls in (dt.date, dt.datetime, dt.time, dt.timedelta)},
    "decimal": Decimal,
}
"""The class of a type's values, by the type of its core schema."""


class BranchChoice:
    """Chooses the branch of a Python value, and writes the value.

    Args:
        branches: The core schema of each branch, by its name.
        resolved: The same without wrappers and references; a list of branches, where a name stands for several.
        compile_part: Compiles a branch.
        boxes: The names under which a value is boxed.
        union: The union, where it reads the values of all branches without boxes.
        is_ambiguous: Whether the union may read the JSON of a branch's own class as a value of another branch.
        may_change_classes: Whether values of a branch may be of another class than the branch's own.
    """

    def __init__(
        self,
        branches: Mapping[str, Any],
        resolved: Mapping[str, Any],
        compile_part: Callable[[Any], SchemaPart],
        boxes: Collection[str] = (),
        union: Any = None,
        *,
        is_ambiguous: bool = False,
        may_change_classes: bool = False,
    ) -> None:
        """Prepare the parts of the branches, which are compiled when a value is written."""
        self._names_by_class = _names_by_class(resolved)
        self._constants = frozenset(name for name in branches if _is_constant(resolved.get(name)))
        names = sorted(branches, key=lambda name: name not in self._constants)
        self._parts = {name: compile_part(branches[name]) for name in names}
        self._boxes = boxes
        self._union = union and compile_part(union)
        self._is_ambiguous = is_ambiguous
        has_unions = any(each["type"] == "union" for _, each in _pairs(resolved))
        self._has_sure_classes = not (is_ambiguous or may_change_classes or has_unions)

    def by_class(self, value: Any) -> str | None:
        """Return the name of the only branch with instances of a value's class; None where not only one has."""
        return self._names_by_class.get(type(value))

    def write(self, value: Any) -> JSONValue:
        """Return a value as the JSON of its branch.

        Raises:
            Exception: No branch can write the value; what a serializer raises.
        """
        return compute_once(self._write, value, id(self), unfinished=None)

    def _write(self, value: Any) -> JSONValue:
        class_name = self.by_class(value)
        writers: dict[str, JSONValue] = {}
        for name in [class_name, *self._parts] if class_name is not None else self._parts:
            natural = self._parts[name].write(value)
            if natural is not NO_JSON:
                if (name == class_name and self._has_sure_classes) or self._reads_back(name, natural, value):
                    return self._boxed(name, natural)
                if name not in self._constants:  # pydantic lets constants write any value
                    writers[name] = natural
        return self._write_inexactly(value, class_name or self._closest(writers, value))

    def _closest(self, writers: Mapping[str, JSONValue], value: Any) -> str | None:
        """Return the branch that reads an equal value of another class, as a frozenset for a set; or the first one."""
        equal = (name for name, natural in writers.items() if self._parts[name].reads_back(natural, value, eq))
        return next(equal, next(iter(writers), None))

    def _write_inexactly(self, value: Any, first_name: str | None) -> JSONValue:
        """Return a value as the JSON of a branch that does not read back the same value."""
        if reason := next((text for text in self._write_errors(value) if NO_INFINITIES in text), None):
            raise ValueError(reason)
        if first_name is None:
            raise ValueError(f"no branch of the union can write an instance of {type(value).__name__}")
        natural = self._parts[first_name].write_or_raise(value)
        if self._is_ambiguous and self._union.reads_back(natural, value, _is_different):
            raise ValueError(f"the union reads {shorten_json(natural, MAX_QUOTED_CHARS)} as another value")
        return self._boxed(first_name, natural)

    def _reads_back(self, name: str, natural: JSONValue, value: Any) -> bool:
        """Return whether a branch reads a value back, and the union too: pydantic lets some types write any value."""
        return self._parts[name].reads_back(natural, value) and (
            self._union is None or self._union.reads_back(natural, value)
        )

    def _write_errors(self, value: Any) -> Iterator[str]:
        """Yield why each branch cannot write a value."""
        for part in self._parts.values():
            try:
                part.write_or_raise(value)
            except Exception as error:  # noqa: BLE001 (a serializer may be the caller's)
                yield str(error)

    def _boxed(self, name: str, natural: JSONValue) -> JSONValue:
        return {name: natural} if name in self._boxes else natural


def _is_different(one: Any, other: Any) -> bool:
    return not is_same(one, other)


def _is_constant(branch: Any) -> bool:
    return isinstance(branch, dict) and branch["type"] in CONSTANTS


def _pairs(resolved: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (name, part) for name, parts in resolved.items() for part in (parts if isinstance(parts, list) else [parts])
    ]


def _names_by_class(resolved: Mapping[str, Any]) -> dict[type, str]:
    """Return the branch of each class whose instances only that branch accepts."""
    pairs = _pairs(resolved)
    if any(branch["type"] in ANY_CLASS and not is_pattern(branch) for _, branch in pairs):
        return {}
    classes = [(cls, name, branch["type"]) for name, branch in pairs for cls in _classes(branch)]
    counts = Counter(cls for cls, _, _ in classes)
    return {cls: name for cls, name, kind in classes if counts[cls] == 1 and kind != "literal"}


def _classes(branch: Any) -> set[type]:
    if branch["type"] == "literal":
        return {type(constant) for constant in branch["expected"]}
    if branch["type"] == "is-subclass":  # its values are classes
        return set()
    if is_pattern(branch):
        return {re.Pattern}
    cls = branch[PYTHON_CLASS] if PYTHON_CLASS in branch else branch.get("cls") or PYTHON_TYPES.get(branch["type"])
    return {cls} if isinstance(cls, type) else set()
