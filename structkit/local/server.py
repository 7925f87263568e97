"""llama.cpp's own HTTP server on loopback, shared by the clients of one model file."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import Self

from structkit.client import EndpointSettings
from structkit.client.endpoint_settings import NO_KEY
from structkit.errors import ConfigError, install_hint
from structkit.local.model import NAME, model_file

MAX_TOKENS = 1024
"""The limit of a reply if the request has none; a small model may otherwise repeat a list until the context is full."""

CONTEXT_TOKENS = 8192
HOST = "127.0.0.1"
START_TIMEOUT_S = 300
"""On a busy machine, the first reply of a server that has loaded its model may take many seconds."""


class LocalServer:
    """A running server; use it as a context manager, or `close` it.

    Args:
        path: The model's `.gguf`.
        name: The model's name in requests and replies; by default that of the file.

    Raises:
        ConfigError: The extra `local` is not installed, or the model cannot be used.
    """

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        """Load the model and start to listen on a free port of the loopback interface."""
        try:
            xllamacpp: Any = import_module("xllamacpp")  # it has no type hints
        except ImportError:
            raise ConfigError(f"the embedded model needs: {install_hint('local')}") from None
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        self.name = name or path.stem
        params.model_alias = {self.name}
        params.hostnames, params.port = [HOST], 0  # a free port
        params.n_ctx, params.n_predict, params.n_parallel = CONTEXT_TOKENS, MAX_TOKENS, 2
        _set_sampling(params)
        params.verbosity = -1
        params.endpoint_slots = True  # see `_wait_until_ready`
        _use_threads(params)
        try:
            with block_signals():
                self._server = xllamacpp.Server(params)
                _wait_until_ready(self._server.listening_address)
        except RuntimeError as error:
            raise ConfigError(f"llama.cpp could not serve {path}: {error}") from None
        self.base_url = f"{self._server.listening_address}/v1"

    def close(self) -> None:
        """Stop listening, and free the model. Requests of this process that are still open end with an error.

        llama.cpp would wait for them, half a minute and more, and no thread of Python would run meanwhile.
        """
        if self._server is not None:
            disconnect(self._server.listening_address)
        self._server = None

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the server."""
        self.close()


def _wait_until_ready(address: str) -> None:
    """Wait until the server works on tasks: one that is destroyed before it begins hangs.

    llama.cpp answers `/slots` from its queue of tasks, and `/health` without it.
    """
    connection = HTTPConnection(urlsplit(address).netloc, timeout=START_TIMEOUT_S)  # a direct one ignores proxies
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", "/slots")
        connection.getresponse().read()


def disconnect(address: str) -> None:
    """Shut down the connections of this process to a server, whichever thread or library has them."""
    parts = urlsplit(address)
    with suppress(OSError):  # Windows has no such folder
        for path in Path("/dev/fd").iterdir():
            with suppress(OSError):  # it is closed, or not connected
                _shut_down(int(path.name), (parts.hostname, parts.port))


def _shut_down(descriptor: int, peer: tuple[str | None, int | None]) -> None:
    """Shut down a descriptor if it is a connection to *peer*.

    Raises:
        OSError: It is closed, or not connected.
    """
    if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if connection.getpeername() == peer:
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def block_signals() -> Iterator[None]:
    """Defer SIGINT and SIGTERM until the block has finished, so that a server is not destroyed while it starts."""
    if sys.platform == "win32":
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def open_endpoint(argument: str | None = None) -> EndpointSettings:
    """Return the embedded model as an endpoint, for `Client("local")` and `Client("local:PATH.gguf")`.

    Raises:
        ConfigError: The extra is not installed, or the model cannot be downloaded or read.
    """
    server = _shared_server(str(model_file(argument).resolve()), None if argument else NAME)
    return EndpointSettings(model=server.name, base_url=server.base_url, api_key=NO_KEY, dialect="llama.cpp")


@cache
def _shared_server(path: str, name: str | None) -> LocalServer:
    server = LocalServer(Path(path), name=name)
    atexit.register(server.close)
    return server


def _use_threads(params: Any) -> None:
    """Use half the cores, and do not spin while waiting for work.

    llama.cpp's threads spin while they wait for each other, so a core that is busy with another process
    delays all of them. Measured on two cores, 60 tokens, median of 5: on an idle machine, two threads 0.6 s
    and one 1.2 s; beside one busy process, two spinning threads 27 s, two with poll = 0 4.8 s, one 1.2 s.
    """
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = min(4, max(1, (os.cpu_count() or 2) // 2))
        threads.poll = 0


def _set_sampling(params: Any) -> None:
    """Set the sampling for requests that do not set their own.

    Randomness only harms a small model. A penalty on repetition ends its loops, and keeps it from copying. Measured
    with SmolLM2-135M at temperature 0 on 30 short texts with 129 fields: with 1.1, 24 are right for 3,265 tokens, with
    1.05, 37 for 2,611, and without a penalty, 40 for 2,876.
    """
    params.sampling.temp = 0.0
    params.sampling.penalty_repeat = 1.05
