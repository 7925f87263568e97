"""Renews the lease of a worker, in a thread: the server hears of its requests, and it of what it may do."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from structkit.batch.limits.lease import RESERVED_REQUESTS, Lease, LeasedBudget
from structkit.errors import ConfigError, JobError
from structkit.http_server import url_host
from structkit.values import JSON

INTERVAL_S = 0.1
"""Seconds between two messages while requests go out."""

MIN_INTERVAL_S = 0.02
"""The same if there is something urgent: a fault, or no money left."""

TIMEOUT_S = 3.0
"""Seconds that the server may take for a reply."""

PATIENCE_S = 30.0
"""Seconds for which a worker waits for a server that does not answer, before its run ends."""

LEASE_FIELDS = {"slots", "rate", "token_rate", "pause", "stop", "money", "is_used_up"}
"""What a reply with a lease has."""

REGISTER = "/register"
"""The path of a worker's first message."""

TOKEN_VARIABLE = "STRUCTKIT_LIMITS_TOKEN"  # noqa: S105 (the name)
"""The environment variable with the token of a server."""


def read_token() -> str:
    """Return the token in the environment; empty if there is none.

    Raises:
        ConfigError: It cannot be sent.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not (token.isascii() and token.isprintable()):
        raise ConfigError(f"{TOKEN_VARIABLE} cannot be sent in a header: use letters and digits of ASCII")
    return token


class LimitsLink(Protocol):
    """A connection to whoever leases the limits.

    Attributes:
        name: Of the server, for messages.
    """

    name: str

    def post(self, path: str, message: JSON) -> tuple[int, JSON]:
        """Send a message, and return the status and the body of the reply.

        Raises:
            OSError: There was no reply.
        """
        ...

    def close(self) -> None:
        """Close it."""
        ...


class LimitsConnection:
    """A connection to a limits server.

    Args:
        url: Its address.
        token: Its token.

    Raises:
        ConfigError: It is not an address.
    """

    def __init__(self, url: str, token: str) -> None:
        """Read the address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # half a bracket, or a port that is none
            parts, port = urlsplit(""), None
        if parts.scheme != "http" or not parts.hostname or port is None or parts.path not in {"", "/"}:
            raise ConfigError("limits (--limits) must be the address of a server, such as http://10.0.0.5:9000")
        self.name = f"http://{url_host(parts.hostname)}:{port}"
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_S)

    def post(self, path: str, message: JSON) -> tuple[int, JSON]:
        """Send a message, and return the status and the body of the reply.

        Raises:
            OSError: The server does not answer, or not as a limits server.
        """
        try:
            self._connection.request("POST", path, json.dumps(message), self._headers)
            response = self._connection.getresponse()
            reply: Any = json.loads(response.read())
        except (http.client.HTTPException, ValueError, RecursionError) as error:
            self._connection.close()
            raise OSError(str(error)) from error
        except OSError:
            self._connection.close()
            raise
        if not isinstance(reply, dict):
            raise OSError("not a limits server")
        return response.status, reply

    def close(self) -> None:
        """Close it."""
        self._connection.close()


class LeaseKeeper:
    """Keeps a lease; use it as a context manager.

    Args:
        connection: To the server.
        hello: The worker: its job, its part and its budget.
        lease: Is renewed.
        budget: Is renewed; knows what was spent.

    Raises:
        ConfigError: The token is wrong, or the server has a budget and the job no price.
        JobError: The server does not answer, or serves another job.
    """

    def __init__(
        self, connection: LimitsLink, hello: JSON, lease: Lease, budget: LeasedBudget, *, is_priced: bool
    ) -> None:
        """Register, and get the first lease."""
        self._connection, self._hello, self._lease, self._budget = connection, hello, lease, budget
        self._number, self._session, self._message = 0, "", dict[str, Any]()
        self._is_closing = False
        if self._register() and not is_priced:
            raise ConfigError(
                f"the limits server {connection.name} has a budget, which needs the price of a million tokens: "
                "price= (--price-input and --price-output, or --prices)"
            )
        try:
            self._exchange()
        except OSError as error:
            raise self._no_answer(error) from None
        self._thread = threading.Thread(target=self._work, name="structkit-limits", daemon=True)
        self._thread.start()

    def __enter__(self) -> None:
        """Nothing more."""

    def __exit__(self, *_: object) -> None:
        """Report the last replies, and give up the share."""
        self._is_closing = True
        self._lease.changed.set()
        self._thread.join()
        with suppress(OSError, JobError):
            self._exchange(is_last=True)
        self._connection.close()

    def _register(self) -> bool:
        """Register with the server; return whether it has a budget.

        Raises:
            ConfigError: The token is wrong.
            JobError: The server does not answer, or serves another job.
        """
        committed = self._budget.release()["limit"]
        try:
            hello = {**self._hello, "spent": committed, "in_flight": self._lease.requests_in_flight()}
            status, reply = self._connection.post(REGISTER, hello)
        except OSError as error:
            raise self._no_answer(error) from None
        if status != 200:  # noqa: PLR2004 (OK)
            kind = ConfigError if status == 401 else JobError  # noqa: PLR2004 (unauthorized)
            raise kind(f"{self._connection.name}: {reply.get('error', f'not a limits server ({status})')}")
        if "session" not in reply:
            raise JobError(f"{self._connection.name} is not a limits server")
        self._session = str(reply["session"])
        return bool(reply.get("has_budget"))

    def _work(self) -> None:
        last_answer = time.monotonic()
        while not self._is_closing and not self._lease.stop:
            is_urgent = self._lease.changed.wait(INTERVAL_S)
            self._lease.changed.clear()
            try:
                self._exchange()
                last_answer = time.monotonic()
            except OSError as error:
                if time.monotonic() - last_answer > PATIENCE_S:
                    name = self._connection.name
                    self._lease.stop = f"the limits server {name} has not answered for {PATIENCE_S:.0f} s ({error})"
            except Exception as error:  # noqa: BLE001 (without this thread, the run would wait for a lease forever)
                self._lease.stop = str(error)
            time.sleep(MIN_INTERVAL_S if is_urgent else 0)

    def _exchange(self, *, is_last: bool = False) -> None:
        """Report, and take the next lease. A message whose reply was lost is sent again.

        Raises:
            OSError: The server does not answer.
            JobError: Another worker has the part, or the server serves another job now.
        """
        if not self._message:
            self._number += 1
            self._message = self._lease.drain()
        message = {
            **self._message,
            **self._budget.release(0 if is_last else RESERVED_REQUESTS),
            "number": self._number,
            "is_last": is_last,
        }
        sent_at = time.monotonic()
        status, reply = self._connection.post(
            "/exchange", {**message, "session": self._session, "part": self._hello["part"]}
        )
        if status == 404:  # noqa: PLR2004 (the server was restarted)
            self._register()
            return
        if status != 200:  # noqa: PLR2004 (OK)
            raise JobError(f"the limits server {self._connection.name}: {reply.get('error', status)}")
        if LEASE_FIELDS - reply.keys():
            raise JobError(f"{self._connection.name} is not a limits server")
        self._message = {}
        self._lease.renew(reply, sent_at, time.monotonic())
        missing_parts = reply.get("missing_parts", 0)
        self._budget.renew(reply["money"], is_used_up=reply["is_used_up"], missing_parts=missing_parts)

    def _no_answer(self, error: OSError) -> JobError:
        return JobError(f"the limits server {self._connection.name} does not answer: {error}")
