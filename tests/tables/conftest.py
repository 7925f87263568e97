"""Object stores for tests: `memory://` in this process, and `s3://` over the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import Store


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A server of S3 on the loopback interface."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    name = tmp_path.name.replace("_", "-").lower()
    if request.param == "memory":
        return Store(f"memory://{name}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_server"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec = pytest.importorskip("fsspec")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    files, _ = fsspec.url_to_fs("s3://")
    files.mkdir(f"bucket-{name}"[:60].rstrip("-"))
    return Store(f"s3://bucket-{name}"[:65].rstrip("-"))
