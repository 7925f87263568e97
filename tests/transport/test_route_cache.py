"""The route cache: what one client learns, later clients use, in this process or another."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

import structkit
from structkit.dialects import OPENAI, Route
from structkit.testing import Endpoint, Reply, fault
from structkit.testing.scripted_reply import text_reply
from structkit.transport.route_cache import clear_routes, delete_route, list_routes, load_route, store_route
from structkit.values import JSON

Connect = Callable[..., Any]
REMOTE = "https://gateway.example/v1"
TOOL_ONLY = Route(OPENAI, rejected=frozenset({"json_schema", "json_schema_lax"}))
ONE_ATTEMPT = structkit.Policy(attempts=1, wait_initial=0.001)
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_route_is_cached: None) -> Path:
    """A cache folder for the test."""
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "routes"))
    return tmp_path / "routes"


def reject_response_format(body: JSON) -> Reply:
    """Reply of an endpoint that rejects `response_format`."""
    error = {"error": {"message": "response_format is not supported"}}
    return Reply(error, 400) if "response_format" in body else text_reply(body, '{"value": 3}')


def age_entries(folder: Path, seconds: float) -> None:
    """Make all cached routes that many seconds older."""
    for path in folder.iterdir():
        entry = json.loads(path.read_text())
        path.write_text(json.dumps({**entry, "stored_at": entry["stored_at"] - seconds}))


@pytest.mark.skipif(sys.platform == "win32", reason="~ is another folder")
def test_a_tilde_is_the_home_and_without_a_home_nothing_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRUCTKIT_ROUTES", "~/routes")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    store_route(REMOTE, "m", TOOL_ONLY)
    assert (tmp_path / "home" / "routes").is_dir()
    monkeypatch.setenv("STRUCTKIT_ROUTES", "~nobody-of-this-name/routes")
    store_route(REMOTE, "m", TOOL_ONLY)
    assert (load_route(REMOTE, "m"), [each.name for each in tmp_path.iterdir()]) == (None, ["home"])


def test_a_client_starts_with_the_route_of_the_previous_one(connect: Connect) -> None:
    with Endpoint(reject_response_format) as endpoint:
        first = connect(endpoint.base_url).run(int, "x")
        second = connect(endpoint.base_url).run(int, "x")
        other_model = connect(endpoint.base_url, model="other").run(int, "x")
    assert [len(result.attempts) for result in (first, second, other_model)] == [3, 1, 3]
    assert (second.mode, second.value) == ("tool", 3)


@pytest.mark.parametrize("parameter", ["seed", "max_tokens", "temperature=0", "tool_choice", "tool_choice=required"])
def test_a_rejected_parameter_or_value_is_read_back(parameter: str) -> None:
    route = Route(OPENAI, rejected_parameters=frozenset({parameter}))
    store_route(REMOTE, "m", route)
    cached = load_route(REMOTE, "m")
    assert cached is not None
    assert cached.route == route


def test_a_process_starts_with_the_route_of_another_process(folder: Path) -> None:
    code = "import structkit, sys; print(structkit.Client('fake', base_url=sys.argv[1]).run(int, 'x').mode)"
    with Endpoint(reject_response_format) as endpoint:
        call = [sys.executable, "-c", code, endpoint.base_url]
        outputs = [subprocess.run(call, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert outputs == ["tool\n", "tool\n"]
    assert len(endpoint.requests) == 4
    [path] = folder.iterdir()
    assert path.suffix == ".json"


def test_the_cached_route_is_readable_json(folder: Path) -> None:
    with Endpoint(fault("rejects_keyword:pattern"), fault("other_vendor")) as endpoint:
        client = structkit.Client("gpt-4o", base_url=endpoint.base_url)
        client.run(Annotated[str, Field(pattern="^[a-z]+$")], "x")
    [cached] = list_routes()
    assert (cached.base_url, cached.model) == (endpoint.base_url, "gpt-4o")
    assert OPENAI.keywords - cached.route.dialect.keywords == {"pattern"}
    [path] = folder.iterdir()
    assert "pattern" not in json.loads(path.read_text())["route"]["dialect"]["keywords"]


def test_the_provider_that_ignored_the_schema_is_stored() -> None:
    ignoring = Reply({**text_reply({"model": "m"}, "Gladly!").body, "provider": "Vendor"})
    with Endpoint(ignoring, '{"value": 3}') as endpoint:
        structkit.Client("fake", base_url=endpoint.base_url, policy=ONE_ATTEMPT).run(int, "x")
    cached = load_route(endpoint.base_url, "fake")
    assert cached is not None
    assert cached.providers == ("Vendor",)


@pytest.mark.parametrize(
    ("base_url", "age", "is_cached"),
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
def test_a_route_that_is_expired_or_from_the_future_is_not_loaded(
    folder: Path, base_url: str, age: float, is_cached: bool
) -> None:
    store_route(base_url, "m", TOOL_ONLY)
    age_entries(folder, age)
    cached = load_route(base_url, "m")
    assert (cached is not None) is is_cached
    assert cached is None or cached.route == TOOL_ONLY


def test_a_call_over_an_expired_route_starts_with_the_strongest_mode(connect: Connect, folder: Path) -> None:
    with Endpoint(reject_response_format) as endpoint:
        connect(endpoint.base_url).run(int, "x")
        age_entries(folder, 61)
        start = time.time()
        result = connect(endpoint.base_url).run(int, "x")
    assert len(result.attempts) == 3
    cached = load_route(endpoint.base_url, "fake")
    assert cached is not None
    assert cached.stored_at >= start, "it was stored again"


@pytest.mark.parametrize("setting", ["off", "OFF", "0", "no", "false"])
def test_nothing_is_read_or_written_when_the_cache_is_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    with Endpoint(reject_response_format) as endpoint:
        store_route(endpoint.base_url, "fake", Route(rejected=frozenset({"tool"})))
        [path] = folder.iterdir()
        before = path.read_bytes()
        monkeypatch.setenv("STRUCTKIT_ROUTES", setting)
        assert len(structkit.Client("fake", base_url=endpoint.base_url).run(int, "x").attempts) == 3
    assert (path.read_bytes(), [*folder.iterdir()], [*list_routes()]) == (before, [path], [])


def with_changes(text: str, **changes: Any) -> str:
    """Return the text of a file with changed fields."""
    return json.dumps({**json.loads(text), **changes})


INVALID_FILES: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda _: "",
    "half": lambda text: text[: len(text) // 2],
    "no JSON": lambda _: "<html>",
    "no UTF-8": lambda _: b"\xff\xfe\x00",
    "a list": lambda _: "[]",
    "null": lambda _: "null",
    "deep": lambda _: "[" * 100_000,
    "another version": lambda text: with_changes(text, version=1),
    "no version": lambda _: "{}",
    "no time": lambda text: with_changes(text, stored_at=None),
    "a time that is text": lambda text: with_changes(text, stored_at="soon"),
    "a time that is not a number": lambda text: text.replace('"stored_at": ', '"stored_at": NaN, "x": '),
    "a time beyond all numbers": lambda text: with_changes(text, stored_at=10**400),
    "an address that is a number": lambda text: with_changes(text, base_url=5),
    "another address": lambda text: with_changes(text, base_url="https://other.example/v1", stored_at=0),
    "a model that is a number": lambda text: with_changes(text, model=5),
    "providers that are numbers": lambda text: with_changes(text, providers=[5]),
    "providers that are a number": lambda text: with_changes(text, providers=5),
    "no route": lambda text: with_changes(text, route=[]),
    "a dialect of another form": lambda text: with_changes(
        text, route={"dialect": {"x": 1}, "rejected": [], "ignored": []}
    ),
    "unknown modes": lambda text: text.replace('"json_schema_lax"', '"yaml"'),
    "sizes of another number": lambda text: re.sub(r'"max_size": \[[^]]*\]', '"max_size": [5]', text),
    "levels that are not a number": lambda text: re.sub(r'"max_levels": \d+', '"max_levels": "ten"', text),
}


@pytest.mark.parametrize("change", INVALID_FILES.values(), ids=INVALID_FILES.keys())
def test_a_damaged_or_foreign_file_is_ignored_and_replaced(folder: Path, change: Callable[[str], str | bytes]) -> None:
    with Endpoint(reject_response_format) as endpoint:
        store_route(endpoint.base_url, "fake", TOOL_ONLY)
        [path] = folder.iterdir()
        changed = change(path.read_text())
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
        assert load_route(endpoint.base_url, "fake") is None
        assert [*list_routes()] == []
        assert structkit.Client("fake", base_url=endpoint.base_url).run(int, "x").mode == "tool"
    cached = load_route(endpoint.base_url, "fake")
    assert cached is not None
    assert cached.route.mode == "tool", "the file was replaced"


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
def test_a_fifo_in_place_of_a_route_is_ignored_and_replaced(folder: Path) -> None:
    with Endpoint(reject_response_format) as endpoint:
        store_route(endpoint.base_url, "fake", TOOL_ONLY)
        [path] = folder.iterdir()
        path.unlink()
        os.mkfifo(path)
        code = (
            "import structkit, sys; from structkit.transport.route_cache import list_routes; list(list_routes());"
            "print(structkit.Client('fake', base_url=sys.argv[1], api_key='sk-test').run(int, 'x').mode)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, endpoint.base_url], check=False, capture_output=True, text=True, timeout=600
        )
        assert done.stdout.split() == ["tool"], done.stderr
    assert path.is_file()


JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([5])
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a JSON value."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(item, (*path, key))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_to_a_cached_route_is_forgotten_or_harmless(folder: Path, data: st.DataObject) -> None:
    clear_routes()
    with Endpoint() as endpoint:
        store_route(endpoint.base_url, "fake", TOOL_ONLY)
        [path] = folder.iterdir()
        entry = json.loads(path.read_text())
        *parents, last = data.draw(st.sampled_from([*places(entry)]))
        functools.reduce(lambda value, key: value[key], parents, entry)[last] = data.draw(JSON_VALUES)
        path.write_text(json.dumps(entry))
        [*list_routes()]
        with contextlib.suppress(structkit.StructkitError):
            structkit.Client("fake", base_url=endpoint.base_url).run(int, "x")


RULES: list[Any] = [
    Annotated[str, Field(pattern="^[a-z]+$")],
    Annotated[int, Field(multiple_of=3)],
    Annotated[list[int], Field(min_length=1)],
    Annotated[int, Field(le=9)],
]
WORDS = ["pattern", "multipleOf", "minItems", "maximum"]


def strict_about_rules(body: JSON) -> Any:
    """Reject each schema with one of the keywords, by name."""
    text = json.dumps(body["response_format"])
    word = next((word for word in WORDS if f'"{word}":' in text), None)
    error = {"error": {"message": f"Invalid schema for response_format: '{word}' is not permitted."}}
    value: Any = [3] if '"array"' in text else "tea" if '"string"' in text else 3
    return Reply(error, 400) if word else json.dumps({"value": value})


@pytest.mark.parametrize("separate", [True, False], ids=["clients", "threads of a client"])
def test_what_is_learnt_at_the_same_time_is_all_remembered(separate: bool) -> None:
    barrier = threading.Barrier(len(RULES))

    def answer(body: JSON) -> Any:
        if len(endpoint.requests) <= len(RULES):
            barrier.wait()  # no one has learnt anything when the others have sent their first requests
        return strict_about_rules(body)

    with Endpoint(answer) as endpoint, ThreadPoolExecutor(len(RULES)) as pool:
        shared = structkit.Client("fake", base_url=endpoint.base_url)
        clients = [structkit.Client("fake", base_url=endpoint.base_url) if separate else shared for _ in RULES]
        attempts = [*pool.map(lambda client, rule: len(client.run(rule, "x").attempts), clients, RULES)]
        later_client = structkit.Client("fake", base_url=endpoint.base_url)
        later = [len(later_client.run(rule, "x").attempts) for rule in RULES]
    assert (max(attempts), later) == (2, [1] * len(RULES))


def test_a_folder_that_cannot_be_written_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path / "file"))
    with Endpoint(reject_response_format) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        assert [len(client.run(int, "x").attempts) for _ in range(2)] == [3, 1]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_route_can_be_deleted(folder: Path) -> None:
    store_route(REMOTE, "m", TOOL_ONLY)
    delete_route(REMOTE, "m")
    delete_route(REMOTE, "never cached")
    assert load_route(REMOTE, "m") is None
    assert [*folder.iterdir()] == []


WRITER = """
import sys
from structkit.dialects import MODES, Route
from structkit.transport.route_cache import load_route, store_route
lost = 0
for turn in range(100):
    store_route(sys.argv[1], "m", Route(rejected=frozenset(MODES[: turn % 4])), f"vendor {sys.argv[2]}")
    lost += load_route(sys.argv[1], "m") is None
print(lost)
"""


def test_concurrent_processes_never_read_or_leave_a_damaged_file(folder: Path) -> None:
    calls = [[sys.executable, "-c", WRITER, REMOTE, str(number)] for number in range(4)]
    running = [subprocess.Popen(call, stdout=subprocess.PIPE, text=True) for call in calls]
    assert [process.communicate()[0] for process in running] == ["0\n"] * 4
    [path] = folder.iterdir()
    cached = load_route(REMOTE, "m")
    assert cached is not None
    assert json.loads(path.read_text())["version"] == 3


def test_the_dialect_of_one_call_does_not_change_the_route() -> None:
    text = Annotated[str, Field(pattern="^[a-z]+$", min_length=2)]
    with Endpoint(fault("rejects_keyword:pattern"), '{"value": "tea"}') as endpoint:
        client = structkit.Client("gpt-4o", base_url=endpoint.base_url)
        client.run(text, "x", dialect="vllm")
        client.run(text, "x")
    schemas = [body["response_format"]["json_schema"]["schema"]["properties"]["value"] for body in endpoint.requests]
    assert [("pattern" in part, "minLength" in part) for part in schemas] == [
        (True, True),
        (False, True),
        (True, False),
    ]


def test_the_route_of_a_callers_transport_is_not_cached(folder: Path) -> None:
    with Endpoint(reject_response_format) as endpoint:
        other_client = structkit.Client("fake", base_url=endpoint.base_url)
        client = structkit.Client("fake", transport=other_client.transport)
        assert [len(client.run(int, "x").attempts) for _ in range(2)] == [3, 1]
    assert not folder.exists()


def test_the_route_of_a_callers_client_is_cached_by_its_address(folder: Path) -> None:
    import openai

    with Endpoint(reject_response_format) as endpoint:
        openai_client = openai.OpenAI(base_url=endpoint.base_url, api_key="mine")
        assert [len(structkit.Client("fake", client=openai_client).run(int, "x").attempts) for _ in range(2)] == [3, 1]
    [cached] = list_routes()
    assert cached.model == "fake"
    assert [path.suffix for path in folder.iterdir()] == [".json"]
