"""What is sent is the body as JSON, whichever of its pieces were written before."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as some

from structkit import ResponseFormat
from structkit.values import Fixed, Message, Parameters, Request, written

texts = some.text(some.characters(exclude_categories=["Cs"]))
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
)


@given(texts, some.dictionaries(texts, values, max_size=3))
def test_the_text_is_the_body(said: str, fields: dict[str, object]) -> None:
    request = Request("m", (Message("user", said),), Parameters(temperature=0.5), fields)
    assert json.loads(request.text) == request.body
    fixed = Request(request.model, request.messages, request.parameters, {**fields, "fixed": Fixed(fields)})
    assert json.loads(fixed.text) == fixed.body


def test_requests_of_a_type_share_the_text_of_its_schema() -> None:
    payload = ResponseFormat(dict[str, int]).payload
    assert written(payload) is written(payload)
    assert json.loads(written(payload)) == payload


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_may_be_changed_and_is_written_anew(copied) -> None:
    payload = Fixed(a=1)
    assert written(payload) == '{"a":1}'
    other = copied(payload)
    other["a"] = 2
    assert (written(other), written(payload)) == ('{"a":2}', '{"a":1}')


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, {"a": object()}])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        _ = Request("m", (), fields={"x": value}).text
