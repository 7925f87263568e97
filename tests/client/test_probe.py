"""A probe reports what an endpoint supports, rejects and ignores; the route that follows is cached."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.client import ProbeReport
from structkit.client.probing import Finding, advance, probe_route
from structkit.client.probing.features import FEATURES
from structkit.dialects import OPENAI, Route
from structkit.testing import Endpoint, Reply, completion, fault, tool_call_completion
from structkit.testing.endpoint_faults import error_reply, rejects_keyword, rejects_response_format, rejects_tools
from structkit.testing.scripted_reply import conforming_reply, forced_tool, requested_schema
from structkit.transport import route_cache
from structkit.values import JSON, Request, Usage

SCHEMA_MODES = ("json_schema", "json_schema_lax", "tool")
KEYWORDS = {each.name for each in FEATURES if each.kind == "keyword"}
FORMATS = {each.name for each in FEATURES if each.kind == "format"}
VALID_VALUES = {
    "exclusiveMaximum": -99_999,
    "pattern": "ABC",
    "multipleOf": 1994,
    "minItems": [1, 2, 3],
    "maxItems": [],
    "minLength": "long enough by far",
}

Answer = Callable[[JSON], Reply]


def perfect(request: JSON) -> Reply:
    """Return the reply of an endpoint that supports everything."""
    if request.get("stream"):
        return Reply('data: {"choices": []}\n\ndata: [DONE]\n\n', headers={"content-type": "text/event-stream"})
    if request.get("tools") and not forced_tool(request):
        return Reply(tool_call_completion("weather", '{"city": "Paris"}'))
    reply = _conforming(request)
    if request.get("logprobs"):
        reply.body["choices"][0]["logprobs"] = {"content": [{"token": "blue", "logprob": -0.1}]}
    return reply


def _conforming(request: JSON) -> Reply:
    schema = requested_schema(request)
    if schema is None:
        is_json = request.get("response_format") or "in this form" in request["messages"][0]["content"]
        return Reply(completion(*['{"animal": "xq7"}' if is_json else "blue"] * request.get("n", 1)))
    reply = conforming_reply(request)
    message = reply.body["choices"][0]["message"]
    place = message["tool_calls"][0]["function"] if message.get("tool_calls") else message
    field = "arguments" if "arguments" in place else "content"
    wire = json.loads(place[field])
    for name, part in schema["properties"].items():
        value = part.get("description", wire[name])  # a model that sees the description, and follows it
        wire[name] = next((VALID_VALUES[keyword] for keyword in VALID_VALUES if keyword in part), value)
    place[field] = json.dumps(wire)
    return reply


def ignores_the_schema(request: JSON) -> Reply:
    """Return the reply of an endpoint that only reads the messages, with a model that follows the prompt."""
    content = request["messages"][-1]["content"]
    reply = Reply(completion(content.partition("in it: ")[2] or "The sky is blue."))
    return fault("stream_ignored").change(request, reply)


def follows_the_prompt(request: JSON) -> Reply:
    """Return the reply of an endpoint that shows the schema to the model, which follows the prompt if they contradict."""
    contradicts = "in it: " in request["messages"][-1]["content"]
    return ignores_the_schema(request) if contradicts else perfect(request)


def perfect_except(change: Callable[[JSON, Reply], Reply]) -> Answer:
    """Return a perfect endpoint with one exception."""
    return lambda request: change(request, perfect(request))


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A route cache of this test."""
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "routes"))
    return tmp_path / "routes"


@pytest.fixture
def probed(connect: Callable[..., Any]) -> Callable[..., tuple[ProbeReport, Endpoint]]:
    def probe(answer: Any, **settings: Any) -> tuple[ProbeReport, Endpoint]:
        with Endpoint(answer) as endpoint:
            return connect(endpoint.base_url, **settings).probe(), endpoint

    return probe


def verdicts(report: ProbeReport, kind: str) -> dict[str, str]:
    return {finding.name: finding.verdict for finding in report.findings if finding.kind == kind}


def test_a_perfect_endpoint_is_recognised_in_few_requests(probed: Any) -> None:
    report, endpoint = probed(perfect)
    assert verdicts(report, "mode") == {
        **dict.fromkeys((*SCHEMA_MODES, "json_object"), "constrained"),
        "prompt": "served",
    }
    assert verdicts(report, "keyword") == dict.fromkeys(KEYWORDS, "constrained")
    assert verdicts(report, "format") == dict.fromkeys(FORMATS, "constrained")
    names = ["usage", "descriptions", "stream", "tools", "logprobs", "n"]
    assert verdicts(report, "parameter") == dict.fromkeys(names, "served")
    assert report.calls == len(endpoint.requests) == 12
    assert report.route == Route(report.route.dialect, shows_schema=True)
    assert report.route.dialect.keywords == KEYWORDS | {"format"}
    assert report.route.dialect.formats == FORMATS


def test_every_request_limits_the_reply_and_the_temperature(probed: Any) -> None:
    _, endpoint = probed(perfect)
    assert all(request["temperature"] == 0 and request["max_tokens"] <= 1000 for request in endpoint.requests)


def test_an_ignored_schema_is_recognised(probed: Any) -> None:
    report, _ = probed(ignores_the_schema)
    assert set(verdicts(report, "mode").values()) == {"ignored"}
    assert (report.route.mode, report.route.ignored) == ("prompt", {*SCHEMA_MODES, "json_object"})
    assert verdicts(report, "keyword") == {}
    assert verdicts(report, "parameter") == {
        "usage": "served",
        **dict.fromkeys(["stream", "tools", "logprobs", "n"], "ignored"),
    }


def test_a_schema_that_the_prompt_overrides_is_served_but_not_constrained(probed: Any) -> None:
    report, _ = probed(follows_the_prompt)
    assert [report[mode].verdict for mode in SCHEMA_MODES] == ["served"] * 3
    assert set(verdicts(report, "keyword").values()) == {"ignored"}
    assert report.route.mode == "json_schema"


def test_a_mode_that_constrains_is_preferred(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        return perfect(request) if request.get("tools") else follows_the_prompt(request)

    report, _ = probed(answer)
    assert (report["json_schema"].verdict, report["tool"].verdict) == ("served", "constrained")
    assert report.route.mode == "tool"
    assert report["minimum"].verdict == "constrained"


def test_a_rejected_response_format_is_reported_with_status_and_text(probed: Any) -> None:
    report, _ = probed(perfect_except(rejects_response_format("json_schema", "json_object")))
    rejected = {"json_schema", "json_schema_lax", "json_object"}
    assert {name for name, verdict in verdicts(report, "mode").items() if verdict == "refused"} == rejected
    assert report["json_schema"].note.startswith("400: \"Invalid parameter: 'response_format' of type 'json_schema'")
    assert (report.route.rejected, report.route.mode) == (rejected, "tool")
    assert verdicts(report, "keyword") == dict.fromkeys(KEYWORDS, "constrained")


def test_rejected_tools_do_not_affect_other_modes(probed: Any) -> None:
    report, _ = probed(perfect_except(rejects_tools))
    assert (report["tool"].verdict, report["tools"].verdict) == ("refused", "refused")
    assert (report.route.rejected, report.route.mode) == ({"tool"}, "json_schema")


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_a_keyword_named_in_a_rejection_costs_one_more_request(probed: Any, keyword: str) -> None:
    report, _ = probed(perfect_except(rejects_keyword(keyword)), dialect="openai")
    assert {name for name, verdict in verdicts(report, "keyword").items() if verdict != "constrained"} == {keyword}
    assert f"'{keyword}' is not permitted" in report[keyword].note
    assert report.calls == 13
    assert keyword not in report.route.dialect.keywords


def _uses(request: JSON, *words: str) -> bool:
    schema = requested_schema(request) or {"properties": {}}
    parts = schema["properties"].values()
    return any(field in part or part.get("format") == field for part in parts for field in words)


@pytest.mark.parametrize("words", [("pattern",), ("uuid",), ("multipleOf", "uuid"), ("minimum", "maximum")])
def test_a_keyword_that_a_rejection_does_not_name_is_determined_by_halving(probed: Any, words: tuple[str, ...]) -> None:
    def answer(request: JSON) -> Reply:
        return error_reply(400, "Bad request") if _uses(request, *words) else perfect(request)

    report, _ = probed(answer)
    verdict_by_name = verdicts(report, "keyword") | verdicts(report, "format")
    assert {name for name, verdict in verdict_by_name.items() if verdict == "refused"} == {*words}
    assert {verdict for name, verdict in verdict_by_name.items() if name not in words} == {"constrained"}
    assert {report[field].note for field in words} == {"400: 'Bad request'"}
    assert report.calls <= 30


def test_a_route_that_rejects_all_keywords_costs_at_most_30_requests(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        cached = KEYWORDS | FORMATS
        return error_reply(422, "no") if _uses(request, *cached) else perfect(request)

    report, endpoint = probed(answer)
    verdict_by_name = verdicts(report, "keyword") | verdicts(report, "format")
    assert {*verdict_by_name} == KEYWORDS | FORMATS
    assert {*verdict_by_name.values()} == {"refused", "unknown"}
    assert len(endpoint.requests) == report.calls <= 30


def test_a_keyword_without_an_effect_is_no_longer_sent(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        reply = perfect(request)
        choice = reply.body["choices"][0]["message"] if isinstance(reply.body, dict) else {}
        if _uses(request, "multipleOf") and choice.get("content"):
            choice["content"] = choice["content"].replace("1994", "10")
        return reply

    report, _ = probed(answer, dialect="openai")
    assert (report["multipleOf"].verdict, report["multipleOf"].note) == ("ignored", "the reply breaks it: 10")
    assert KEYWORDS - report.route.dialect.keywords == {"multipleOf"}


def test_a_probe_uses_the_parameters_that_the_model_accepts(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        if "max_tokens" in request:
            return error_reply(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if "temperature" in request:
            return error_reply(400, "Unsupported value: 'temperature' does not support 0 with this model.")
        return perfect(request)

    report, endpoint = probed(answer)
    assert (report["max_tokens"].verdict, report["temperature"].verdict) == ("refused", "refused")
    assert report["json_schema"].verdict == "constrained"
    assert all("max_completion_tokens" in request for request in endpoint.requests[2:])


def test_a_reasoning_model_gets_a_higher_token_limit(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        is_truncated = request["max_tokens"] < 1000
        return Reply(completion("", finish_reason="length")) if is_truncated else perfect(request)

    assert probed(answer)[0]["json_schema"].verdict == "constrained"


def test_an_empty_reply_proves_nothing(probed: Any) -> None:
    report, _ = probed(Reply(completion("")))
    assert set(verdicts(report, "mode").values()) == {"unknown"}
    assert {report[name].verdict for name in ("tools", "logprobs", "n")} == {"unknown"}
    assert (report.route.rejected, report.route.ignored) == (frozenset(), frozenset())


def test_a_truncated_reply_proves_nothing_about_modes_and_tools(probed: Any) -> None:
    report, _ = probed(Reply(completion('{"a', finish_reason="length")))
    assert {report[name].verdict for name in (*SCHEMA_MODES, "tools")} == {"unknown"}
    assert (report.route.rejected, report.route.ignored) == (frozenset(), frozenset())


def test_a_transient_error_is_not_a_rejection(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        return error_reply(503, "overloaded") if request.get("response_format") else perfect(request)

    report, endpoint = probed(answer, policy=structkit.Policy(retries=0))
    note = "503: 'overloaded'; a plain question was answered right after: it may fail on this mode"
    assert (report["json_schema"].verdict, report["json_schema"].note) == ("unknown", note)
    assert (report["tool"].verdict, report.route.rejected) == ("constrained", frozenset())
    assert len(endpoint.requests) <= 30


def test_a_rate_limit_is_no_rejection_under_any_status(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        limit = error_reply(400, "slow down", code="rate_limit_exceeded")
        return limit if request.get("response_format") else perfect(request)

    report, _ = probed(answer, policy=structkit.Policy(retries=0))
    assert {report[mode].verdict for mode in ("json_schema", "json_object")} == {"unknown"}


def test_a_500_is_a_rejection_if_the_mode_alone_causes_it(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        return error_reply(500, "Internal Server Error") if request.get("response_format") else perfect(request)

    report, endpoint = probed(answer, policy=structkit.Policy(retries=0))
    assert report["json_schema"].verdict == report["json_object"].verdict == "refused"
    assert (report.route.mode, len(endpoint.requests) <= 30) == ("tool", True)


def test_a_500_of_an_endpoint_that_is_down_is_not_a_rejection(probed: Any) -> None:
    failed = False

    def answer(request: JSON) -> Reply:
        nonlocal failed
        failed = failed or "response_format" in request
        return error_reply(500, "Internal Server Error") if failed else perfect(request)

    report, _ = probed(answer, policy=structkit.Policy(retries=0))
    assert {report[mode].verdict for mode in SCHEMA_MODES} == {"unknown"}


def test_a_missing_usage_is_reported(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        reply = perfect(request)
        return Reply({**reply.body, "usage": None}) if isinstance(reply.body, dict) else reply

    report, _ = probed(answer)
    assert report["usage"].verdict == "ignored"
    assert report.usage == Usage(unreported=12)


def test_a_usage_after_a_failure_that_had_none_is_served(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        failed.append(request)
        return Reply({"error": {"message": "upstream died", "code": 502}}) if len(failed) == 1 else perfect(request)

    failed: list[JSON] = []
    report, _ = probed(answer, policy=structkit.Policy(retries=1, wait_initial=0.001))
    assert report["usage"].verdict == "served"


def test_the_error_of_an_endpoint_that_fails_on_everything_does_not_advise_another_probe(probed: Any) -> None:
    with pytest.raises(structkit.StatusError, match="fails on a plain question as well") as caught:
        probed(lambda _: Reply({"error": {"message": "boom"}}, 500))
    assert "structkit probe" not in str(caught.value)
    assert caught.value.status_code == 500


def test_an_endpoint_that_does_not_answer_is_an_error_and_is_not_cached(probed: Any, routes: Path) -> None:
    with pytest.raises(structkit.StatusError, match="401"):
        probed(error_reply(401, "no such key"))
    assert list(route_cache.list_routes()) == []


def test_the_route_of_a_probe_is_cached_and_used(routes: Path) -> None:
    with Endpoint(perfect_except(rejects_response_format("json_schema"))) as endpoint:
        report = structkit.Client("fake", base_url=endpoint.base_url).probe()
        [cached] = route_cache.list_routes()
        count = len(endpoint.requests)
        structkit.Client("fake", base_url=endpoint.base_url).extract(int, "How many?")
    assert cached.route == report.route
    assert "tools" in endpoint.requests[count]
    assert len(endpoint.requests) == count + 1


def test_the_provider_of_the_replies_is_cached(routes: Path) -> None:
    def answer(request: JSON) -> Reply:
        reply = perfect(request)
        return Reply({**reply.body, "provider": "Parcel"}) if isinstance(reply.body, dict) else reply

    with Endpoint(answer) as endpoint:
        report = structkit.Client("fake", base_url=endpoint.base_url).probe()
    assert (report.providers, next(route_cache.list_routes()).providers) == (("Parcel",), ("Parcel",))


def test_a_probe_needs_no_network() -> None:
    steps = probe_route("m", Route(OPENAI))
    step = advance(steps)
    while isinstance(step, Request):
        step = advance(steps, _completed(step))
    assert isinstance(step, ProbeReport)
    assert step["tool"].verdict == "constrained"


def _completed(request: Request) -> Any:
    from structkit.parsing import read_completion

    return read_completion(perfect({**request.body, "stream": False}).body)


def test_a_report_is_read_as_a_table_and_as_json(probed: Any) -> None:
    report, _ = probed(perfect_except(rejects_keyword("pattern")))
    lines = str(report).splitlines()
    assert lines[:3] == [
        "| feature | verdict | note |",
        "|---|---|---|",
        "| mode json_schema | constrained | the reply satisfies the schema against the prompt |",
    ]
    assert "| keywords | refused | pattern |" in lines
    assert json.loads(json.dumps(report.as_json()))["calls"] == 13
    with pytest.raises(KeyError):
        report["nope"]


def test_a_report_is_a_collection_of_findings() -> None:
    tool, n = Finding("mode", "tool", "served"), Finding("parameter", "n", "ignored")
    report = ProbeReport("m", Route(), (tool, n))
    assert ([*report], len(report)) == ([tool, n], 2)
    assert ("tool" in report, n in report, "pattern" in report) == (True, True, False)


def command(*arguments: str, routes: Path | None = None, endpoint: Endpoint | None = None) -> Any:
    environment = {**os.environ, "STRUCTKIT_ROUTES": str(routes or "off")}
    if endpoint:
        environment |= {"OPENAI_BASE_URL": endpoint.base_url, "STRUCTKIT_MODEL": "fake"}
    program = [sys.executable, "-P", "-m", "structkit", "probe", *arguments]
    return subprocess.run(program, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_the_command_prints_shows_and_deletes_routes(routes: Path) -> None:
    with Endpoint(perfect_except(rejects_tools)) as endpoint:
        done = command(routes=routes, endpoint=endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "| mode tool | refused | 400: \"Invalid parameter: 'tools' is not supported with this model.\" |" in done.stdout
    )
    assert done.stdout.endswith("schemas are sent by json_schema\n")
    output = command("--show", routes=routes).stdout
    assert f"| {endpoint.base_url} | fake | json_schema | tool |" in output
    assert "| yes | 20" in output  # the model sees the schema
    assert command("--show", "another", routes=routes).stderr == "no routes are stored\n"
    assert command("another", "--forget", routes=routes).stderr == "no routes are stored\n"
    assert command("--forget", routes=routes).stderr == "1 deleted\n"
    assert command("--show", routes=routes).stderr == "no routes are stored\n"
    assert len(endpoint.requests) == 12


def test_one_route_can_be_deleted(routes: Path) -> None:
    for model in ("a", "b"):
        route_cache.store_route("https://gateway.example/v1", model, Route())
    done = command("a", "--base-url", "https://gateway.example", "--forget", routes=routes)
    assert done.stderr == "1 deleted\n"
    assert [cached.model for cached in route_cache.list_routes()] == ["b"]


def test_deleting_all_routes_keeps_other_files_of_the_folder(routes: Path) -> None:
    route_cache.store_route("https://gateway.example/v1", "a", Route())
    (routes / ("0" * 32 + ".json")).write_text("half a fi", encoding="utf-8")
    (routes / "mine.json").write_text("{}", encoding="utf-8")
    route_cache.clear_routes()
    assert [path.name for path in routes.iterdir()] == ["mine.json"]


def test_the_command_writes_json(routes: Path, tmp_path: Path) -> None:
    with Endpoint(perfect) as endpoint:
        done = command("-o", str(tmp_path / "found.json"), routes=routes, endpoint=endpoint)
    assert (done.returncode, done.stdout) == (0, "")
    report = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert {"kind": "parameter", "name": "n", "verdict": "served", "note": ""} in report["findings"]
    command("--show", "-o", str(tmp_path / "known.json"), routes=routes)
    [cached] = json.loads((tmp_path / "known.json").read_text(encoding="utf-8"))
    assert cached["route"] == report["route"]


@pytest.mark.local
def test_the_probe_of_the_embedded_model_is_correct() -> None:
    pytest.importorskip("xllamacpp", reason="needs structkit-llm[local]")
    from structkit.dialects.rows import LLAMA_CPP
    from structkit.local import open_endpoint

    served = open_endpoint()
    with structkit.Client(served.model, base_url=served.base_url) as client:  # whose dialect the client cannot derive
        report = client.probe()
    assert (report["json_schema"].verdict, report["json_object"].verdict) == ("constrained", "constrained")
    assert report["tool"].verdict == "ignored"  # this model's template has no place for tools
    assert report["multipleOf"].verdict == "ignored"
    assert report.route.dialect.keywords == LLAMA_CPP.keywords
    assert report.route.dialect.formats == LLAMA_CPP.formats
    parameters = verdicts(report, "parameter")
    # llama.cpp makes a grammar of the schema. The word is random: the small model cannot repeat each of them.
    assert parameters.pop("descriptions") in {"ignored", "unknown"}
    assert parameters == {**dict.fromkeys(["usage", "stream", "logprobs", "n"], "served"), "tools": "ignored"}
    assert (report.route.mode, report.route.shows_schema or False) == ("json_schema", False)


def test_both_clients_have_the_same_report() -> None:
    async def probe_async(base_url: str) -> ProbeReport:
        async with structkit.AsyncClient("fake", base_url=base_url) as client:
            return await client.probe()

    with Endpoint(perfect) as endpoint:
        assert (
            asyncio.run(probe_async(endpoint.base_url)) == structkit.Client("fake", base_url=endpoint.base_url).probe()
        )


def test_a_probe_has_the_headers_and_the_query_of_its_client(connect: Callable[..., Any]) -> None:
    with Endpoint() as endpoint:
        extras: Any = {"extra_headers": {"X-Team": "tea"}, "extra_query": {"api-version": "1"}}
        connect(endpoint.base_url, **extras).probe()
    assert endpoint.headers
    assert {headers.get("x-team") for headers in endpoint.headers} == {"tea"}


def test_a_probe_has_the_fields_without_which_a_model_rejects_every_request(connect: Callable[..., Any]) -> None:
    with Endpoint() as endpoint:
        options: Any = {"extra_body": {"enable_thinking": False}, "reasoning_effort": "low", "temperature": 1}
        connect(endpoint.base_url, **options).probe()
    fields = ("enable_thinking", "reasoning_effort", "temperature")
    assert {tuple(body.get(name) for name in fields) for body in endpoint.requests} == {(False, "low", 0)}


def test_a_gateway_error_that_names_the_mode_rejects_it(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        rejection = error_reply(502, "unexpected keyword argument 'response_format'")
        return rejection if "response_format" in request else perfect(request)

    report, _ = probed(answer)
    assert verdicts(report, "mode")["json_schema"] == "refused"


def test_a_web_page_in_front_of_the_endpoint_rejects_no_mode(probed: Any) -> None:
    def answer(request: JSON) -> Reply:
        page = Reply("<html>Request blocked: response_format</html>", status=400)
        return page if "response_format" in request else perfect(request)

    report, _ = probed(answer)
    assert verdicts(report, "mode")["json_schema"] == "unknown"
