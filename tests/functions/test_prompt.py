"""The decorator: what it sends, what it returns, and what it rejects at the declaration."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import structkit
from structkit.testing import Endpoint


class Label(BaseModel):
    mood: Literal["good", "bad"]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        yield endpoint


def test_the_body_returns_the_prompt_and_the_value_has_the_type(endpoint: Endpoint) -> None:
    @structkit.prompt(Label, instructions="Label reviews.", temperature=0)
    def label(text: str, *, language: str = "en") -> str:
        """Label a review."""
        return f"[{language}] {text}"

    assert label("fine", language="fr") == Label(mood="good")
    sent = endpoint.requests[0]
    assert sent["messages"] == [
        {"role": "system", "content": "Label reviews."},
        {"role": "user", "content": "[fr] fine"},
    ]
    assert sent["temperature"] == 0
    assert (label.__name__, label.__doc__, str(inspect.signature(label))) == (
        "label",
        "Label a review.",
        "(text: 'str', *, language: 'str' = 'en') -> 'str'",
    )


def test_an_async_function_is_awaited(endpoint: Endpoint) -> None:
    @structkit.prompt(Label)
    async def label(text: str) -> str:
        return text

    async def two() -> list[Label]:
        return await asyncio.gather(label("a"), label("b"))

    async def with_client() -> list[Label]:
        async with structkit.AsyncClient() as client:
            function = structkit.prompt(Label, client=client)(label.__wrapped__)
            return await asyncio.gather(function("a"), function("b"))

    assert asyncio.run(with_client()) == [Label(mood="good")] * 2
    assert asyncio.run(two()) == [Label(mood="good")] * 2
    assert inspect.iscoroutinefunction(label.__wrapped__)


def test_one_async_function_serves_several_event_loops(endpoint: Endpoint) -> None:
    @structkit.prompt(int)
    async def count(text: str) -> str:
        return text

    assert [asyncio.run(count(str(number))) for number in range(3)] == [0, 0, 0]


def test_methods_keep_their_instance(endpoint: Endpoint) -> None:
    class Labeller:
        def __init__(self, product: str) -> None:
            self.product = product

        @structkit.prompt(Label)
        def label(self, text: str) -> str:
            return f"{self.product}: {text}"

    assert Labeller("lamp").label("fine") == Label(mood="good")
    assert Labeller("desk").label.format("fine") == "desk: fine"
    assert endpoint.requests[0]["messages"][0]["content"] == "lamp: fine"


def test_run_returns_the_full_result_and_format_sends_nothing(endpoint: Endpoint) -> None:
    @structkit.prompt(list[int])
    def numbers(text: str) -> str:
        return text

    assert numbers.format("hello") == "hello"
    assert endpoint.requests == []
    assert numbers.run("hello").usage.total_tokens == 15


def test_bare_the_annotation_is_the_type_and_the_docstring_the_template(endpoint: Endpoint) -> None:
    @structkit.prompt
    def label(text: str, language: str = "en") -> Label:
        """Label this {language} review: {text}"""

    assert label("{text} {0} %s") == Label(mood="good")
    assert endpoint.requests[0]["messages"][0]["content"] == "Label this en review: {text} {0} %s"


def test_bare_works_on_async_functions(endpoint: Endpoint) -> None:
    @structkit.prompt
    async def label(text: str) -> Label:
        """Label this review: {text}"""

    async def run() -> Label:
        return await label("x")

    assert asyncio.run(run()) == Label(mood="good")


@pytest.mark.parametrize(
    ("docstring", "message"),
    [
        (None, "no docstring"),
        ("Label {review}", "asks for {review}"),
        ("Label {text.upper}", "not a plain name"),
        ("Label {text!r}", "not a plain name"),
        ("Label {text", "not a template"),
        ("Is it good?", r"no placeholder.* write \{text\}"),
        ("Label {{ text }}", r"write \{text\} for the value"),
    ],
)
def test_an_invalid_bare_function_raises_at_the_declaration(docstring: str | None, message: str) -> None:
    def label(text: str) -> int: ...

    label.__doc__ = docstring
    with pytest.raises(structkit.PromptError, match=message):
        structkit.prompt(label)


def test_a_parameter_that_the_docstring_leaves_out_raises_at_the_declaration() -> None:
    def label(text: str, language: str = "en") -> int:
        """Label {text}"""
        raise NotImplementedError

    with pytest.raises(structkit.PromptError, match=r"label has no \{language\}, so the argument would never be sent"):
        structkit.prompt(label)


def test_a_docstring_may_leave_out_the_instance_and_private_parameters(endpoint: Endpoint) -> None:
    class Product:
        @structkit.prompt
        def label(self, text: str, _trace_id: str = "") -> Label:
            """Label {text}"""
            raise NotImplementedError

    assert Product().label("x", _trace_id="7") == Label(mood="good")
    assert endpoint.requests[0]["messages"][0]["content"] == "Label x"


def test_values_in_a_docstring_are_json_or_iso(endpoint: Endpoint) -> None:
    @structkit.prompt
    def label(text: str | None, tags: list[str], is_new: bool) -> Label:
        """Label {text}|{tags}|{is_new}"""
        raise NotImplementedError

    label(None, ["a"], is_new=True)
    assert endpoint.requests[0]["messages"][0]["content"] == 'Label |["a"]|true'


def test_a_bare_function_needs_a_return_annotation() -> None:
    def label(text: str):  # type: ignore[no-untyped-def]
        """Label {text}"""

    with pytest.raises(structkit.PromptError, match="return annotation"):
        structkit.prompt(label)


def test_a_type_without_a_json_form_raises_at_the_declaration() -> None:
    with pytest.raises(structkit.SchemaError):
        structkit.prompt(object().__class__.__init__)


def test_a_client_of_the_wrong_kind_is_rejected(endpoint: Endpoint) -> None:
    @structkit.prompt(int, client=structkit.AsyncClient("fake", base_url=endpoint.base_url))
    def count(text: str) -> str:
        return text

    with pytest.raises(structkit.ConfigError, match="needs client=Client"):
        count("x")


def test_a_misspelt_argument_raises_at_the_declaration() -> None:
    with pytest.raises(TypeError, match="did you mean 'temperature'"):
        structkit.prompt(int, temprature=0)  # type: ignore[call-overload]


def test_the_signature_of_the_decorator_has_no_address() -> None:
    assert " at 0x" not in str(inspect.signature(structkit.prompt))


@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize("descriptor", [classmethod, property])
def test_a_descriptor_belongs_above_the_decorator(descriptor: Any, is_bare: bool) -> None:
    def count(cls: Any) -> int:
        """Count."""
        raise AssertionError

    with pytest.raises(structkit.PromptError, match=f"write @{descriptor.__name__} above it"):
        (structkit.prompt() if is_bare else structkit.prompt(int))(descriptor(count))  # type: ignore[call-overload]
