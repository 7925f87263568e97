"""The cache of compiled types, which all calls share."""

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


def test_equal_json_schemas_are_compiled_once() -> None:
    schema: dict[str, Any] = {**COUNT, "title": "count"}
    compiled = response_format(schema)
    assert response_format({**schema}) is compiled
    schema["properties"] = {"m": {"type": "string"}}
    assert [*response_format(schema).schema["properties"]] == ["m"]
    assert [*compiled.schema["properties"]] == ["n"]


def test_the_callers_json_schema_may_change_between_calls() -> None:
    schema: dict[str, Any] = {**COUNT, "properties": {"n": {"type": "integer"}}}
    with Endpoint() as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        client.extract(schema, "how many?")
        schema["properties"]["m"] = {"type": "integer"}
        client.extract(schema, "how many?")
    sent = [body["response_format"]["json_schema"]["schema"]["properties"] for body in endpoint.requests]
    assert [[*properties] for properties in sent] == [["n"], ["n", "m"]]


@pytest.mark.parametrize("schema", [{"type": {1, 2}}, {"enum": (1, 2)}, {"type": "number of cups"}, {1: 2}])
def test_an_invalid_schema_is_rejected(schema: Any) -> None:
    with pytest.raises(structkit.SchemaError):
        response_format(schema)


def test_an_unhashable_type_is_compiled_without_the_cache() -> None:
    output_type = Annotated[int, Field(json_schema_extra={"examples": [1]})]
    assert response_format(output_type).schema == structkit.ResponseFormat(output_type).schema
    assert response_format(Annotated[int, ["unhashable"]]).schema == response_format(int).schema
