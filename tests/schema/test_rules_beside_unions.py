"""Rules beside `anyOf` and `oneOf` hold in every branch; the descriptions of branches are alternatives."""

from __future__ import annotations

from typing import Any

import pytest

from structkit import ResponseFormat

IPV4, IPV6 = {"format": "ipv4"}, {"format": "ipv6"}
STRING = {"type": "string"}


def obj(part: Any) -> dict[str, Any]:
    definitions = {"ipv4": IPV4, "any_ip": {"anyOf": [IPV4, IPV6]}}
    return {"type": "object", "properties": {"part": part}, "required": ["part"], "$defs": definitions}


def wire(part: Any) -> Any:
    return ResponseFormat(obj(part)).schema["properties"]["part"]


EITHER_IP = {"anyOf": [STRING | IPV4, STRING | IPV6]}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (STRING | {"anyOf": [IPV4, IPV6]}, EITHER_IP),
        (STRING | {"oneOf": [IPV4, IPV6]}, EITHER_IP),
        ({"allOf": [STRING, {"anyOf": [IPV4, IPV6]}]}, EITHER_IP),
        (STRING | {"anyOf": [{"$ref": "#/$defs/ipv4"}, IPV6]}, EITHER_IP),
        (STRING | {"anyOf": [{"$ref": "#/$defs/any_ip"}]}, EITHER_IP),
        (STRING | {"anyOf": [IPV4, {"enum": ["any"]}]}, {"anyOf": [STRING | IPV4, STRING | {"const": "any"}]}),
        (STRING | {"anyOf": [True, STRING]}, STRING),
        ({"type": "null", "anyOf": [{"const": None}, {"type": "null"}]}, {"type": "null"}),
        (
            {"type": ["string", "null"], "anyOf": [IPV4, {"enum": ["any", None]}]},
            {"anyOf": [STRING | IPV4, STRING | {"const": "any"}, {"type": "null"}]},
        ),
        (
            {"type": "integer", "minimum": 0, "oneOf": [{"multipleOf": 3}, {"maximum": 10}]},
            {
                "anyOf": [
                    {"type": "integer", "multipleOf": 3, "minimum": 0},
                    {"type": "integer", "minimum": 0, "maximum": 10},
                ]
            },
        ),
        (
            {"type": "array", "items": STRING, "anyOf": [{"minItems": 3}, {"maxItems": 1}]},
            {"anyOf": [{"type": "array", "items": STRING, key: n} for key, n in (("minItems", 3), ("maxItems", 1))]},
        ),
    ],
    ids=str,
)
def test_the_rules_beside_a_union_hold_in_each_branch(part: Any, expected: Any) -> None:
    assert wire(part) == expected


@pytest.mark.parametrize("value", ["192.0.2.1", "2001:db8::1"])
def test_a_value_of_a_branch_that_names_no_type_comes_back(value: str) -> None:
    form = ResponseFormat(obj(STRING | {"anyOf": [IPV4, IPV6]}))
    assert form.load(form.dump({"part": value})) == {"part": value}


@pytest.mark.parametrize(
    ("first", "second", "description"),
    [
        (
            {"pattern": "a$"},
            {"pattern": "b$"},
            "Matches the regular expression `a$`. Or: Matches the regular expression `b$`.",
        ),
        ({"description": "A name"}, {"description": "A code"}, "A name. Or: A code."),
        ({"description": "A name."}, {"description": "A name."}, "A name."),
        ({"description": "A name."}, {}, "A name."),
    ],
)
def test_the_descriptions_of_branches_that_look_alike_are_alternatives(
    first: Any, second: Any, description: str
) -> None:
    assert wire({"anyOf": [STRING | first, STRING | second]}) == STRING | {"description": description}
