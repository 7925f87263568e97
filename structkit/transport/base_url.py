"""How the base URL of a user is read: the URLs of an endpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit

from structkit.errors import ConfigError
from structkit.transport.host_rules import find_host_rule

COMPLETIONS = "/chat/completions"
MODELS = "/models"

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
"""How the versions of an API begin that have a date, such as 2024-10-21-preview."""

VERSION = re.compile(r"v\d+[a-z0-9]*", re.IGNORECASE)
HOST = re.compile(r"[0-9a-f:]+|(?:[^\s./]{1,63}\.)*[^\s./]{1,63}\.?")


@dataclass(frozen=True, slots=True)
class Address:
    """One way to read a base URL.

    Args:
        completions: The URL of chat completions.
        models: The URL of the list of models.
    """

    completions: str
    models: str


def normalise_base_url(base_url: str) -> str:
    """Return the base URL that names an endpoint: the one that is tried first, without a query and a trailing slash.

    Raises:
        ConfigError: It is not an http or https URL.

    >>> normalise_base_url("https://gateway.example"), normalise_base_url("https://gateway.example/v1/")
    ('https://gateway.example/v1', 'https://gateway.example/v1')
    >>> normalise_base_url("https://gateway.example/api/paas/v4/chat/completions?x=1")
    'https://gateway.example/api/paas/v4'
    """
    return read_addresses(base_url)[0].models.partition("?")[0].removesuffix(MODELS)


def read_addresses(base_url: str) -> tuple[Address, ...]:
    """Return the addresses that a base URL may mean, the most likely one first.

    The endpoint's page writes `POST {BASE_URL}/v1/chat/completions`; users paste the URL with or without `/v1`, a
    slash, a query, or the whole path. A whole path is used unchanged. A URL that has a version anywhere
    (`/api/paas/v4`, `/v1beta/openai`) gets no other. Of the others it is unknown whether `/v1` belongs to them.

    Raises:
        ConfigError: It is not an http or https URL.

    >>> [each.completions for each in read_addresses("https://gateway.example/inference?api-version=1")]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['https://gateway.example/inference/chat/completions?api-version=1',
     'https://gateway.example/inference/v1/chat/completions?api-version=1']
    """
    parts = _split(base_url)
    path = parts.path.rstrip("/")
    _validate_deployment(parts)
    if path.endswith(COMPLETIONS):
        models = parts._replace(path=path.removesuffix(COMPLETIONS) + MODELS).geturl()
        paths = dict.fromkeys((parts.path, path))  # as it is first, then without its last slash
        return tuple(Address(parts._replace(path=each).geturl(), models) for each in paths)
    return tuple(
        Address(*(parts._replace(path=each + suffix).geturl() for suffix in (COMPLETIONS, MODELS)))
        for each in _base_paths(path or find_host_rule(parts.hostname).root or "")
    )


def _validate_deployment(parts: SplitResult) -> None:
    """Validate that a URL with a dated version of an API by deployments names one.

    Raises:
        ConfigError: It names none, so that every request would be a 404.
    """
    deployments = find_host_rule(parts.hostname).deployments
    version = next((value for name, value in parse_qsl(parts.query) if name.lower() == "api-version"), "")
    parent = deployments and deployments.removesuffix("NAME")
    has_path = parts.path.rstrip("/").endswith(COMPLETIONS)  # of another API at the same host, which takes a version
    if parent and DATE.match(version) and parent not in f"{parts.path}/" and not has_path:
        origin = f"{parts.scheme}://{parts.netloc}"
        raise ConfigError(
            f"the base URL has api-version={version}, which is for one deployment, and names none: write "
            f"{origin}{deployments}?api-version={version}, or {origin} without a version"
        )


def _split(base_url: str) -> SplitResult:
    """Return the parts of a base URL.

    Raises:
        ConfigError: It is not an http or https URL, or has a part that an endpoint's address cannot have.
    """
    trimmed = base_url.strip()
    try:
        parts = urlsplit(trimmed)
        is_url = parts.scheme in {"http", "https"} and bool(HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:  # an unclosed bracket, or a port that is not a number
        is_url = False
        parts = urlsplit("")
    if not is_url or not trimmed.isprintable():
        quotation = _quote(base_url)
        raise ConfigError(f"the base URL{quotation} is not an http(s) URL; write it like https://gateway.example/v1")
    if parts.fragment or parts.username or parts.password:
        raise ConfigError(
            "the base URL must not have a #fragment or user:password@ (it is not quoted here, as it may contain a "
            "secret); remove them"
        )
    return parts


def _quote(base_url: str) -> str:
    """Return a base URL that is none for a message, unless it may have a secret: a query, a password, a pasted key.

    >>> _quote("localhost:8000/v1"), _quote("gateway.example?key=hunter2"), _quote("ada:hunter2@gateway.example")
    (" 'localhost:8000/v1'", '', '')
    """
    from structkit.transport.http_reply import redact

    has_secret = {"?", "@"} & {*base_url} or redact(base_url, ()) != base_url
    return "" if has_secret else f" {base_url!r}"


OTHER_ENDPOINTS = frozenset({"chat", "completions", "embeddings", "messages", "models", "responses"})
"""What follows the version in addresses of the same API that are pasted from documentation."""


def _base_paths(path: str) -> tuple[str, ...]:
    """Return the paths that a base URL's path may mean, in the order in which they are tried.

    >>> _base_paths(""), _base_paths("/openai"), _base_paths("/V1"), _base_paths("/v1beta/openai")
    (('/v1', ''), ('/openai', '/openai/v1'), ('/v1', '/V1'), ('/v1beta/openai',))
    >>> _base_paths("/v1/responses")
    ('/v1', '/v1/responses')
    """
    parent, _, last = path.rpartition("/")
    if last in OTHER_ENDPOINTS and VERSION.fullmatch(parent.rpartition("/")[2]):
        return parent, path
    versions = [segment for segment in path.split("/") if VERSION.fullmatch(segment)]
    if versions:
        lower_case = "/".join(segment.lower() if segment in versions else segment for segment in path.split("/"))
        return tuple(dict.fromkeys((lower_case, path)))
    return (f"{path}/v1", path) if not path else (path, f"{path}/v1")


@lru_cache(maxsize=16)
def display_url(url: str) -> str:
    """Return a URL for a message: the values of its query may be secrets, except that of a version.

    >>> display_url("https://gateway.example/chat/completions?api-version=2024-10-21&key=hunter2")
    'https://gateway.example/chat/completions?api-version=2024-10-21&key=...'
    """
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(f"{name}={value if 'version' in name else '...'}" for name, value in pairs)
    return parts._replace(query=query).geturl()


def query_secrets(url: str) -> tuple[str, ...]:
    """Return the values of a URL's query that messages must not contain.

    >>> query_secrets("https://gateway.example?api-version=2024-10-21&key=hunter2")
    ('hunter2',)
    """
    return tuple(value for name, value in parse_qsl(urlsplit(url).query) if "version" not in name)


def is_loopback(base_url: str) -> bool:
    """Whether the URL leads to this machine, where servers seldom require a key.

    >>> is_loopback("http://localhost:8080/v1"), is_loopback("https://gateway.example/v1")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
