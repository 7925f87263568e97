"""Options for one call of a decorated function, and options of the docstring form."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationInfo, field_validator

import structkit
from structkit.testing import Endpoint


class Place(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def is_known(cls, name: str, info: ValidationInfo) -> str:
        if info.context is not None and name not in info.context:
            raise ValueError("unknown place")
        return name


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        yield endpoint


def declare(kind: str, **call: Any) -> Any:
    def blocking(text: str, *, language: str = "en") -> str:
        return f"{language}: {text}"

    async def awaited(text: str, *, language: str = "en") -> str:
        return f"{language}: {text}"

    return structkit.prompt(int, **call)(blocking if kind == "blocking" else awaited)


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    value = function(*args, **kwargs)
    return asyncio.run(value) if inspect.isawaitable(value) else value


both_kinds = pytest.mark.parametrize("kind", ["blocking", "awaited"])


@both_kinds
def test_options_of_a_call_replace_those_of_the_declaration(endpoint: Endpoint, kind: str) -> None:
    function = declare(kind, temperature=0.5, seed=7, extra_body={"top_k": 5})
    call(function.with_options(model="other", temperature=1, extra_body={"min_p": 0.1}), "x", language="fr")
    call(function, "x")
    first, second = endpoint.requests
    assert (first["model"], first["temperature"], first["seed"]) == ("other", 1, 7)
    assert (first["top_k"], first["min_p"]) == (5, 0.1)
    assert first["messages"][-1]["content"] == "fr: x"
    assert (second["model"], second["temperature"]) == ("fake", 0.5)
    assert "min_p" not in second


@both_kinds
def test_none_removes_an_option_of_the_declaration_and_of_the_client(endpoint: Endpoint, kind: str) -> None:
    client_class: Any = structkit.Client if kind == "blocking" else structkit.AsyncClient
    function = declare(kind, client=client_class(temperature=0.5, seed=7), temperature=1)
    call(function.with_options(temperature=None, seed=None), "x")
    assert endpoint.requests[0].keys().isdisjoint({"temperature", "seed"})


@both_kinds
def test_another_client_brings_its_model_unless_one_is_named(endpoint: Endpoint, kind: str) -> None:
    client_class: Any = structkit.Client if kind == "blocking" else structkit.AsyncClient
    function = declare(kind, model="declared")
    client = client_class("of-client")
    call(function, "x")
    call(function.with_options(client=client), "x")
    call(function.with_options(client=client, model="named"), "x")
    call(function.with_options(client=client).with_options(seed=7), "x")
    assert [each["model"] for each in endpoint.requests] == ["declared", "of-client", "named", "of-client"]


def test_a_declaration_may_have_a_client_and_another_model_of_its_endpoint(endpoint: Endpoint) -> None:
    client = structkit.Client("of-client")
    call(declare("blocking", client=client, model="declared"), "x")
    assert endpoint.requests[0]["model"] == "declared"


@both_kinds
def test_functions_with_other_options_share_the_client_of_the_environment(endpoint: Endpoint, kind: str) -> None:
    function = declare(kind)
    for seed in range(3):
        call(function.with_options(seed=seed), "x")
    assert list(function.declaration.default_clients) == [None]


def test_the_context_of_a_call_reaches_the_validators() -> None:
    @structkit.prompt(Place, policy=structkit.Policy(attempts=1))
    def find(text: str) -> str:
        return text

    with Endpoint('{"name": "Ulm"}') as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        assert find.with_options(client=client, context=["Ulm"])("x").name == "Ulm"
        with pytest.raises(structkit.InvalidOutput, match="unknown place"):
            find.with_options(client=client, context=["Bonn"])("x")


def test_the_signature_the_name_and_the_instance_stay(endpoint: Endpoint) -> None:
    class Reader:
        language = "de"

        @structkit.prompt(int)
        def read(self, text: str) -> str:
            """Read a number."""
            return f"{self.language}: {text}"

    method = Reader().read.with_options(seed=7)
    assert (method.__name__, method.__doc__) == ("read", "Read a number.")
    assert str(inspect.signature(method)) == "(text: 'str') -> 'str'"
    assert method("x") == 0
    assert Reader.read.with_options(seed=7)(Reader(), "x") == 0
    assert [each["messages"][0]["content"] for each in endpoint.requests] == ["de: x", "de: x"]


def test_options_hold_for_results_streams_rows_and_jobs(endpoint: Endpoint, tmp_path: Any) -> None:
    function = declare("blocking").with_options(seed=7)
    function.run("x")
    with function.stream("x") as stream:
        list(stream)
    list(function.map(["x"]))
    function.label(["x"], tmp_path / "out.jsonl")
    assert [each["seed"] for each in endpoint.requests] == [7, 7, 7, 7]


def test_a_misspelt_option_or_a_client_of_another_library_raises_at_once() -> None:
    function = declare("blocking")
    with pytest.raises(TypeError, match="did you mean 'temperature'"):
        function.with_options(temprature=0)
    with pytest.raises(structkit.ConfigError, match=r"must be a structkit\.Client or AsyncClient, not str"):
        function.with_options(client="gpt-4o")


def test_the_docstring_form_has_options(endpoint: Endpoint) -> None:
    @structkit.prompt(model="other", seed=7)
    def count(text: str) -> int:
        """Count the cups: {text}"""
        raise NotImplementedError

    @structkit.prompt(seed=8)
    async def count_later(text: str) -> int:
        """Count the cups: {text}"""
        raise NotImplementedError

    @structkit.prompt()
    def count_again(text: str) -> int:
        """Count the cups: {text}"""
        raise NotImplementedError

    assert (count("two"), asyncio.run(count_later("two")), count_again("two")) == (0, 0, 0)
    sent = [(each["model"], each.get("seed"), each["messages"][0]["content"]) for each in endpoint.requests]
    question = "Count the cups: two"
    assert sent == [("other", 7, question), ("fake", 8, question), ("fake", None, question)]


def test_a_misspelt_option_of_the_docstring_form_raises_at_the_declaration() -> None:
    untyped: Any = structkit.prompt
    with pytest.raises(TypeError, match="did you mean 'temperature'"):
        untyped(temprature=0)
