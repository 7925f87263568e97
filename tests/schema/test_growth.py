"""Work that grows with the size of a type, and not with the number of paths through it; calls are counted, not seconds."""

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any, Union

import pytest
from pydantic import BaseModel, create_model

from structkit import ResponseFormat
from structkit.dialects import OPENAI
from structkit.partial.pairing import root_decoder
from structkit.schema.patch import make_patch


def chained_models(number: int) -> type[BaseModel]:
    """Return the last of a number of models, each with an optional field of each of the three before it."""
    models: list[Any] = []
    for position in range(number):
        fields: dict[str, Any] = {
            f"f{distance}": (models[position - distance] | None, None) for distance in (1, 2, 3) if distance <= position
        }
        models.append(create_model(f"Node{position}", name=(str, ...), **fields))
    return models[-1]


def chained_definitions(number: int) -> dict[str, Any]:
    """Return the same as a JSON Schema."""
    definitions = {
        f"Node{position}": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                **{f"f{n}": {"$ref": f"#/$defs/Node{position - n}"} for n in (1, 2, 3) if n <= position},
            },
            "required": ["name"],
            "additionalProperties": False,
        }
        for position in range(number)
    }
    return {"$ref": f"#/$defs/Node{number - 1}", "$defs": definitions}


def count_calls(work: Callable[[], object]) -> int:
    """Return the number of calls of structkit's functions that some work takes."""
    calls = 0

    def count(frame: Any, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call" and "structkit" in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def patch(response_format: ResponseFormat[Any]) -> None:
    make_patch(response_format, {"name": 1, "f1": {"name": 1}}, [("f1", "name")])


def split(response_format: ResponseFormat[Any]) -> None:
    size = dataclasses.replace(OPENAI.max_size, properties=100_000, characters=1_000_000)
    dialect = dataclasses.replace(OPENAI, name="large", max_size=size)
    assert response_format.in_dialect(dialect).parts


USES: dict[str, Callable[[ResponseFormat[Any]], object]] = {
    "compiling": lambda _: None,
    "explaining": lambda response_format: list(response_format.explain()),
    "patching": patch,
    "splitting": split,
    "streaming": root_decoder,
}


@pytest.mark.parametrize("chain", [chained_models, chained_definitions])
@pytest.mark.parametrize("use", USES)
def test_work_grows_with_the_number_of_definitions(use, chain):
    ResponseFormat(chain(5))  # what is done once per process
    small, large = chain(100), chain(200)
    calls = [count_calls(lambda output_type=each: USES[use](ResponseFormat(output_type))) for each in (small, large)]
    assert calls[1] < 2.3 * calls[0]


@pytest.mark.parametrize("chain", [chained_models, chained_definitions])
def test_a_definition_far_below_the_root_keeps_its_fields(chain):
    response_format = ResponseFormat(chain(200))
    deepest = response_format.schema["$defs"]["Node0"]
    assert [*deepest["properties"]] == ["name"]
    assert "nested too deep" not in str(response_format.explain())


def ring_of_definitions(number: int) -> dict[str, Any]:
    """Return an object with a property for each of a number of definitions, each of which refers to the next one."""
    names = [f"Node{position}" for position in range(number)]
    definitions = {
        name: {"type": "object", "properties": {"next": {"$ref": f"#/$defs/{names[position - 1]}"}}}
        for position, name in enumerate(names)
    }
    properties = {f"field_{name}": {"$ref": f"#/$defs/{name}"} for name in names}
    return {"type": "object", "properties": properties, "$defs": definitions}


def test_dividing_a_type_whose_properties_need_the_same_definitions_takes_linear_work():
    def divide(number: int) -> None:
        size = dataclasses.replace(OPENAI.max_size, properties=number + number // 2)
        response_format = ResponseFormat(ring_of_definitions(number))
        assert len(response_format.in_dialect(dataclasses.replace(OPENAI, max_size=size)).parts) > 1

    divide(5)
    calls = [count_calls(lambda number=each: divide(number)) for each in (20, 40)]
    assert calls[1] < 2.5 * calls[0]


def constants(number: int) -> list[Any]:
    return [f"v{n}" if n % 3 else [n] if n % 2 else n for n in range(number)]


def tagged_objects(number: int) -> list[Any]:
    return [
        {"type": "object", "properties": {"kind": {"const": n}}, "required": ["kind"], "additionalProperties": False}
        for n in range(number)
    ]


UNIONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "constants in oneOf": lambda number: {"oneOf": [{"const": value} for value in constants(number)]},
    "constants in anyOf": lambda number: {"anyOf": [{"const": value, "title": "T"} for value in constants(number)]},
    "one enum, a rule and constants": lambda number: {
        "enum": constants(number),
        "minLength": 1,
        "anyOf": [{"const": value} for value in constants(number)],
    },
    "constants and a type in oneOf": lambda number: {
        "oneOf": [{"type": "boolean"}, *({"const": value} for value in constants(number))]
    },
    "objects in anyOf": lambda number: {"anyOf": tagged_objects(number)},
}


@pytest.mark.parametrize("name", UNIONS)
def test_compiling_a_union_takes_work_that_grows_with_its_branches(name):
    fewer, more = (count_calls(lambda number=number: ResponseFormat(UNIONS[name](number))) for number in (40, 160))
    assert more < 5 * fewer


def test_an_invalid_value_of_a_definition_with_many_paths_to_it_takes_linear_work():
    def calls(number):
        definitions = {"s0": {"type": "object", "required": ["a"]}}
        for position in range(1, number + 1):
            inner = {"$ref": f"#/$defs/s{position - 1}"}
            definitions[f"s{position}"] = {"if": inner, "then": inner, "else": inner}
        response_format = ResponseFormat({"$ref": f"#/$defs/s{number}", "$defs": definitions})
        return count_calls(lambda: response_format.read_natural({"b": 1}))

    assert calls(20) < 5 * calls(10)


def test_the_keys_of_many_branches_are_indexed_once_for_all_items_of_a_list() -> None:
    models = [create_model(f"M{m}", **{f"f{m}_{n}": (int, ...) for n in range(9)}) for m in range(30)]  # type: ignore[call-overload]
    response_format = ResponseFormat(list[Union[tuple(models)]])  # type: ignore[misc]
    items = [{f"f{m}_{n}": n for n in range(9)} for m in range(30)]

    def calls(count: int) -> int:
        text = json.dumps({"value": items[:count]})
        assert response_format.read(text, repairs=True).valid
        return count_calls(lambda: response_format.read(text, repairs=True))

    assert calls(30) < 15 * calls(1)
