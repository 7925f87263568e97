"""The cache of replies: what is answered from it, what is never stored, and files that are not a cache."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]


def test_a_repeated_call_is_answered_from_the_cache(connect: Connect, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        first, second = (client.run(int, "how many?") for _ in range(2))
        other = connect(endpoint.base_url, cache=str(tmp_path / "replies.sqlite")).run(int, "how many?")
    assert [result.cached for result in (first, second, other)] == [False, True, True]
    assert first.value == second.value == other.value
    assert first.usage.total_tokens > 0
    assert second.usage.total_tokens == 0
    assert len(endpoint.requests) == 1


def test_the_replies_that_a_confidence_compares_are_stored_one_by_one(connect: Connect, tmp_path: Path) -> None:
    values = iter(range(100))
    with Endpoint(lambda _: f'{{"value": {next(values) % 3}}}') as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        results = [client.run(int, "how many?", confidence=3) for _ in range(2)]
    assert [result.confidence[()] for result in results] == [pytest.approx(1 / 3)] * 2
    assert [result.cached for result in results] == [False, True]
    assert len(endpoint.requests) == 3


def test_a_result_from_the_cache_says_so_wherever_it_is_shown(connect: Connect, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        first, second = (client.run(int, "how many?") for _ in range(2))
    assert [result.to_dict()["cached"] for result in (first, second)] == [False, True]
    assert ["cached=True" in repr(result) for result in (first, second)] == [False, True]
    assert ["cached" in result._repr_html_() for result in (first, second)] == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": 1},
        {"extra_body": {"top_k": 5}},
        {"extra_headers": {"X-A": "1"}},
        {"extra_query": {"q": "1"}},
        {"instructions": "Count."},
    ],
)
def test_another_request_is_another_entry(connect: Connect, tmp_path: Path, change: dict[str, Any]) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        client.run(int, "how many?")
        assert not client.run(int, "how many?", **change).cached
    assert len(endpoint.requests) == 2


def test_the_replies_of_a_call_that_failed_are_not_stored(connect: Connect, tmp_path: Path) -> None:
    with Endpoint(completion('{"value": "many"}'), completion('{"value": 3}')) as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite", policy=structkit.Policy(attempts=1))
        with pytest.raises(structkit.InvalidOutput):
            client.run(int, "how many?")
        assert client.run(int, "how many?").value == 3
        assert client.run(int, "how many?").cached


def test_a_conversation_of_several_requests_is_repeated_from_the_cache(connect: Connect, tmp_path: Path) -> None:
    with Endpoint(completion('{"value": "many"}'), completion('{"value": 3}')) as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "replies.sqlite")
        first, second = (client.run(int, "how many?") for _ in range(2))
    assert (len(first.attempts), len(second.attempts)) == (2, 2)
    assert second.cached
    assert len(endpoint.requests) == 2


def test_an_error_of_the_endpoint_is_not_stored(connect: Connect, tmp_path: Path) -> None:
    with Endpoint(Reply({"error": {"message": "down"}}, status=500), completion('{"value": 3}')) as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "c.sqlite", policy=structkit.Policy(retries=0))
        with pytest.raises(structkit.StatusError):
            client.run(int, "how many?")
        assert client.run(int, "how many?").value == 3


def test_a_stream_is_served_from_the_cache(tmp_path: Path) -> None:
    with Endpoint('{"value": [1, 2]}') as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k", cache=tmp_path / "c.sqlite")
        client.run(list[int], "which?")
        with client.stream(list[int], "which?") as stream:
            assert [*stream][-1] == [1, 2]
        assert stream.result().cached
    assert len(endpoint.requests) == 1


def test_an_old_reply_is_not_used(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = structkit.SQLiteStore(path, max_age=timedelta(days=1))
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=store)
        client.run(int, "how many?")
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE replies SET stored_at = stored_at - 90000")
        assert not client.run(int, "how many?").cached
        assert client.run(int, "how many?").cached


def test_any_object_with_get_and_set_is_a_cache(connect: Connect) -> None:
    class Memory:
        def __init__(self) -> None:
            self.replies: dict[str, bytes] = {}

        def get(self, key: str) -> bytes | None:
            return self.replies.get(key)

        def set(self, key: str, value: bytes) -> None:
            self.replies[key] = value

    store = Memory()
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=store)
        client.run(int, "how many?")
        assert client.run(int, "how many?").cached
        store.replies = dict.fromkeys(store.replies, b"damaged")
        assert not client.run(int, "how many?").cached


def test_no_key_and_no_header_value_is_in_the_file(connect: Connect, tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=tmp_path / "c.sqlite", extra_headers={"X-Key": "hunter2-header"})
        client.run(int, "how many?")
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_file_that_is_not_a_cache_is_rejected_and_left_alone(connect: Connect, tmp_path: Path) -> None:
    text, other, newer = (tmp_path / name for name in ("text", "other.sqlite", "newer.sqlite"))
    text.write_text("Dear Sir, " * 500)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (a)")
    structkit.SQLiteStore(newer).set("key", b"value")
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 2")
    contents = [path.read_bytes() for path in (text, other)]
    for path in (text, other, newer, tmp_path, tmp_path / "absent" / "c.sqlite"):
        with pytest.raises(structkit.ConfigError, match="cache"):
            connect("http://127.0.0.1:9/v1", cache=path).run(int, "how many?")
    with pytest.raises(structkit.ConfigError, match="get and set"):
        connect("http://127.0.0.1:9/v1", cache=3).run(int, "how many?")
    assert [path.read_bytes() for path in (text, other)] == contents


WRITER = """
import sys
import threading
from structkit import SQLiteStore
store = SQLiteStore(sys.argv[1])
for number in range(50):
    store.set(f"{sys.argv[2]}-{number}", b"x" * 1000)
    assert store.get(f"{sys.argv[2]}-{number}") == b"x" * 1000
"""


def test_many_processes_and_threads_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)]) for n in range(3)]
    store = structkit.SQLiteStore(path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.set(f"t-{number}", b"y"), range(50)))
    assert [process.wait() for process in processes] == [0, 0, 0]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM replies").fetchone() == (200,)


class Unreadable(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Store:
    """A store of the caller's, which returns or raises what a test needs."""

    def __init__(self, stored_value: Any) -> None:
        self.stored_value = stored_value

    def get(self, _key: str) -> Any:
        if isinstance(self.stored_value, Exception):
            raise self.stored_value
        return self.stored_value

    def set(self, _key: str, _value: bytes) -> None:
        raise ConnectionError("no store")


@pytest.mark.parametrize(
    ("stored_value", "message"),
    [
        ("{}", "get of the cache Store must return bytes or None, not str"),
        (ConnectionError("no store"), "get of the cache Store failed: ConnectionError: no store"),
        (None, "set of the cache Store failed: ConnectionError: no store"),
        (Unreadable(), "get of the cache Store failed: Unreadable, whose text cannot be read"),
    ],
)
def test_a_store_that_breaks_its_contract_is_named(connect: Connect, stored_value: Any, message: str) -> None:
    with Endpoint() as endpoint, pytest.raises(structkit.ConfigError, match=message):
        connect(endpoint.base_url, cache=Store(stored_value)).run(int, "how many?")


def test_a_reply_that_cannot_be_stored_is_in_the_error(connect: Connect) -> None:
    with Endpoint('{"value": 7}') as endpoint, pytest.raises(structkit.ConfigError) as caught:
        connect(endpoint.base_url, cache=Store(None)).run(int, "how many?")
    [attempt] = caught.value.attempts
    assert attempt.completion is not None
    assert attempt.completion.choices[0].content == '{"value": 7}'


@pytest.mark.parametrize("path", ["n" * 300, "nul\0"])
def test_a_path_that_no_file_can_have_is_rejected(path: str) -> None:
    with pytest.raises(structkit.ConfigError, match="cannot be used"):
        structkit.SQLiteStore(path).set("key", b"value")


@pytest.mark.parametrize("max_age", ["1d", 0, -1, float("nan"), True])
def test_an_age_that_is_no_positive_number_of_seconds_is_rejected(tmp_path: Path, max_age: Any) -> None:
    with pytest.raises(structkit.ConfigError, match="max_age must be seconds, more than 0, or a timedelta"):
        structkit.SQLiteStore(tmp_path / "replies.sqlite", max_age=max_age)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_may_read_the_file_of_a_cache(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "replies.sqlite"
    with Endpoint() as endpoint:
        connect(endpoint.base_url, cache=path).run(int, "how many?")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_name_that_sqlite_takes_for_memory_is_a_file_that_stays_where_it_is(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=structkit.SQLiteStore(":memory:"))
        first = client.run(int, "how many?")
        monkeypatch.chdir(tmp_path.parent)
        second = client.run(int, "how many?")
        other = connect(endpoint.base_url, cache=tmp_path / ":memory:").run(int, "how many?")
    assert [result.cached for result in (first, second, other)] == [False, True, True]


def remove_folder(path: Path) -> None:
    rmtree(path.parent)


def make_read_only(path: Path) -> None:
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("this user may write every file")
    path.chmod(0o400)


@pytest.mark.parametrize("change", [remove_folder, make_read_only])
def test_a_cache_that_cannot_be_written_any_more_is_an_error_before_anything_is_paid(
    connect: Connect, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "folder" / "replies.sqlite"
    path.parent.mkdir()
    with Endpoint() as endpoint:
        client = connect(endpoint.base_url, cache=structkit.SQLiteStore(path))
        client.run(int, "how many?")
        change(path)
        if path.exists():
            assert client.run(int, "how many?").cached
        with pytest.raises(structkit.ConfigError, match="cannot be written"):
            client.run(int, "how many more?")
    assert len(endpoint.requests) == 1


class WaitingStore(dict[str, bytes]):
    """A store that answers only once the event loop has run in the meantime, as one that waits for a lock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def _wait(self) -> None:
        has_run = threading.Event()
        self._loop.call_soon_threadsafe(has_run.set)
        assert has_run.wait(600), "the event loop is held"

    def get(self, key: str, default: Any = None) -> Any:
        self._wait()
        return super().get(key, default)

    def set(self, key: str, value: bytes) -> None:
        self._wait()
        self[key] = value


def test_a_store_that_waits_does_not_hold_the_event_loop(tmp_path: Path) -> None:
    async def call(base_url: str) -> list[int]:
        store = WaitingStore(asyncio.get_running_loop())
        async with structkit.AsyncClient("m", base_url=base_url, cache=store) as client:
            values = [await client.extract(int, "a"), await client.extract(int, "a")]
            values.append((await client.stream(int, "a").result()).value)
            job = structkit.Job([{"text": "a"}], tmp_path / "o.csv", output_type=int, prompt="{text}", client=client)
            assert (await job.run_async()).counts["done"] == 1
        return values

    with Endpoint('{"value": 3}', '{"value": 4}') as endpoint:
        assert asyncio.run(call(endpoint.base_url)) == [3, 3, 3]
    assert len(endpoint.requests) == 1
