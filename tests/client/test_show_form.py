"""The form of the reply is shown to a model that is known not to see the schema, as the policy says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.testing.scripted_reply import conforming_reply, requested_schema
from structkit.transport import route_cache
from structkit.values import JSON

Connect = Callable[..., Any]
AUTO = structkit.Policy(show="auto")
PROMPT = "always the word "
"""What a description of the probe says before its word."""


class Ticket(BaseModel):
    team: Annotated[str, Field(description="The team that answers.")]


class Plain(BaseModel):
    team: str


def server(*, shows_schema: bool, copies_prompt: bool = True) -> Callable[[JSON], Reply]:
    """Return a server that forces the schema upon a model, which sees its descriptions or only the prompt."""

    def answer(request: JSON) -> Reply:
        schema = requested_schema(request)
        if schema is None:
            return Reply(completion('{"animal": "xq7"}' if request.get("response_format") else "blue"))
        prompt = str(request["messages"][-1]["content"]) if copies_prompt else ""
        descriptions = json.dumps(schema) if shows_schema else ""
        text = descriptions + prompt
        if PROMPT not in text:
            return conforming_reply(request)
        return Reply(completion(json.dumps({"word": text.partition(PROMPT)[2].split('"')[0]})))

    return answer


@pytest.fixture(autouse=True)
def routes_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_route_is_cached: None) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "routes"))


def is_shown(request: JSON) -> bool:
    return "The team that answers." in json.dumps(request["messages"])


def requests_after_probe(connect: Connect, answer: Any) -> list[JSON]:
    """Return what is sent for a value after a probe."""
    with Endpoint(answer) as endpoint:
        connect(endpoint.base_url).probe()
        count = len(endpoint.requests)
        connect(endpoint.base_url, policy=AUTO).extract(Ticket, "Printer on fire")
        return endpoint.requests[count:]


@pytest.mark.parametrize(
    ("answer", "verdict", "shows_schema"),
    [
        (server(shows_schema=True), "served", True),
        (server(shows_schema=True, copies_prompt=False), "served", True),
        (server(shows_schema=False), "ignored", False),
        (server(shows_schema=False, copies_prompt=False), "unknown", None),
    ],
    ids=["sees it", "sees nothing else", "sees the prompt alone", "follows nothing"],
)
def test_a_probe_says_whether_the_model_sees_the_schema(
    connect: Connect, answer: Any, verdict: str, shows_schema: bool | None
) -> None:
    with Endpoint(answer) as endpoint:
        report = connect(endpoint.base_url).probe()
    assert report["descriptions"].verdict == verdict
    [cached] = route_cache.list_routes()
    assert (report.route.shows_schema, cached.route.shows_schema) == (shows_schema, shows_schema)


def test_each_probe_asks_for_another_word(connect: Connect) -> None:
    with Endpoint(server(shows_schema=True)) as endpoint:
        for _ in range(2):
            connect(endpoint.base_url).probe()
    words = [text.partition(PROMPT)[2][:8] for text in map(json.dumps, endpoint.requests) if PROMPT in text]
    assert len(words) == len({*words}) == 2


@pytest.mark.parametrize("name", ["empty", "error", "filtered"])
def test_a_reply_that_proves_nothing_leaves_it_unknown(connect: Connect, name: str) -> None:
    replies = {
        "empty": Reply(completion("")),
        "error": Reply({"error": {"message": "overloaded"}}, status=503),
        "filtered": Reply(completion("", finish_reason="content_filter")),
    }

    def answer(request: JSON) -> Reply:
        return replies[name] if PROMPT in json.dumps(request) else server(shows_schema=False)(request)

    with Endpoint(answer) as endpoint:
        report = connect(endpoint.base_url, policy=structkit.Policy(retries=0)).probe()
    assert (report["descriptions"].verdict, report.route.shows_schema) == ("unknown", None)


def test_the_form_is_shown_after_a_probe_that_found_the_schema_hidden(connect: Connect) -> None:
    [request] = requests_after_probe(connect, server(shows_schema=False))
    assert is_shown(request)


@pytest.mark.parametrize("copies_prompt", [True, False])
def test_the_form_is_not_shown_to_a_model_that_sees_the_schema(connect: Connect, copies_prompt: bool) -> None:
    [request] = requests_after_probe(connect, server(shows_schema=True, copies_prompt=copies_prompt))
    assert not is_shown(request)


def test_the_form_is_not_shown_where_a_probe_found_nothing(connect: Connect) -> None:
    [request] = requests_after_probe(connect, server(shows_schema=False, copies_prompt=False))
    assert not is_shown(request)


@pytest.mark.parametrize(
    ("dialect", "has_form"),
    [(name, True) for name in ("llama.cpp", "vllm", "sglang", "tgi", "ollama")]
    + [(name, False) for name in ("openai", "anthropic", "core", "unknown")],
)
def test_a_dialect_says_whether_the_model_sees_the_schema(connect: Connect, dialect: str, has_form: bool) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        connect(endpoint.base_url, policy=AUTO, dialect=dialect).extract(Ticket, "Printer on fire")
    assert is_shown(endpoint.requests[0]) is has_form


def test_a_probe_counts_more_than_the_dialect(connect: Connect) -> None:
    def answer(request: JSON) -> Reply:
        reply = server(shows_schema=True)(request)
        return Reply({**reply.body, "system_fingerprint": "vllm-0.28.0-de1ecaf1"})

    [request] = requests_after_probe(connect, answer)
    assert not is_shown(request)
    [cached] = route_cache.list_routes()
    assert (cached.route.dialect.name, cached.route.dialect.shows_schema) == ("vllm", False)


def test_a_server_is_known_by_its_first_reply(connect: Connect) -> None:
    with Endpoint({**completion('{"team": "ops"}'), "system_fingerprint": "b9251-e2b129e1b"}) as endpoint:
        for _ in range(2):
            connect(endpoint.base_url, policy=AUTO).extract(Ticket, "Printer on fire")
    assert [*map(is_shown, endpoint.requests)] == [False, True]


def test_a_type_without_descriptions_has_no_form(connect: Connect) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        connect(endpoint.base_url, policy=AUTO, dialect="vllm").extract(Plain, "Printer on fire")
    assert endpoint.requests[0]["messages"] == [{"role": "user", "content": "Printer on fire"}]


@pytest.mark.parametrize(("mode", "count"), [("json_schema", 1), ("tool", 0), ("json_object", 1), ("prompt", 1)])
def test_the_form_is_shown_once_and_not_beside_a_tool(connect: Connect, mode: Any, count: int) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        connect(endpoint.base_url, policy=AUTO, dialect="vllm", mode=mode).extract(Ticket, "Printer on fire")
    assert json.dumps(endpoint.requests[0]["messages"]).count("The team that answers.") == count


def test_nothing_is_shown_without_the_policy(connect: Connect) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        connect(endpoint.base_url, dialect="vllm").extract(Ticket, "Printer on fire")
    assert not is_shown(endpoint.requests[0])


def test_a_stream_has_the_form_as_well(connect: Connect) -> None:
    with Endpoint('{"team": "ops"}') as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, policy=AUTO, dialect="vllm")
        with client.stream(Ticket, "Printer on fire") as stream:
            assert [*stream][-1].team == "ops"
    assert is_shown(endpoint.requests[0])


def test_another_value_of_show_is_rejected() -> None:
    with pytest.raises(ValueError, match="show must be one of auto, True, False, not 'always'"):
        structkit.Policy(show="always")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="use show="):
        structkit.Policy(show_form=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("command", ["extract", "label"])
@pytest.mark.parametrize(
    ("options", "has_form"),
    [
        ([], False),
        (["--show-form", "auto"], False),
        (["--show-form", "auto", "--dialect", "vllm"], True),
        (["--show-form", "always", "--timeout", "30"], True),
    ],
    ids=["none", "auto", "auto at vLLM", "always"],
)
def test_the_command_line_shows_the_form(tmp_path: Path, command: str, options: list[str], has_form: bool) -> None:
    description = {"type": "string", "description": "The team that answers."}
    schema = {"title": "Ticket", "type": "object", "properties": {"team": description}, "required": ["team"]}
    (tmp_path / "ticket.json").write_text(json.dumps(schema), encoding="utf-8")
    (tmp_path / "rows.csv").write_text("text\nPrinter on fire\n", encoding="utf-8")
    arguments = ["rows.csv", "--type", "ticket.json", *options]
    arguments += ["-o", "out.jsonl", "--prompt", "{text}"] if command == "label" else []
    with Endpoint('{"team": "ops"}') as endpoint:
        environment = {**os.environ, "OPENAI_BASE_URL": endpoint.base_url, "STRUCTKIT_MODEL": "fake"}
        program = [sys.executable, "-P", "-m", "structkit", command, *arguments]
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert is_shown(endpoint.requests[0]) is has_form


@pytest.mark.local
def test_the_embedded_model_reads_the_form_and_not_the_schema() -> None:
    pytest.importorskip("xllamacpp", reason="needs structkit-llm[local]")
    with structkit.Client("local", temperature=0, max_tokens=60) as client:
        assert client.probe()["descriptions"].verdict == "ignored"
        result = client.run(Ticket, "Printer on fire", policy=AUTO)
    assert is_shown(result.attempts[0].request.body)
    assert not is_shown(client.run(Ticket, "Printer on fire").attempts[0].request.body)
