"""Decorated functions over many rows: `map` in memory, `label` with a journal; blocking and awaited alike."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

import structkit
from structkit.batch.job import Job
from structkit.batch.settings import LabelOptions
from structkit.errors import ConfigError, InvalidOutput, JobError, StructkitError
from structkit.functions.row_arguments import RowFunction
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply, text_reply
from structkit.transport.direct import AsyncHTTPTransport
from structkit.values import JSON

WAY = Literal["blocking", "awaited"]
LANGUAGE: ContextVar[str] = ContextVar("LANGUAGE", default="en")


class Label(BaseModel):
    """What a row says."""

    mood: Literal["good", "bad"]


def said(request: JSON) -> str:
    return str(request["messages"][-1]["content"])


def by_text(request: JSON) -> Reply:
    """`good` where the prompt says so, what is no label for `odd`, else `bad`."""
    if "odd" in said(request):
        return text_reply(request, '{"mood": "none"}')
    return text_reply(request, json.dumps({"mood": "good" if "good" in said(request) else "bad"}))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint(by_text) as found:
        monkeypatch.setenv("OPENAI_BASE_URL", found.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield found


def declared(way: str, **call: Any) -> Any:
    def blocking(text: str, language: str = "en") -> str:
        return f"{language}, {LANGUAGE.get()}: {text}"

    async def awaited(text: str, language: str = "en") -> str:
        await asyncio.sleep(0)
        return f"{language}, {LANGUAGE.get()}: {text}"

    return structkit.prompt(Label, **{"model": "fake", **call})(blocking if way == "blocking" else awaited)


def mapped(function: Any, rows: Any, **settings: Any) -> list[Any]:
    """All that `map` gives, whichever kind the function is of."""
    found = function.map(rows, **settings)
    if not isinstance(found, AsyncIterator):
        return list(found)

    async def all_of_it() -> list[Any]:
        return [each async for each in found]

    return asyncio.run(all_of_it())


both = pytest.mark.parametrize("way", ["blocking", "awaited"])


@both
def test_values_come_in_the_order_of_the_rows(endpoint: Endpoint, way: WAY) -> None:
    texts = [f"{'good' if number % 3 else 'poor'} {number}" for number in range(60)]
    found = mapped(declared(way), texts, concurrency=7)
    assert [each.mood for each in found] == ["good" if number % 3 else "bad" for number in range(60)]
    assert len(endpoint.requests) == 60


@both
def test_columns_are_the_arguments_of_the_same_names(endpoint: Endpoint, way: WAY) -> None:
    mapped(declared(way), [{"id": 1, "text": "good", "language": "de"}, {"text": "poor"}], concurrency=1)
    assert [said(request) for request in endpoint.requests] == ["de, en: good", "en, en: poor"]


def test_a_row_that_fails_is_raised_in_its_turn(endpoint: Endpoint) -> None:
    found = declared("blocking", policy=structkit.Policy(attempts=1)).map(["good", "odd", "poor"], concurrency=1)
    assert next(found).mood == "good"
    with pytest.raises(InvalidOutput):
        next(found)


def test_an_awaited_row_that_fails_is_raised_in_its_turn(endpoint: Endpoint) -> None:
    async def come() -> Label:
        found = declared("awaited", policy=structkit.Policy(attempts=1)).map(["good", "odd", "poor"], concurrency=1)
        first: Label = await anext(found)
        with pytest.raises(InvalidOutput):
            await anext(found)
        return first

    assert asyncio.run(come()).mood == "good"


@both
def test_a_row_that_fails_can_be_given_in_the_values_place(endpoint: Endpoint, way: WAY) -> None:
    function = declared(way, policy=structkit.Policy(attempts=1))
    first, second, third = mapped(function, ["good", "odd", "poor"], on_error="return")
    assert isinstance(second, StructkitError)
    assert (first.mood, third.mood) == ("good", "bad")


@both
@pytest.mark.parametrize("settings", [{"concurrency": 0}, {"on_error": "ignore"}])
def test_settings_that_mean_nothing_are_refused_where_they_are_given(way: WAY, settings: Any) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        declared(way).map(["good"], **settings)


@both
@pytest.mark.parametrize("rows", ["Fits well.", b"reviews.csv", {"text": "Fits well."}])
def test_one_text_or_row_is_not_taken_for_many(way: WAY, rows: Any) -> None:
    with pytest.raises(ConfigError, match="an iterable of them"):
        declared(way).map(rows)


def test_rows_are_taken_as_they_are_needed(endpoint: Endpoint) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "good"

    found = declared("blocking").map(endless(), concurrency=3)
    assert [next(found).mood for _ in range(5)] == ["good"] * 5
    found.close()
    assert taken <= 12


def test_rows_that_arrive_one_by_one_are_awaited(endpoint: Endpoint) -> None:
    async def rows() -> AsyncIterator[dict[str, str]]:
        for text in ("good", "poor"):
            await asyncio.sleep(0)
            yield {"text": text}

    assert [each.mood for each in mapped(declared("awaited"), rows())] == ["good", "bad"]


@both
def test_no_more_calls_at_once_than_were_wanted(monkeypatch: pytest.MonkeyPatch, way: WAY) -> None:
    at_once, most, turn = 0, 0, threading.Lock()

    def answer(request: JSON) -> Reply:
        nonlocal at_once, most
        with turn:
            at_once += 1
            most = max(most, at_once)
        reply = conforming_reply(request)
        with turn:
            at_once -= 1
        return reply

    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        assert len(mapped(declared(way), ["good"] * 30, concurrency=2)) == 30
    assert most <= 2


def test_what_the_caller_has_set_holds_in_the_threads_too(endpoint: Endpoint) -> None:
    LANGUAGE.set("fi")
    mapped(declared("blocking"), ["good"])
    assert said(endpoint.requests[0]) == "en, fi: good"
    LANGUAGE.set("en")


@both
def test_a_consumer_that_leaves_ends_what_is_under_way(endpoint: Endpoint, way: WAY) -> None:
    function = declared(way)
    if way == "blocking":
        for each in (found := function.map(["good"] * 50, concurrency=2)):
            assert each.mood == "good"
            break
        found.close()
    else:

        async def one() -> None:
            found = function.map(["good"] * 50, concurrency=2)
            assert (await anext(found)).mood == "good"
            await found.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(one())
    assert len(endpoint.requests) < 50


# With a journal


def label(function: Any, source: Any, output: Path, **settings: Any) -> Any:
    found = function.label(source, output, **settings)
    return asyncio.run(found) if asyncio.iscoroutine(found) else found


@both
def test_a_table_is_labelled_once(endpoint: Endpoint, tmp_path: Path, way: WAY) -> None:
    rows, output = [{"id": "a", "text": "good"}, {"id": "b", "text": "poor"}], tmp_path / "out.jsonl"
    for _ in range(2):
        report = label(declared(way), rows, output, key="id", columns=("status",))
        assert report.counts == {"done": 2}
    assert [json.loads(line) for line in output.read_text().splitlines()] == [
        {"id": "a", "text": "good", "mood": "good", "status": "done"},
        {"id": "b", "text": "poor", "mood": "bad", "status": "done"},
    ]
    assert len(endpoint.requests) == 2


@both
def test_a_function_that_was_called_labels_too(endpoint: Endpoint, tmp_path: Path, way: WAY) -> None:
    assert len(mapped(function := declared(way), ["good"])) == 1
    assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}


@both
def test_a_functions_own_client_says_where_its_job_goes(tmp_path: Path, way: WAY) -> None:
    with Endpoint(by_text) as endpoint:
        kind: Any = structkit.Client if way == "blocking" else structkit.AsyncClient
        client = kind("own", base_url=endpoint.base_url, api_key="sk-test", temperature=0, instructions="Be fair.")
        function = declared(way, client=client, model=None, instructions="Be brief.")
        assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}
    body = endpoint.requests[0]
    assert (body["model"], body["temperature"]) == ("own", 0)
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "en, en: good"]


def test_a_job_goes_over_the_transport_of_an_awaited_client_alone(tmp_path: Path) -> None:
    with Endpoint(by_text) as endpoint:
        transport = AsyncHTTPTransport(endpoint.base_url, "sk-test")
        function = declared("awaited", client=structkit.AsyncClient("own", transport=transport), model=None)
        assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}
        own = openai.OpenAI(base_url=endpoint.base_url, api_key="sk-test")
        function = declared("blocking", client=structkit.Client("own", client=own), model=None)
        with pytest.raises(ConfigError, match="AsyncClient"):
            label(function, ["good"], tmp_path / "other.jsonl")


def test_a_changed_function_is_another_job(endpoint: Endpoint, tmp_path: Path) -> None:
    label(declared("blocking"), ["good"], tmp_path / "out.jsonl")

    @structkit.prompt(Label, model="fake")
    def blocking(text: str) -> str:
        return f"Another question: {text}"

    with pytest.raises(JobError, match="Another question"):
        label(blocking, ["good"], tmp_path / "out.jsonl")


def test_a_method_labels_for_its_instance(endpoint: Endpoint, tmp_path: Path) -> None:
    class Shop:
        def __init__(self, name: str) -> None:
            self.name = name

        @structkit.prompt(Label, model="fake")
        def judge(self, text: str) -> str:
            return f"{self.name}: {text}"

    report = Shop("Aldi").judge.label(["good"], tmp_path / "out.jsonl")
    assert (report.counts, said(endpoint.requests[0])) == ({"done": 1}, "Aldi: good")
    assert [each.mood for each in Shop("Lidl").judge.map(["good"])] == ["good"]
    assert "def judge" in (tmp_path / "out.jsonl.manifest.json").read_text()


def test_the_settings_of_a_job_are_those_of_label() -> None:
    set_by_the_function = {"source", "output", "output_type", "prompt", "call"}
    types = {each.name: each.type for each in fields(Job) if each.name not in set_by_the_function}
    options = {name: option.__forward_arg__ for name, option in LabelOptions.__annotations__.items()}
    assert options == types


@pytest.mark.parametrize(
    ("function", "needs"),
    [
        (lambda text: text, {"text"}),
        (lambda text, language="en": text + language, {"text"}),
        (lambda *texts, **more: (texts, more), set()),
    ],
)
def test_a_function_needs_the_columns_it_has_no_default_for(function: Callable[..., Any], needs: set[str]) -> None:
    assert RowFunction(function).needs == needs


def test_all_columns_go_where_all_are_taken() -> None:
    assert RowFunction(lambda **row: row)({"a": 1, "b": 2}) == {"a": 1, "b": 2}


def typed(rows: Iterable[str]) -> Any:  # pragma: no cover (read by the type checkers)
    @structkit.prompt(Label)
    def judge(text: str) -> str:
        return text

    moods: list[Literal["good", "bad"]] = [each.mood for each in judge.map(rows)]
    errors: list[Label | StructkitError] = list(judge.map(rows, on_error="return"))
    spend: Decimal | None = judge.label("in.csv", "out.csv", budget="5").spend
    return moods, errors, spend
