"""Tools that the model calls before it answers, over both clients and a real endpoint."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field

import structkit
from structkit import ConfigError, Hooks, Policy, Result, Tool, ToolError
from structkit.dialects import DIALECTS
from structkit.testing import Endpoint, Reply, call, completion, fault
from structkit.values import ToolCall, ToolRun

Connect = Callable[..., Any]

MODES = ("json_schema", "json_schema_lax", "tool", "json_object", "prompt")


class Trip(BaseModel):
    city: str
    celsius: float = Field(ge=-90)


TRIP = '{"city": "Lyon", "celsius": 21.5}'


def weather(city: str, unit: str = "celsius") -> float:
    """Return the temperature of a city."""
    return {"Lyon": 21.5, "Rome": 28.0}[city]


def tool_messages(endpoint: Endpoint, request: int = -1) -> list[str]:
    return [each["content"] for each in endpoint.requests[request]["messages"] if each["role"] == "tool"]


@pytest.mark.parametrize("mode", ["auto", *MODES])
def test_the_model_calls_a_function_before_it_answers(connect: Connect, mode: Any) -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "How warm is Lyon?", tools=[weather], mode=mode)
    assert result.value == Trip(city="Lyon", celsius=21.5)
    [run] = result.tool_calls
    assert (run.name, run.arguments, run.result, run.error) == ("weather", {"city": "Lyon"}, 21.5, "")
    assert [len(each["tools"]) for each in endpoint.requests] == [2 if mode in {"auto", "tool"} else 1] * 2
    assert len(result.attempts) == 2
    assert result.usage.total_tokens == 30


def test_the_requests_as_sent(connect: Connect) -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "How warm is Lyon?", tools=[weather])
    first, second = endpoint.requests
    assert first["tools"] == second["tools"]
    assert first["tools"] == snapshot(
        [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Return the temperature of a city.",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "city": {"type": "string"},
                            "unit": {
                                "type": ["string", "null"],
                                "description": 'Null for the default, "celsius".',
                            },
                        },
                        "required": ["city", "unit"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            },
            {
                "type": "function",
                "function": {
                    "name": "trip",
                    "description": "Deliver the answer.",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "city": {"type": "string"},
                            "celsius": {"type": "number", "minimum": -90},
                        },
                        "required": ["city", "celsius"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            },
        ]
    )
    assert first["tool_choice"] == second["tool_choice"] == "required"
    assert second["messages"] == snapshot(
        [
            {"role": "user", "content": "How warm is Lyon?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Lyon"}'},
                    }
                ],
            },
            {"role": "tool", "content": "21.5", "tool_call_id": "call_1"},
        ]
    )


def test_calls_of_one_reply_are_made_at_once(connect: Connect) -> None:
    barrier = threading.Barrier(3)

    def meet(name: str) -> str:
        barrier.wait()  # returns only once all three have arrived
        return name

    with Endpoint([call("meet", name=each) for each in "abc"], TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[meet])
    assert [run.result for run in result.tool_calls] == ["a", "b", "c"]
    assert tool_messages(endpoint) == ["a", "b", "c"]


def test_invalid_arguments_are_sent_back_with_what_is_wrong(connect: Connect) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    replies = [call("add", a=1, b="many"), ToolCall("add", "not JSON"), call("add", a=1, b=2), TRIP]
    with Endpoint(replies) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[add])
    assert tool_messages(endpoint) == snapshot(
        [
            """\
The arguments of add are invalid:
b: Input should be a valid integer, unable to parse string as an integer (got "many")
Call it again with valid arguments.\
""",
            """\
The arguments of add are invalid:
(root): not valid JSON: the text does not start with a JSON value (got "not JSON")
Call it again with valid arguments.\
""",
            "3",
        ]
    )
    assert [run.result for run in result.tool_calls] == [None, None, 3]
    assert [issue.path for issue in result.attempts[0].issues] == [("add", "b")]
    sent = [
        each["tool_calls"][0]["function"]["arguments"]
        for each in endpoint.requests[-1]["messages"]
        if "tool_calls" in each
    ]
    assert sent == ['{"a": 1, "b": "many"}', "{}", '{"a": 1, "b": 2}'], "endpoints decode the arguments of a history"


def test_valid_calls_are_made_beside_invalid_ones(connect: Connect) -> None:
    with Endpoint([call("weather"), call("weather", city="Rome"), call("wether", city="x")], TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert [run.result for run in result.tool_calls] == [None, 28.0, None]
    assert tool_messages(endpoint)[1:] == ["28.0", "There is no tool 'wether'. The tools are: weather."]
    assert "city: required, but missing" in tool_messages(endpoint)[0]


def test_an_invalid_answer_after_tools_is_corrected_without_calling_them_again(connect: Connect) -> None:
    replies = [call("weather", city="Lyon"), '{"city": "Lyon", "celsius": -300}', TRIP]
    with Endpoint(replies) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert len(result.tool_calls) == 1
    roles = [each["role"] for each in endpoint.requests[-1]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


def test_the_model_may_answer_without_a_tool(connect: Connect) -> None:
    with Endpoint(TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert result.tool_calls == ()
    assert "tool_calls" not in result.to_dict()


def test_a_text_is_sent_as_it_is_and_any_other_result_as_json(connect: Connect) -> None:
    def text() -> str:
        return "“Rain”"

    def record() -> Trip:
        return Trip(city="Köln", celsius=3)

    def nothing() -> None: ...

    with Endpoint([call("text"), call("record"), call("nothing")], TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[text, record, nothing])
    assert tool_messages(endpoint) == ["“Rain”", '{"city": "Köln", "celsius": 3.0}', "null"]
    assert [run.result for run in result.tool_calls] == ["“Rain”", {"city": "Köln", "celsius": 3.0}, None]


def test_an_exception_of_a_tool_is_raised_with_its_cause(connect: Connect) -> None:
    replies = [call("weather", city="Lyon"), call("weather", city="Atlantis"), TRIP]
    with (
        Endpoint(replies) as endpoint,
        pytest.raises(ToolError, match="tool weather raised KeyError: 'Atlantis'") as info,
    ):
        connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert isinstance(info.value.__cause__, KeyError)
    assert len(info.value.attempts) == len(endpoint.requests) == 2
    assert [run.error for run in info.value.tool_calls] == ["", "KeyError: 'Atlantis'"]


def test_an_exception_of_a_tool_is_sent_to_the_model_if_the_policy_says_so(connect: Connect) -> None:
    with Endpoint(call("weather", city="Atlantis"), call("weather", city="Lyon"), TRIP) as endpoint:
        policy = Policy(tool_errors="tell")
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather], policy=policy)
    assert tool_messages(endpoint) == ["KeyError: 'Atlantis'", "21.5"]
    assert isinstance(result.tool_calls[0].exception, KeyError)
    assert result.to_dict()["tool_calls"][0]["error"] == "KeyError: 'Atlantis'"


def test_a_result_without_a_json_form_is_an_exception_of_the_tool(connect: Connect) -> None:
    def handle() -> object:
        return object()

    with (
        Endpoint(call("handle"), TRIP) as endpoint,
        pytest.raises(ToolError, match="returned a object, which has no JSON"),
    ):
        connect(endpoint.base_url).run(Trip, "x", tools=[handle])


class Unreadable(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "exception", [StopIteration("s"), TimeoutError("t"), structkit.Refusal("r"), asyncio.TimeoutError(), Unreadable()]
)
def test_any_exception_of_a_tool_follows_the_policy(connect: Connect, exception: Exception) -> None:
    def fail() -> None:
        raise exception

    with Endpoint(call("fail"), TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[fail], policy=Policy(tool_errors="tell"))
    assert result.tool_calls[0].error.startswith(type(exception).__name__)


def test_a_hook_is_called_with_each_call_that_has_ended(connect: Connect) -> None:
    def fail(city: str) -> None:
        raise LookupError(city)

    runs: list[ToolRun] = []
    options: Any = {"tools": [weather, fail], "hooks": Hooks(on_tool=runs.append), "policy": Policy(tool_errors="tell")}
    with Endpoint([call("weather", city="Lyon"), call("fail", city="Rome")], call("weather"), TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", **options)
    valid_runs = [run for run in result.tool_calls if run.arguments != {}]  # the arguments of the others are not valid
    assert sorted(runs, key=lambda run: run.name, reverse=True) == valid_runs
    assert {(run.name, run.result, run.error) for run in runs} == {
        ("weather", 21.5, ""),
        ("fail", None, "LookupError: Rome"),
    }


def test_a_hook_is_called_with_a_call_that_did_not_end_in_time(connect: Connect) -> None:
    never, runs = threading.Event(), list[ToolRun]()

    def wait() -> bool:
        return never.wait()

    options: Any = {"tools": [wait], "hooks": Hooks(on_tool=runs.append), "policy": Policy(tool_timeout=0.05)}
    with Endpoint(call("wait"), TRIP) as endpoint, pytest.raises(ToolError):
        connect(endpoint.base_url).run(Trip, "x", **options)
    [run] = runs
    assert "has not ended within 0.05 seconds" in run.error
    never.set()


def test_an_exception_of_a_hook_for_tools_ends_the_call(connect: Connect) -> None:
    def stop(run: ToolRun) -> None:
        raise RuntimeError(run.name)

    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
        with pytest.raises(RuntimeError, match=r"^weather$"):
            connect(endpoint.base_url).run(Trip, "x", tools=[weather], hooks=Hooks(on_tool=stop))
        assert len(endpoint.requests) == 1


def test_a_stream_calls_the_hook_for_tools(connect: Connect) -> None:
    runs: list[ToolRun] = []
    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        with client.stream(Trip, "x", tools=[weather], hooks=Hooks(on_tool=runs.append)) as stream:
            assert [*stream]
    assert [run.name for run in runs] == ["weather"]


def test_a_tool_that_never_ends_is_an_error(connect: Connect) -> None:
    never = threading.Event()

    def wait() -> bool:
        return never.wait()

    policy = Policy(tool_timeout=0.05, tool_errors="tell")
    with Endpoint(call("wait"), TRIP) as endpoint:
        with pytest.raises(ToolError, match=r"tool wait has not ended within 0.05 seconds.*Policy\(tool_timeout"):
            connect(endpoint.base_url).run(Trip, "x", tools=[wait], policy=policy)
        assert len(endpoint.requests) == 1
    never.set()


def test_a_model_that_only_calls_tools_is_an_error(connect: Connect) -> None:
    with Endpoint(call("weather", city="Lyon")) as endpoint, pytest.raises(ToolError) as info:
        connect(endpoint.base_url).run(Trip, "x", tools=[weather], policy=Policy(tool_rounds=2))
    assert str(info.value) == (
        "no answer after 2 rounds of tool calls (the next reply calls weather): raise Policy(tool_rounds=...), or write in "
        "the instructions when to answer"
    )
    assert len(info.value.tool_calls) == 2
    assert len(info.value.attempts) == 3


def test_rounds_do_not_count_as_attempts(connect: Connect) -> None:
    replies = [call("weather", city="Lyon")] * 3
    with Endpoint(*replies, TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather], policy=Policy(attempts=1, tool_rounds=3))
    assert len(result.attempts) == 4
    assert result.value.city == "Lyon"


def test_an_answer_beside_calls_is_read_only_after_their_results(connect: Connect) -> None:
    replies = [[call("weather", city="Lyon"), call("trip", city="Lyon", celsius=0)], TRIP]
    with Endpoint(*replies) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather], mode="tool")
    assert result.value.celsius == 21.5
    assert tool_messages(endpoint)[1].startswith("Not read: it was called together with other tools.")


def test_text_beside_calls_is_not_an_answer(connect: Connect) -> None:
    body = completion(TRIP.replace("21.5", "0"), finish_reason="tool_calls")
    body["choices"][0]["message"]["tool_calls"] = [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Lyon"}'}}
    ]
    with Endpoint(body, TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather], mode="json_schema")
    assert result.value.celsius == 21.5
    assert endpoint.requests[1]["messages"][1]["content"] == TRIP.replace("21.5", "0")


def test_an_answer_in_a_call_of_any_name_is_read(connect: Connect) -> None:
    reply = ToolCall("json_tool_call", TRIP)  # some gateways translate `response_format` to a tool of their own
    with Endpoint(reply) as endpoint:
        assert connect(endpoint.base_url).extract(Trip, "x", tools=[weather], mode="json_schema").celsius == 21.5


def test_what_the_endpoint_needs_back_is_sent_back(connect: Connect) -> None:
    body = completion(None, finish_reason="tool_calls")
    body["choices"][0]["message"] |= {
        "reasoning_content": "The weather, first.",
        "tool_calls": [
            {
                "index": 0,
                "id": "a",
                "type": "function",
                "extra_content": {"google": {"thought_signature": "c2ln"}},
                "function": {"name": "weather", "arguments": {"city": "Lyon"}},
            }
        ],
    }
    with Endpoint(body, TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    message = endpoint.requests[1]["messages"][1]
    assert message == snapshot(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "extra_content": {"google": {"thought_signature": "c2ln"}},
                    "function": {"name": "weather", "arguments": '{"city": "Lyon"}'},
                }
            ],
            "reasoning_content": "The weather, first.",
        }
    )


def test_half_a_surrogate_pair_in_a_reply_with_calls_does_not_stop_the_next_request(connect: Connect) -> None:
    body = completion("thinking \ud83d", finish_reason="tool_calls")
    body["choices"][0]["message"] |= {
        "reasoning_content": "\ud83d",
        "tool_calls": [
            {"id": "\ud83d", "function": {"name": "echo", "arguments": '{"text": "\ud83d"}'}},
            {"id": "b", "function": {"name": "\ud83d", "arguments": "\ud83d"}},
        ],
    }

    def echo(text: str) -> str:
        return text

    with Endpoint(body, TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[echo])
    assert result.value.city == "Lyon"
    messages = endpoint.requests[1]["messages"]
    assert [each["id"] for each in messages[1]["tool_calls"]] == [each["tool_call_id"] for each in messages[2:]]


def test_calls_without_identifiers_get_some(connect: Connect) -> None:
    body = completion(None, finish_reason="tool_calls")
    body["choices"][0]["message"]["tool_calls"] = [
        {"id": "", "function": {"name": "weather", "arguments": '{"city": "Lyon"}'}},
        {"function": {"name": "weather", "arguments": '{"city": "Rome"}'}},
    ]
    with Endpoint(body, body, TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    messages = endpoint.requests[2]["messages"]
    ids = [entry["id"] for each in messages for entry in each.get("tool_calls", ())]
    assert ids == [each["tool_call_id"] for each in messages if each["role"] == "tool"]
    assert len({*ids}) == 4


def test_the_callers_choice_of_a_tool_is_for_the_first_request(connect: Connect) -> None:
    choice = {"type": "function", "function": {"name": "weather"}}
    for mode, later in (("tool", "required"), ("json_schema", "auto")):
        with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
            connect(endpoint.base_url).run(Trip, "x", tools=[weather], tool_choice=choice, mode=mode)
        assert [each["tool_choice"] for each in endpoint.requests] == [choice, later]


def test_no_tool_is_called_if_the_caller_says_none(connect: Connect) -> None:
    with Endpoint(TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "x", tools=[weather], tool_choice="none", mode="tool")
        connect(endpoint.base_url).run(Trip, "x", tools=[weather], tool_choice="none", mode="json_schema")
    assert endpoint.requests[0]["tool_choice"] == {"type": "function", "function": {"name": "trip"}}
    assert endpoint.requests[1]["tool_choice"] == "none"


def test_tools_of_the_client_are_replaced_by_those_of_a_call(connect: Connect) -> None:
    def other() -> int:
        return 1

    with Endpoint(TRIP) as endpoint:
        client = connect(endpoint.base_url, tools=[weather])
        client.extract(Trip, "x")
        client.extract(Trip, "x", tools=[other])
        client.extract(Trip, "x", tools=None)
        client.extract(Trip, "x", tools=[])
    names = [[each["function"]["name"] for each in request.get("tools", ())] for request in endpoint.requests]
    assert [each[0] for each in names[:2]] == ["weather", "other"]
    assert names[2:] == [[], []]


def test_tools_in_the_endpoints_form_are_sent_beside_functions(connect: Connect) -> None:
    search = {"type": "web_search", "web_search": {"enable": True}}
    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "x", tools=[search, weather])
    assert [each["tools"][0] for each in endpoint.requests] == [search, search]


def test_dicts_alone_are_only_sent(connect: Connect) -> None:
    lookup = Tool(weather).payload()
    with Endpoint(TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[lookup], mode="json_schema")
        connect(endpoint.base_url).run(Trip, "x", tools=[lookup], mode="tool")
    assert result.tool_calls == ()
    assert endpoint.requests[0]["tools"] == [lookup]
    assert [each["function"]["name"] for each in endpoint.requests[1]["tools"]] == ["weather", "trip"]


def unannotated(city): ...


def trip() -> str:
    return "x"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tools": [unannotated]}, "parameter 'city' has no annotation"),
        ({"tools": [weather, weather]}, "two tools have the name 'weather'"),
        ({"tools": [lambda: 1]}, "the API takes no tool of the name '<lambda>'"),
        ({"tools": [trip]}, r"the answer and a tool are both named 'trip'; structkit.Tool\(function, name="),
        ({"tools": [weather], "n": 2}, "n cannot be more than 1 with functions in tools"),
        ({"tools": weather}, "tools must be a list of functions"),
        ({"tools": [weather, Tool(trip, name="other").payload()]}, "whose calls nobody would make"),
    ],
)
def test_invalid_tools_are_rejected_before_anything_is_sent(connect: Connect, options: Any, message: str) -> None:
    with Endpoint(TRIP) as endpoint, pytest.raises(ConfigError, match=message):
        connect(endpoint.base_url).run(Trip, "x", **options)
    assert endpoint.requests == []


def test_a_client_rejects_invalid_tools_at_once() -> None:
    with pytest.raises(ConfigError, match="no annotation"):
        structkit.Client("fake", base_url="http://127.0.0.1:1", tools=[unannotated])


async def slow_weather(city: str) -> float:
    await asyncio.sleep(0)
    return 21.5


def test_a_blocking_client_rejects_coroutine_functions() -> None:
    with Endpoint(TRIP) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        with pytest.raises(ConfigError, match="the tool slow_weather is a coroutine function: use AsyncClient"):
            client.run(Trip, "x", tools=[slow_weather])
        with pytest.raises(ConfigError, match="is a coroutine function"):
            client.stream(Trip, "x", tools=[slow_weather])
    assert endpoint.requests == []


def test_a_hidden_coroutine_is_an_error_of_the_tool_in_a_blocking_client() -> None:
    def hidden(city: str) -> Any:
        return slow_weather(city)

    with Endpoint(call("hidden", city="Lyon"), TRIP) as endpoint, pytest.raises(ToolError, match="use AsyncClient"):
        structkit.Client("fake", base_url=endpoint.base_url).run(Trip, "x", tools=[hidden])


def test_coroutine_functions_are_awaited_at_once(connect_later: Connect) -> None:
    async def run() -> Result[Trip]:
        events = [asyncio.Event(), asyncio.Event()]

        async def meet(number: int) -> int:
            events[number].set()
            await events[1 - number].wait()
            return number

        async with structkit.AsyncClient("fake", base_url=endpoint.base_url) as client:
            return await client.run(Trip, "x", tools=[meet, weather])

    with Endpoint([call("meet", number=0), call("meet", number=1), call("weather", city="Rome")], TRIP) as endpoint:
        result = asyncio.run(run())
    assert [each.result for each in result.tool_calls] == [0, 1, 28.0]


def test_a_coroutine_that_never_ends_is_cancelled(connect_later: Connect) -> None:
    cancelled: list[bool] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with Endpoint(call("wait"), TRIP) as endpoint, pytest.raises(ToolError, match="has not ended within"):
        connect_later(endpoint.base_url).run(Trip, "x", tools=[wait], policy=Policy(tool_timeout=0.05))
    assert cancelled == [True]


def test_a_coroutine_that_is_cancelled_by_itself_follows_the_policy(connect_later: Connect) -> None:
    async def wait() -> None:
        task = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(task.cancel)
        await task

    with Endpoint(call("wait"), TRIP) as endpoint:
        result = connect_later(endpoint.base_url).run(Trip, "x", tools=[wait], policy=Policy(tool_errors="tell"))
    assert result.tool_calls[0].error == "RuntimeError: what it waits for was cancelled"


def test_context_variables_of_the_caller_apply_in_tools(connect: Connect) -> None:
    user = ContextVar("user", default="nobody")

    def whoami() -> str:
        return user.get()

    token = user.set("Ada")
    try:
        with Endpoint(call("whoami"), TRIP) as endpoint:
            result = connect(endpoint.base_url).run(Trip, "x", tools=[whoami])
    finally:
        user.reset(token)
    assert result.tool_calls[0].result == "Ada"


def test_what_a_tool_interrupts_is_interrupted(connect: Connect) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    with Endpoint(call("leave"), TRIP) as endpoint, pytest.raises(KeyboardInterrupt):
        connect(endpoint.base_url).run(Trip, "x", tools=[leave])


def test_a_truncated_call_is_not_made(connect: Connect) -> None:
    body = completion(None, finish_reason="length")
    body["choices"][0]["message"]["tool_calls"] = [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ly'}}
    ]
    with Endpoint(body) as endpoint, pytest.raises(structkit.Truncated):
        connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert len(endpoint.requests) == 1


def test_the_conversation_of_a_result_has_the_calls(connect: Connect) -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP, TRIP) as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(Trip, "x", tools=[weather])
        client.run(Trip, [*result.messages, structkit.Message("user", "And now?")], tools=[weather])
    roles = [each["role"] for each in endpoint.requests[-1]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


def test_a_hung_tool_does_not_keep_the_process_alive(fresh_python: list[str]) -> None:
    source = """
import asyncio, threading, structkit
from structkit.testing import Endpoint, call

def hang() -> None:
    threading.Event().wait()

policy = structkit.Policy(tool_timeout=0.05)

async def run(endpoint):
    async with structkit.AsyncClient("fake", base_url=endpoint.base_url, policy=policy) as client:
        await client.run(int, "x", tools=[hang])

with Endpoint(call("hang")) as endpoint:
    client = structkit.Client("fake", base_url=endpoint.base_url, policy=policy)
    for attempt in (lambda: client.run(int, "x", tools=[hang]), lambda: asyncio.run(run(endpoint))):
        try:
            attempt()
        except structkit.ToolError as error:
            print(error)
"""
    done = subprocess.run([*fresh_python, source], capture_output=True, encoding="utf-8", check=True, timeout=600)
    assert done.stdout.count("tool hang has not ended within 0.05 seconds") == 2


def test_identifiers_do_not_repeat_those_of_earlier_messages(connect: Connect) -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP, call("weather", city="Rome"), TRIP) as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(Trip, "x", tools=[weather])
        client.run(Trip, [*result.messages, structkit.Message("user", "And Rome?")], tools=[weather])
    ids = [entry["id"] for each in endpoint.requests[-1]["messages"] for entry in each.get("tool_calls", ())]
    assert len(ids) == len({*ids}) == 2


def test_a_message_of_the_model_that_is_retried_in_transport_calls_no_tool_again(connect: Connect) -> None:
    calls: list[str] = []

    def count(city: str) -> int:
        calls.append(city)
        return len(calls)

    with Endpoint(call("count", city="Lyon"), fault("server_error"), TRIP) as endpoint:
        connect(endpoint.base_url).run(Trip, "x", tools=[count])
    assert calls == ["Lyon"]
    assert len(endpoint.requests) == 3


# Fallback of modes and models


def rejection(message: str) -> Reply:
    return Reply({"error": {"message": message, "type": "invalid_request_error"}}, status=400)


def test_an_endpoint_that_rejects_a_schema_beside_tools_gets_the_next_mode(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        is_answer_a_tool = body["tools"][-1]["function"]["name"] == "trip"
        return rejection("only one function may be passed with this model") if is_answer_a_tool else TRIP

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert result.mode == "json_schema"
    assert [each["function"]["name"] for each in endpoint.requests[1]["tools"]] == ["weather"]


def test_what_is_rejected_beside_tools_is_not_remembered_for_other_calls() -> None:
    def answer(body: Any) -> Any:
        if "tools" in body and "response_format" in body:
            return rejection("response_format is not supported together with tools")
        if "tools" in body and body.get("tool_choice") == "required":
            return rejection("tool_choice 'required' is not supported")
        return TRIP

    with Endpoint(answer) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        assert client.run(Trip, "x", tools=[weather]).value.city == "Lyon"
        assert client.run(Trip, "x").mode == "json_schema"
        client.run(Trip, "x", mode="tool")
    assert endpoint.requests[-1]["tool_choice"] == {"type": "function", "function": {"name": "trip"}}


def test_a_required_call_that_is_rejected_is_remembered_as_such() -> None:
    def answer(body: Any) -> Any:
        is_required = body.get("tool_choice") == "required"
        return rejection("tool_choice 'required' is not supported") if is_required else TRIP

    with Endpoint(answer) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        for _ in range(2):
            assert client.run(Trip, "x", tools=[weather]).mode == "tool"
        client.run(Trip, "x", mode="tool")
    assert [each["tool_choice"] for each in endpoint.requests] == [
        "required",
        "auto",
        "auto",
        {"type": "function", "function": {"name": "trip"}},
    ]


def test_a_reply_with_more_calls_than_anyone_needs_calls_none(connect: Connect) -> None:
    with (
        Endpoint([call("weather", city="Lyon")] * 129) as endpoint,
        pytest.raises(ToolError, match="129 tools, more than"),
    ):
        connect(endpoint.base_url).run(Trip, "x", tools=[weather])


def test_a_keyword_that_is_rejected_in_a_tool_is_left_out(connect: Connect) -> None:
    def search(query: str = Field(pattern="^[a-z]+$")) -> str:
        return query

    def answer(body: Any) -> Any:
        if "pattern" in str(body["tools"][0]["function"]["parameters"]["properties"]["query"].keys()):
            return rejection("Invalid schema for function 'search': 'pattern' is not permitted")
        return call("search", query="abc") if len(endpoint.requests) == 2 else TRIP

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[search])
    assert result.tool_calls[0].result == "abc"
    assert len(endpoint.requests) == 3


def test_a_result_of_a_model_that_ignores_tools_has_a_warning(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        return TRIP if "response_format" in body else Reply(completion("It is warm in Lyon, I think."))

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[weather])
    assert result.mode == "json_schema"
    assert [issue.message for issue in result.warnings] == [
        "no tool was called, and mode tool does not work here: this model may be unable to call tools"
    ]


def test_an_endpoint_without_tools_is_an_error_of_the_endpoint(connect: Connect) -> None:
    with Endpoint(rejection("`tools` is not supported with this model")) as endpoint:
        with pytest.raises(structkit.StatusError, match="tools"):
            connect(endpoint.base_url).run(Trip, "x", tools=[weather])
        assert len(endpoint.requests) == 2


def test_the_next_model_receives_the_results_of_the_first(connect: Connect) -> None:
    calls: list[str] = []

    def lookup(city: str) -> float:
        calls.append(city)
        return 21.5

    def answer(body: Any) -> Any:
        if body["model"] == "second":
            return TRIP
        return call("lookup", city="Lyon") if len(endpoint.requests) == 1 else Reply(completion(None, refusal="No."))

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "x", tools=[lookup], fallback=["second"])
    assert (result.model, calls) == ("second", ["Lyon"])
    assert tool_messages(endpoint) == ["21.5"]
    assert len(result.tool_calls) == 1


def test_the_next_model_answers_where_the_first_only_calls_tools(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        return TRIP if body["model"] == "second" else call("weather", city="Lyon")

    with Endpoint(answer) as endpoint:
        client = connect(endpoint.base_url, fallback=["second"], policy=Policy(tool_rounds=2))
        result = client.run(Trip, "x", tools=[weather])
    assert (result.model, len(result.tool_calls)) == ("second", 2)


def test_an_exception_of_a_tool_leads_to_no_other_model(connect: Connect) -> None:
    with Endpoint(call("weather", city="Atlantis")) as endpoint:
        with pytest.raises(ToolError, match="KeyError"):
            connect(endpoint.base_url).run(Trip, "x", tools=[weather], fallback=["second"])
        assert len(endpoint.requests) == 1


# Streams and decorated functions


@pytest.mark.parametrize("mode", ["auto", "json_schema"])
def test_calls_are_made_before_the_answer_streams(mode: Any) -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP, delta=3) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        with client.stream(Trip, "x", tools=[weather], mode=mode) as stream:
            partials = [*stream]
    assert partials[-1] == Trip(city="Lyon", celsius=21.5)
    assert len(partials) > 1
    assert [run.result for run in stream.result().tool_calls] == [21.5]


def test_arguments_of_a_tool_are_no_snapshot_of_the_answer() -> None:
    def save(city: str, celsius: float) -> str:
        return "saved"

    replies = [call("save", city="Atlantis", celsius=1), TRIP]
    with Endpoint(*replies, delta=3) as endpoint:
        stream = structkit.Client("fake", base_url=endpoint.base_url).stream(Trip, "x", tools=[save])
        cities = [getattr(partial, "city", "") for partial in stream]
    assert not any(city.startswith("A") for city in cities)


def test_items_stream_after_the_calls() -> None:
    async def items() -> list[int]:
        async with structkit.AsyncClient("fake", base_url=endpoint.base_url) as client:
            return [item async for item in client.stream_items(list[int], "x", tools=[slow_weather])]

    with Endpoint(call("slow_weather", city="Lyon"), '{"value": [1, 2, 3]}', delta=3) as endpoint:
        assert asyncio.run(items()) == [1, 2, 3]


def test_items_beside_calls_do_not_hide_those_of_the_answer() -> None:
    body = completion('{"value": [1, 2]}', finish_reason="tool_calls")
    body["choices"][0]["message"]["tool_calls"] = [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Lyon"}'}}
    ]
    with Endpoint(body, '{"value": [1, 3]}') as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, mode="json_schema")
        stream = client.stream_items(list[int], "x", tools=[weather])
        assert [*stream] == [1, 2, 3]
    assert stream.result().value == [1, 3]


def test_an_error_of_a_tool_ends_a_stream() -> None:
    with Endpoint(call("weather", city="Atlantis"), TRIP) as endpoint:
        stream = structkit.Client("fake", base_url=endpoint.base_url).stream(Trip, "x", tools=[weather])
        with pytest.raises(ToolError):
            stream.result()


def test_a_decorated_function_has_tools() -> None:
    with Endpoint(call("weather", city="Lyon"), TRIP) as endpoint:

        @structkit.prompt(Trip, client=structkit.Client("fake", base_url=endpoint.base_url), tools=[weather])
        def plan(text: str) -> str:
            return f"Plan: {text}"

        assert plan("Lyon").celsius == 21.5
        assert plan.with_options(tools=None)("Lyon").celsius == 21.5
        assert "weather" in repr(plan)
        assert " at 0x" not in repr(plan)
    assert "tools" not in endpoint.requests[-1]


def test_a_decorated_function_is_a_tool_of_another() -> None:
    with Endpoint(call("count", text="Lyon"), '{"value": 4}', TRIP) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)

        @structkit.prompt(int, client=client)
        def count(text: str) -> str:
            """Count the letters."""
            return f"Count: {text}"

        result = client.run(Trip, "x", tools=[count])
    assert result.tool_calls[0].result == 4
    assert endpoint.requests[0]["tools"][0]["function"]["description"] == "Count the letters."


def test_invalid_tools_of_a_decorated_function_show_at_the_declaration() -> None:
    with pytest.raises(ConfigError, match="no annotation"):
        structkit.prompt(Trip, tools=[unannotated])


def test_an_exception_of_a_tool_of_a_type_in_parts_has_its_cause(connect: Connect) -> None:
    dialect = replace(DIALECTS["openai"], max_size=replace(DIALECTS["openai"].max_size, properties=2))
    kind = type("Wide", (BaseModel,), {"__annotations__": dict.fromkeys("abcd", int)})
    with Endpoint(call("weather", city="Atlantis")) as endpoint, pytest.raises(ToolError) as info:
        connect(endpoint.base_url).run(kind, "x", tools=[weather], dialect=dialect)
    assert isinstance(info.value.__cause__, KeyError)
    assert len(info.value.attempts) == 2


def test_a_type_in_parts_has_tools(connect: Connect) -> None:
    dialect = replace(DIALECTS["openai"], max_size=replace(DIALECTS["openai"].max_size, properties=2))
    kind = type("Wide", (BaseModel,), {"__annotations__": dict.fromkeys("abcd", int)})
    calls: list[str] = []

    def lookup(name: str) -> int:
        calls.append(name)
        return 1

    def answer(body: Any) -> Any:
        if any(each["role"] == "tool" for each in body["messages"]):
            properties = body["tools"][-1]["function"]["parameters"]["properties"]
            return "{" + ", ".join(f'"{name}": 1' for name in properties) + "}"
        return call("lookup", name=body["tools"][-1]["function"]["name"])

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(kind, "x", tools=[lookup], dialect=dialect)
    assert result.value.model_dump() == dict.fromkeys("abcd", 1)
    assert sorted(calls) == ["wide_part_1", "wide_part_2"]
    assert len(result.tool_calls) == 2


@pytest.mark.parametrize(
    "name",
    [
        "functions.weather:0",
        "functions:weather",
        "api/weather",
        "functions.weather",
        "Weather",
        " weather ",
        "weather<|channel|>commentary",
    ],
)
def test_a_tool_is_called_by_the_only_name_that_a_model_can_mean(connect: Connect, name: str) -> None:
    with Endpoint(ToolCall(name, '{"city": "Lyon"}'), TRIP) as endpoint:
        result = connect(endpoint.base_url).run(Trip, "How warm is Lyon?", tools=[weather])
    assert [(run.name, run.result) for run in result.tool_calls] == [("weather", 21.5)]
    assert tool_messages(endpoint) == ["21.5"]
    assert result.attempts[0].repairs == ("spelling at weather",)


def test_a_tool_of_another_name_is_not_called_where_spelling_is_not_repaired(connect: Connect) -> None:
    policy = Policy(repairs=structkit.REPAIRS - {"spelling"})
    with Endpoint(ToolCall("Weather", '{"city": "Lyon"}'), TRIP) as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Trip, "How warm is Lyon?", tools=[weather])
    assert [run.error for run in result.tool_calls] == ["There is no tool 'Weather'. The tools are: weather."]
