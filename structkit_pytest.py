"""structkit's pytest plugin: an endpoint and a cassette for each test, and a guard against real requests.

pytest imports this module at every start, so structkit itself is imported only by the fixtures and the guard.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from structkit.client import Client
    from structkit.testing import Endpoint, Tape

RECORD = "STRUCTKIT_RECORD"
MARKERS = (
    "structkit_endpoint(*replies, models=..., faults=..., seed=...): the replies of the fixture structkit_endpoint",
    "structkit_offline(forbidden=True): fail the test if it connects to another machine",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--structkit-record` and the setting `structkit_offline`."""
    group = parser.getgroup("structkit")
    group.addoption(
        "--structkit-record", action="store_true", help="record all cassettes again, as STRUCTKIT_RECORD=1 does"
    )
    parser.addini("structkit_offline", "forbid every test to connect to another machine", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Add the markers, and set the variable for the option: every cassette reads it, also in other processes."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("--structkit-record"):
        patch = pytest.MonkeyPatch()
        patch.setenv(RECORD, "1")
        config.add_cleanup(patch.undo)


@pytest.fixture
def structkit_endpoint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An endpoint on loopback; the environment variables of clients point to it.

    `@pytest.mark.structkit_endpoint('{"value": 3}', faults={"rate_limited": 0.5})` sets its replies.
    """
    from structkit.testing import Endpoint

    marker = request.node.get_closest_marker("structkit_endpoint")
    with Endpoint(*marker.args, **marker.kwargs) if marker else Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test-endpoint")
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        yield endpoint


@pytest.fixture
def structkit_cassette(request: pytest.FixtureRequest) -> Iterator[Tape]:
    """The test's cassette, `cassettes/<test module>/<test>.json` in the folder of the test's file.

    With `--structkit-record` or `STRUCTKIT_RECORD=1` it is recorded from the endpoint in the environment.
    """
    from structkit.testing import cassette

    with cassette(_cassette_path(request), over=_client) as tape:
        yield tape


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Guard the fixtures of a test that must not connect to another machine."""
    return (yield from _guard(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Guard such a test itself."""
    return (yield from _guard(item))


def _guard(item: pytest.Item) -> Generator[None, Any, Any]:
    if not _is_guarded(item):
        return (yield)
    from structkit.testing import offline

    def make_failure(reason: str) -> BaseException:
        return pytest.fail.Exception(f"{item.nodeid}: {reason}", pytrace=True)

    with offline(make_failure) as blocked_hosts:
        try:
            result = yield
        except (Exception, BaseExceptionGroup) as error:
            if blocked_hosts:  # code under test has caught the failure and raised another exception
                raise make_failure(f"a real request to {blocked_hosts[0]} was blocked") from error
            raise
    if blocked_hosts:
        raise make_failure(f"a real request to {blocked_hosts[0]} was blocked, and the test continued without it")
    return result


def _is_guarded(item: pytest.Item) -> bool:
    """By the marker, or else by the setting; not while a cassette is recorded, which needs the network."""
    if "structkit_cassette" in getattr(item, "fixturenames", ()) and _is_recording():
        return False
    marker = item.get_closest_marker("structkit_offline")
    if marker is None:
        return bool(item.config.getini("structkit_offline"))
    return bool(marker.args[0] if marker.args else marker.kwargs.get("forbidden", True))


def _is_recording() -> bool:
    return os.environ.get(RECORD, "0").strip() not in {"", "0"}


def _client() -> Client:
    """A client for the endpoint in the environment; each recorded request names its model itself."""
    from structkit.client import Client

    return Client(os.environ.get("STRUCTKIT_MODEL") or "of-the-request")


def _cassette_path(request: pytest.FixtureRequest) -> Path:
    class_name = f"{request.cls.__qualname__}." if request.cls else ""
    name = class_name + request.node.name
    file_name = re.sub(r"[^\w.\[\]=-]", "_", name)[:100]
    if file_name != name:  # a hash, since other names may have the same file name
        file_name += f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return request.path.parent / "cassettes" / request.path.stem / f"{file_name}.json"
