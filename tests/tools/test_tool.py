"""Functions as tools: their schemas, their arguments, and what is rejected before anything is sent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field, SecretStr

from structkit import ConfigError, Policy, SchemaError
from structkit.dialects import DIALECTS
from structkit.tools import Tool, read_tools
from structkit.values import ToolCall


class Unit(Enum):
    C = "celsius"
    F = "fahrenheit"


class Place(BaseModel):
    city: str
    country: str = "FR"


def forecast(place: Place, days: int = 3, *, unit: Unit = Unit.C, tags: list[str] = ["x"]) -> str:  # noqa: B006
    """Return the weather forecast.

    It is made every hour.

    Args:
        place: Where,
            in English.
        days (int): How many days.

    Returns:
        A text.
    """
    return f"{place.city} {place.country} {days} {unit.name} {tags}"


def plan(function: Callable[..., Any], arguments: str, **policy: Any) -> Any:
    return Tool(function).plan(ToolCall("f", arguments, "a"), Policy(**policy))


def test_a_signature_and_a_docstring_are_the_payload() -> None:
    assert Tool(forecast).payload() == snapshot(
        {
            "type": "function",
            "function": {
                "name": "forecast",
                "description": """\
Return the weather forecast.

It is made every hour.

Returns:
    A text.\
""",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "place": {
                            "type": "object",
                            "properties": {
                                "city": {"type": "string"},
                                "country": {
                                    "type": ["string", "null"],
                                    "description": 'Null for the default, "FR".',
                                },
                            },
                            "required": ["city", "country"],
                            "additionalProperties": False,
                            "description": "Where, in English.",
                        },
                        "days": {
                            "type": ["integer", "null"],
                            "description": "How many days. Null for the default, 3.",
                        },
                        "unit": {
                            "anyOf": [
                                {"type": "string", "enum": ["celsius", "fahrenheit"]},
                                {"type": "null"},
                            ],
                            "description": 'Null for the default, "celsius".',
                        },
                        "tags": {
                            "anyOf": [
                                {"type": "array", "items": {"type": "string"}},
                                {"type": "null"},
                            ],
                            "description": "Null if not given.",
                        },
                    },
                    "required": ["place", "days", "unit", "tags"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
        }
    )


def test_arguments_are_read_as_the_types_of_the_parameters() -> None:
    planned = plan(
        forecast, '{"place": {"city": "Lyon", "country": null}, "days": 2, "unit": "fahrenheit", "tags": null}'
    )
    assert planned.function() == "Lyon FR 2 F ['x']"
    assert planned.arguments == {"place": {"city": "Lyon"}, "days": 2, "unit": "fahrenheit"}


def test_a_null_is_the_default_of_the_function() -> None:
    assert plan(forecast, '{"place": {"city": "Lyon"}}').function() == "Lyon FR 3 C ['x']"


def test_arguments_are_repaired_like_any_reply() -> None:
    planned = plan(forecast, "{place: {city: 'Lyon'}, days: 2,}")
    assert planned.repairs == ("unquoted key", "single quotes", "trailing comma")
    assert planned.wire_text == (
        '{"place": {"city": "Lyon", "country": null}, "days": 2, "unit": null, "tags": null}'
    ), "endpoints decode the calls of a history, so it is sent as JSON"
    exact = plan(forecast, "{place: {city: 'Lyon'}}", repairs=False)
    assert exact.function is None
    assert exact.wire_text == "{}"


@pytest.mark.parametrize("repairs", [True, {"several answers", "other document"}])
def test_of_the_arguments_of_two_calls_in_one_none_is_left_out(repairs: Any) -> None:
    planned = plan(forecast, '{"place": {"city": "Lyon"}}{"place": {"city": "Oslo"}}', repairs=repairs)
    assert planned.function is None
    assert planned.error is not None
    assert "several valid answers that differ" in planned.error
    assert plan(forecast, '{"place": {"city": "Lyon"}}{"place": {"city": "Lyon"}}').function() == "Lyon FR 3 C ['x']"


def test_invalid_arguments_say_what_is_wrong_and_where() -> None:
    planned = plan(forecast, '{"place": {"city": null}, "days": "many"}')
    assert planned.function is None
    assert planned.error == snapshot("""\
The arguments of forecast are invalid:
place.city: Input should be a valid string (got null)
days: Input should be a valid integer, unable to parse string as an integer (got "many")
Call it again with valid arguments.\
""")
    assert [issue.path for issue in planned.issues] == [("place", "city"), ("days",)]


@pytest.mark.parametrize("arguments", ["", "{}", "null", '{"x": 1}'])
def test_a_function_without_parameters_takes_whatever_the_model_writes(arguments: str) -> None:
    def clock() -> str:
        return "noon"

    assert plan(clock, arguments).function() == "noon"
    assert Tool(clock).payload()["function"]["parameters"]["properties"] == {}


class Counter:
    """A class, whose docstring does not describe the call."""

    def __init__(self, start: int) -> None:
        self.start = start

    def add(self, number: int) -> int:
        """Add a number."""
        return self.start + number

    def __call__(self, number: int) -> int:
        """Count on."""
        return self.start + number

    @classmethod
    def double(cls, number: int) -> int:
        """Double a number."""
        return 2 * number


async def wait(number: int) -> int:
    """Wait."""
    return number


@pytest.mark.parametrize(
    ("function", "name", "description", "result"),
    [
        pytest.param(Counter(1).add, "add", "Add a number.", 4, id="bound method"),
        pytest.param(Counter(1), "Counter", "Count on.", 4, id="object"),
        pytest.param(Counter.double, "double", "Double a number.", 6, id="class method"),
        pytest.param(functools.partial(Counter.add, Counter(2)), "add", "Add a number.", 5, id="partial"),
    ],
)
def test_whatever_can_be_called_is_a_tool(function: Any, name: str, description: str, result: int) -> None:
    tool = Tool(function)
    assert (tool.name, tool.description) == (name, description)
    assert tool.plan(ToolCall(name, '{"number": 3}'), Policy()).function() == result


def test_two_methods_of_one_class_are_bound_to_their_own_objects() -> None:
    assert [plan(Counter(start).add, '{"number": 1}').function() for start in (1, 10)] == [2, 11]
    with pytest.raises(ConfigError, match="parameter 'self' has no annotation; pass a bound method"):
        Tool(Counter.add)


def test_what_a_partial_has_bound_is_not_sent() -> None:
    def lookup(city: str, api_key: str = "none") -> str:
        return f"{city} {api_key}"

    tool = Tool(functools.partial(lookup, api_key="hunter2"))
    assert "hunter2" not in str(tool.payload())
    assert "api_key" not in str(tool.payload())
    assert tool.plan(ToolCall("lookup", '{"city": "Lyon"}'), Policy()).function() == "Lyon hunter2"


def test_a_function_may_take_arguments_by_position_only() -> None:
    def divide(a: int, b: int, /, *, digits: int) -> float:
        return round(a / b, digits)

    assert plan(divide, '{"a": 2, "b": 3, "digits": 1}').function() == 0.7


def test_parameters_may_have_any_name_and_be_described_by_annotations() -> None:
    def save(
        model_config: int, schema: Annotated[str, Field(description="Of Field.")], _key: str = "k"
    ) -> tuple[Any, ...]:
        """Save.

        :param schema: Of the docstring.
        :param str _key: The key.
        """
        return model_config, schema, _key

    properties = Tool(save).payload()["function"]["parameters"]["properties"]
    assert properties["schema"]["description"] == "Of Field."
    assert properties["_key"]["description"] == 'The key. Null for the default, "k".'
    assert Tool(save).description == "Save."
    assert plan(save, '{"model_config": 1, "schema": "s"}').function() == (1, "s", "k")


def test_numpys_docstrings_are_read() -> None:
    def add(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a : int
            The first.
        b
            The second.

        Returns
        -------
        int
            The sum.
        """
        return a + b

    tool = Tool(add)
    assert tool.description == "Add.\n\nReturns\n-------\nint\n    The sum."
    properties = tool.payload()["function"]["parameters"]["properties"]
    assert [each["description"] for each in properties.values()] == ["The first.", "The second."]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_a_tool_is_written_in_every_dialect(dialect: Any) -> None:
    parameters = Tool(forecast).payload(dialect)["function"]["parameters"]
    assert parameters["additionalProperties"] is False
    planned = Tool(forecast).plan(ToolCall("f", '{"place": {"city": "Lyon"}}'), Policy(), dialect)
    assert planned.function() == "Lyon FR 3 C ['x']"


def test_a_name_and_a_description_may_be_chosen() -> None:
    tool = Tool(lambda: 1, name="one", description="Return one.")
    function = tool.payload()["function"]
    assert (function["name"], function["description"]) == ("one", "Return one.")
    assert tool() == 1


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("text", "text"),
        (None, None),
        (Place(city="Lyon"), {"city": "Lyon", "country": "FR"}),
        ({"at": date(2026, 1, 2), "sum": Decimal("1.50")}, {"at": "2026-01-02", "sum": "1.50"}),
        ({1}, [1]),
        (float("inf"), "Infinity"),
        (SecretStr("hunter2"), "**********"),
    ],
)
def test_a_result_is_json(value: Any, result: Any) -> None:
    run = plan(lambda_tool, "{}").finish(value, 0.1)
    assert run.result == result
    assert not run.error


def lambda_tool() -> None: ...


def test_a_result_without_a_json_form_is_an_error_of_the_tool() -> None:
    run = plan(lambda_tool, "{}").finish(object(), 0.1)
    assert "the tool returned a object, which has no JSON form" in run.error
    assert isinstance(run.exception, TypeError)


def no_annotation(city): ...
def unresolved(city: Nowhere): ...  # type: ignore[name-defined]  # noqa: F821
def variable(*cities: str): ...
def keywords(**cities: str): ...
def without_form(call: Callable[[int], int]): ...
def größe(city: str): ...  # noqa: PLC2401
def forecast_again(city: str): ...


REJECTED: dict[str, tuple[Any, str]] = {
    "no annotation": ([no_annotation], "tool no_annotation: parameter 'city' has no annotation; write city: TYPE"),
    "unresolved": ([unresolved], "tool unresolved has an annotation that cannot be resolved here: name 'Nowhere'"),
    "args": ([variable], r"tool variable: the model cannot fill \*cities; name each parameter"),
    "kwargs": ([keywords], r"tool keywords: the model cannot fill \*\*cities"),
    "no form": ([without_form], "tool without_form: call: .* has no JSON form"),
    "lambda": ([lambda: 1], r"the API takes no tool of the name '<lambda>'.*structkit.Tool\(function, name="),
    "letters": ([größe], "the API takes no tool of the name 'größe'"),
    "the class itself": ([Tool], "a tool must be a function, not the class Tool"),
    "class": ([Place], "a tool must be a function, not the class Place"),
    "text": (["forecast"], "a tool must be a function, or a dict in the endpoint's form, not 'forecast'"),
    "no list": (forecast, "tools must be a list of functions, not of type function"),
    "a dict": ({"type": "web_search"}, "tools must be a list of functions, not of type dict"),
    "a string": ("forecast", "tools must be a list"),
    "twice": ([forecast, forecast], "two tools have the name 'forecast'; structkit.Tool"),
    "one name": ([forecast, Tool(forecast_again, name="forecast")], "two tools have the name 'forecast'"),
    "both kinds": ([forecast, Tool(forecast_again).payload()], "functions and 1 in the endpoint's form"),
    "in C": ([len], "tool len: parameter 'obj' has no annotation"),
}


@pytest.mark.parametrize(("tools", "message"), REJECTED.values(), ids=REJECTED.keys())
def test_what_cannot_be_a_tool_is_rejected(tools: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_tools(tools)


def test_a_type_without_a_form_is_a_schema_error() -> None:
    with pytest.raises(SchemaError):
        Tool(without_form)


def test_tools_that_the_endpoint_runs_may_stand_beside_functions() -> None:
    assert [tool.name for tool in read_tools([{"type": "web_search"}, forecast])] == ["forecast"]
    assert read_tools([{"type": "function", "function": {"name": "f"}}]) == ()


def test_a_literal_is_an_enum() -> None:
    def convert(unit: Literal["c", "f"]) -> None: ...

    assert Tool(convert).payload()["function"]["parameters"]["properties"]["unit"]["enum"] == ["c", "f"]
