"""structkit's part in pytest: an endpoint and a cassette for each test, and a guard against real requests.

pytest imports this module whenever it starts, so it imports structkit only where a test asks for it.
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
    "structkit_endpoint(*replies, models=..., faults=..., seed=...): what the fixture structkit_endpoint answers",
    "structkit_offline(forbidden=True): fail the test if it connects to another machine",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--structkit-record` and the setting `structkit_offline`."""
    group = parser.getgroup("structkit")
    group.addoption(
        "--structkit-record", action="store_true", help="record the cassettes anew, as STRUCTKIT_RECORD=1 does"
    )
    parser.addini("structkit_offline", "forbid every test to connect to another machine", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """The markers; and the option becomes the variable that every cassette reads, in other processes too."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("--structkit-record"):
        patch = pytest.MonkeyPatch()
        patch.setenv(RECORD, "1")
        config.add_cleanup(patch.undo)


@pytest.fixture
def structkit_endpoint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An endpoint on loopback, to which the environment points.

    `@pytest.mark.structkit_endpoint('{"value": 3}', faults={"rate_limited": 0.5})` says what it answers.
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
    """The test's own cassette, `cassettes/<test module>/<test>.json` beside the test's file.

    With `--structkit-record` or `STRUCTKIT_RECORD=1` it is recorded from the endpoint in the environment.
    """
    from structkit.testing import cassette

    with cassette(_place(request), over=_client) as tape:
        yield tape


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Put the guard up for the fixtures of a test that is to stay on this machine."""
    return (yield from _guard(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Put the guard up for such a test."""
    return (yield from _guard(item))


def _guard(item: pytest.Item) -> Generator[None, Any, Any]:
    if not _guarded(item):
        return (yield)
    from structkit.testing import offline

    def refuse(reason: str) -> BaseException:
        return pytest.fail.Exception(f"{item.nodeid}: {reason}", pytrace=True)

    with offline(refuse) as asked_for:
        try:
            result = yield
        except (Exception, BaseExceptionGroup) as error:
            if asked_for:  # whoever caught the refusal made something else of it
                raise refuse(f"a real request to {asked_for[0]} was refused") from error
            raise
    if asked_for:
        raise refuse(f"a real request to {asked_for[0]} was refused, and the test went on without it")
    return result


def _guarded(item: pytest.Item) -> bool:
    """By the marker, or else by the setting; recording a cassette needs the network."""
    if "structkit_cassette" in getattr(item, "fixturenames", ()) and _records():
        return False
    marker = item.get_closest_marker("structkit_offline")
    if marker is None:
        return bool(item.config.getini("structkit_offline"))
    return bool(marker.args[0] if marker.args else marker.kwargs.get("forbidden", True))


def _records() -> bool:
    return os.environ.get(RECORD, "0").strip() not in {"", "0"}


def _client() -> Client:
    """The endpoint in the environment; which model is asked for stands in each request."""
    from structkit.client import Client

    return Client(os.environ.get("STRUCTKIT_MODEL") or "of-the-request")


def _place(request: pytest.FixtureRequest) -> Path:
    owner = f"{request.cls.__name__}." if request.cls else ""
    name = owner + request.node.name
    plain = re.sub(r"[^\w.\[\]=-]", "_", name)[:100]
    same = hashlib.sha256(name.encode()).hexdigest()[:8]
    return (
        request.path.parent / "cassettes" / request.path.stem / f"{plain if plain == name else f'{plain}-{same}'}.json"
    )
