"""Misspelt arguments of the values that a caller makes: the error names the one that was meant."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import structkit


@pytest.mark.parametrize(
    ("make", "argument", "hint"),
    [
        (structkit.Hooks, "on_retries", "Hooks has no argument 'on_retries'; did you mean 'on_retry'?"),
        (structkit.Hooks, "on_response", "Hooks has no argument 'on_response'; use after_reply=..."),
        (structkit.Hooks, "frobnicate", "Hooks has no argument 'frobnicate'; there are before_request, on_retry"),
        (structkit.Price, "inptu", "Price has no argument 'inptu'; did you mean 'input'?"),
        (structkit.Price, "prompt", "Price has no argument 'prompt'; use input=..., per million tokens"),
        (structkit.Price, "currency", "Price has no argument 'currency'; there are input, output, cached_input"),
        (structkit.Tool, "descripton", "Tool has no argument 'descripton'; did you mean 'description'?"),
        (structkit.Tool, "parameters", "Tool has no argument 'parameters'; annotate the parameters of the function"),
        (structkit.Policy, "max_retries", "Policy has no argument 'max_retries'; use retries=..."),
    ],
)
def test_a_misspelt_argument_is_named_with_the_one_that_was_meant(
    make: Callable[..., Any], argument: str, hint: str
) -> None:
    with pytest.raises(TypeError) as caught:
        make(**{argument: Decimal(1)})
    assert str(caught.value).startswith(hint)


def test_an_argument_by_position_that_needs_its_name_is_named_in_the_error() -> None:
    make: Callable[..., Any] = structkit.Job
    with pytest.raises(
        TypeError, match=r"^Job has 2 arguments by position \(source, output\); write output_type=..., p"
    ):
        make("in.csv", "out.csv", int, "{text}")
