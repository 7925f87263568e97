"""Which of the addresses that a base URL may mean answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from http import HTTPStatus
from itertools import chain

from structkit.dialects.refusals import WRONG_ENDPOINT
from structkit.parsing import read_envelope
from structkit.transport.base_url import Address, display_url, read_addresses
from structkit.transport.reply_body import AsyncHTTPReply, BodyReader, HTTPReply
from structkit.values import Policy

NOT_FOUND = frozenset({404, 405})
"""Statuses of an address that does not exist. A model that does not exist has the same ones."""

NO_ROUTE = "MissingAuthenticationToken"
"""How the `x-amzn-errortype` of Amazon's API Gateway starts, with a 403, for a path that it does not have."""

_answering: dict[tuple[Address, ...], Address] = {}
"""The address that answered, for the whole process: async clients have a transport for each event loop."""


class AddressChoice:
    """The addresses of one base URL, in the order in which they are tried.

    Raises:
        ConfigError: The base URL is not valid.
    """

    def __init__(self, base_url: str) -> None:
        """Read the base URL."""
        self._addresses = read_addresses(base_url)

    @property
    def is_single(self) -> bool:
        """Whether there is only one, as usual: then nothing has to be tried."""
        return len(self._addresses) == 1

    @property
    def candidates(self) -> tuple[Address, ...]:
        """The addresses, the one that answered last first."""
        if self.is_single or (answering := _answering.get(self._addresses)) is None:
            return self._addresses
        return (answering, *(each for each in self._addresses if each != answering))

    def requests(self, body: bytes | None, reader: BodyReader) -> Iterator[tuple[Address, str, str]]:
        """Yield each address with the method and the URL to try, and note the URL in *reader*.

        Args:
            body: The body of a completion request; None asks for the models.
            reader: The reader of the reply.
        """
        for address in self.candidates:
            method, url = ("GET", address.models) if body is None else ("POST", address.completions)
            reader.url = display_url(url)
            yield address, method, url

    def is_found(self, address: Address, status: int, headers: Mapping[str, str], start: bytes = b"") -> bool:
        """Return whether a reply shows that the address exists; it is then tried first from now on.

        Args:
            address: The address.
            status: The status of the reply.
            headers: Its headers.
            start: The first bytes of its body, if they were split off.
        """
        has_no_route = headers.get("x-amzn-errortype", "").startswith(NO_ROUTE)
        if status in NOT_FOUND or has_no_route or WRONG_ENDPOINT.match(start):
            return False
        _answering[self._addresses] = address
        return True

    def split_start(self, address: Address, reply: HTTPReply) -> tuple[bytes, HTTPReply]:
        """Return the first bytes of a body if they have to say whether the address exists, and the whole reply."""
        status, headers, chunks = reply
        if not self._needs_start(address, status):
            return b"", reply
        remaining = iter(chunks)
        start = next(remaining, b"")
        return start, (status, headers, chain((start,), remaining))

    async def split_start_async(self, address: Address, reply: AsyncHTTPReply) -> tuple[bytes, AsyncHTTPReply]:
        """The async form of `split_start`."""
        status, headers, chunks = reply
        if not self._needs_start(address, status):
            return b"", reply
        start = await anext(chunks, b"")
        return start, (status, headers, _with_start(start, chunks))

    def _needs_start(self, address: Address, status: int) -> bool:
        """Return whether the body has to say if the address exists: under 200, as long as another one may be right."""
        return status == HTTPStatus.OK and not self.is_single and _answering.get(self._addresses) != address


async def _with_start(start: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield start
    async for chunk in chunks:
        yield chunk


def child_reader(reader: BodyReader, policy: Policy) -> BodyReader:
    """Return a reader for one reply of several, within the time that remains for all of them."""
    child = BodyReader(policy)
    child.url = reader.url
    if reader.remaining_s is not None:
        child.shorten_deadline(reader.remaining_s)
    return child


def better_error(replies: list[BodyReader], reader: BodyReader) -> BodyReader:
    """Return the most informative reply of addresses that do not exist, and note all their URLs in *reader*."""
    reader.url = " and to ".join(each.url for each in replies)
    return next(filter(_has_error, replies), replies[0])


def _has_error(reader: BodyReader) -> bool:
    try:
        body = read_envelope(reader.body)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and isinstance(body.get("error"), dict)
