"""Decorated functions over many rows: `map` in memory, `label` with a journal; blocking and awaited functions."""

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
from structkit.values import JSON

Kind = Literal["blocking", "awaited"]
LANGUAGE: ContextVar[str] = ContextVar("LANGUAGE", default="en")


class Label(BaseModel):
    """The mood of a review."""

    mood: Literal["good", "bad"]


def prompt_of(request: JSON) -> str:
    return str(request["messages"][-1]["content"])


def answer_by_text(request: JSON) -> Reply:
    """Answer `good` if the prompt has that word, an invalid label for `unknown`, else `bad`."""
    if "unknown" in prompt_of(request):
        return text_reply(request, '{"mood": "none"}')
    return text_reply(request, json.dumps({"mood": "good" if "good" in prompt_of(request) else "bad"}))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint(answer_by_text) as scripted:
        monkeypatch.setenv("OPENAI_BASE_URL", scripted.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        yield scripted


def declare(kind: str, **call: Any) -> Any:
    def blocking(text: str, language: str = "en") -> str:
        return f"{language}, {LANGUAGE.get()}: {text}"

    async def awaited(text: str, language: str = "en") -> str:
        await asyncio.sleep(0)
        return f"{language}, {LANGUAGE.get()}: {text}"

    return structkit.prompt(Label, **{"model": "fake", **call})(blocking if kind == "blocking" else awaited)


def map_rows(function: Any, rows: Any, **settings: Any) -> list[Any]:
    """Return all values of `map`, for a function of either kind."""
    values = function.map(rows, **settings)
    if not isinstance(values, AsyncIterator):
        return list(values)

    async def collect() -> list[Any]:
        return [value async for value in values]

    return asyncio.run(collect())


both_kinds = pytest.mark.parametrize("kind", ["blocking", "awaited"])


@both_kinds
def test_map_returns_the_values_in_the_order_of_the_rows(endpoint: Endpoint, kind: Kind) -> None:
    texts = [f"{'good' if number % 3 else 'poor'} {number}" for number in range(60)]
    values = map_rows(declare(kind), texts, concurrency=7)
    assert [each.mood for each in values] == ["good" if number % 3 else "bad" for number in range(60)]
    assert len(endpoint.requests) == 60


@both_kinds
def test_columns_are_the_arguments_of_the_same_names(endpoint: Endpoint, kind: Kind) -> None:
    map_rows(declare(kind), [{"id": 1, "text": "good", "language": "de"}, {"text": "poor"}], concurrency=1)
    assert [prompt_of(request) for request in endpoint.requests] == ["de, en: good", "en, en: poor"]


def test_the_error_of_a_row_is_raised_in_its_turn(endpoint: Endpoint) -> None:
    values = declare("blocking", policy=structkit.Policy(attempts=1)).map(["good", "unknown", "poor"], concurrency=1)
    assert next(values).mood == "good"
    with pytest.raises(InvalidOutput):
        next(values)


def test_the_error_of_an_awaited_row_is_raised_in_its_turn(endpoint: Endpoint) -> None:
    async def first_value() -> Label:
        values = declare("awaited", policy=structkit.Policy(attempts=1)).map(["good", "unknown", "poor"], concurrency=1)
        first: Label = await anext(values)
        with pytest.raises(InvalidOutput):
            await anext(values)
        return first

    assert asyncio.run(first_value()).mood == "good"


@both_kinds
def test_the_error_of_a_row_can_be_returned_in_the_values_place(endpoint: Endpoint, kind: Kind) -> None:
    function = declare(kind, policy=structkit.Policy(attempts=1))
    first, second, third = map_rows(function, ["good", "unknown", "poor"], on_error="return")
    assert isinstance(second, StructkitError)
    assert (first.mood, third.mood) == ("good", "bad")


@both_kinds
@pytest.mark.parametrize("settings", [{"concurrency": 0}, {"on_error": "ignore"}])
def test_invalid_arguments_of_map_are_rejected_at_once(kind: Kind, settings: Any) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        declare(kind).map(["good"], **settings)


@both_kinds
@pytest.mark.parametrize("rows", ["Fits well.", b"reviews.csv", {"text": "Fits well."}])
def test_a_single_text_or_row_is_rejected_as_the_rows_of_map(kind: Kind, rows: Any) -> None:
    with pytest.raises(ConfigError, match="an iterable of rows"):
        declare(kind).map(rows)


def test_rows_are_read_as_they_are_needed(endpoint: Endpoint) -> None:
    read = 0

    def infinite_rows() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "good"

    values = declare("blocking").map(infinite_rows(), concurrency=3)
    assert [next(values).mood for _ in range(5)] == ["good"] * 5
    values.close()
    assert read <= 12


def test_rows_that_arrive_one_by_one_are_awaited(endpoint: Endpoint) -> None:
    async def rows() -> AsyncIterator[dict[str, str]]:
        for text in ("good", "poor"):
            await asyncio.sleep(0)
            yield {"text": text}

    assert [each.mood for each in map_rows(declare("awaited"), rows())] == ["good", "bad"]


@both_kinds
def test_no_more_calls_run_at_a_time_than_the_concurrency(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    calls, max_calls, lock = 0, 0, threading.Lock()

    def answer(request: JSON) -> Reply:
        nonlocal calls, max_calls
        with lock:
            calls += 1
            max_calls = max(max_calls, calls)
        reply = conforming_reply(request)
        with lock:
            calls -= 1
        return reply

    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        assert len(map_rows(declare(kind), ["good"] * 30, concurrency=2)) == 30
    assert max_calls <= 2


def test_the_callers_context_variables_hold_in_the_threads_too(endpoint: Endpoint) -> None:
    LANGUAGE.set("fi")
    map_rows(declare("blocking"), ["good"])
    assert prompt_of(endpoint.requests[0]) == "en, fi: good"
    LANGUAGE.set("en")


@both_kinds
def test_a_consumer_that_stops_cancels_the_calls_in_progress(endpoint: Endpoint, kind: Kind) -> None:
    function = declare(kind)
    if kind == "blocking":
        for value in (values := function.map(["good"] * 50, concurrency=2)):
            assert value.mood == "good"
            break
        values.close()
    else:

        async def take_one() -> None:
            values = function.map(["good"] * 50, concurrency=2)
            assert (await anext(values)).mood == "good"
            await values.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(take_one())
    assert len(endpoint.requests) < 50


# With a journal


def label(function: Any, source: Any, output: Path, **settings: Any) -> Any:
    report = function.label(source, output, **settings)
    return asyncio.run(report) if asyncio.iscoroutine(report) else report


@both_kinds
def test_a_table_is_labelled_once(endpoint: Endpoint, tmp_path: Path, kind: Kind) -> None:
    rows, output = [{"id": "a", "text": "good"}, {"id": "b", "text": "poor"}], tmp_path / "out.jsonl"
    for _ in range(2):
        report = label(declare(kind), rows, output, key="id", columns=("status",))
        assert report.counts == {"done": 2}
    assert [json.loads(line) for line in output.read_text().splitlines()] == [
        {"id": "a", "text": "good", "mood": "good", "status": "done"},
        {"id": "b", "text": "poor", "mood": "bad", "status": "done"},
    ]
    assert len(endpoint.requests) == 2


@both_kinds
def test_a_function_that_was_called_labels_too(endpoint: Endpoint, tmp_path: Path, kind: Kind) -> None:
    assert len(map_rows(function := declare(kind), ["good"])) == 1
    assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}


@both_kinds
def test_the_job_of_a_function_uses_its_client(tmp_path: Path, kind: Kind) -> None:
    with Endpoint(answer_by_text) as endpoint:
        client_class: Any = structkit.Client if kind == "blocking" else structkit.AsyncClient
        client = client_class(
            "from-client", base_url=endpoint.base_url, api_key="sk-test", temperature=0, instructions="Be fair."
        )
        function = declare(kind, client=client, model=None, instructions="Be brief.")
        assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}
    body = endpoint.requests[0]
    assert (body["model"], body["temperature"]) == ("from-client", 0)
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "en, en: good"]


@both_kinds
def test_the_job_of_a_function_uses_the_sdk_client_of_its_client(tmp_path: Path, kind: Kind) -> None:
    client_class, sdk_class = {
        "blocking": (structkit.Client, openai.OpenAI),
        "awaited": (structkit.AsyncClient, openai.AsyncOpenAI),
    }[kind]
    with Endpoint(answer_by_text) as endpoint:
        sdk_client: Any = sdk_class(base_url=endpoint.base_url, api_key="sk-test")
        function = declare(kind, client=client_class("from-client", client=sdk_client), model=None)
        assert label(function, ["good"], tmp_path / "out.jsonl").counts == {"done": 1}
    assert endpoint.requests[0]["model"] == "from-client"


@both_kinds
def test_the_connection_of_a_job_replaces_the_client_of_its_function(
    endpoint: Endpoint, tmp_path: Path, kind: Kind
) -> None:
    client_class: Any = structkit.Client if kind == "blocking" else structkit.AsyncClient
    client = client_class("from-client", base_url="http://127.0.0.1:9/v1", api_key="sk-own", instructions="Be fair.")
    function = declare(kind, client=client, model=None)
    report = label(function, ["good"], tmp_path / "out.jsonl", base_url=endpoint.base_url)
    assert (report.counts, endpoint.requests[0]["model"]) == ({"done": 1}, "from-client")
    assert endpoint.requests[0]["messages"][0]["content"] == "Be fair."


def test_a_changed_function_is_another_job(endpoint: Endpoint, tmp_path: Path) -> None:
    label(declare("blocking"), ["good"], tmp_path / "out.jsonl")

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
        def classify(self, text: str) -> str:
            return f"{self.name}: {text}"

    report = Shop("Aldi").classify.label(["good"], tmp_path / "out.jsonl")
    assert (report.counts, prompt_of(endpoint.requests[0])) == ({"done": 1}, "Aldi: good")
    assert [each.mood for each in Shop("Lidl").classify.map(["good"])] == ["good"]
    assert "def classify" in (tmp_path / "out.jsonl.manifest.json").read_text()


def test_the_settings_of_label_are_those_of_a_job() -> None:
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
def test_a_function_needs_the_columns_of_parameters_without_a_default(
    function: Callable[..., Any], needs: set[str]
) -> None:
    assert RowFunction(function).needs == needs


def test_a_parameter_that_has_no_name_for_callers_receives_its_column() -> None:
    def greet(text: str, /, language: str = "en") -> str:
        return f"{language}: {text}"

    call = RowFunction(greet)
    assert (call({"language": "fr", "text": "a", "id": 7}), call({"text": "a"}), call("a")) == (
        "fr: a",
        "en: a",
        "en: a",
    )


def test_a_function_with_keyword_arguments_receives_all_columns() -> None:
    assert RowFunction(lambda **row: row)({"a": 1, "b": 2}) == {"a": 1, "b": 2}


def typed(rows: Iterable[str]) -> Any:  # pragma: no cover (read by the type checkers)
    @structkit.prompt(Label)
    def classify(text: str) -> str:
        return text

    moods: list[Literal["good", "bad"]] = [each.mood for each in classify.map(rows)]
    errors: list[Label | StructkitError] = list(classify.map(rows, on_error="return"))
    spend: Decimal | None = classify.label("in.csv", "out.csv", budget="5").spend
    return moods, errors, spend
