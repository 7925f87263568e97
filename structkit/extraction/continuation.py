"""What is requested after a reply that was truncated at the token limit: what it does not have, or a higher limit."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from structkit.extraction.item_loops import REPETITION, LoopSource, loop_repair, loop_source, loop_warning
from structkit.parsing import Prefix, read_prefix, read_record_prefix, repair_values
from structkit.parsing.loops import Loop, find_text_loop
from structkit.schema import Codec, Patch, find_truncated_place, make_patch, with_box
from structkit.values import Answer, Issue, JSONPath, JSONValue, Parameters, Policy, value_at
from structkit.values.repair import are_allowed


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a truncated reply has, and what is requested next.

    Args:
        draft: The natural value so far.
        patch: What the value does not have yet; None if it is complete.
        issues: What is invalid in the draft.
        repairs: The repair of a list that repeated itself.
        warnings: What was done to that list.
    """

    draft: JSONValue
    patch: Patch | None
    issues: tuple[Issue, ...] = ()
    repairs: tuple[str, ...] = ()
    warnings: tuple[Issue, ...] = ()

    def apply(self, answer: Answer[Any]) -> Answer[Any]:
        """Return the answer of the truncated reply with what it has."""
        return replace(answer, draft=self.draft, issues=self.issues, repairs=self.repairs)


def read_remainder(step: Any, text: str) -> Remainder | None:
    """Return what is requested after a truncated reply, or None if nothing of it can be used.

    That is the items after the complete ones of a list, and the properties after the list. A list that repeats itself
    is not continued: it ends with the first copy. After a reply that was truncated outside of a list, it is the
    property that was not complete, and those after it; a text that repeats itself is requested last.

    Args:
        step: The extraction that the reply answers.
        text: The truncated text.
    """
    codec: Codec[Any] = step.response_format
    patch: Patch | None = step.patch
    prefix, is_list, loop = _read_prefix(text, _source(step))
    if prefix is None:
        return None
    reply_codec = patch.codec if patch else codec
    wire, wire_path = with_box(reply_codec.compiled_schema.root, prefix.value, prefix.path)
    wire, repairs = _repair_unrelated(reply_codec, wire, step.policy)
    draft = (patch or codec).load_partial(wire)
    position = find_truncated_place(reply_codec.compiled_schema.root, wire, wire_path)
    if draft is None or position is None:
        return None
    path, missing_paths = position
    if not is_list and find_text_loop(prefix.unfinished):
        missing_paths = _with_last(missing_paths, (*path, prefix.key))
    unrelated = _drop_unrelated_items(draft, path if is_list else None, reply_codec.unrelated_issues(wire))
    if patch is not None:
        if is_list and any(place.appends and (place.field.name,) in missing_paths for place in patch.places):
            return None  # two lists would have to be continued at once
        path, *missing_paths = (_path_in_value(patch, each) for each in (path, *missing_paths))
        unrelated = [replace(issue, path=_path_in_value(patch, issue.path)) for issue in unrelated]
        draft = patch.merge(draft)
    issues = (*codec.read_natural(draft, context=step.context).issues, *unrelated)
    remainder = _remainder(codec, draft, missing_paths, path if is_list else None, loop, issues)
    return remainder and replace(remainder, repairs=(*repairs, *remainder.repairs))


def _read_prefix(text: str, source: LoopSource | None) -> tuple[Prefix | None, bool, Loop | None]:
    """Return what is complete of a truncated text, whether it ends in a list, and the loop without which that ends."""
    list_prefix = read_prefix(text)
    loop = _shorten(value_at(list_prefix.value, list_prefix.path), source) if list_prefix and source else None
    prefix = list_prefix or read_record_prefix(text)
    is_usable = prefix is not None and (prefix.value or find_text_loop(prefix.unfinished))
    return prefix if is_usable else None, list_prefix is not None, loop


def _repair_unrelated(codec: Codec[Any], wire: JSONValue, policy: Policy) -> tuple[JSONValue, tuple[str, ...]]:
    """Return a part of a reply, repaired if it has an object that is valid by accident, and the repairs."""
    if not codec.unrelated_issues(wire):
        return wire, ()
    repaired, repairs = repair_values(wire, codec.schema, codec.member_names)
    return (repaired, repairs) if are_allowed(repairs, policy.repairs) else (wire, ())


def _drop_unrelated_items(
    draft: JSONValue, truncated_list: JSONPath | None, issues: Sequence[Issue]
) -> Sequence[Issue]:
    """End a truncated list before an item with an object that is valid by accident, and return the other issues.

    The list is continued from there: once an item is a value, nothing shows that it was an accident.
    """
    if truncated_list is None:
        return issues
    size = len(truncated_list)
    inner = [issue for issue in issues if len(issue.path) > size and issue.path[:size] == truncated_list]
    items = value_at(draft, truncated_list)
    if inner and isinstance(items, list):
        del items[min(int(issue.path[size]) for issue in inner) :]
    return [issue for issue in issues if issue not in inner]


def end_bounded_loops(step: Any, answer: Answer[Any]) -> Remainder | None:
    """Return a valid answer without the loops of its lists that end at the bound of their type; None if it has none.

    Args:
        step: The extraction.
        answer: The answer.
    """
    source = _source(step)
    draft = copy.deepcopy(answer.draft)
    loops = [
        (path, loop)
        for path, items in _bounded_lists(draft, step.response_format.list_bounds, ())
        if source and (loop := _shorten(items, source))
    ]
    if not loops or not step.response_format.read_natural(draft, context=step.context).valid:
        return None
    return Remainder(
        draft, None, (), tuple(loop_repair(path) for path, _ in loops), tuple(loop_warning(*each) for each in loops)
    )


def _bounded_lists(
    value: JSONValue, bounds: frozenset[int], path: JSONPath
) -> Iterator[tuple[JSONPath, list[JSONValue]]]:
    if isinstance(value, list) and len(value) in bounds:
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from _bounded_lists(each, bounds, (*path, step))


def _source(step: Any) -> LoopSource | None:
    return loop_source(step.messages) if are_allowed((REPETITION,), step.policy.repairs) else None


def _remainder(
    codec: Codec[Any],
    draft: JSONValue,
    missing_paths: Iterable[JSONPath],
    truncated_list: JSONPath | None,
    loop: Loop | None,
    issues: tuple[Issue, ...],
) -> Remainder | None:
    missing_paths = dict.fromkeys(missing_paths)
    paths = [*missing_paths, *dict.fromkeys(issue.path for issue in issues if issue.path not in missing_paths)]
    repairs: tuple[str, ...] = ()
    warnings: tuple[Issue, ...] = ()
    if truncated_list is not None and loop is not None:
        repairs, warnings = (loop_repair(truncated_list),), (loop_warning(truncated_list, loop),)
        truncated_list = None
        if not paths:
            return Remainder(draft, None, (), repairs, warnings)
    patch = make_patch(codec, draft, paths, truncated_list)
    invalid = tuple(issue for issue in issues if issue.path not in missing_paths)
    return Remainder(patch.draft, patch, invalid, repairs, warnings) if patch else None


def _shorten(items: list[JSONValue], source: LoopSource) -> Loop | None:
    """Shorten a list that repeats itself, and return the loop; None if it has none."""
    loop = source.find_loop(items)
    if loop is not None:
        del items[loop.size :]
    return loop


def _with_last(paths: Iterable[JSONPath], last: JSONPath) -> list[JSONPath]:
    return sorted(paths, key=lambda path: path == last)


def _path_in_value(patch: Patch, path: JSONPath) -> JSONPath:
    """Return a path of the reply to a patch as a path of the whole value into which the reply is merged."""
    if not path:
        return path
    name, *inner = path
    place = next(place for place in patch.places if place.field.name == name)
    if place.appends and inner:
        inner[0] = int(inner[0]) + len(value_at(patch.draft, place.path))
    return (*place.path, *inner)


def raise_token_cap(parameters: Parameters, policy: Policy) -> Parameters | None:
    """Return the parameters with their token limit raised to the policy's, or None if it is not lower.

    >>> raise_token_cap(Parameters(max_tokens=100), Policy(max_tokens=400)).body
    {'max_tokens': 400}
    >>> raise_token_cap(Parameters(max_tokens=400), Policy(max_tokens=400))
    """
    limit = parameters.token_cap
    if policy.max_tokens is None or (limit is not None and limit >= policy.max_tokens):
        return None
    if "max_completion_tokens" in parameters.options:
        return parameters.updated(max_completion_tokens=policy.max_tokens)
    return parameters.updated(max_tokens=policy.max_tokens)
