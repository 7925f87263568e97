"""The fields of a type, as a tree that compares two values: each scalar gets a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

from structkit.evaluation.comparators import (
    COMPARE_KEYWORD,
    Comparator,
    ComparatorNote,
    default_comparator,
    is_absent,
)
from structkit.evaluation.field_schema import JSON_TYPES, branches_of, field_name, resolve_field, value_types
from structkit.evaluation.judgments import BOTH_ABSENT, DIFFERENT, INVENTED, MISSED, NO_KEY, RIGHT, Judgment, Judgments
from structkit.evaluation.list_alignment import align_items
from structkit.values import ABSENT, JSON, JSONPath, JSONValue


@dataclass(frozen=True, eq=False)
class FieldTree:
    """What every kind of field knows.

    Args:
        pattern: The path of the field, with `[]` for any item of a list and `*` for any key of a map.
        schema: Its natural JSON Schema, without references.
        document: The schema that references point into.
        identity: What the same definition has in common wherever it is used.
        trail: The identities of the schemas above it.
        comparators: Comparators by the names of fields, which replace those of the type.
    """

    pattern: JSONPath
    schema: JSON = field(default_factory=dict)
    document: JSON = field(default_factory=dict, repr=False)
    identity: int = 0
    trail: tuple[int, ...] = field(default=(), repr=False)
    comparators: Mapping[str, Comparator] = field(default_factory=dict, repr=False)

    @cached_property
    def name(self) -> str:
        """The name of the field in a score, such as `lines[].price`."""
        return field_name(self.pattern)

    @cached_property
    def is_recursive(self) -> bool:
        """Whether its schema is one of those above it."""
        return self.identity in self.trail

    @property
    def is_atomic(self) -> bool:
        """Whether a value is right as a whole or not at all, and equality is transitive."""
        return False

    def child(self, step: str | int, schema: Any) -> AnyTree:
        """Return the field at a step below this one."""
        trail = (*self.trail, self.identity)
        return make_tree((*self.pattern, step), schema, self.document, trail, self.comparators)

    def key(self, value: JSONValue) -> Hashable:
        """Return a key that only equal values have in common; `NO_KEY` if there is none."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class LeafField(FieldTree):
    """A scalar."""

    comparator: Comparator = field(default_factory=lambda: default_comparator({}, ""))

    @cached_property
    def is_choice(self) -> bool:
        """Whether its values are those of an enum or a boolean, so that a confusion matrix can be made."""
        return "enum" in self.schema or "const" in self.schema or value_types(self.schema) == {"boolean"}

    @property
    def is_atomic(self) -> bool:
        """Whether its comparator has a key."""
        return self.comparator.key is not None

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdict."""
        if is_absent(gold):
            code = BOTH_ABSENT if is_absent(got) else INVENTED
        elif is_absent(got):
            code = MISSED
        else:
            code = RIGHT if self.comparator(gold, got) else DIFFERENT
        judgments.append(Judgment(self.name, code, path, gold, got, self.is_choice))

    def add_absent(self, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdict that neither value has what it is a field of: that is no choice of either."""
        judgments.append(Judgment(self.name, BOTH_ABSENT, path, None, None))

    def key(self, value: JSONValue) -> Hashable:
        """Return the comparator's key."""
        if is_absent(value):
            return None
        return NO_KEY if self.comparator.key is None else (self.comparator.key(value),)


@dataclass(frozen=True, eq=False)
class IgnoredField(FieldTree):
    """A field that is left out of the score."""

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append nothing."""

    def add_absent(self, path: JSONPath, judgments: Judgments) -> None:
        """Append nothing."""

    def key(self, value: JSONValue) -> Hashable:  # noqa: ARG002 (as every field)
        """Return the same key for all values."""
        return None


@dataclass(frozen=True, eq=False)
class ObjectField(FieldTree):
    """An object, or a map: its values are compared by key."""

    @cached_property
    def fields(self) -> dict[str, AnyTree]:
        """The declared fields by key."""
        return {key: self.child(key, part) for key, part in self.schema.get("properties", {}).items()}

    @cached_property
    def _other(self) -> AnyTree:
        schema = self.schema.get("additionalProperties")
        return self.child("*", schema if isinstance(schema, dict) else {})

    @cached_property
    def constants(self) -> Mapping[str, AnyTree]:
        """The fields that can only have one value, which tells the branches of a union apart."""
        return {key: each for key, each in self.fields.items() if "const" in each.schema}

    def field_of(self, key: str) -> AnyTree:
        """Return the field of a key; of a value without a type, each key is a field of its own."""
        if key not in self.fields and not self.schema:
            self.fields[key] = self.child(key, {})
        return self.fields.get(key) or self._other

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdicts on all values of both."""
        gold_fields, got_fields = _as_dict(gold), _as_dict(got)
        if is_absent(gold) and is_absent(got):
            self.add_absent(path, judgments)
            return
        for key in dict.fromkeys(chain(self.fields, gold_fields, got_fields)):
            self.field_of(key).compare(gold_fields.get(key), got_fields.get(key), (*path, key), judgments)
        _compare_other_types(self, (gold, got), dict, path, judgments)

    def add_absent(self, path: JSONPath, judgments: Judgments) -> None:
        """Append verdicts on the fields that neither has."""
        if not self.is_recursive:
            for key, each in self.fields.items():
                each.add_absent((*path, key), judgments)

    def key(self, value: JSONValue) -> Hashable:
        """Return the keys of the values by their names."""
        if not isinstance(value, dict):
            return None if is_absent(value) else NO_KEY
        keys = {name: self.field_of(name).key(part) for name, part in value.items()}
        return NO_KEY if NO_KEY in keys.values() else frozenset((n, key) for n, key in keys.items() if key is not None)


@dataclass(frozen=True, eq=False)
class ListField(FieldTree):
    """A list: its items are aligned in the best way, or compared by position."""

    is_ordered: bool = False

    @cached_property
    def item(self) -> AnyTree:
        """The field of any item."""
        return self.child("[]", self.schema.get("items", {}))

    @cached_property
    def _positions(self) -> list[AnyTree]:
        return [self.child(index, part) for index, part in enumerate(self.schema.get("prefixItems", ()))]

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdicts on all items of both."""
        gold_items, got_items = _as_list(gold), _as_list(got)
        if is_absent(gold) and is_absent(got):
            self.add_absent(path, judgments)
            return
        if self.is_ordered or self._positions:
            self._compare_by_position(gold_items, got_items, path, judgments)
        else:
            self._compare_aligned(gold_items, got_items, path, judgments)
        _compare_other_types(self, (gold, got), list, path, judgments)

    def _compare_by_position(
        self, gold: list[JSONValue], got: list[JSONValue], path: JSONPath, judgments: Judgments
    ) -> None:
        for index in range(max(len(gold), len(got), len(self._positions))):
            tree = self._positions[index] if index < len(self._positions) else self.item
            values = [items[index] if index < len(items) else None for items in (gold, got)]
            tree.compare(values[0], values[1], (*path, index), judgments)

    def _compare_aligned(
        self, gold: list[JSONValue], got: list[JSONValue], path: JSONPath, judgments: Judgments
    ) -> None:
        pairs = align_items(self.item, gold, got)
        for index, other in pairs:
            self.item.compare(gold[index], got[other], (*path, index), judgments)
        matched = {index for index, _ in pairs}, {other for _, other in pairs}
        for index, item in enumerate(gold):
            if index not in matched[0]:
                self.item.compare(item, None, (*path, index), judgments)
        for index, item in enumerate(got):
            if index not in matched[1]:
                self.item.compare(None, item, (*path, index), judgments)

    def add_absent(self, path: JSONPath, judgments: Judgments) -> None:
        """Append verdicts on the fields of an item."""
        if not self.is_recursive:
            for each in self._positions or [self.item]:
                each.add_absent(path, judgments)

    def key(self, value: JSONValue) -> Hashable:
        """Return the keys of the items, in any order unless the list is ordered."""
        if not isinstance(value, list):
            return None if is_absent(value) else NO_KEY
        if self._positions:
            return NO_KEY
        keys = [*map(self.item.key, value)]
        if NO_KEY in keys:
            return NO_KEY
        return (tuple(keys) if self.is_ordered else frozenset(Counter(keys).items())) if keys else None


@dataclass(frozen=True, eq=False)
class UnionField(FieldTree):
    """A union: values of the same branch are compared; one of another branch is missed, and what is there is invented.

    Without branches, the type of a value is its branch: nothing is known of the field.
    """

    @cached_property
    def branches(self) -> list[AnyTree]:
        """The fields of the branches, under the same path."""
        outside = {key: part for key, part in self.schema.items() if key not in {"anyOf", "oneOf"}}
        trail = (*self.trail, self.identity)
        arguments = self.document, trail, self.comparators
        return [make_tree(self.pattern, part, *arguments, outside) for part in branches_of(self.schema)]

    @cached_property
    def _untyped(self) -> dict[type, AnyTree]:
        fields: dict[str, Any] = {"pattern": self.pattern, "trail": self.trail, "comparators": self.comparators}
        leaf = LeafField(**fields, comparator=_leaf_comparator(self.pattern, {}, self.comparators))
        return {dict: ObjectField(**fields), list: ListField(**fields), str: leaf}

    def branch_of(self, value: JSONValue) -> AnyTree:
        """Return the branch of a value."""
        branches = [(_fit(each, value), each) for each in self.branches]
        score, branch = max(branches, key=lambda each: each[0], default=(-1, None))
        if branch is not None and score >= 0:
            return branch
        return self._untyped[dict if isinstance(value, dict) else list if isinstance(value, list) else str]

    def compare(self, gold: JSONValue, got: JSONValue, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdicts."""
        if is_absent(gold) and is_absent(got):
            self.add_absent(path, judgments)
            return
        gold_branch = self.branch_of(got if is_absent(gold) else gold)
        got_branch = gold_branch if is_absent(got) else self.branch_of(got)
        are_scalars = isinstance(gold_branch, LeafField) and isinstance(got_branch, LeafField)
        if gold_branch is got_branch or are_scalars:
            gold_branch.compare(gold, got, path, judgments)
            return
        if isinstance(gold_branch, ObjectField) and isinstance(got_branch, ObjectField):
            for key in gold_branch.constants.keys() & got_branch.constants.keys():
                gold_branch.constants[key].compare(gold.get(key), got.get(key), (*path, key), judgments)
                gold, got = ({k: part for k, part in each.items() if k != key} for each in (gold, got))
        for values in ((gold_branch, gold, None), (got_branch, None, got)):
            values[0].compare(values[1], values[2], path, parts := Judgments())
            judgments += [each for each in parts if each.code != BOTH_ABSENT]

    def add_absent(self, path: JSONPath, judgments: Judgments) -> None:
        """Append the verdict for a union of scalars; the fields of other unions depend on the branch."""
        if all(isinstance(each, LeafField) for each in self.branches):
            next(iter(self.branches), self._untyped[str]).add_absent(path, judgments)

    def key(self, value: JSONValue) -> Hashable:
        """Return the key of the branch, with its position."""
        branch = self.branch_of(value)
        key = branch.key(value)
        if key is None or key is NO_KEY or isinstance(branch, LeafField):
            return key
        return (self.branches.index(branch) if branch in self.branches else type(branch).__name__, key)


AnyTree: TypeAlias = LeafField | IgnoredField | ObjectField | ListField | UnionField


def make_tree(
    pattern: JSONPath,
    schema: Any,
    document: JSON,
    trail: tuple[int, ...] = (),
    comparators: Mapping[str, Comparator] | None = None,
    outside: JSON | None = None,
) -> AnyTree:
    """Return the tree of a field's natural schema.

    Args:
        pattern: The path of the field.
        schema: Its schema.
        document: The schema that references point into.
        trail: The identities of the schemas above it.
        comparators: Comparators by the names of fields.
        outside: Keywords beside the union that it is a branch of.
    """
    resolved, identity = resolve_field(schema, document)
    resolved, by_name = {**outside, **resolved} if outside else resolved, comparators or {}
    arguments: dict[str, Any] = {"pattern": pattern, "schema": resolved, "document": document, "identity": identity}
    arguments |= {"trail": trail, "comparators": by_name}
    comparator = _comparator_of(pattern, resolved, by_name)
    leaf = _leaf_comparator(pattern, resolved, by_name)
    if comparator and comparator.is_ignored:
        return IgnoredField(**arguments)
    is_union, types = bool(branches_of(resolved)), value_types(resolved)
    if not comparator or comparator.is_ordered:
        if is_union or len(types) != 1:
            return UnionField(**arguments)
        if types == {"object"}:
            return ObjectField(**arguments)
        if types == {"array"}:
            return ListField(**arguments, is_ordered=comparator is not None)
    return LeafField(**arguments, comparator=leaf)


def _leaf_comparator(pattern: JSONPath, schema: JSON, by_name: Mapping[str, Comparator]) -> Comparator:
    last = next((str(step) for step in reversed(pattern) if step not in {"[]", "*"}), "")
    return _comparator_of(pattern, schema, by_name) or default_comparator(schema, last)


def _comparator_of(pattern: JSONPath, schema: JSON, by_name: Mapping[str, Comparator]) -> Comparator | None:
    note = schema.get(COMPARE_KEYWORD)
    return by_name.get(field_name(pattern)) or (note.comparator if isinstance(note, ComparatorNote) else None)


def _fit(tree: AnyTree, value: JSONValue) -> int:
    """Return how many keys or types of a branch a value has; -1 if it is not of the branch."""
    types, name = value_types(tree.schema), JSON_TYPES.get(type(value), "number")
    if types and name not in types and not (name == "integer" and "number" in types):
        return -1
    if value not in tree.schema.get("enum", [value]) or tree.schema.get("const", value) != value:
        return -1
    if not isinstance(tree, ObjectField) or not isinstance(value, dict):
        return 1
    if any(value.get(key, ABSENT) != each.schema["const"] for key, each in tree.constants.items()):
        return -1
    missing = sum(key not in value for key in tree.schema.get("required", ()))
    return max(0, 1 + 2 * len(tree.fields.keys() & value.keys()) - missing)


def _compare_other_types(
    tree: ObjectField | ListField,
    values: tuple[JSONValue, JSONValue],
    expected: type,
    path: JSONPath,
    judgments: Judgments,
) -> None:
    """Append verdicts on values that are not of the type of the field: they equal nothing of it."""
    gold, got = (None if is_absent(each) or isinstance(each, expected) else each for each in values)
    if gold is not None or got is not None:
        union = UnionField(tree.pattern, trail=tree.trail, comparators=tree.comparators)
        union.compare(gold, got, path, judgments)


def _as_dict(value: JSONValue) -> JSON:
    return value if isinstance(value, dict) else {}


def _as_list(value: JSONValue) -> list[JSONValue]:
    return value if isinstance(value, list) else []


def leaf_fields(tree: AnyTree) -> Iterator[LeafField]:
    """Yield the scalars of a tree, as far as its type declares them."""
    if isinstance(tree, LeafField):
        yield tree
    elif tree.is_recursive or isinstance(tree, IgnoredField):
        return
    elif isinstance(tree, ObjectField):
        yield from chain.from_iterable(map(leaf_fields, tree.fields.values()))
    elif isinstance(tree, ListField):
        yield from leaf_fields(tree.item)
    else:
        yield from chain.from_iterable(map(leaf_fields, tree.branches))
