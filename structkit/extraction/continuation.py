"""What is requested after a reply that was truncated at the token limit: what it does not have, or a higher limit."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from structkit.extraction.item_loops import REPETITION, LoopSource, loop_repair, loop_source, loop_warning
from structkit.parsing import Prefix, read_prefix, read_record_prefix
from structkit.parsing.loops import Loop, find_text_loop
from structkit.schema import Codec, Draft, Patch, make_patch, read_drafts, shared_match_time
from structkit.values import Answer, Issue, JSONPath, JSONValue, Parameters, Policy, value_at
from structkit.values.repair import are_allowed


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a truncated reply has, and what is requested next.

    Args:
        draft: The natural value so far.
        patch: What the value does not have yet; None if it is complete.
        issues: What is invalid in the draft.
        repairs: The repairs of the reply.
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
    with shared_match_time():
        return _read_remainder(step, text)


def _read_remainder(step: Any, text: str) -> Remainder | None:
    prefix, is_list, loop = _read_prefix(text, _source(step))
    if prefix is None or (draft := _read_draft(step, prefix)) is None:
        return None
    if is_list and (invalid := _first_unrelated_item(draft)) is not None:
        # The list is continued from there: once an item is a value, nothing shows that it was an accident.
        draft = _read_draft(step, prefix.first_items(invalid))
    if draft is None or (is_list and _continues_list(step.patch, draft.absent)):
        return None  # of two lists that would have to be continued, only one can be
    if not is_list and find_text_loop(prefix.unfinished):
        draft = replace(draft, absent=_with_last(draft.absent, (*draft.path, prefix.key)))
    draft = _in_whole_value(step.patch, draft)
    issues = (*_issues_of(step, draft), *draft.unrelated)
    remainder = _remainder(step.response_format, draft, draft.path if is_list else None, loop, issues)
    return remainder and replace(remainder, repairs=(*draft.repairs, *remainder.repairs))


def _read_prefix(text: str, source: LoopSource | None) -> tuple[Prefix | None, bool, Loop | None]:
    """Return what is complete of a truncated text, whether it ends in a list, and the loop without which that ends."""
    if (prefix := read_prefix(text)) is not None:
        loop = source.find_loop(prefix.part) if source else None
        return (prefix.first_items(loop.size) if loop else prefix), True, loop
    prefix = read_record_prefix(text)
    is_usable = prefix is not None and (prefix.value or find_text_loop(prefix.unfinished))
    return prefix if is_usable else None, False, None


def _read_draft(step: Any, prefix: Prefix) -> Draft | None:
    """Return the first reading of a truncated reply in which nothing is invalid, else the one with the fewest issues.

    So a whole reply is read, too; but here, a property that was still to come is not invalid.
    """
    load = (step.patch or step.response_format).load_partial
    drafts: list[tuple[int, Draft]] = []
    for draft in read_drafts(step.codec, prefix, load, step.policy.repairs, step.context):
        value = _in_whole_value(step.patch, draft)
        count = len(draft.unrelated) + sum(issue.path not in value.absent for issue in _issues_of(step, value))
        if not count:
            return draft
        drafts.append((count, draft))
    return min(drafts, key=lambda each: each[0])[1] if drafts else None


def _in_whole_value(patch: Patch | None, draft: Draft) -> Draft:
    """Return the draft of the reply to a patch, if it is one, as the draft of the value into which it is merged."""
    if patch is None:
        return draft
    unrelated = tuple(replace(issue, path=_path_in_value(patch, issue.path)) for issue in draft.unrelated)
    path, *absent = (_path_in_value(patch, path) for path in (draft.path, *draft.absent))
    return Draft(patch.merge(draft.value), path, absent, unrelated, draft.repairs)


def _issues_of(step: Any, draft: Draft) -> tuple[Issue, ...]:
    return step.response_format.read_natural(draft.value, context=step.context).issues  # type: ignore[no-any-return]


def _first_unrelated_item(draft: Draft) -> int | None:
    """Return the index of the first item of a truncated list with an object that is valid by accident."""
    size = len(draft.path)
    inner = [issue.path for issue in draft.unrelated if len(issue.path) > size and issue.path[:size] == draft.path]
    return min((int(path[size]) for path in inner), default=None)


def _continues_list(patch: Patch | None, paths: Iterable[JSONPath]) -> bool:
    """Return whether a patch asks for the rest of a list at one of some paths."""
    places = patch.places if patch else ()
    return any(place.appends and (place.field.name,) in paths for place in places)


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
    draft: Draft,
    truncated_list: JSONPath | None,
    loop: Loop | None,
    issues: tuple[Issue, ...],
) -> Remainder | None:
    missing_paths = dict.fromkeys(draft.absent)
    paths = [*missing_paths, *dict.fromkeys(issue.path for issue in issues if issue.path not in missing_paths)]
    repairs: tuple[str, ...] = ()
    warnings: tuple[Issue, ...] = ()
    if truncated_list is not None and loop is not None:
        repairs, warnings = (loop_repair(truncated_list),), (loop_warning(truncated_list, loop),)
        truncated_list = None
        if not paths:
            return Remainder(draft.value, None, (), repairs, warnings)
    patch = make_patch(codec, draft.value, paths, truncated_list)
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
