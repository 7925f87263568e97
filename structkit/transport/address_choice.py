"""Which of the addresses that a base URL may mean answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from structkit.parsing import read_envelope
from structkit.transport.base_url import Address, display_url, read_addresses
from structkit.transport.reply_body import BodyReader
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

    def is_found(self, address: Address, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether a status and headers show that the address exists; it is then tried first from now on."""
        if status in NOT_FOUND or headers.get("x-amzn-errortype", "").startswith(NO_ROUTE):
            return False
        _answering[self._addresses] = address
        return True


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
