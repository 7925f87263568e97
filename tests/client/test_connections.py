"""The connections of a client: shared by threads and tasks, closed at the end of the last block, never left open."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint


@pytest.fixture(params=["http.client", "httpx2"])
def http_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test over both libraries."""
    if request.param == "httpx2":
        for name in ("HTTP_CLIENT_PROXIES", "ASYNCIO_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())


def open_connections() -> list[HTTPConnection]:
    gc.collect()
    return [each for each in gc.get_objects() if issubclass(type(each), HTTPConnection) and each.sock is not None]


def blocked_reply(body: dict[str, Any], arrived: threading.Event, released: threading.Event) -> str:
    """Return a reply; the one to "slow" only when it is released."""
    if body["messages"][0]["content"] == "slow":
        arrived.set()
        assert released.wait(600)
    return '{"value": 3}'


@pytest.mark.usefixtures("http_library")
def test_a_block_that_ends_leaves_the_requests_of_other_threads_alone() -> None:
    arrived, released = threading.Event(), threading.Event()
    before = open_connections()
    with Endpoint(lambda body: blocked_reply(body, arrived, released)) as endpoint, ThreadPoolExecutor(1) as pool:
        client = structkit.Client("m", base_url=endpoint.base_url, policy=structkit.Policy(retries=0))

        def extract(prompt: str) -> int:
            with client:
                return client.extract(int, prompt)

        slow = pool.submit(extract, "slow")
        assert arrived.wait(600)
        assert [extract("x") for _ in range(3)] == [3, 3, 3]
        released.set()
        assert slow.result() == 3
        assert len(endpoint.requests) == 4
        assert [each for each in open_connections() if each not in before] == []


@pytest.mark.usefixtures("http_library")
def test_a_block_that_ends_leaves_the_requests_of_other_tasks_alone() -> None:
    arrived, released = threading.Event(), threading.Event()

    async def work(endpoint: Endpoint) -> list[int]:
        client = structkit.AsyncClient("m", base_url=endpoint.base_url, policy=structkit.Policy(retries=0))

        async def extract(prompt: str) -> int:
            async with client:
                return await client.extract(int, prompt)

        slow = asyncio.create_task(extract("slow"))
        assert await asyncio.to_thread(arrived.wait, 30)
        values = [await extract("x") for _ in range(3)]
        released.set()
        return [*values, await slow]

    with Endpoint(lambda body: blocked_reply(body, arrived, released)) as endpoint:
        assert asyncio.run(work(endpoint)) == [3, 3, 3, 3]
        assert len(endpoint.requests) == 4


def test_a_client_has_one_transport_and_one_finalizer_however_often_it_is_closed() -> None:
    with Endpoint() as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url)
        with client:
            client.extract(int, "x")
        finalizers = len(weakref.finalize._registry)  # type: ignore[attr-defined]
        transport = client.transport
        for _ in range(5):
            with client:
                client.extract(int, "x")
            client.close()
        assert client.transport is transport
        assert len(weakref.finalize._registry) == finalizers  # type: ignore[attr-defined]


def test_a_client_that_is_dropped_closes_its_connections() -> None:
    before = open_connections()
    with Endpoint() as endpoint:
        structkit.Client("m", base_url=endpoint.base_url).extract(int, "x")
        assert [each for each in open_connections() if each not in before] == []


def test_connections_that_were_idle_for_too_long_are_closed_though_another_is_reused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    barrier, clock = threading.Barrier(4), [0.0]
    monkeypatch.setattr("structkit.transport.http.http_client_pool.monotonic", lambda: clock[0])
    before = open_connections()

    def answer(body: dict[str, Any]) -> str:
        if body["messages"][0]["content"] == "together":
            barrier.wait(600)
        return '{"value": 3}'

    with Endpoint(answer) as endpoint, ThreadPoolExecutor(4) as pool:
        client = structkit.Client("m", base_url=endpoint.base_url)
        assert [*pool.map(lambda _: client.extract(int, "together"), range(4))] == [3] * 4
        assert len([each for each in open_connections() if each not in before]) == 4
        for clock[0] in (10, 20):  # the connection used last is never idle for long
            client.extract(int, "x")
        assert len([each for each in open_connections() if each not in before]) == 1


@pytest.mark.parametrize("kind", [structkit.Client, structkit.AsyncClient])
@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_pickling_or_copying_a_client_says_what_to_do_instead(kind: Any, duplicate: Any) -> None:
    with pytest.raises(TypeError, match="create one in each process"):
        duplicate(kind("m", api_key="sk-test"))


def test_the_transport_of_an_async_client_outside_a_coroutine_is_an_error_with_advice() -> None:
    client = structkit.AsyncClient("m", api_key="sk-test")
    with pytest.raises(structkit.ConfigError, match="use it in a coroutine"):
        _ = client.transport


def test_a_socks_proxy_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://ada:hunter2@127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "socks5://ada:hunter2@127.0.0.1:1")
    with pytest.raises(structkit.ConfigError, match=r"httpx2\[socks\]") as caught:
        _ = structkit.Client("m", base_url="http://gateway.example/v1", api_key="sk-test").transport
    assert "hunter2" not in str(caught.value)
