"""Parameters that a model rejects: renamed or left out, remembered, and never dropped in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.testing.scripted_reply import text_reply

Connect = Callable[..., Any]

REJECTIONS: dict[str, Any] = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
    "temperature": "Unsupported parameter: 'temperature' is not supported with this model.",
    "seed": "Unrecognized request argument supplied: seed",
    "top_p": "`top_p` and `temperature` cannot both be specified for this model.",
    "logprobs": "logprobs is not supported by this provider",
    "parallel_tool_calls": "该模型不支持参数 parallel_tool_calls",
    "reasoning_effort": [
        {"type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted"}
    ],
    "frequency_penalty": "`frequency_penalty` is deprecated for this model",
    "presence_penalty": "unknown field presence_penalty",
    "user": "user: property not allowed here",
}
VALUES: dict[str, Any] = {
    "max_tokens": 90,
    "temperature": 0,
    "seed": 7,
    "top_p": 0.5,
    "logprobs": True,
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "frequency_penalty": 0.1,
    "presence_penalty": 0.1,
    "user": "u1",
}


def rejecting(*names: str) -> Callable[[Any], Reply]:
    """Return a reply function that rejects parameters one by one."""

    def reply(request: Any) -> Reply:
        for name in names:
            if name in request:
                detail = REJECTIONS[name]
                body = {"detail": detail} if isinstance(detail, list) else {"error": {"message": detail}}
                return Reply(body, status=422 if isinstance(detail, list) else 400)
        return completion('{"value": 3}')

    return reply


@pytest.mark.parametrize("name", sorted(REJECTIONS.keys() - {"max_tokens", "user"}))
def test_a_rejected_preference_is_left_out_with_a_warning_and_remembered(connect: Connect, name: str) -> None:
    with Endpoint(rejecting(name)) as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(int, "how many?", **{name: VALUES[name]}, max_tokens=90)
    assert result.value == 3
    assert [issue.message for issue in result.warnings] == [
        f"the model does not accept the parameter {name}: it was left out"
    ]
    assert [name in request for request in endpoint.requests] == [True, False]
    assert endpoint.requests[1]["max_tokens"] == 90


DEPENDENT: dict[str, tuple[dict[str, Any], str]] = {
    "OpenAI": (
        {"parallel_tool_calls": False},
        "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
    ),
    "without": ({"parallel_tool_calls": True}, "parallel_tool_calls cannot be used without tools"),
    "requires": ({"top_logprobs": 2}, "`top_logprobs` requires `logprobs` to be true"),
    "the other first": ({"top_logprobs": 2}, "logprobs must be set to true if top_logprobs is used"),
    "only with": ({"verbosity": "low"}, "verbosity can only be used with the parameter `reasoning_effort`"),
    "unless": ({"metadata": {"a": "b"}}, "The 'metadata' parameter is not accepted unless 'store' is enabled."),
}


@pytest.mark.parametrize(("options", "message"), DEPENDENT.values(), ids=DEPENDENT.keys())
def test_a_parameter_that_needs_a_field_that_is_not_sent_is_left_out_with_a_warning_and_remembered(
    calls: Callable[..., list[Any]], options: dict[str, Any], message: str
) -> None:
    [name] = options

    def reply(request: Any) -> Any:
        is_rejected = name in request
        return Reply({"error": {"message": message, "param": name}}, 400) if is_rejected else completion('{"value": 3}')

    with Endpoint(reply) as endpoint:
        first, second = calls(endpoint.base_url, int, int, **options)
    assert (first.value, second.value) == (3, 3)
    assert [name in request for request in endpoint.requests] == [True, False, False]
    assert f"does not accept the parameter {name} without " in first.warnings[0].message


def test_a_parameter_that_needs_tools_is_sent_with_them() -> None:
    def reply(request: Any) -> Any:
        if "parallel_tool_calls" in request and "tools" not in request:
            return Reply({"error": {"message": DEPENDENT["OpenAI"][1]}}, 400)
        return text_reply(request, '{"value": 3}')

    with Endpoint(reply) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="x")
        modes: list[Any] = ["json_schema", "tool", "json_schema"]
        results = [client.run(int, "how many?", mode=mode, parallel_tool_calls=False) for mode in modes]
    assert ["parallel_tool_calls" in request for request in endpoint.requests] == [True, False, True, False]
    assert [len(result.warnings) for result in results] == [1, 0, 1]


def test_a_parameter_rejected_for_lack_of_a_field_that_is_sent_is_left_out(connect: Connect) -> None:
    message = "logprobs must be set to true if top_logprobs is used"

    def reply(request: Any) -> Any:
        is_rejected = "top_logprobs" in request
        return Reply({"error": {"message": message}}, 400) if is_rejected else completion('{"value": 3}')

    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?", logprobs=True, top_logprobs=2)
    assert (result.value, len(endpoint.requests)) == (3, 2)


EXCLUSIVE = [
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    "The parameters top_p and temperature cannot be used together",
    "temperature: not supported together with top_p",
]


def exclusive(message: str) -> Callable[[Any], Reply]:
    """Return a reply function that rejects `temperature` and `top_p` in one request."""

    def reply(request: Any) -> Reply:
        is_rejected = "temperature" in request and "top_p" in request
        return Reply({"error": {"message": message}}, status=400) if is_rejected else completion('{"value": 3}')

    return reply


@pytest.mark.parametrize("message", EXCLUSIVE)
def test_of_two_parameters_that_exclude_each_other_one_is_left_out_with_a_warning(
    connect: Connect, message: str
) -> None:
    with Endpoint(exclusive(message)) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?", temperature=0, top_p=0.5)
        exact = structkit.Policy(parameters="exact", retries=0)
        with pytest.raises(structkit.StatusError):
            connect(endpoint.base_url).run(int, "x", temperature=0, top_p=0.5, policy=exact)
    [warning] = result.warnings
    assert warning.message == "the model does not accept the parameter top_p with temperature: it was left out"


def test_a_parameter_that_another_one_excludes_is_sent_without_it() -> None:
    with Endpoint(exclusive(EXCLUSIVE[0])) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        settings: list[Any] = [{"temperature": 0, "top_p": 0.5}, {"temperature": 0, "top_p": 0.5}, {"top_p": 0.5}]
        for options in settings:
            client.run(int, "how many?", **options)
    names = [sorted({*request} & {"temperature", "top_p"}) for request in endpoint.requests]
    assert names == [["temperature", "top_p"], ["temperature"], ["temperature"], ["top_p"]]


def test_a_rejection_is_remembered_by_the_client() -> None:
    with Endpoint(rejecting("temperature")) as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k", temperature=0)
        for _ in range(3):
            assert len(client.run(int, "how many?").warnings) == 1
    assert ["temperature" in request for request in endpoint.requests] == [True, False, False, False]


def test_a_rejection_is_remembered_by_the_next_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(rejecting("temperature", "max_tokens")) as endpoint:
        for _ in range(2):
            client = structkit.Client("m", base_url=endpoint.base_url, api_key="k", temperature=0, max_tokens=90)
            assert client.extract(int, "how many?") == 3
    assert len(endpoint.requests) == 4
    assert endpoint.requests[3]["max_completion_tokens"] == 90


def test_two_parameters_that_exclude_each_other_are_remembered_by_the_next_process_with_all_else(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))

    def reply(request: Any) -> Reply:
        return rejecting("seed")(request) if "seed" in request else exclusive(EXCLUSIVE[0])(request)

    with Endpoint(reply) as endpoint:
        for _ in range(2):
            assert connect(endpoint.base_url).extract(int, "how many?", temperature=0, top_p=0.5, seed=7) == 3
    assert len(endpoint.requests) == 4


@pytest.mark.parametrize(
    ("name", "other"), [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]
)
def test_a_token_limit_is_sent_under_its_other_name(connect: Connect, name: str, other: str) -> None:
    def reply(request: Any) -> Reply:
        message = f"Unsupported parameter: '{name}' is not supported with this model. Use '{other}' instead."
        return Reply({"error": {"message": message}}, status=400) if name in request else completion('{"value": 3}')

    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?", **{name: 90})
    assert result.warnings == ()
    assert endpoint.requests[1][other] == 90


def test_a_token_limit_that_no_name_can_carry_is_an_error_and_never_dropped(connect: Connect) -> None:
    def reply(request: Any) -> Reply:
        name = next(name for name in ("max_tokens", "max_completion_tokens") if name in request)
        return Reply({"error": {"message": f"unknown parameter '{name}'"}}, status=400)

    with Endpoint(reply) as endpoint, pytest.raises(structkit.StatusError, match="unknown parameter"):
        connect(endpoint.base_url).run(int, "how many?", max_tokens=90)
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("name", ["n", "stop", "service_tier"])
def test_a_parameter_that_is_not_a_preference_is_never_left_out(connect: Connect, name: str) -> None:
    values: Any = {"n": 2, "stop": "x", "service_tier": "flex"}
    error = Reply({"error": {"message": f"'{name}' is not supported by this model"}}, status=400)
    reply = completion('{"value": 3}')
    with (
        Endpoint(lambda request: error if name in request else reply) as endpoint,
        pytest.raises(structkit.StatusError),
    ):
        connect(endpoint.base_url, mode="json_schema").run(int, "how many?", **{name: values[name]})
    assert all(name in request for request in endpoint.requests)


def test_an_exact_policy_leaves_nothing_out(connect: Connect) -> None:
    policy = structkit.Policy(parameters="exact")
    with Endpoint(rejecting("temperature")) as endpoint, pytest.raises(structkit.StatusError, match="temperature"):
        connect(endpoint.base_url, policy=policy, mode="json_schema").run(int, "how many?", temperature=0)
    assert len(endpoint.requests) == 1


def test_an_exact_policy_sends_what_another_client_has_learnt_to_leave_out(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    policy = structkit.Policy(parameters="exact")
    with Endpoint(rejecting("temperature")) as endpoint:
        assert connect(endpoint.base_url).extract(int, "how many?", temperature=0) == 3
        with pytest.raises(structkit.StatusError, match="temperature"):
            connect(endpoint.base_url, policy=policy, mode="json_schema").run(int, "how many?", temperature=0)
    assert ["temperature" in request for request in endpoint.requests] == [True, False, True]


def test_an_exact_policy_sends_a_token_limit_under_its_other_name(connect: Connect) -> None:
    policy = structkit.Policy(parameters="exact")
    with Endpoint(rejecting("max_tokens")) as endpoint:
        assert connect(endpoint.base_url, policy=policy).extract(int, "how many?", max_tokens=90) == 3
    assert endpoint.requests[1]["max_completion_tokens"] == 90


OTHER_SPELLINGS: dict[str, tuple[Any, str]] = {
    "presence_penalty": (0.5, "Argument not supported on this model: presencePenalty"),
    "reasoning_effort": ("low", "Model grok-4 does not support parameter reasoningEffort."),
    "logprobs": (True, "Logprobs is not enabled for models/gemini"),
}


@pytest.mark.parametrize("name", OTHER_SPELLINGS)
def test_a_parameter_is_recognised_as_the_endpoint_spells_it(connect: Connect, name: str) -> None:
    value, message = OTHER_SPELLINGS[name]
    error = Reply({"code": "invalid-argument", "error": message}, status=400)
    with Endpoint(lambda request: error if name in request else completion('{"value": 3}')) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?", **{name: value})
    assert [issue.message for issue in result.warnings] == [
        f"the model does not accept the parameter {name}: it was left out"
    ]


VALUE_REJECTIONS: dict[str, tuple[str, Any, Any]] = {
    "reasoning_effort": ("'reasoning_effort' does not support 'minimal'. Use 'low' or 'high'.", "minimal", "high"),
    "frequency_penalty": ("invalid frequency_penalty: only 0 is allowed for this model", 1, 0),
    "prompt_cache_retention": ("`prompt_cache_retention` must be one of `none` or `default`", "24h", "default"),
    "verbosity": ("Unsupported value: 'verbosity'. Supported values are: 'medium'.", "low", "medium"),
    "temperature": ("Unsupported value: 'temperature' does not support 0. Only the default (1) works.", 0, 1),
    "top_p": ("`top_p` may only be set to 1 when thinking is enabled", 0.5, 1),
    "parallel_tool_calls": ("parallel_tool_calls: False is not supported; it must be set to 1", False, True),
}


@pytest.mark.parametrize("name", VALUE_REJECTIONS)
def test_a_rejected_value_says_nothing_of_other_values(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    message, bad, good = VALUE_REJECTIONS[name]
    error = Reply({"error": {"message": message}}, status=400)

    def reply(request: Any) -> Reply:
        return error if request.get(name, good) == bad else completion('{"value": 3}')

    with Endpoint(reply) as endpoint:
        results = [connect(endpoint.base_url).run(int, "how many?", **{name: value}) for value in (bad, good, bad)]
    assert [request.get(name) for request in endpoint.requests] == [bad, None, good, None]
    assert [[issue.message for issue in result.warnings] for result in results] == [
        [f"the model does not accept the parameter {name}={bad}: it was left out"],
        [],
        [f"the model does not accept the parameter {name}={bad}: it was left out"],
    ]


def test_a_parameter_is_left_out_together_with_the_one_that_it_needs(connect: Connect) -> None:
    def reply(request: Any) -> Reply:
        if "top_logprobs" in request and "logprobs" not in request:
            return Reply({"error": {"message": "top_logprobs requires logprobs"}}, status=400)
        return rejecting("logprobs")(request)

    with Endpoint(reply) as endpoint:
        result = connect(endpoint.base_url).run(int, "how many?", logprobs=True, top_logprobs=2)
    assert len(endpoint.requests) == 2
    assert [issue.message for issue in result.warnings] == [
        "the model does not accept the parameter logprobs: it was left out",
        "the model does not accept the parameter top_logprobs: it was left out",
    ]


def test_a_token_limit_under_both_names_is_an_error_before_anything_is_sent(connect: Connect) -> None:
    caps: Any = {"max_tokens": 5, "max_completion_tokens": 6}
    with Endpoint() as endpoint:
        with pytest.raises(structkit.ConfigError, match="two names of one limit"):
            connect(endpoint.base_url).run(int, "how many?", **caps)
        with pytest.raises(structkit.ConfigError, match="two names of one limit"):
            connect(endpoint.base_url, **caps).run(int, "how many?")
    assert not endpoint.requests


def test_a_token_limit_of_a_call_replaces_the_default_under_the_other_name(connect: Connect) -> None:
    with Endpoint(completion('{"value": 3}')) as endpoint:
        client = connect(endpoint.base_url, max_tokens=90)
        client.run(int, "how many?", max_completion_tokens=50)
        client.run(int, "how many?", max_completion_tokens=None)
    sent = [(request.get("max_tokens"), request.get("max_completion_tokens")) for request in endpoint.requests]
    assert sent == [(None, 50), (90, None)]


def test_a_value_out_of_range_is_an_error(connect: Connect) -> None:
    error = Reply({"error": {"message": "temperature must be between 0 and 2, got 5"}}, status=400)
    with Endpoint(error) as endpoint, pytest.raises(structkit.StatusError, match="between 0 and 2"):
        connect(endpoint.base_url).run(int, "how many?", temperature=5)


def test_a_thinking_model_that_cannot_be_forced_to_call_a_tool_is_asked_without(connect: Connect) -> None:
    message = "The tool_choice parameter does not support being set to required or object in thinking mode"

    def reply(request: Any) -> Reply:
        return (
            Reply({"error": {"message": message}}, status=400)
            if "tool_choice" in request
            else completion('{"value": 3}')
        )

    with Endpoint(reply) as endpoint:
        assert connect(endpoint.base_url, mode="tool").extract(int, "how many?") == 3
    assert "tools" in endpoint.requests[1]


def test_a_prompt_about_a_parameter_is_not_taken_for_its_rejection(connect: Connect) -> None:
    prompt = "The seed is not supported by this soil."
    error = Reply({"error": {"message": f"bad request: {prompt}"}}, status=400)
    with Endpoint(error) as endpoint, pytest.raises(structkit.StatusError):
        connect(endpoint.base_url, mode="json_schema").run(int, prompt, seed=7)
    assert all("seed" in request for request in endpoint.requests)


def test_all_rejected_parameters_of_a_job_cost_one_request_each(tmp_path: Path) -> None:
    with Endpoint(rejecting("temperature", "seed")) as endpoint:
        settings: Any = {"output_type": int, "prompt": "{text}", "model": "m", "base_url": endpoint.base_url}
        rows = [{"text": str(number)} for number in range(20)]
        call: Any = {"temperature": 0, "seed": 7}
        job = structkit.Job(rows, tmp_path / "o.csv", **settings, api_key="k", call=call, concurrency=1)
        assert job.run().counts["done"] == 20
    assert len(endpoint.requests) == 22
