"""Constants that are written as their JSON texts: beside texts, each is read back as itself."""

from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.schema.codec import Codec


def obj(x: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": x}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"anyOf": [{"type": "string"}, {"enum": ["a", [1], True]}]}, ["[1]", [1], "a", True, "z"]),
        ({"anyOf": [{"type": "string", "maxLength": 3}, {"const": {}}]}, ["{}", {}]),
        ({"anyOf": [{"type": ["string", "null"]}, {"enum": [[2], None]}]}, ["[2]", [2], None]),
        ({"anyOf": [{"enum": ["[1]", "x"]}, {"const": [1]}]}, ["[1]", [1], "x"]),
        ({"enum": ["[1]", [1], " [1]", "{}", {}]}, ["[1]", [1], " [1]", "{}", {}]),
        ({"enum": [*([number] for number in range(1_200)), "[1]"]}, ["[1]", [1], [1_199]]),
    ],
)
def test_a_structured_constant_differs_from_a_text(schema: Any, values: list[Any], check_round_trip: Any) -> None:
    check_round_trip(obj(schema), *({"x": value} for value in values))


def test_a_structured_constant_that_no_text_equals_has_no_box() -> None:
    response_format = ResponseFormat(obj({"anyOf": [{"enum": ["[2]", "x"]}, {"const": [1]}]}))
    assert response_format.dump({"x": [1]}) == {"x": "[1]"}


def test_the_branch_of_an_open_object_is_chosen_by_its_undeclared_values() -> None:
    closed_to_text = {
        "type": "object",
        "properties": {"b": {"type": "integer"}},
        "additionalProperties": {"type": "null"},
    }
    tagged = {"type": "object", "properties": {"k": {"enum": ["p", "q"]}}, "required": ["k"]}
    response_format = ResponseFormat(obj({"oneOf": [closed_to_text, tagged]}), extras="open")
    for value in ({"x": {"k": "q"}}, {"x": {"b": 1, "z": None}}):
        assert response_format.load(Codec.dump(response_format, value)) == value
        response_format.dump(value)


def test_draft_4_may_require_no_property() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", **obj({"type": "string"}), "required": []}
    response_format = ResponseFormat(schema)
    assert response_format.load({"x": None}) == {}
    assert "no effect" in str(response_format.explain())
