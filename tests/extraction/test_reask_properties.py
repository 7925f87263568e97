"""Re-asked places and continued lists, over generated values and truncations: nothing is lost, nothing is invented."""

from __future__ import annotations

import asyncio
import json
import re
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
from structkit.errors import ConfigError, Truncated
from structkit.extraction import Extraction, soft
from structkit.extraction.checks import CHECK_OUTCOMES
from structkit.parsing import read_completion, read_prefix, read_record_prefix
from structkit.testing import completion
from structkit.values import ABSENT, JSON, Completion, Issue, JSONValue, Message, Policy, Result, value_at

SETTINGS = settings(max_examples=200)
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


# The complete part of a truncated text


@pytest.mark.parametrize(
    "text", ['"b, c', '"b], c', '{"d": "e}, f', '{"d": 1, "', '"\\"', '"\\', "[[1], [", "12", "tru"]
)
def test_an_incomplete_item_is_omitted_whatever_punctuation_it_has(text: str) -> None:
    prefix = read_prefix('{"rows": ["a, b", ' + text)
    assert prefix is not None
    assert (prefix.value, prefix.path) == ({"rows": ["a, b"]}, ("rows",))


@SETTINGS
@given(
    st.data(),
    st.dictionaries(TEXT, ANY_JSON, max_size=2),
    st.lists(ANY_JSON, min_size=1, max_size=4),
    st.sampled_from(DUMPS),
)
def test_a_truncated_list_has_every_complete_item_and_nothing_else(data, before, rows, dump) -> None:
    before.pop("rows", None)

    def position_after(number: int) -> int:
        """Return the position after which that many items are complete; a number is complete only after a comma."""
        text = dump({**before, "rows": rows[:number]})
        last = rows[number - 1] if number else []
        return len(text[: text.rindex("]")].rstrip()) + (not isinstance(last, str | list | dict))

    text = dump({**before, "rows": rows})
    position = data.draw(st.integers(position_after(0), text.rindex("]")))
    complete = max(number for number in range(len(rows) + 1) if position_after(number) <= position)
    prefix = read_prefix(text[:position])
    assert (prefix and (prefix.value, prefix.path)) == (
        ({**before, "rows": rows[:complete]}, ("rows",)) if complete else None
    )


@pytest.mark.parametrize("text", ['["a": "b", "c"', '[1, "a": 2, 3', '{"a": ["b": 1, ', "[:,", "[1,:"])
def test_a_text_that_is_not_json_has_no_complete_part(text: str) -> None:
    assert read_prefix(text) is None


@pytest.mark.parametrize("start", ["<think>", "Well. <think>", "<think>No.</think><reasoning>", "[THINK]"])
def test_a_draft_in_thinking_without_an_end_has_no_complete_part(start: str) -> None:
    text = '{"rows": ["a", "b", "c'
    assert read_prefix(f"{start} {text}") is None
    assert read_record_prefix(f"{start} {text}") is None
    prefix = read_prefix(f"<think>{text}</think> {text}")
    assert prefix is not None
    assert prefix.text == f'<think>{text}</think> {{"rows": ["a", "b"]}}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"rows": ["a", "say "hi", o', {"rows": ["a"]}),
        ('{"rows": ["a", "b" "c", "d"', {"rows": ["a"]}),
        ('{"rows": [1, 2 3, 4', {"rows": [1]}),
    ],
    ids=str,
)
def test_an_item_that_goes_on_after_a_quote_or_a_space_is_not_complete(text: str, value: Any) -> None:
    prefix = read_prefix(text)
    assert prefix is not None
    assert prefix.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 2, "b": 1,000, "c": "d', {"a": 2}),
        ('{"a": 2, "b": 1,', {"a": 2}),
        ('{"a": 2, "b": 1,0', {"a": 2}),
        ('{"a": 2, "b": 1, "', {"a": 2, "b": 1}),
        ('{"a": 2, "b": 1, ', {"a": 2, "b": 1}),
        ('{"a": 2, "b": "1",', {"a": 2, "b": "1"}),
        ('{"a": 2, "b": "say "hi"", "c": "', {"a": 2}),
    ],
    ids=str,
)
def test_a_property_whose_number_or_text_goes_on_is_not_complete(text: str, value: Any) -> None:
    prefix = read_record_prefix(text)
    assert prefix is not None
    assert prefix.value == value


MARKS = st.sampled_from(["{", "}", "[", "]", ",", ":", '"a"', '"', "1", " ", "nul", "null", "\\"])


@SETTINGS
@given(st.lists(MARKS, max_size=12).map("".join))
def test_no_text_raises_anything(text: str) -> None:
    prefix = read_prefix(text)
    assert prefix is None or isinstance(prefix.value, dict | list)


@SETTINGS
@given(st.data(), ANY_JSON, st.sampled_from(DUMPS))
def test_the_complete_part_of_any_text_is_part_of_its_value(data, value, dump) -> None:
    text = dump(value)
    prefix = read_prefix(text[: data.draw(st.integers(0, len(text)))])
    if prefix is not None:
        parsed, expected = prefix.value, value
        for step in prefix.path:
            assert parsed == expected or [*parsed][-1] == step
            assert isinstance(parsed, list) or all(parsed[key] == expected[key] for key in parsed if key != step)
            parsed, expected = parsed[step], expected[step]
        assert parsed
        assert parsed == expected[: len(parsed)]


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
def test_a_truncated_megabyte_is_read_in_little_time_and_memory(unit: str) -> None:
    pytest.importorskip("resource")  # not on every system
    program = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "from structkit.parsing import read_prefix\n"
        "unit = json.load(sys.stdin)\n"
        "read_prefix(unit * (1_000_000 // len(unit) or 1))\n"
    )
    run = [sys.executable, "-c", program]
    item_count = subprocess.run(run, input=json.dumps(unit), text=True, timeout=600, check=False, capture_output=True)
    assert (item_count.returncode, item_count.stderr) == (0, "")


# Continue a truncated list


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


def completion_of(text: str | None, **kwargs: str) -> Completion:
    parsed = read_completion(completion(text, **kwargs))
    assert isinstance(parsed, Completion)
    return parsed


def valid_answer(step: Extraction[Any], natural: JSONValue) -> str:
    """Return the reply of a model that knows the value."""
    if step.patch is None:
        return json.dumps(step.codec.wire(natural), ensure_ascii=False)
    places: JSON = {}
    for place in step.patch.places:
        item = value_at(natural, place.path)
        if item is not ABSENT:
            item_count = len(value_at(step.patch.draft, place.path)) if place.appends else 0
            places[place.field.name] = item[item_count:] if place.appends else item
    return json.dumps(step.codec.dump(places), ensure_ascii=False)


@pytest.mark.parametrize("kind", VALUES)
@settings(SETTINGS, max_examples=100)
@given(data=st.data(), dialect=st.sampled_from([*DIALECTS.values()]))
def test_a_truncated_value_is_completed_or_an_error(kind: str, data: st.DataObject, dialect: Any) -> None:
    output_type, values = VALUES[kind]
    value = data.draw(values)
    response_format = ResponseFormat(output_type, dialect=dialect)
    natural = response_format.natural(value)
    step: Any = Extraction(
        response_format, "m", (Message("user", "x"),), policy=Policy(attempts=9), route=Route(dialect)
    )
    while isinstance(step, Extraction):
        text = valid_answer(step, natural)
        is_truncated = len(step.attempts) < 3 and data.draw(st.integers(0, 3)) > 0
        position = data.draw(st.integers(0, len(text) - 1)) if is_truncated else len(text)
        step = step.receive(completion_of(text[:position], finish_reason="length" if is_truncated else "stop"))
    assert isinstance(step, Truncated) or step.value == value


class Survey(BaseModel):
    rows: list[str]
    note: str | None = None
    tags: list[str] = []


def test_optional_properties_after_the_truncation_are_requested() -> None:
    step = Extraction(ResponseFormat(Survey), "m", (Message("user", "x"),)).receive(
        completion_of('{"rows": ["a", "b', finish_reason="length")
    )
    assert isinstance(step, Extraction)
    assert step.patch
    assert {place.path for place in step.patch.places} == {("rows",), ("note",), ("tags",)}
    result = step.receive(completion_of('{"rows_rest": ["bc"], "note": "n", "tags": ["t"]}'))
    assert isinstance(result, Result)
    assert result.value == Survey(rows=["a", "bc"], note="n", tags=["t"])
    assert {path: origin.how for path, origin in result.provenance.items()} == {
        ("rows", 0): "salvaged",
        ("rows", 1): "re-asked",
        ("note",): "re-asked",
        ("tags", 0): "re-asked",
    }


# Checks that raise, or return what a check may not return


def raising_check(_: Any) -> Any:
    raise KeyError("zip")


async def async_check(_: Any) -> str:
    return "an issue"


CHECKS: dict[str, tuple[Any, list[tuple[Any, str]]]] = {
    "raises": (raising_check, [((), "a check of this value failed")]),
    "raises during iteration": (
        lambda value: (1 / 0 for _ in "x"),
        [((), "a check of this value failed")],
    ),
    "returns an empty text": (lambda value: "", []),
    "returns an iterator": (lambda value: iter(["a", "b"]), [((), "a"), ((), "b")]),
    "has a path that is a text": (lambda value: Issue("rows", "a"), [(("rows",), "a")]),  # type: ignore[arg-type]
    "has a path that is a list": (lambda value: Issue(["rows", 0], "a"), [(("rows", 0), "a")]),  # type: ignore[arg-type]
    "has a path of a missing place": (lambda value: Issue(("rows", 9, "x"), "a"), [(("rows", 9, "x"), "a")]),
}


@pytest.mark.parametrize(("check", "issues"), CHECKS.values(), ids=CHECKS.keys())
def test_what_a_check_may_return_and_all_that_it_raises_is_an_issue_and_not_an_exception(
    check: Any, issues: Any
) -> None:
    value = Survey(rows=["x" * 200, "y" * 200])
    text = value.model_dump_json()
    extraction = Extraction(ResponseFormat(Survey), "m", (Message("user", "x"),), checks=(check,))
    step = extraction.receive(completion_of(text))
    assert [(issue.path, issue.message) for issue in step.attempts[0].issues] == issues
    assert isinstance(step, Extraction if issues else Result)
    while isinstance(step, Extraction):  # the same reply until the attempts are used up
        assert step.request.body
        step = step.receive(completion_of(valid_answer(step, extraction.codec.natural(value))))
    soft_result = replace(extraction, checks=(soft(check),)).receive(completion_of(text))
    assert isinstance(soft_result, Result)
    assert [(issue.path, issue.message) for issue in soft_result.warnings] == issues


WRONG_OUTCOMES: dict[str, tuple[Any, str]] = {
    "a bool": (lambda value: False, "bool"),
    "a number": (lambda value: 0, "int"),
    "a dict": (lambda value: {"a": "b"}, "dict"),
    "bytes": (lambda value: b"ab", "bytes"),
    "a number in a list": (lambda value: ["a", 1], "int"),
    "a coroutine in a list": (lambda value: [async_check(value)], "coroutine"),
}


@pytest.mark.parametrize(("check", "type_name"), WRONG_OUTCOMES.values(), ids=WRONG_OUTCOMES.keys())
def test_another_outcome_of_a_check_ends_the_call_and_of_a_soft_one_is_a_warning(check: Any, type_name: str) -> None:
    extraction = Extraction(ResponseFormat(int), "m", (Message("user", "x"),), checks=(check,))
    message = f"the check <lambda> returned {type_name}; {CHECK_OUTCOMES}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        extraction.receive(completion_of('{"value": 3}'))
    soft_result = replace(extraction, checks=(soft(check),)).receive(completion_of('{"value": 3}'))
    assert isinstance(soft_result, Result)
    assert soft_result.warnings[-1].message == message


async def async_raising(_: Any) -> str:
    raise KeyError("zip")


async def async_bool(_: Any) -> bool:
    return False


def test_another_outcome_of_an_async_check_is_an_error() -> None:
    with pytest.raises(ConfigError, match="the check async_bool returned bool"):
        asyncio.run(async_issues(3, [async_bool]))


def test_an_exception_of_an_async_check_is_an_issue() -> None:
    failed = (Issue((), "a check of this value failed", cause="KeyError('zip')"),)
    assert asyncio.run(async_issues(3, [async_raising, soft(async_raising)])) == (failed, failed)
