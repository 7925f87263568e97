"""An endpoint is recognised by its replies, whatever its address: from the next request on it gets its own dialect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

import structkit
from structkit.client.probing import ProbeReport
from structkit.dialects import DIALECTS, UNKNOWN, Dialect, Route, identify_route, route_from_json, route_to_json
from structkit.dialects.signs import SERVERS, VENDORS
from structkit.schema.strict.size import walk_schema
from structkit.testing import Endpoint, Reply, completion
from structkit.testing.scripted_reply import conforming_reply
from structkit.transport.route_cache import load_route
from structkit.values import JSON, Choice, Completion, Usage

Connect = Callable[..., Any]


class Parcel(BaseModel):
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$")]
    city: Annotated[str, Field(min_length=2)]
    boxes: Annotated[int, Field(ge=1, multiple_of=2)]


VALUE = '{"code": "AB-7", "city": "Ulm", "boxes": 4}'
NO_SIGN: JSON = completion(VALUE)


def with_choice(**fields: Any) -> JSON:
    return {**NO_SIGN, "choices": [{**NO_SIGN["choices"][0], **fields}]}


REPLIES = [
    ("vllm", {**with_choice(stop_reason=None), "prompt_logprobs": None, "kv_transfer_params": None}),
    ("vllm", {**NO_SIGN, "system_fingerprint": "vllm-0.28.0-tp4-f5b33cdd"}),
    ("sglang", {**with_choice(matched_stop=151645), "metadata": {"weight_version": "default"}}),
    ("sglang", with_choice(matched_stop=None)),
    ("llama.cpp", {**NO_SIGN, "system_fingerprint": "b9251-e2b129e1b"}),
    ("llama.cpp", {**NO_SIGN, "timings": {"prompt_n": 15}}),
    ("llama.cpp", Reply(NO_SIGN, headers={"server": "llama.cpp"})),
    ("ollama", {**NO_SIGN, "id": "chatcmpl-801", "system_fingerprint": "fp_ollama"}),
    ("tgi", {**NO_SIGN, "id": "", "system_fingerprint": "3.2.3-sha-a1f3ebe"}),
    ("tgi", {**NO_SIGN, "id": "", "system_fingerprint": "2.4.1-dev0-native"}),
    ("groq", {**NO_SIGN, "x_groq": {"id": "req_1"}, "system_fingerprint": "fp_10c08bf97d"}),
    ("azure", {**NO_SIGN, "prompt_filter_results": []}),
    ("deepseek", {**NO_SIGN, "system_fingerprint": "fp_8802369eaa_prod0425fp8"}),
    ("anthropic", {**NO_SIGN, "provider": "Anthropic"}),
    ("gemini", {**NO_SIGN, "provider": "Google AI Studio"}),
    ("anthropic", {**NO_SIGN, "model": "claude-sonnet-4-5-20250929"}),
    ("openai", {**NO_SIGN, "model": "openai/gpt-4o-2024-08-06", "system_fingerprint": "fp_44709d6fcb"}),
    # Gateways pass on the fingerprint of the server behind them.
    ("vllm", {**NO_SIGN, "provider": "Nvidia", "system_fingerprint": "vllm-0.22.1-tp4-ep-d958916a"}),
    ("llama.cpp", {**NO_SIGN, "model": "gpt-3.5-turbo", "system_fingerprint": "b1-6a746cf"}),
]
WITHOUT_SIGN = [
    NO_SIGN,
    {**NO_SIGN, "system_fingerprint": None},
    {**NO_SIGN, "system_fingerprint": 3},
    {**NO_SIGN, "system_fingerprint": "backend-supplied"},
    {**NO_SIGN, "system_fingerprint": "llama-3.2-3b-instruct"},
    {**NO_SIGN, "provider": "Nebius"},
    Reply(NO_SIGN, headers={"server": "uvicorn"}),
]


@pytest.fixture(autouse=True)
def routes_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_route_is_cached: None) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "routes"))


def keywords_sent(request: JSON) -> set[str]:
    return {word for part in walk_schema(request["response_format"]["json_schema"]["schema"]) for word in part}


def cached_dialect(endpoint: Endpoint, model: str = "a-model") -> Dialect | None:
    cached = load_route(endpoint.base_url, model)
    return cached and cached.route.dialect


@pytest.mark.parametrize(("name", "reply"), REPLIES)
def test_the_first_reply_shows_the_dialect(connect: Connect, name: str, reply: Any) -> None:
    with Endpoint(reply) as endpoint:
        client = connect(endpoint.base_url, model="a-model")
        assert client.extract(Parcel, "One.") == Parcel.model_validate_json(VALUE)
        assert (dialect := cached_dialect(endpoint)) is not None
        assert (dialect.name, dialect.keywords, dialect.formats) == (
            name,
            DIALECTS[name].keywords,
            DIALECTS[name].formats,
        )
        connect(endpoint.base_url, model="a-model").extract(Parcel, "Another.")
    if "json_schema" in DIALECTS[name].modes:
        rules = keywords_sent(endpoint.requests[1]) & {"pattern", "minLength", "minimum", "multipleOf"}
        assert rules <= DIALECTS[name].keywords


def test_a_server_is_sent_what_its_grammars_know_from_the_second_request_on(connect: Connect) -> None:
    with Endpoint({**NO_SIGN, "system_fingerprint": "vllm-0.28.0-de1ecaf1"}) as endpoint:
        for _ in range(2):
            connect(endpoint.base_url, model="a-model").extract(Parcel, "One.")
    rules = {"pattern", "minLength", "minimum", "multipleOf"}
    first, second = (keywords_sent(request) & rules for request in endpoint.requests)
    assert (first, second) == ({"pattern", "minimum", "multipleOf"}, {"pattern", "minimum", "minLength"})


@pytest.mark.parametrize("reply", WITHOUT_SIGN)
def test_a_reply_without_a_sign_changes_nothing(connect: Connect, reply: Any) -> None:
    with Endpoint(reply) as endpoint:
        connect(endpoint.base_url, model="a-model").extract(Parcel, "One.")
        assert cached_dialect(endpoint) is None


def stream(base_url: str) -> None:
    with structkit.Client("a-model", base_url=base_url) as client, client.stream(Parcel, "One.") as snapshots:
        assert [*snapshots][-1] == Parcel.model_validate_json(VALUE)


def stream_async(base_url: str) -> None:
    async def work() -> None:
        async with structkit.AsyncClient("a-model", base_url=base_url) as client:
            assert [each async for each in client.stream(Parcel, "One.")][-1] == Parcel.model_validate_json(VALUE)

    asyncio.run(work())


@pytest.mark.parametrize("read", [stream, stream_async])
def test_a_streamed_reply_shows_it_too(read: Callable[[str], None]) -> None:
    with Endpoint({**NO_SIGN, "system_fingerprint": "fp_ollama"}) as endpoint:
        read(endpoint.base_url)
        assert (cached_dialect(endpoint) or UNKNOWN).name == "ollama"


@pytest.mark.parametrize("model", ["gpt-oss-20b", "mistral-small", "qwen3-8b"])
def test_a_server_comes_before_the_name_of_the_model(connect: Connect, model: str) -> None:
    with Endpoint({**NO_SIGN, "system_fingerprint": "fp_ollama"}) as endpoint:
        connect(endpoint.base_url, model=model).extract(Parcel, "One.")
        assert (cached_dialect(endpoint, model) or UNKNOWN).name == "ollama"


def test_a_vendor_does_not_come_before_the_name_of_the_model(connect: Connect) -> None:
    with Endpoint({**NO_SIGN, "provider": "Azure", "model": "gpt-4o"}) as endpoint:
        connect(endpoint.base_url, model="claude-sonnet-4-5").extract(Parcel, "One.")
        assert cached_dialect(endpoint, "claude-sonnet-4-5") is None


def test_a_dialect_that_the_address_shows_stays() -> None:
    reply = Completion((Choice(content="{}"),), Usage(), raw={"system_fingerprint": "vllm-0.28.0"})
    route = Route(DIALECTS["groq"])
    assert identify_route(route, reply) is route


def test_what_was_rejected_stays_rejected(connect: Connect) -> None:
    error = Reply({"error": {"message": "'pattern' is not supported in a schema"}}, status=400)
    with Endpoint(error, {**NO_SIGN, "system_fingerprint": "vllm-0.28.0"}) as endpoint:
        connect(endpoint.base_url, model="a-model").extract(Parcel, "One.")
        dialect = cached_dialect(endpoint)
        connect(endpoint.base_url, model="a-model").extract(Parcel, "Another.")
    assert (dialect or UNKNOWN).keywords == DIALECTS["vllm"].keywords - {"pattern"}
    assert "pattern" not in keywords_sent(endpoint.requests[-1])


def test_the_first_rejection_of_a_known_server_removes_only_what_it_names(connect: Connect) -> None:
    error = Reply({"error": {"message": "'pattern' is not supported in a schema"}}, status=400)
    with Endpoint({**NO_SIGN, "timings": {}}, error, NO_SIGN) as endpoint:
        for _ in range(2):
            connect(endpoint.base_url, model="a-model").extract(Parcel, "One.")
        assert (cached_dialect(endpoint) or UNKNOWN).keywords == DIALECTS["llama.cpp"].keywords - {"pattern"}


@pytest.mark.parametrize(("owner", "name"), [("vllm", "vllm"), ("llamacpp", "llama.cpp"), ("library", "ollama")])
def test_the_owner_in_the_list_of_models_shows_it(connect: Connect, owner: str, name: str) -> None:
    models = Reply({"data": [{"id": "other", "owned_by": "sglang"}, {"id": "a-model", "owned_by": owner}]})
    with Endpoint(NO_SIGN, models=models) as endpoint:
        assert connect(endpoint.base_url, model="a-model").models() == ("a-model", "other")
        assert (cached_dialect(endpoint) or UNKNOWN).name == name


@pytest.mark.parametrize("owner", ["organization_owner", "", None, 3, "openai"])
def test_an_unknown_owner_shows_nothing(connect: Connect, owner: Any) -> None:
    with Endpoint(NO_SIGN, models=Reply({"data": [{"id": "a-model", "owned_by": owner}]})) as endpoint:
        assert connect(endpoint.base_url, model="a-model").models() == ("a-model",)
        assert cached_dialect(endpoint) is None


@pytest.mark.parametrize("name", [sign.dialect.name for sign in (*SERVERS, *VENDORS)])
def test_values_keep_their_form_when_the_dialect_becomes_known(name: str) -> None:
    class Node(BaseModel):
        height: Annotated[int, Field(gt=0)] = Field(default=1, alias="Größe in m")
        children: list[Node] = []
        counts: dict[str, int] = {}

    route = Route(UNKNOWN, is_assumed=True).with_dialect(DIALECTS[name])
    before, after = (structkit.ResponseFormat(Node, dialect=dialect) for dialect in (UNKNOWN, route.dialect))
    value = Node.model_validate({"Größe in m": 3, "children": [{"counts": {"a": 1}}]})
    assert after.parse(json.dumps(before.dump(value))) == before.parse(json.dumps(after.dump(value))) == value


def test_a_probe_does_not_test_what_harms_the_server(connect: Connect) -> None:
    def answer(request: JSON) -> Reply:
        reply = conforming_reply(request)
        return Reply({**cast("JSON", reply.body), "system_fingerprint": "vllm-0.28.0"})

    with Endpoint(answer) as endpoint:
        report: ProbeReport = connect(endpoint.base_url, model="a-model").probe()
    assert "multipleOf" not in json.dumps(endpoint.requests)
    assert (report["multipleOf"].verdict, report.route.dialect.name) == ("unknown", "vllm")
    assert "multipleOf" not in report.route.dialect.keywords


def test_no_dialect_sends_what_harms_its_server() -> None:
    for dialect in DIALECTS.values():
        assert not dialect.harmful & (dialect.keywords | dialect.formats)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_raw_body_is_looked_at_without_an_error(raw: Any) -> None:
    for body in (raw, {"choices": raw, "system_fingerprint": raw}, {"choices": [raw]}):
        reply = Completion((Choice(content="{}"),), Usage(), raw=body, provider=str(raw), server=str(raw))
        identify_route(Route(UNKNOWN, is_assumed=True), reply)


@given(st.booleans(), st.sampled_from([*DIALECTS.values()]))
def test_a_route_is_stored_with_all_its_fields(is_assumed: bool, dialect: Dialect) -> None:
    route = Route(dialect, is_assumed=is_assumed)
    assert route_from_json(json.loads(json.dumps(route_to_json(route)))) == route
