"""Shared fixtures: a client for each driver, sync and async."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, settings

import structkit
from structkit.client.endpoint_settings import find_endpoint
from structkit.transport import normalise_base_url

ROOT = Path(__file__).parent.parent
settings.register_profile(
    "repeatable on any machine",
    deadline=None,
    derandomize=True,  # `poe fuzz` is what looks for new cases
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable on any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Reject tests whose ids differ from process to process, with which they could not be run in parallel."""
    if unstable := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"an id has an address; use ids=stable_id: {unstable[0]}")


KEY = "sk-test-hunter2-hunter2"


class Blocking:
    """`AsyncClient` with the interface of `Client`: each call runs in its own event loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._make = lambda: structkit.AsyncClient(*args, **kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            async def work() -> Any:
                async with self._make() as client:
                    return await getattr(client, name)(*args, **kwargs)

            return asyncio.run(work())

        return call


class BlockingOverSDK(Blocking):
    """The same with an SDK client of the caller."""

    def __init__(self, model: str, *, base_url: str, api_key: str | None = None, **call: Any) -> None:
        endpoint = find_endpoint(model, base_url, api_key)

        def make() -> structkit.AsyncClient:
            sdk_client = openai.AsyncOpenAI(base_url=normalise_base_url(endpoint.address), api_key=endpoint.api_key)
            client = structkit.AsyncClient(model, client=sdk_client, **call)
            client.close = sdk_client.close  # type: ignore[method-assign]
            return client

        self._make = make


def over_sdk(model: str, *, base_url: str, api_key: str | None = None, **call: Any) -> structkit.Client:
    """Return a `Client` with an SDK client of the caller."""
    endpoint = find_endpoint(model, base_url, api_key)
    sdk_client = openai.OpenAI(base_url=normalise_base_url(endpoint.address), api_key=endpoint.api_key)
    return structkit.Client(model, client=sdk_client, **call)


class OverHTTPX2(structkit.Client):
    """`Client` with a proxy that only httpx2 supports."""


class BlockingOverHTTPX2(Blocking):
    """The same for `AsyncClient`."""


DRIVERS: dict[str, Callable[..., Any]] = {"sync": structkit.Client, "async": Blocking}
OVER_HTTPX2: dict[str, Callable[..., Any]] = {"sync-httpx2": OverHTTPX2, "async-httpx2": BlockingOverHTTPX2}
OVER_SDK: dict[str, Callable[..., Any]] = {"sync-sdk": over_sdk, "async-sdk": BlockingOverSDK}


@pytest.fixture(autouse=True)
def no_route_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache no route, because another test may start a different endpoint on the same port."""
    monkeypatch.setenv("STRUCTKIT_ROUTES", "off")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with `connect` for every driver, and for every transport in the modules that test HTTP."""
    if "connect" in metafunc.fixturenames:
        over_http = metafunc.module.__name__.rpartition(".")[2] in {
            "test_transport",
            "test_hostile",
            "test_clients",
            "test_parameters",
            "test_loop_stops",
            "test_required_streams",
        }
        drivers = {**DRIVERS, **OVER_HTTPX2, **OVER_SDK} if over_http else DRIVERS
        metafunc.parametrize("connect", drivers.values(), ids=drivers.keys(), indirect=True)


@pytest.fixture
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that creates a client for an endpoint."""
    if request.param in OVER_HTTPX2.values():
        for name in ("HTTP_CLIENT_PROXIES", "ASYNCIO_PROXIES"):
            monkeypatch.setattr(f"structkit.transport.http.pool.{name}", frozenset())
    return connecting(request.param)


@pytest.fixture
def connect_later() -> Callable[..., Any]:
    """Return a function that creates an async client, for tests of async features."""
    return connecting(Blocking)


def connecting(kind: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that creates a client of a kind for an endpoint."""

    def make(base_url: str, **kwargs: Any) -> Any:
        settings = {"api_key": KEY, "policy": structkit.Policy(wait_initial=0.001, timeout=600), **kwargs}
        return kind(settings.pop("model", "fake"), base_url=base_url, **settings)

    return make


@pytest.fixture(params=["sync", "async"])
def calls(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """Return a function that makes several calls in sequence with one client."""

    def run(base_url: str, *outputs: Any, **call: Any) -> list[Any]:
        settings = {"base_url": base_url, "policy": structkit.Policy(attempts=1, wait_initial=0.001), **call}
        if request.param == "sync":
            client = structkit.Client("gpt-4o", **settings)
            return [client.run(output, "three cups") for output in outputs]

        async def work() -> list[Any]:
            async with structkit.AsyncClient("gpt-4o", **settings) as client:
                return [await client.run(output, "three cups") for output in outputs]

        return asyncio.run(work())

    return run


@pytest.fixture(scope="session")
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(autouse=True)
def no_certificate_is_read(monkeypatch: pytest.MonkeyPatch, no_certificates: Path) -> None:
    """Load no certificates: loopback needs none, and the bundle costs each client more than everything else."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(no_certificates))


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of the developer, so that no test reaches a real endpoint."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STRUCTKIT_MODEL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fresh_python() -> list[str]:
    """Return the command of a new Python process."""
    return [sys.executable, "-I", "-c"]
