"""Lengths of a field of JSON text are those of what the text contains, and not of its characters."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic import Field, Json, create_model

from structkit import Client, ResponseFormat
from structkit.testing import Endpoint

LENGTHS = Field(min_length=1, max_length=2)


@pytest.mark.parametrize(
    ("content", "description", "text"),
    [
        pytest.param(list[int], "At least 1 item. At most 2 items.", "[10, 20]", id="list"),
        pytest.param(dict[str, int], "At least 1 key given. At most 2 keys given.", '{"north": 10}', id="map"),
        pytest.param(str, "At least 1 character. At most 2 characters.", '"ab"', id="text"),
    ],
)
def test_a_json_text_may_be_longer_than_the_bound_of_its_content(content: Any, description: str, text: str) -> None:
    part = create_model("Part", codes=(Annotated[Json[content], LENGTHS], ...))
    schema = ResponseFormat(part).schema["properties"]["codes"]
    assert "pattern" not in schema
    assert schema["description"].endswith(description)
    with Endpoint(json.dumps({"codes": text})) as endpoint:
        assert Client("fake", base_url=endpoint.base_url).extract(part, "Which codes?") == part(codes=text)
        assert len(endpoint.requests) == 1
