"""A vendor's Batch API over HTTP: files with requests, and batches that carry them out."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from structkit.dialects.error_bodies import read_error
from structkit.errors import MalformedReply, TransportError
from structkit.parsing import read_envelope
from structkit.transport.base_url import MODELS, display_url, query_secrets, read_addresses
from structkit.transport.direct import MAX_CONNECTIONS, connection_headers
from structkit.transport.exceptions import to_transport_error
from structkit.transport.http.pool import open_async_pool
from structkit.transport.http.proxies import connection_name
from structkit.transport.http_reply import is_success, read_reply, received_reply, redact
from structkit.transport.outgoing import OutgoingRequest, with_parameter_secrets
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader
from structkit.transport.retries import retry_async
from structkit.transport.secrets import environment_secrets
from structkit.transport.transport import TransportReply
from structkit.values import JSON, JSONValue, Parameters, Policy
from structkit.values.policy import DEFAULT_TIMEOUT_S
from structkit.values.text import shorten

PAGE = 100
"""Batches per page of the list: the most that OpenAI's accepts."""

MAX_PAGES = 1_000
"""A list that is longer than 100,000 batches repeats itself."""

MAX_CHARS = 200
"""Characters of a reply that an error message quotes."""

JSON_TYPE = "application/json"

NO_BATCH_API = frozenset({400, 404, 405, 410, 501})
"""Statuses of a list of batches that does not exist."""


@dataclass(frozen=True)
class APICall:
    """One call of the API.

    Args:
        method: The HTTP method.
        path: Below the base URL, such as `/batches`.
        body: The body; None for none.
        content_type: Of the body.
    """

    method: str
    path: str
    body: bytes | None = None
    content_type: str = JSON_TYPE


class BatchEndpoint:
    """The Batch API at one address, in one event loop.

    Args:
        base_url: The base URL of chat completions.
        api_key: The key.
        parameters: The headers and the query that every call needs.
        policy: The limits on the retries, waits and the time of each call.

    Raises:
        ConfigError: The base URL or a header in the environment is not valid.
    """

    def __init__(self, base_url: str, api_key: str, parameters: Parameters, policy: Policy) -> None:
        """Set up; nothing is sent."""
        self._bases = [each.models for each in read_addresses(base_url)]
        self._host, self._policy = connection_name(base_url), policy
        secrets = (api_key, *query_secrets(base_url), *environment_secrets())
        self._secrets = with_parameter_secrets(secrets, parameters)
        self._parameters = OutgoingRequest.of_listing(parameters)
        parts = urlsplit(base_url.strip())
        headers = connection_headers(base_url, api_key)
        self._pool = open_async_pool(f"{parts.scheme}://{parts.netloc}", headers, MAX_CONNECTIONS)

    async def list_batches(self, since: float | None = None) -> list[JSON]:
        """Return the batches of the account, page by page.

        Args:
            since: A time in seconds since 1970: a list with the newest ones first ends after a page on which all
                batches are older. None for all batches.

        Raises:
            TransportError: The endpoint does not list batches.
        """
        batches: dict[str, JSON] = {}
        after = ""
        for _ in range(MAX_PAGES):
            page = await self._call(APICall("GET", f"/batches?limit={PAGE}{after}"))
            entries = [each for each in self._entries(page) if each["id"] not in batches]
            batches |= {each["id"]: each for each in entries}
            if not page.get("has_more") or not entries or _is_end(entries, since):
                break
            after = f"&after={quote(entries[-1]['id'], safe='')}"
        return [*batches.values()]

    async def find_batches(self) -> None:
        """Check that there is a Batch API, and remember at which of the addresses that the base URL may mean.

        Raises:
            TransportError: There is none.
        """
        errors: list[TransportError] = []
        for base in list(self._bases):
            self._bases = [base]
            try:
                self._entries(await self._call(APICall("GET", "/batches?limit=1")))
            except TransportError as error:
                errors.append(error)
            else:
                return
        raise errors[0]

    async def upload(self, path: Path) -> str:
        """Upload a file of requests, and return its id.

        Raises:
            TransportError: The endpoint does not accept it.
        """
        body, content_type = _multipart(path)
        file = await self._call(APICall("POST", "/files", body, content_type))
        return self._identifier(file)

    async def create(self, body: bytes) -> JSON:
        """Create a batch, without a retry, and return it.

        Raises:
            TransportError: The endpoint does not accept it; if the error is retryable, there may be a batch all the
                same.
        """
        batch = await self._call(APICall("POST", "/batches", body), replace(self._policy, retries=0))
        self._identifier(batch)
        return batch

    async def find_batch(self, name: str) -> JSON:
        """Return a batch by its id.

        Raises:
            TransportError: The endpoint does not return it.
        """
        batch = await self._call(APICall("GET", f"/batches/{quote(name, safe='')}"))
        if not isinstance(batch.get("status"), str):
            raise MalformedReply(f"the endpoint's reply about {name} has no status: {self.excerpt(str(batch))!r}")
        return batch

    async def download(self, name: str, path: Path) -> None:
        """Write the content of a file to *path*; a file that is incomplete is an error.

        Raises:
            TransportError: The endpoint does not return it.
        """

        async def attempt() -> TransportError | None:
            try:
                return await self._download(APICall("GET", f"/files/{quote(name, safe='')}/content"), path)
            except OSError as error:
                if error.filename == str(path):
                    raise
                return to_transport_error(error, self._host, self._secrets, self._policy)
            except Exception as error:  # noqa: BLE001 (every library has its own exceptions)
                return to_transport_error(error, self._host, self._secrets, self._policy)

        if (error := await retry_async(attempt, self._policy, [], "batch")) is not None:
            raise error

    def read_reply(self, status: int, body: JSONValue) -> TransportReply:
        """Return the reply in a line of an output file, from its status and body, without secrets.

        Args:
            status: The HTTP status.
            body: The body, as JSON or as the text of it.
        """
        text = body if isinstance(body, str) else json.dumps(body)
        return read_reply(status, {}, text.encode(errors="replace"), self._secrets)

    def excerpt(self, text: str) -> str:
        """Return the beginning of a text of the endpoint, without secrets, as an error message quotes it."""
        return shorten(redact(text, self._secrets), MAX_CHARS)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _download(self, call: APICall, path: Path) -> TransportError | None:
        async with self._open(call) as (url, (status, headers, chunks)):
            if is_success(status):
                with path.open("wb", buffering=0) as file:  # closing it writes nothing, which could fail without a name
                    async for chunk in chunks:
                        _write_all(file, chunk, path)
                return None
            reader = BodyReader(self._policy)
            await reader.read_async((status, headers, chunks))
            return self._error(reader, url)

    async def _call(self, call: APICall, policy: Policy | None = None) -> JSON:
        """Return the object in the reply to a call.

        Raises:
            TransportError: The reply is an error, or not an object.
        """
        reply = await retry_async(partial(self._attempt, call), policy or self._policy, [], "batch")
        if isinstance(reply, TransportError):
            raise reply
        return reply

    async def _attempt(self, call: APICall) -> JSON | TransportError:
        reader, url = BodyReader(self._policy), ""
        try:
            async with self._open(call) as (url, reply):
                await reader.read_async(reply)
        except Exception as error:  # noqa: BLE001 (every library has its own exceptions)
            if not reader.accepts_interruption(error):
                return to_transport_error(error, self._host, self._secrets, self._policy)
        if not is_success(reader.status):
            return self._error(reader, url)
        try:
            value: JSONValue = read_envelope(reader.body)
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) else self._not_an_object(reader, url)

    def _error(self, reader: BodyReader, url: str) -> TransportError:
        reader.url = url
        reply: Any = received_reply(reader, self._secrets)
        return reply  # type: ignore[no-any-return]  # of a status that is not a success

    def _not_an_object(self, reader: BodyReader, url: str) -> TransportError:
        text = self.excerpt(reader.body.decode("utf-8", "replace"))
        return MalformedReply(f"the endpoint answered {reader.status} to {url} without a JSON object: {text!r}")

    def _entries(self, page: JSON) -> list[JSON]:
        """Return the batches on a page.

        Raises:
            MalformedReply: It is not a page of batches.
        """
        entries = page.get("data")
        if entries is None and "data" in page and page.get("object") == "list":  # of a server in Go
            return []
        if not isinstance(entries, list) or not all(_is_batch(each) for each in entries):
            raise MalformedReply(f"the endpoint's list of batches cannot be read: {self.excerpt(str(page))!r}")
        return entries

    def _identifier(self, entry: JSON) -> str:
        """Return the id of a file or of a batch.

        Raises:
            MalformedReply: There is none.
        """
        if not isinstance(name := entry.get("id"), str) or not name:
            raise MalformedReply(f"the endpoint's reply has no id: {self.excerpt(str(entry))!r}")
        return name

    @asynccontextmanager
    async def _open(self, call: APICall) -> AsyncIterator[tuple[str, AsyncHTTPReply]]:
        """Send a call, and return where it went with its reply."""
        url = _url(self._bases[0], call.path)
        headers = {**self._parameters.extra_headers, "content-type": call.content_type}
        outgoing = replace(self._parameters, body=call.body, extra_headers=headers)
        parts = urlsplit(url)
        target = outgoing.target(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        timeout = self._policy.timeout or DEFAULT_TIMEOUT_S
        async with self._pool.open(call.method, target, outgoing, timeout) as reply:
            yield display_url(url), reply


def is_missing_api(error: TransportError) -> bool:
    """Return whether an error shows that the endpoint does not have the API."""
    return not read_error(error).is_rate_limit and (
        isinstance(error, MalformedReply) or getattr(error, "status_code", 0) in NO_BATCH_API
    )


def _url(models: str, path: str) -> str:
    """Return the URL of a call, from that of the list of models.

    >>> _url("https://gateway.example/v1/models?api-version=1", "/batches?limit=1")
    'https://gateway.example/v1/batches?api-version=1&limit=1'
    """
    base, _, query = models.partition("?")
    path, _, own_query = path.partition("?")
    joined = "&".join(filter(None, (query, own_query)))
    return f"{base.removesuffix(MODELS)}{path}{'?' if joined else ''}{joined}"


def _is_batch(entry: object) -> bool:
    """Return whether an entry is a batch; some endpoints answer every path with their models."""
    return isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry.get("object", "batch") == "batch"


def _multipart(path: Path) -> tuple[bytes, str]:
    """Return a file as a form with the fields `purpose` and `file`, and the content type of that."""
    boundary = uuid.uuid4().hex
    disposition = "content-disposition: form-data"
    head = (
        f'--{boundary}\r\n{disposition}; name="purpose"\r\n\r\nbatch\r\n'
        f'--{boundary}\r\n{disposition}; name="file"; filename="{path.name}"\r\n'
        "content-type: application/jsonl\r\n\r\n"
    )
    content = b"".join((head.encode(), path.read_bytes(), f"\r\n--{boundary}--\r\n".encode()))
    return content, f"multipart/form-data; boundary={boundary}"


def _is_end(page: list[JSON], since: float | None) -> bool:
    """Return whether all batches after a page of a list are older than a time, as far as the endpoint says.

    They are if those of the page are, the newest one first.

    >>> page = [{"created_at": 10}, {"created_at": 5}]
    >>> _is_end(page, since=15), _is_end(page[::-1], since=15), _is_end(page, since=7)
    (True, False, False)
    """
    times: list[Any] = [batch.get("created_at") for batch in page]
    if since is None or not all(isinstance(time_s, int | float) for time_s in times):
        return False
    return max(times) < since and times == sorted(times, reverse=True)


def _write_all(file: FileIO, data: bytes, path: Path) -> None:
    """Write data to a file.

    Raises:
        OSError: It cannot be written; with its name, unlike an error of the network.
    """
    remaining = memoryview(data)
    try:
        while remaining:
            remaining = remaining[file.write(remaining) :]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
