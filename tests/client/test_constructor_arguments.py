"""A constructor rejects an argument of another type at once, with its name, instead of failing in a call later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from structkit import (
    AsyncClient,
    Client,
    Document,
    Hooks,
    JinjaTemplate,
    Message,
    Policy,
    Price,
    ResponseFormat,
    Tool,
    soft,
)
from structkit.errors import ConfigError, PromptError, SchemaError

LOOPBACK = "http://127.0.0.1:1/v1"


def lookup(city: str) -> str:
    """Look up a city."""
    return city


async def log_async(attempt: object) -> None:
    """Log an attempt."""


@pytest.mark.parametrize("amount", ["2.50", Decimal("2.50"), 2.5])
def test_a_price_is_an_amount_in_any_notation(amount: Any) -> None:
    assert Price(amount, amount, amount) == Price(Decimal("2.50"), Decimal("2.50"), Decimal("2.50"))
    assert Price(amount, 10).cost(1_000_000, 1_000_000) == Decimal("12.50")
    assert isinstance(Price(3, amount).input, Decimal)


@pytest.mark.parametrize("name", ["input", "output", "cached_input"])
@pytest.mark.parametrize("value", ["two", "", -1, True, [], "NaN", float("inf"), 10**12], ids=repr)
def test_a_price_rejects_what_is_no_amount(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^Price\({name}=...\) is .*not an amount of money"):
        Price(**{"input": 1, "output": 1, name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        *(
            (name, value, "a whole number")
            for name in ("attempts", "retries", "reply_bytes")
            for value in ("3", 1.5, None)
        ),
        ("attempts", True, "a whole number"),
        ("tool_rounds", float("nan"), "a whole number"),
        ("max_tokens", "100", "a whole number or None"),
        ("timeout", "30", "a number or None"),
        ("escalate_below", "0.5", "a number or None"),
        ("wait_initial", None, "a number"),
        ("repairs", None, "a set of names"),
        ("fallback_on", True, "a set of transport, refusal, invalid"),
        ("show", "yes", "one of auto, True, False"),
    ],
)
def test_a_policy_rejects_values_of_other_types(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be {message}, not "):
        Policy(**{name: value})


@pytest.mark.parametrize(
    ("construct", "error", "message"),
    [
        (lambda: Hooks(on_retry="log"), ConfigError, "on_retry of structkit.Hooks must be a function, not 'log'"),
        (lambda: Hooks(on_attempt=log_async), ConfigError, "on_attempt of structkit.Hooks must be a plain function"),
        (lambda: soft("zero"), ConfigError, "a soft check must be a function, not 'zero'"),
        (lambda: Tool(lookup, name=5), ConfigError, "the name of a tool must be a text, not 5"),
        (lambda: Tool(lookup, description=["a"]), ConfigError, "the description of a tool must be a text"),
        (lambda: Document(5), PromptError, "the text of a document must be a text, not int"),
        (lambda: Document("a", name=None), PromptError, "the name of a document must be a text, not NoneType"),
        (lambda: Document("a", send="pdf"), PromptError, "send must be one of auto, text, images, file, not 'pdf'"),
        (lambda: JinjaTemplate(None), PromptError, "a Jinja template must be a text, not NoneType"),
        (lambda: ResponseFormat(int, dialect="openai"), SchemaError, "dialect must be a Dialect"),
        (lambda: ResponseFormat({}, extras=[]), SchemaError, 'extras must be "closed" or "open"'),
    ],
    ids=range(11),
)
def test_a_constructor_names_the_argument_of_another_type(construct: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        construct()
    assert message in str(caught.value)


@pytest.mark.parametrize("client_class", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("base_url", 5, "base_url must be a text, not 5"),
        ("api_key", ["sk-secret"], "api_key must be a text, not an object of type list"),
        ("hooks", "log", "hooks must be structkit.Hooks(...), not 'log'"),
    ],
)
def test_a_client_names_the_argument_of_another_type(client_class: Any, name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        client_class("m", **{"base_url": LOOPBACK, name: value})
    assert message in str(caught.value)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("message", [Message(5, "a"), Message("user", 5)], ids=["role", "content"])  # type: ignore[arg-type]
def test_a_message_of_other_types_is_an_error_before_it_is_sent(message: Message) -> None:
    with pytest.raises(PromptError, match=r"^a message's (role|content) must be (a )?text"):
        Client("m", base_url=LOOPBACK).extract(int, [message])
