"""Re-asking for places and going on with a cut list, over generated values and cuts: nothing lost, nothing invented."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from structkit import ResponseFormat
from structkit.client.steps import async_issues
from structkit.dialects import DIALECTS, Route
from structkit.errors import Truncated
from structkit.extraction import Extraction, soft
from structkit.extraction.checks import CHECK_OUTCOMES
from structkit.parsing import read_completion, read_prefix
from structkit.testing import completion
from structkit.values import ABSENT, JSON, Completion, Issue, JSONValue, Message, Policy, Result, value_at

SETTINGS = settings(max_examples=200, deadline=None, derandomize=True, database=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('",[]{}:\\'), max_size=8)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
DUMPS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value, indent=1),
]


# The complete part of a cut text


@pytest.mark.parametrize(
    "cut", ['"b, c', '"b], c', '{"d": "e}, f', '{"d": 1, "', '"\\"', '"\\', "[[1], [", "12", "tru"]
)
def test_what_was_cut_is_left_out_whatever_marks_stand_in_it(cut: str) -> None:
    prefix = read_prefix('{"rows": ["a, b", ' + cut)
    assert prefix is not None
    assert (prefix.value, prefix.path) == ({"rows": ["a, b"]}, ("rows",))


@SETTINGS
@given(
    st.data(),
    st.dictionaries(TEXT, ANY_JSON, max_size=2),
    st.lists(ANY_JSON, min_size=1, max_size=4),
    st.sampled_from(DUMPS),
)
def test_of_a_cut_list_every_complete_element_is_kept_and_nothing_else(data, before, rows, dumped) -> None:
    before.pop("rows", None)

    def until(number: int) -> int:
        """Where the text has said this many elements for sure: behind a number it takes a comma."""
        text = dumped({**before, "rows": rows[:number]})
        last = rows[number - 1] if number else []
        return len(text[: text.rindex("]")].rstrip()) + (not isinstance(last, str | list | dict))

    text = dumped({**before, "rows": rows})
    cut = data.draw(st.integers(until(0), text.rindex("]")))
    kept = max(number for number in range(len(rows) + 1) if until(number) <= cut)
    prefix = read_prefix(text[:cut])
    assert (prefix and (prefix.value, prefix.path)) == (({**before, "rows": rows[:kept]}, ("rows",)) if kept else None)


@SETTINGS
@given(st.data(), ANY_JSON, st.sampled_from(DUMPS))
def test_whatever_the_text_its_complete_part_stands_in_it(data, value, dumped) -> None:
    text = dumped(value)
    prefix = read_prefix(text[: data.draw(st.integers(0, len(text)))])
    if prefix is not None:
        found, whole = prefix.value, value
        for step in prefix.path:
            assert found == whole or [*found][-1] == step
            assert isinstance(found, list) or all(found[key] == whole[key] for key in found if key != step)
            found, whole = found[step], whole[step]
        assert found
        assert found == whole[: len(found)]


HOSTILE = {
    "lists": "[",
    "objects": '{"a":',
    "lists in objects": '[1,{"a":',
    "an endless string": '["a","' + "b" * 1_000_000,
    "quotes that are none": '["a","' + '\\"' * 500_000,
    "backslashes": '["' + "\\" * 1_000_000,
    "colons": '[1,{"' + "a" * 500_000 + '"' + ":" * 500_000,
    "numbers": "[" + "1," * 500_000,
    "quotes": '["",' + '"' * 1_000_000,
    "fences": "`" * 1_000_000,
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_that_was_cut_is_read_in_little_time_and_memory(unit: str) -> None:
    pytest.importorskip("resource")  # not on every system
    program = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "from structkit.parsing import read_prefix\n"
        "unit = json.load(sys.stdin)\n"
        "read_prefix(unit * (1_000_000 // len(unit) or 1))\n"
    )
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, input=json.dumps(unit), text=True, timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


# Going on with a cut list


class Item(BaseModel):
    name: str
    number: int | None = None
    tags: list[str] = []


class Cat(BaseModel):
    name: str


class Dog(BaseModel):
    name: str


class Report(BaseModel):
    """Lists in every place, before and after what may be absent."""

    title: str
    rows: list[Item] = Field(max_length=5)
    counts: list[int] | None = None
    pets: list[Cat | Dog] = []
    pair: tuple[int, list[str]] = (0, [])
    inner: "Report | None" = None
    by_name: dict[str, list[int]] = {}
    grid: list[list[int]] = []
    anything: Any = None
    renamed: list[str] = Field([], alias="re named")
    end: str = ""


ITEMS = st.builds(Item, name=TEXT, number=st.none() | st.integers(), tags=st.lists(TEXT, max_size=2))


def reports(inner: st.SearchStrategy[Report | None]) -> st.SearchStrategy[Report]:
    parts: dict[str, st.SearchStrategy[Any]] = {
        "title": TEXT,
        "rows": st.lists(ITEMS, max_size=4),
        "counts": st.none() | st.lists(st.integers(), max_size=3),
        "pets": st.lists(st.builds(Cat, name=TEXT) | st.builds(Dog, name=TEXT), max_size=2),
        "pair": st.tuples(st.integers(), st.lists(TEXT, max_size=2)),
        "inner": inner,
        "by_name": st.dictionaries(TEXT, st.lists(st.integers(), max_size=2), max_size=2),
        "grid": st.lists(st.lists(st.integers(), max_size=2), max_size=2),
        "anything": ANY_JSON,
        "re named": st.lists(TEXT, max_size=3),
        "end": TEXT,
    }
    return st.fixed_dictionaries(parts).map(Report.model_validate)


VALUES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "a model": (Report, reports(st.none() | reports(st.none()))),
    "a list": (list[str], st.lists(TEXT, min_size=2, max_size=4)),
    "a list of models": (list[Item], st.lists(ITEMS, max_size=4)),
    "a map": (dict[str, list[int]], st.dictionaries(TEXT, st.lists(st.integers(), max_size=3))),
}


def said(text: str | None, **kwargs: str) -> Completion:
    found = read_completion(completion(text, **kwargs))
    assert isinstance(found, Completion)
    return found


def right_answer(step: Extraction[Any], natural: JSONValue) -> str:
    """What a model that knows the value says to a request."""
    if step.patch is None:
        return json.dumps(step.codec.wire(natural), ensure_ascii=False)
    wanted: JSON = {}
    for place in step.patch.places:
        item = value_at(natural, place.path)
        if item is not ABSENT:
            done = len(value_at(step.patch.draft, place.path)) if place.appends else 0
            wanted[place.field.name] = item[done:] if place.appends else item
    return json.dumps(step.codec.dump(wanted), ensure_ascii=False)


@pytest.mark.parametrize("kind", VALUES)
@settings(SETTINGS, max_examples=100)
@given(data=st.data(), dialect=st.sampled_from([*DIALECTS.values()]))
def test_a_value_that_was_cut_comes_out_whole_or_not_at_all(kind: str, data: st.DataObject, dialect: Any) -> None:
    output_type, values = VALUES[kind]
    value = data.draw(values)
    response_format = ResponseFormat(output_type, dialect=dialect)
    natural = response_format.natural(value)
    step: Any = Extraction(
        response_format, "m", (Message("user", "x"),), policy=Policy(attempts=9), route=Route(dialect)
    )
    while isinstance(step, Extraction):
        text = right_answer(step, natural)
        is_cut = len(step.attempts) < 3 and data.draw(st.integers(0, 3)) > 0
        cut = data.draw(st.integers(0, len(text) - 1)) if is_cut else len(text)
        step = step.receive(said(text[:cut], finish_reason="length" if is_cut else "stop"))
    assert isinstance(step, Truncated) or step.value == value


class Survey(BaseModel):
    rows: list[str]
    note: str | None = None
    tags: list[str] = []


def test_what_may_be_left_out_is_asked_for_too_where_the_cut_came_before_it() -> None:
    step = Extraction(ResponseFormat(Survey), "m", (Message("user", "x"),)).receive(
        said('{"rows": ["a", "b', finish_reason="length")
    )
    assert isinstance(step, Extraction)
    assert step.patch
    assert {place.path for place in step.patch.places} == {("rows",), ("note",), ("tags",)}
    result = step.receive(said('{"rows_rest": ["bc"], "note": "n", "tags": ["t"]}'))
    assert isinstance(result, Result)
    assert result.value == Survey(rows=["a", "bc"], note="n", tags=["t"])
    assert {path: origin.how for path, origin in result.provenance.items()} == {
        ("rows", 0): "salvaged",
        ("rows", 1): "re-asked",
        ("note",): "re-asked",
        ("tags", 0): "re-asked",
    }


# Checks that are not as they should be


def raising(_: Any) -> Any:
    raise KeyError("zip")


async def waiting(_: Any) -> str:
    return "never awaited"


CHECKS: dict[str, tuple[Any, list[tuple[Any, str]]]] = {
    "raises": (raising, [((), "a check failed: KeyError('zip')")]),
    "raises late": (
        lambda value: (1 / 0 for _ in "x"),
        [((), "a check failed: ZeroDivisionError('division by zero')")],
    ),
    "gives a bool": (lambda value: False, [((), f"a check returned bool; {CHECK_OUTCOMES}")]),
    "gives a number": (lambda value: 0, [((), f"a check returned int; {CHECK_OUTCOMES}")]),
    "gives a dict": (lambda value: {"a": "b"}, [((), f"a check returned dict; {CHECK_OUTCOMES}")]),
    "gives bytes": (lambda value: b"ab", [((), f"a check returned bytes; {CHECK_OUTCOMES}")]),
    "gives a number in a list": (lambda value: ["a", 1], [((), "a"), ((), f"a check returned int; {CHECK_OUTCOMES}")]),
    "gives what has to be awaited": (
        lambda value: [waiting(value)],
        [((), f"a check returned coroutine; {CHECK_OUTCOMES}")],
    ),
    "gives nothing in a text": (lambda value: "", []),
    "gives issues one by one": (lambda value: iter(["a", "b"]), [((), "a"), ((), "b")]),
    "names a place by a text": (lambda value: Issue("rows", "a"), [(("rows",), "a")]),  # type: ignore[arg-type]
    "names a place by a list": (lambda value: Issue(["rows", 0], "a"), [(("rows", 0), "a")]),  # type: ignore[arg-type]
    "names a place that is not there": (lambda value: Issue(("rows", 9, "x"), "a"), [(("rows", 9, "x"), "a")]),
}


@pytest.mark.parametrize(("check", "issues"), CHECKS.values(), ids=CHECKS.keys())
def test_whatever_a_check_does_is_an_issue_and_no_exception(check: Any, issues: Any) -> None:
    value = Survey(rows=["x" * 200, "y" * 200])
    text = value.model_dump_json()
    begun = Extraction(ResponseFormat(Survey), "m", (Message("user", "x"),), checks=(check,))
    step = begun.receive(said(text))
    assert [(issue.path, issue.message) for issue in step.attempts[0].issues] == issues
    assert isinstance(step, Extraction if issues else Result)
    while isinstance(step, Extraction):  # the same again, until the attempts are used up
        assert step.request.body
        step = step.receive(said(right_answer(step, begun.codec.natural(value))))
    warned = replace(begun, checks=(soft(check),)).receive(said(text))
    assert isinstance(warned, Result)
    assert [(issue.path, issue.message) for issue in warned.warnings] == issues


async def raising_later(_: Any) -> str:
    raise KeyError("zip")


def test_a_check_that_is_awaited_and_raises_is_an_issue_too() -> None:
    failed = (Issue((), "a check failed: KeyError('zip')"),)
    assert asyncio.run(async_issues(3, [raising_later, soft(raising_later)])) == (failed, failed)
