"""A valid answer without the values that no source has: nulls instead of them, and fewer items; it stays valid."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from structkit.evidence.alignment import align
from structkit.evidence.leaves import find_leaves
from structkit.evidence.source_texts import SourceTexts
from structkit.schema import Codec
from structkit.values import Answer, Issue, JSONPath, JSONValue, value_at
from structkit.values.text import shorten_json

Validate: TypeAlias = Callable[[JSONValue], Answer[Any]]
"""Returns natural JSON as an answer: a value, or the issues."""

Edit: TypeAlias = Callable[[JSONValue, Iterable[JSONPath]], JSONValue]
"""Returns a copy of natural JSON that is changed at some paths."""

MAX_VALIDATIONS = 200
"""Trials of what may be removed from one value; what remains to be tried after them stays."""


@dataclass(frozen=True)
class Pruning:
    """An answer without the values that no source has, as far as its type lets them be removed.

    Args:
        answer: The answer.
        nulls: The paths that are null now, each with the value that was there.
        dropped: Items that were dropped, each with the path of its list.
        missing: The paths of values that no source has and that stay.
        old_indices: For the old path of each list that lost items: the old index of each item that it has now.
    """

    answer: Answer[Any]
    nulls: Mapping[JSONPath, JSONValue] = field(default_factory=dict)
    dropped: tuple[tuple[JSONPath, JSONValue], ...] = ()
    missing: tuple[JSONPath, ...] = ()
    old_indices: Mapping[JSONPath, list[int]] = field(default_factory=dict)

    def old_path(self, path: JSONPath) -> JSONPath:
        """Return where a place was before items were dropped."""
        old: JSONPath = ()
        for step in path:
            indices = self.old_indices.get(old)
            old = (*old, indices[int(step)] if indices else step)
        return old

    @property
    def removed_paths(self) -> frozenset[JSONPath]:
        """The paths that are null now, and those of lists that have lost all their items."""
        return frozenset(self.nulls) | {path for path, _ in self.dropped if not value_at(self.answer.draft, path)}

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What was removed and what stays, as issues."""
        nulls = (_issue(path, "not in the text, so it is null", value) for path, value in self.nulls.items())
        items = (_issue(path, "an item was dropped: nothing of it is in the text", item) for path, item in self.dropped)
        stays = (_issue(path, "not in the text", value_at(self.answer.draft, path)) for path in self.missing)
        return (*items, *nulls, *stays)


def _issue(path: JSONPath, message: str, value: JSONValue) -> Issue:
    return Issue(path, message, shorten_json(value))


@dataclass(frozen=True)
class Findings:
    """What the sources have of natural JSON.

    Args:
        missing: The paths of scalars that no source has.
        unsupported: The paths of objects, lists and scalars of which a source has nothing, although it is looked for.
            A part that is marked as judged supports what it belongs to, because it must not be removed.
    """

    missing: tuple[JSONPath, ...]
    unsupported: frozenset[JSONPath]


def find_missing(draft: JSONValue, codec: Codec[Any], texts: SourceTexts) -> Findings:
    """Return what the sources have of natural JSON."""
    evidence = align(draft, texts, codec.natural_schema)
    missing = tuple(path for path, each in evidence.items() if each.is_missing)
    if not missing:
        return Findings((), frozenset())
    verdicts = {leaf.path for leaf in find_leaves(draft, codec.natural_schema) if leaf.kind == "judged"}
    supported = verdicts | {path for path, each in evidence.items() if each.spans}
    return Findings(missing, frozenset(_prefixes(missing) - _prefixes(supported)))


def _prefixes(paths: Iterable[JSONPath]) -> set[JSONPath]:
    return {path[:length] for path in paths for length in range(len(path) + 1)}


def prune(answer: Answer[Any], codec: Codec[Any], texts: SourceTexts, validate: Validate) -> Pruning:
    """Return a valid answer without the values that no source has, as far as it stays valid.

    An item of a list of which the sources have nothing is dropped. Any other value becomes null, or else the innermost
    object or list around it of which the sources have nothing.
    """
    findings = find_missing(answer.draft, codec, texts)
    if not findings.missing:
        return Pruning(answer)
    trials = _Trials(validate)
    pruning = _drop_items(Pruning(answer), findings, trials)
    if pruning.dropped:
        findings = find_missing(pruning.answer.draft, codec, texts)
    return _set_nulls(pruning, findings, trials, answer.draft)


def accept_nulls(draft: JSONValue, paths: Sequence[JSONPath], validate: Validate) -> tuple[JSONPath, ...]:
    """Return which of some places of a valid draft may be null together."""
    return _Trials(validate).accept(draft, paths, _with_nulls)


def _drop_items(pruning: Pruning, findings: Findings, trials: _Trials) -> Pruning:
    draft = pruning.answer.draft
    items = [path for path in findings.unsupported if path and isinstance(path[-1], int)]
    dropped = trials.accept(draft, _outermost(items), _without_items)
    if not dropped:
        return pruning
    old_indices = _remaining_indices(draft, dropped)
    lists = tuple((_new_path(path[:-1], old_indices), value_at(draft, path)) for path in sorted(dropped))
    return Pruning(trials.edit(pruning.answer, dropped, _without_items), {}, lists, (), old_indices)


def _set_nulls(pruning: Pruning, findings: Findings, trials: _Trials, first_draft: JSONValue) -> Pruning:
    draft = pruning.answer.draft
    nulls = trials.accept(draft, findings.missing, _with_nulls)
    missing = _outside(findings.missing, nulls)
    for depth in range(max(map(len, missing), default=0) - 1, 0, -1):
        parents = dict.fromkeys(path[:depth] for path in missing if len(path) > depth)
        nulls = trials.accept(draft, [path for path in parents if path in findings.unsupported], _with_nulls, nulls)
        missing = _outside(missing, nulls)
    if nulls:
        pruning = replace(pruning, answer=trials.edit(pruning.answer, nulls, _with_nulls))
    values = {path: value_at(first_draft, pruning.old_path(path)) for path in _outermost(nulls)}
    dropped = tuple((path, item) for path, item in pruning.dropped if _outside([path], values))
    return replace(pruning, nulls=values, dropped=dropped, missing=tuple(missing))


@dataclass
class _Trials:
    """Finds out by validation what may be removed."""

    validate: Validate
    remaining: int = MAX_VALIDATIONS

    def edit(self, answer: Answer[Any], paths: Iterable[JSONPath], edit: Edit) -> Answer[Any]:
        """Return an answer whose draft is changed at some paths that were accepted."""
        edited = self.validate(edit(answer.draft, paths))
        return replace(answer, value=edited.value, draft=edited.draft)

    def accept(
        self, draft: JSONValue, paths: Sequence[JSONPath], edit: Edit, accepted: tuple[JSONPath, ...] = ()
    ) -> tuple[JSONPath, ...]:
        """Return as many of some paths as can be changed together, after those that were accepted before."""
        if not paths or not self.remaining:
            return accepted
        self.remaining -= 1
        answer = self.validate(edit(draft, (*accepted, *paths)))
        if answer.valid:
            return (*accepted, *paths)
        invalid = {issue.path for issue in answer.issues}
        possible = [path for path in paths if path not in invalid]
        if len(possible) < len(paths):
            return self.accept(draft, possible, edit, accepted)
        half = len(paths) // 2
        for part in (paths[half:], paths[:half]) if half else ():  # of a list that has to keep some, the first ones
            accepted = self.accept(draft, part, edit, accepted)
        return accepted


def _with_nulls(draft: JSONValue, paths: Iterable[JSONPath]) -> JSONValue:
    outermost = _outermost(paths)
    if outermost == [()]:
        return None
    parents = _copy_parents(draft, outermost)
    for path in outermost:
        parents[path[:-1]][path[-1]] = None
    return parents[()]


def _without_items(draft: JSONValue, paths: Iterable[JSONPath]) -> JSONValue:
    parents = _copy_parents(draft, paths)
    for path in sorted(paths, reverse=True):
        del parents[path[:-1]][path[-1]]
    return parents[()]


def _copy_parents(draft: JSONValue, paths: Iterable[JSONPath]) -> dict[JSONPath, JSONValue]:
    """Return copies of the objects and lists around some places, each within the next one, by their paths."""
    copies: dict[JSONPath, JSONValue] = {(): copy.copy(draft)}
    for path in paths:
        for length in range(1, len(path)):
            if path[:length] not in copies:
                parent, step = copies[path[: length - 1]], path[length - 1]
                copies[path[:length]] = parent[step] = copy.copy(parent[step])
    return copies


def _outermost(paths: Iterable[JSONPath]) -> list[JSONPath]:
    """Return the paths that are not within another one, in order.

    >>> _outermost([("a", 0, 1), ("a", 0), ("b", 2)])
    [('a', 0), ('b', 2)]
    """
    unique = {*paths}
    return [path for path in sorted(unique) if not any(path[:length] in unique for length in range(len(path)))]


def _outside(paths: Iterable[JSONPath], outer: Iterable[JSONPath]) -> list[JSONPath]:
    """Return the paths that are neither one of the others nor within one."""
    outer = {*outer}
    return [path for path in paths if not any(path[:length] in outer for length in range(len(path) + 1))]


def _remaining_indices(draft: JSONValue, dropped: Iterable[JSONPath]) -> dict[JSONPath, list[int]]:
    dropped = {*dropped}
    lists = {path[:-1] for path in dropped}
    return {
        path: [index for index in range(len(value_at(draft, path))) if (*path, index) not in dropped] for path in lists
    }


def _new_path(old_path: JSONPath, old_indices: Mapping[JSONPath, list[int]]) -> JSONPath:
    """Return where a place is after items were dropped.

    >>> _new_path(("rows", 2, "price"), {("rows",): [0, 2]})
    ('rows', 1, 'price')
    """
    steps = enumerate(old_path)
    return tuple(
        old_indices[old_path[:depth]].index(int(step)) if old_path[:depth] in old_indices else step
        for depth, step in steps
    )
