"""The answer of a reply that is not exact JSON of the type: the first repaired reading that is valid."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from structkit.parsing import Candidate, is_scalar_of, read_bare_text, read_candidates, read_quoted_text, repair_values
from structkit.parsing.member_names import NamesOfValues
from structkit.parsing.wrapper import unwrap
from structkit.schema.expected_form import ExpectedForm
from structkit.schema.expected_values import MISSING
from structkit.schema.json_equality import equality_key
from structkit.values import JSON, Answer, Issue, JSONValue
from structkit.values.repair import are_allowed

T = TypeVar("T")

RepairValue: TypeAlias = "Callable[[JSONValue], tuple[JSONValue, tuple[str, ...]]]"
"""Returns a value with repairs, and their descriptions."""

MAX_READINGS = 20
"""Repaired readings of one text that are validated; a text that allows more is not an answer."""

REPAIRS_OF_A_REFERENCE = ("list for item at ", "number for text at ")
"""The repairs that a list in a sentence must not need, because it may be a reference."""

REPAIR_OF_AN_ITEM = re.compile(r"list for item at \w+(?:\[\d+\])+")
"""The repair of an item of the whole value, or of an item in that."""

IN_PARTS = "the reply has parts of one value in several objects; write one object"

MAX_ROUNDS = 4
"""How often values are repaired and tags added: a tag may need a repair that needs the tag around it."""


@dataclass(frozen=True, slots=True)
class RepairedReading:
    """A wire value that a text may mean.

    Args:
        wire: The value.
        repairs: The repairs that lead to it.
        document: The position of its document in the text.
        source: The value before its members were repaired.
        is_tentative: Whether it counts only if it is valid, as the text may be prose.
    """

    wire: JSONValue
    repairs: tuple[str, ...]
    document: int
    source: JSONValue = None
    is_tentative: bool = False


def repaired_readings(
    text: str, name: str, schema: JSON, form: ExpectedForm, with_tags: RepairValue
) -> Iterator[RepairedReading]:
    """Yield the values that a text may mean, most likely first; the exact reading has failed already.

    Args:
        text: The model's reply.
        name: The type's name.
        schema: The strict schema.
        form: The expected form of the value.
        with_tags: Adds the missing tags of unions to a wire value.
    """
    is_json = False
    repair_wire = partial(_repair_value, schema=schema, form=form, name=name, text=text, with_tags=with_tags)
    for candidate in _candidates(text, name, form):
        is_json = True
        if candidate.repairs:
            yield RepairedReading(candidate.value, candidate.repairs, candidate.document, candidate.value)
        for wire in _with_box(candidate, form):
            repaired, value_repairs = repair_wire(wire)
            if value_repairs and not _is_guess(candidate, value_repairs, form):
                yield RepairedReading(repaired, (*candidate.repairs, *value_repairs), candidate.document, wire)
    if is_json:
        return
    if (quoted := read_quoted_text(text)) is not None:
        yield from _quoted_readings(*quoted, form.box, repair_wire)
    if form.box:
        yield from _bare_readings(text, schema, form.box, form.names, with_tags)


def _candidates(text: str, name: str, form: ExpectedForm) -> Iterator[Candidate]:
    candidates = read_candidates(
        text,
        name=name,
        properties=form.properties,
        wrapper_types=form.wrapper_types,
        is_list=form.is_list,
        has_rows=form.has_rows,
    )
    for candidate in candidates:
        yield candidate
        yield from _unwrapped_in_box(candidate, name, form)


def _unwrapped_in_box(candidate: Candidate, name: str, form: ExpectedForm) -> Iterator[Candidate]:
    """Yield the values inside a wrapper that is in the box of a type that is not an object."""
    value = candidate.value
    if isinstance(value, dict) and value.keys() == {form.box} and isinstance(inner := value[str(form.box)], dict):
        for each in unwrap(inner, name=name, properties=form.properties, wrapper_types=form.wrapper_types):
            yield replace(candidate, value={form.box: each}, repairs=(*candidate.repairs, "wrapper"))


def _is_guess(candidate: Candidate, value_repairs: tuple[str, ...], form: ExpectedForm) -> bool:
    """Return whether a list was taken apart that may mean something else.

    A list of one or of numbers in a sentence may be a reference, one of several lists may be one row of a list of
    lists, and each of several lists in a box may be the whole list. So may each of several equal values in a box.
    """
    if "separate items" in candidate.repairs:
        is_in_boxes = f"wrapped value at {form.box}[0]" in value_repairs
        if any(map(REPAIR_OF_AN_ITEM.fullmatch, value_repairs)) or (is_in_boxes and _may_be_whole(candidate, form)):
            return True
    if candidate.is_reference and any(repair.startswith(REPAIRS_OF_A_REFERENCE) for repair in value_repairs):
        return True
    value = candidate.value
    has_list = isinstance(value[form.box] if isinstance(value, dict) and value.keys() == {form.box} else value, list)
    is_one_of_several = form.has_rows and "other document" in candidate.repairs and has_list
    return is_one_of_several and any(repair.startswith(f"item for list at {form.box}[") for repair in value_repairs)


def _may_be_whole(candidate: Candidate, form: ExpectedForm) -> bool:
    """Return whether each of several values in boxes may be the whole list: it is one, or they are all equal."""
    items = candidate.value if isinstance(candidate.value, list) else []
    values = [item.get(form.box) for item in items if isinstance(item, dict)]
    return all(isinstance(value, list) for value in values) or len({*map(equality_key, values)}) == 1


def _quoted_readings(
    value: str, outer_repairs: tuple[str, ...], box: str | None, repair_wire: RepairValue
) -> Iterator[RepairedReading]:
    """Yield what a JSON string in a fence is: a reply that was encoded twice, or a text."""
    wire, repairs = repair_wire(value)
    if repairs:
        yield RepairedReading(wire, (*outer_repairs, *repairs), 0)
    elif box:
        yield RepairedReading({box: value}, outer_repairs, 0, is_tentative=True)


def _bare_readings(
    text: str, schema: JSON, box: str, names: NamesOfValues, with_tags: RepairValue
) -> Iterator[RepairedReading]:
    """Yield the scalar that a text without quotes is, where it cannot be prose.

    A type whose texts are listed, or have a format, has no prose.
    """
    if (bare := read_bare_text(text)) is None:
        return
    bare_text, repairs = bare
    wire, value_repairs = repair_values({box: bare_text}, schema, names)
    if is_scalar_of(wire[box], schema["properties"][box], schema):
        tagged, tag_repairs = with_tags(wire)
        is_text = isinstance(wire[box], str)
        yield RepairedReading(tagged, (*repairs, *value_repairs, *tag_repairs), 0, is_tentative=is_text)


def _repair_value(
    wire: JSONValue, schema: JSON, form: ExpectedForm, name: str, text: str, with_tags: RepairValue
) -> tuple[JSONValue, tuple[str, ...]]:
    """Repair the values of a document, and again what missing tags and the form of the wire have made readable."""
    repair = partial(repair_values, schema=schema, names=form.names, type_name=name.removesuffix("_or_none"), text=text)
    repaired, repairs = repair(wire)
    for _ in range(MAX_ROUNDS):
        tagged, tag_repairs = with_tags(repaired)
        if tagged is repaired:
            break
        repaired, inner_repairs = repair(tagged)
        repairs = (*repairs, *tag_repairs, *inner_repairs)
    return repaired, repairs


def _with_box(candidate: Candidate, form: ExpectedForm) -> Iterator[JSONValue]:
    """Yield a wire value, and the same in the box of a type that is not an object, which models leave out.

    One of several objects is not the only item of a list, in a box or not.
    """
    wire = candidate.value
    is_one_of_several = form.is_list and isinstance(wire, dict) and "other document" in candidate.repairs
    if not isinstance(wire, dict) or wire.keys() != {form.box}:
        yield wire
        if form.box and not is_one_of_several:
            yield {form.box: wire}
    elif not (is_one_of_several and isinstance(wire[form.box], dict)):
        yield wire


def choose_answer(
    exact: Answer[T],
    readings: Iterator[RepairedReading],
    validate: Callable[[JSONValue], Answer[T]],
    repairs: bool | Collection[str],
) -> Answer[T]:
    """Return the first valid answer among the repaired ones; else the one with the fewest issues.

    Of several, it is the one that lacks the least: a key in another spelling hides what is wrong with its value.

    Args:
        exact: The invalid answer of the exact reading.
        readings: The repaired readings.
        validate: Returns the answer of a wire value.
        repairs: The repairs that are allowed.
    """
    answers: list[tuple[int | None, Answer[T]]] = [(None, exact)]
    for reading in readings:
        answer = replace(validate(reading.wire), text=exact.text, repairs=reading.repairs)
        if answer.valid:
            answers += ((other.document, validate(other.wire)) for other in readings)
            further_answers = [(at, other) for at, other in answers if at is not None and at != reading.document]
            if any(_is_part(other, answer, is_later=at > reading.document) for at, other in further_answers):
                return Answer(answer.index, answer.text, None, (Issue((), IN_PARTS),))
            return reject_several(answer, (other for _, other in further_answers if other.valid), repairs)
        answers += () if reading.is_tentative else ((reading.document, answer),)
    readable = [answer for _, answer in answers if answer.draft is not None] or [answer for _, answer in answers]
    return min(readable, key=lambda answer: (len(answer.issues), sum(map(_is_missing, answer.issues))))


def _is_part(other: Answer[T], answer: Answer[T], *, is_later: bool) -> bool:
    """Return whether another document has only properties, and one that the answer lacks, or that it changes later."""
    has_properties = isinstance(other.draft, dict) and isinstance(answer.draft, dict)
    if not has_properties or other.valid or not all(map(_is_missing, other.issues)):
        return False
    changed = (key for key, value in other.draft.items() if value is not None and answer.draft.get(key) != value)
    return any(is_later or answer.draft.get(key) is None for key in changed)


def _is_missing(issue: Issue) -> bool:
    return issue.message.startswith(MISSING)


def reject_several(
    answer: Answer[T], further_answers: Iterable[Answer[Any]], repairs: bool | Collection[str]
) -> Answer[T]:
    """Return a valid answer, with a repair of its own if other valid answers of the reply have another value.

    Where this repair is not allowed, the answer is invalid.
    """
    if all(other.draft == answer.draft or other.value == answer.value for other in further_answers):
        return answer
    if are_allowed(("several answers",), repairs):
        names = (name for name in answer.repairs if name != "other document")
        return replace(answer, repairs=(*names, "several answers"))
    issue = Issue((), "the reply has several valid answers that differ; write exactly one")
    return Answer(answer.index, answer.text, None, (issue,))
