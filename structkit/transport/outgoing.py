"""What is sent to an address: the body, and the headers and query parameters of one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus, urlencode

from structkit.transport.base_url import query_secrets
from structkit.transport.secrets import Secrets, field_secrets, header_secrets
from structkit.values import Parameters, Request
from structkit.values.parameters import QueryValue


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request as bytes.

    Args:
        body: The body; None asks for the models.
        extra_headers: Headers of this request, with lowercase names; they replace those of the connection.
        extra_query: Encoded parameters, appended to the query of the URL.
    """

    body: bytes | None = None
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra_query: str = ""

    @classmethod
    def of(cls, request: Request) -> OutgoingRequest:
        """Encode a request.

        Raises:
            TypeError, ValueError: JSON cannot represent the body.
        """
        body = request.text.encode()
        return cls._of(body, request.parameters) if request.parameters.options else cls(body)

    @classmethod
    def of_listing(cls, parameters: Parameters) -> OutgoingRequest:
        """Encode a request for the models, with the headers and the query of *parameters*."""
        return cls._of(None, parameters)

    @classmethod
    def _of(cls, body: bytes | None, parameters: Parameters) -> OutgoingRequest:
        headers = {name.lower(): value for name, value in parameters.extra_headers.items()}
        return cls(body, headers, encode_query(parameters.extra_query))

    def headers(self, default: dict[str, str]) -> dict[str, str]:
        """Return the headers to send, which are *default* for almost all requests."""
        return {**default, **self.extra_headers} if self.extra_headers else default

    def target(self, path: str) -> str:
        """Return an encoded path with the parameters of this request, which replace those of the same names.

        >>> OutgoingRequest(extra_query="x=2").target("/v1/models?x=1&y=3")
        '/v1/models?y=3&x=2'
        >>> OutgoingRequest(extra_query=encode_query({"x": ["a", "b"]})).target("/v1/models?x=1")
        '/v1/models?x%5B%5D=a&x%5B%5D=b'
        """
        if not self.extra_query:
            return path
        path, _, query = path.partition("?")
        names = {name.removesuffix("[]") for name, _ in parse_qsl(self.extra_query, keep_blank_values=True)}
        pairs = ((unquote_plus(pair.partition("=")[0]), pair) for pair in query.split("&") if pair)
        other_pairs = [pair for name, pair in pairs if name.removesuffix("[]") not in names]
        return f"{path}?{'&'.join([*other_pairs, self.extra_query])}"


def with_request_secrets(secrets: Secrets, request: Request) -> Secrets:
    """Return the secrets of a connection and of a request."""
    return with_parameter_secrets(secrets, request.parameters)


def with_parameter_secrets(secrets: Secrets, parameters: Parameters) -> Secrets:
    """Return the secrets of a connection, the values of headers and of the query, and credentials in `extra_body`."""
    headers, query = parameters.extra_headers, parameters.extra_query
    body = parameters.options.get("extra_body")
    if not headers and not query and not body:
        return secrets
    connection_secrets = (secrets,) if isinstance(secrets, str) else secrets
    added_secrets = (*header_secrets(headers), *query_secrets(f"?{encode_query(query)}"))
    return (*connection_secrets, *added_secrets, *(field_secrets(body) if body else ()))


def encode_query(query: Mapping[str, QueryValue]) -> str:
    """Encode the parameters of a query, lists and booleans as the SDK does.

    >>> encode_query({"api-version": "2026-01-01", "tag": ["a", "b"], "raw": True})
    'api-version=2026-01-01&tag%5B%5D=a&tag%5B%5D=b&raw=true'
    """
    pairs = ((name, value) for name, values in query.items() for name, value in _query_items(name, values))
    return urlencode([(name, str(value).lower() if isinstance(value, bool) else value) for name, value in pairs])


def _query_items(name: str, values: QueryValue) -> list[tuple[str, str | int | float | bool]]:
    return [(name, values)] if isinstance(values, str | int | float) else [(f"{name}[]", each) for each in values]
