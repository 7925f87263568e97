"""What a client works out once for all of its calls."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

import structkit
from structkit.schema.cache import response_format
from structkit.testing import Endpoint

COUNT = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}, "additionalProperties": False}


def test_a_type_is_compiled_once() -> None:
    assert response_format(dict[str, int]) is response_format(dict[str, int])
    assert response_format(int | str) is not response_format(str | int)


def test_a_json_schema_is_compiled_once_for_all_that_say_the_same() -> None:
    schema: dict[str, Any] = {**COUNT, "title": "count"}
    compiled = response_format(schema)
    assert response_format({**schema}) is compiled
    schema["properties"] = {"m": {"type": "string"}}
    assert [*response_format(schema).schema["properties"]] == ["m"]
    assert [*compiled.schema["properties"]] == ["n"]


def test_a_json_schema_of_the_callers_may_change_between_calls() -> None:
    schema: dict[str, Any] = {**COUNT, "properties": {"n": {"type": "integer"}}}
    with Endpoint() as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        client.extract(schema, "how many?")
        schema["properties"]["m"] = {"type": "integer"}
        client.extract(schema, "how many?")
    asked = [body["response_format"]["json_schema"]["schema"]["properties"] for body in endpoint.requests]
    assert [[*properties] for properties in asked] == [["n"], ["n", "m"]]


@pytest.mark.parametrize("odd", [{"enum": [float("nan"), 1]}, {"type": "integer", 1: 2}])
def test_a_schema_that_is_not_quite_json_is_read_as_the_compiler_reads_it(odd: Any) -> None:
    assert str(response_format(odd).schema) == str(structkit.ResponseFormat(odd).schema)


@pytest.mark.parametrize("wrong", [{"type": {1, 2}}, {"enum": (1, 2)}, {"type": "number of cups"}])
def test_a_schema_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(structkit.SchemaError):
        response_format(wrong)


def test_a_type_that_cannot_be_a_key_is_a_type_all_the_same() -> None:
    listed = Annotated[int, Field(json_schema_extra={"examples": [1]})]
    assert response_format(listed).schema == structkit.ResponseFormat(listed).schema
    assert response_format(Annotated[int, ["unhashable"]]).schema == response_format(int).schema
