"""The text of a request is its body as JSON, whether or not the text of a member is cached."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as some

from structkit import ResponseFormat
from structkit.values import FrozenJSON, Message, Parameters, Request, json_text

texts = some.text(some.characters(exclude_categories=["Cs"]))
values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
)


@given(texts, some.dictionaries(texts, values, max_size=3))
def test_the_text_is_the_body(content: str, fields: dict[str, object]) -> None:
    request = Request("m", (Message("user", content),), Parameters(temperature=0.5), fields)
    assert json.loads(request.text) == request.body
    frozen = Request(request.model, request.messages, request.parameters, {**fields, "frozen": FrozenJSON(fields)})
    assert json.loads(frozen.text) == frozen.body


def test_requests_of_a_type_share_the_text_of_its_schema() -> None:
    payload = ResponseFormat(dict[str, int]).payload
    assert json_text(payload) is json_text(payload)
    assert json.loads(json_text(payload)) == payload


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_changed_copy_has_a_text_of_its_own(make_copy) -> None:
    payload = FrozenJSON(a=1)
    assert json_text(payload) == '{"a":1}'
    changed = make_copy(payload)
    changed["a"] = 2
    assert (json_text(changed), json_text(payload)) == ('{"a":2}', '{"a":1}')


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}, {"a": object()}])
def test_a_body_that_json_cannot_represent_is_rejected(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        _ = Request("m", (), fields={"x": value}).text


def identity_with(name: str, value: str) -> object:
    return Request("m", (), Parameters(extra_headers={name: value})).identity


@pytest.mark.parametrize("name", ["X-Api-Key", "x-portkey-api-key", "Cookie", "x-session-id", "x-csrf", "x-auth"])
def test_a_request_with_a_renewed_credential_is_the_same_request(name: str) -> None:
    assert identity_with(name, "hunter2") == identity_with(name, "hunter3")


@pytest.mark.parametrize("name", ["X-Title", "x-portkey-provider", "x-portkey-config", "anthropic-beta"])
def test_a_request_whose_header_chooses_something_else_is_another_request(name: str) -> None:
    assert identity_with(name, "openai") != identity_with(name, "anthropic")
    assert identity_with(name, " openai ") == identity_with(name.lower(), "openai"), "spaces and case mean nothing"
