"""Route memory: what one client found out, the next one knows, in this process or another."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

import structkit
from structkit.dialects import OPENAI, Route
from structkit.testing import Endpoint, Reply, fault
from structkit.testing.scripted_reply import text_reply
from structkit.transport.route_cache import delete_route, list_routes, load_route, store_route
from structkit.values import JSON

Connect = Callable[..., Any]
REMOTE = "https://gateway.example/v1"
TOOL_ONLY = Route(OPENAI, rejected=frozenset({"json_schema", "json_schema_lax"}))
ONCE = structkit.Policy(attempts=1, wait_initial=0.001)
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_route_is_remembered: None) -> Path:
    """A memory of the test's own."""
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "routes"))
    return tmp_path / "routes"


def by_tool_only(body: JSON) -> Reply:
    """An endpoint that takes no `response_format`."""
    said = {"error": {"message": "response_format is not supported"}}
    return Reply(said, 400) if "response_format" in body else text_reply(body, '{"value": 3}')


def aged(folder: Path, seconds: float) -> None:
    """Make what is remembered so many seconds older."""
    for path in folder.iterdir():
        entry = json.loads(path.read_text())
        path.write_text(json.dumps({**entry, "stored_at": entry["stored_at"] - seconds}))


def test_a_client_starts_where_the_last_one_ended(connect: Connect) -> None:
    with Endpoint(by_tool_only) as endpoint:
        first = connect(endpoint.base_url).run(int, "x")
        second = connect(endpoint.base_url).run(int, "x")
        other_model = connect(endpoint.base_url, model="other").run(int, "x")
    assert [len(result.attempts) for result in (first, second, other_model)] == [3, 1, 3]
    assert (second.mode, second.value) == ("tool", 3)


def test_a_process_starts_where_another_one_ended(folder: Path) -> None:
    code = "import structkit, sys; print(structkit.Client('fake', base_url=sys.argv[1]).run(int, 'x').mode)"
    with Endpoint(by_tool_only) as endpoint:
        call = [sys.executable, "-c", code, endpoint.base_url]
        said = [subprocess.run(call, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said == ["tool\n", "tool\n"]
    assert len(endpoint.requests) == 4
    [path] = folder.iterdir()
    assert path.suffix == ".json"


def test_what_is_remembered_is_readable(folder: Path) -> None:
    with Endpoint(fault("rejects_keyword:pattern"), fault("other_vendor")) as endpoint:
        client = structkit.Client("gpt-4o", base_url=endpoint.base_url)
        client.run(Annotated[str, Field(pattern="^[a-z]+$")], "x")
    [known] = list_routes()
    assert (known.base_url, known.model) == (endpoint.base_url, "gpt-4o")
    assert OPENAI.keywords - known.route.dialect.keywords == {"pattern"}
    [path] = folder.iterdir()
    assert "pattern" not in json.loads(path.read_text())["route"]["dialect"]["keywords"]


def test_the_provider_that_ignored_the_schema_is_noted() -> None:
    ignoring = Reply({**text_reply({"model": "m"}, "Gladly!").body, "provider": "Vendor"})
    with Endpoint(ignoring, '{"value": 3}') as endpoint:
        structkit.Client("fake", base_url=endpoint.base_url, policy=ONCE).run(int, "x")
    known = load_route(endpoint.base_url, "fake")
    assert known is not None
    assert known.providers == ("Vendor",)


@pytest.mark.parametrize(
    ("base_url", "age", "is_known"),
    [
        ("http://127.0.0.1:1/v1", 30, True),
        ("http://127.0.0.1:1/v1", 61, False),
        ("http://localhost:1/v1", 61, False),
        (REMOTE, 61, True),
        (REMOTE, 7 * DAY - 60, True),
        (REMOTE, 7 * DAY + 60, False),
        (REMOTE, -3600, False),
    ],
)
def test_what_is_too_old_or_not_yet_learnt_is_not_known(
    folder: Path, base_url: str, age: float, is_known: bool
) -> None:
    store_route(base_url, "m", TOOL_ONLY)
    aged(folder, age)
    known = load_route(base_url, "m")
    assert (known is not None) is is_known
    assert known is None or known.route == TOOL_ONLY


def test_a_call_over_a_route_that_is_too_old_starts_at_the_top(connect: Connect, folder: Path) -> None:
    with Endpoint(by_tool_only) as endpoint:
        connect(endpoint.base_url).run(int, "x")
        aged(folder, 61)
        result = connect(endpoint.base_url).run(int, "x")
    assert len(result.attempts) == 3
    known = load_route(endpoint.base_url, "fake")
    assert known is not None
    assert time.time() - known.stored_at < 60, "it was learnt again"


@pytest.mark.parametrize("setting", ["off", "OFF", "0", "no", "false"])
def test_nothing_is_read_or_written_when_it_is_off(folder: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    with Endpoint(by_tool_only) as endpoint:
        store_route(endpoint.base_url, "fake", Route(rejected=frozenset({"tool"})))
        [path] = folder.iterdir()
        before = path.read_bytes()
        monkeypatch.setenv("STRUCTKIT_ROUTES", setting)
        assert len(structkit.Client("fake", base_url=endpoint.base_url).run(int, "x").attempts) == 3
    assert (path.read_bytes(), [*folder.iterdir()], [*list_routes()]) == (before, [path], [])


def broken(text: str, **changes: Any) -> str:
    """A file as it is written, with something changed."""
    return json.dumps({**json.loads(text), **changes})


BROKEN: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda _: "",
    "half": lambda text: text[: len(text) // 2],
    "no JSON": lambda _: "<html>",
    "no UTF-8": lambda _: b"\xff\xfe\x00",
    "a list": lambda _: "[]",
    "null": lambda _: "null",
    "deep": lambda _: "[" * 100_000,
    "another version": lambda text: broken(text, version=1),
    "no version": lambda _: "{}",
    "no time": lambda text: broken(text, stored_at=None),
    "no number": lambda text: broken(text, stored_at="soon"),
    "a time that is none": lambda text: text.replace('"stored_at": ', '"stored_at": NaN, "x": '),
    "no route": lambda text: broken(text, route=[]),
    "a dialect of another form": lambda text: broken(text, route={"dialect": {"x": 1}, "rejected": [], "ignored": []}),
    "modes that there are not": lambda text: text.replace('"json_schema_lax"', '"yaml"'),
    "levels that are none": lambda text: re.sub(r'"max_levels": \d+', '"max_levels": "ten"', text),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_broken_or_foreign_is_as_none(folder: Path, change: Callable[[str], str | bytes]) -> None:
    with Endpoint(by_tool_only) as endpoint:
        store_route(endpoint.base_url, "fake", TOOL_ONLY)
        [path] = folder.iterdir()
        changed = change(path.read_text())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        assert load_route(endpoint.base_url, "fake") is None
        assert [*list_routes()] == []
        assert structkit.Client("fake", base_url=endpoint.base_url).run(int, "x").mode == "tool"
    known = load_route(endpoint.base_url, "fake")
    assert known is not None
    assert known.route.mode == "tool", "it is written anew"


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "file"))
    with Endpoint(by_tool_only) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        assert [len(client.run(int, "x").attempts) for _ in range(2)] == [3, 1]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_route_is_forgotten_where_that_is_asked(folder: Path) -> None:
    store_route(REMOTE, "m", TOOL_ONLY)
    delete_route(REMOTE, "m")
    delete_route(REMOTE, "never known")
    assert load_route(REMOTE, "m") is None
    assert [*folder.iterdir()] == []


WRITING = """
import sys
from structkit.dialects import MODES, Route
from structkit.transport.route_cache import load_route, store_route
lost = 0
for turn in range(100):
    store_route(sys.argv[1], "m", Route(rejected=frozenset(MODES[: turn % 4])), f"vendor {sys.argv[2]}")
    lost += load_route(sys.argv[1], "m") is None
print(lost)
"""


def test_many_processes_at_once_never_leave_or_see_a_broken_file(folder: Path) -> None:
    calls = [[sys.executable, "-c", WRITING, REMOTE, str(number)] for number in range(4)]
    running = [subprocess.Popen(call, stdout=subprocess.PIPE, text=True) for call in calls]
    assert [process.communicate()[0] for process in running] == ["0\n"] * 4
    [path] = folder.iterdir()
    known = load_route(REMOTE, "m")
    assert known is not None
    assert json.loads(path.read_text())["version"] == 2


def test_a_dialect_of_one_call_teaches_nothing_of_the_route() -> None:
    text = Annotated[str, Field(pattern="^[a-z]+$", min_length=2)]
    with Endpoint(fault("rejects_keyword:pattern"), '{"value": "tea"}') as endpoint:
        client = structkit.Client("gpt-4o", base_url=endpoint.base_url)
        client.run(text, "x", dialect="vllm")
        client.run(text, "x")
    shown = [body["response_format"]["json_schema"]["schema"]["properties"]["value"] for body in endpoint.requests]
    assert [("pattern" in part, "minLength" in part) for part in shown] == [(True, True), (False, True), (True, False)]


def test_a_transport_of_the_callers_own_leaves_nothing_on_disk(folder: Path) -> None:
    with Endpoint(by_tool_only) as endpoint:
        own = structkit.Client("fake", base_url=endpoint.base_url)
        client = structkit.Client("fake", transport=own.transport)
        assert [len(client.run(int, "x").attempts) for _ in range(2)] == [3, 1]
    assert not folder.exists()


def test_a_client_of_the_callers_own_is_remembered_by_its_address(folder: Path) -> None:
    import openai

    with Endpoint(by_tool_only) as endpoint:
        mine = openai.OpenAI(base_url=endpoint.base_url, api_key="mine")
        assert [len(structkit.Client("fake", client=mine).run(int, "x").attempts) for _ in range(2)] == [3, 1]
    [known] = list_routes()
    assert known.model == "fake"
    assert [path.suffix for path in folder.iterdir()] == [".json"]
