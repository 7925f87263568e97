"""Models that only stream: a call for a whole reply gets it from a stream, over every driver, and in a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

Connect = Callable[..., Any]

REQUIREMENTS: dict[str, tuple[int, JSON]] = {
    "Alibaba": (
        400,
        {
            "code": "invalid_parameter_error",
            "message": "This model only support stream mode, please enable the stream parameter to access the model. ",
            "type": "invalid_request_error",
        },
    ),
    "Alibaba, with thinking": (
        400,
        {"message": "parameter.enable_thinking must be set to false for non-streaming calls"},
    ),
    "Fireworks": (400, {"message": "Requests with max_tokens > 4096 must have stream=true"}),
    "a gateway": (422, {"message": "Non-streaming is not supported"}),
    "a gateway, in other words": (400, {"message": "Model x does not support non-stream requests"}),
    "a gateway, as OpenAI says it": (
        400,
        {"message": "Unsupported value: 'stream' does not support false with this model.", "param": "stream"},
    ),
    "a gateway, under 200": (200, {"message": "only streaming is supported", "code": 400}),
    "a gateway, in Chinese": (400, {"message": "该模型仅支持流式输出"}),
    "FastAPI": (422, {"loc": ["body", "stream"], "msg": "Input should be True"}),
    "a server": (400, {"message": "Stream must be set to true"}),
    "another server": (501, {"message": "streaming is required"}),
}


def only_streaming(status: int, error: JSON, text: str = '{"value": 3}') -> Callable[[JSON], Reply]:
    def answer(request: JSON) -> Reply:
        return text_reply(request, text) if request.get("stream") else Reply({"error": error}, status=status)

    return answer


@pytest.mark.parametrize(("status", "error"), REQUIREMENTS.values(), ids=REQUIREMENTS.keys())
def test_a_model_that_only_streams_is_asked_for_a_stream(connect: Connect, status: int, error: JSON) -> None:
    with Endpoint(only_streaming(status, error)) as endpoint:
        result = connect(endpoint.base_url).run(int, "x")
    assert (result.value, result.mode, len(result.attempts)) == (3, "json_schema", 1)
    assert result.usage == structkit.Usage(10, 5, 15)
    assert [request.get("stream") for request in endpoint.requests] == [None, True]


def test_a_client_remembers_which_of_its_models_only_streams(calls: Callable[..., list[Any]]) -> None:
    with Endpoint(only_streaming(*REQUIREMENTS["Alibaba"])) as endpoint:
        assert [result.value for result in calls(endpoint.base_url, int, int)] == [3, 3]
    assert [request.get("stream") for request in endpoint.requests] == [None, True, True]


def test_a_broken_stream_of_a_model_that_only_streams_is_retried_as_a_stream(connect: Connect) -> None:
    broken = Reply(iter([b'data: {"choices": [{"index": 0, "delta": {"content": "{"}}]}\n\n']))
    rejection = Reply({"error": REQUIREMENTS["Alibaba"][1]}, status=400)
    with Endpoint(rejection, broken, '{"value": 3}') as endpoint:
        result = connect(endpoint.base_url).run(int, "x")
    assert (result.value, result.attempts[0].completion.retries) == (3, 1)
    assert [request.get("stream") for request in endpoint.requests] == [None, True, True]


def test_an_endpoint_that_rejects_both_forms_is_an_error_after_three_requests(connect: Connect) -> None:
    def answer(request: JSON) -> Reply:
        form = "streaming" if request.get("stream") else "non-streaming"
        return Reply({"error": {"message": f"{form} is not supported"}}, status=400)

    with Endpoint(answer) as endpoint, pytest.raises(structkit.StatusError, match="non-streaming is not supported"):
        connect(endpoint.base_url).extract(int, "x")
    assert [request.get("stream") for request in endpoint.requests] == [None, True, None]


@pytest.mark.parametrize("message", ["the stream of tokens is broken", "no: 'we only watch the stream today'"])
def test_an_error_about_something_else_requires_no_stream(connect: Connect, message: str) -> None:
    rejection = Reply({"error": {"message": message}}, status=400)
    with Endpoint(rejection) as endpoint, pytest.raises(structkit.StatusError):
        connect(endpoint.base_url).extract(int, "we only watch the stream today")
    assert not any(request.get("stream") for request in endpoint.requests)


def test_the_rows_of_a_job_are_streamed_by_a_model_that_only_streams(tmp_path: Path) -> None:
    with Endpoint(only_streaming(*REQUIREMENTS["Alibaba"])) as endpoint:
        job = structkit.Job(
            source=[{"text": str(row)} for row in range(20)],
            output=tmp_path / "out.jsonl",
            output_type=int,
            prompt="{text}",
            model="m",
            base_url=endpoint.base_url,
            api_key="k",
        )
        report = job.run()
    assert report.counts == {"done": 20}
    assert sum(bool(request.get("stream")) for request in endpoint.requests) == 20
