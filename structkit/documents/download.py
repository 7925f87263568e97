"""Downloads a file over HTTP, within a size and a time."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException, HTTPResponse
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from structkit.documents.read_limits import validate_limit
from structkit.errors import PromptError

BLOCK_BYTES = 100_000
"""Bytes that are read between two looks at the clock."""

MAX_TIMEOUTS = 10
"""How much longer than a silence a download may take in all."""

HTTP_HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
    urllib.request.HTTPDefaultErrorHandler,
)
"""All that a download needs: no handler of `file:` or `ftp:`, to which a server could redirect."""


def download(url: str, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body of a URL, at most one byte more than *max_bytes*.

    Raises:
        PromptError: It is not an HTTP address, or the download fails.
        ConfigError: A limit is not a number.
    """
    validate_limit("max_bytes", max_bytes)
    validate_limit("timeout", timeout_s, is_whole=False)
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PromptError("File.fetch needs an address with http:// or https://")
    request = urllib.request.Request(url, headers={"user-agent": "structkit"})  # noqa: S310 (checked above)
    opener = urllib.request.OpenerDirector()
    for handler in HTTP_HANDLERS:
        opener.add_handler(handler())
    try:
        with opener.open(request, timeout=timeout_s) as reply:
            return _read_body(reply, max_bytes, monotonic() + MAX_TIMEOUTS * timeout_s)
    except HTTPError as error:
        raise PromptError(f"cannot fetch the file from {parts.hostname}: HTTP status {error.code}") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise PromptError(f"cannot fetch the file from {parts.hostname}: {getattr(error, 'reason', error)}") from None


def _read_body(reply: HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    """Return the body of a reply, at most one byte more than *max_bytes*.

    A timeout of the socket alone would let a server send a byte now and then without end.

    Raises:
        OSError: The connection ends before the body does, or the time is up.
    """
    length, body = reply.length, bytearray()
    while len(body) <= max_bytes and (block := reply.read1(min(BLOCK_BYTES, max_bytes + 1 - len(body)))):
        body += block
        if monotonic() > deadline:
            raise TimeoutError(f"timed out after {len(body):,} bytes")
    if length is not None and len(body) < min(length, max_bytes + 1):
        raise OSError(f"the connection ended after {len(body):,} of {length:,} bytes")
    return bytes(body)
