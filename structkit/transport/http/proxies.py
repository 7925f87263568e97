"""Which proxy the environment names for an address."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

THROUGH_PROXY = " through the proxy "


def find_proxy(base_url: str) -> str | None:
    """Return the proxy's URL (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY); None without one, or if NO_PROXY has the address.

    Raises:
        ValueError: The variable is not a URL.
    """
    if not _may_have_proxy():
        return None
    from urllib.request import getproxies, proxy_bypass

    parts, proxies = urlsplit(base_url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc) or _is_excluded(base_url, proxies.get("no", "")):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        has_host = urlsplit(proxy).hostname and urlsplit(proxy).port != 0
        if not proxy.isprintable():  # urlsplit removes line breaks, httpx2 rejects them
            raise ValueError
    except ValueError:  # its text may contain a part of the password
        raise ValueError(f"the proxy for {parts.scheme} is not a URL (percent-encode its password)") from None
    if not has_host:
        raise ValueError(f"the proxy for {parts.scheme} has no host")
    return proxy


def connection_name(base_url: str) -> str:
    """Return the host of an address for messages, with the proxy through which it is reached, without its password.

    Raises:
        ValueError: As `find_proxy`.
    """
    host, proxy = urlsplit(base_url).hostname or base_url, find_proxy(base_url)
    if proxy is None:
        return host
    address = urlsplit(proxy).netloc.rpartition("@")[2]
    return f"{through_proxy(host, address)} (of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY; NO_PROXY excludes hosts)"


def through_proxy(host: str, proxy: str) -> str:
    """Return the name of a host that is reached through a proxy."""
    return f"{host}{THROUGH_PROXY}{proxy}"


def is_proxied(name: str) -> bool:
    """Return whether a name is that of a host that is reached through a proxy.

    >>> is_proxied(through_proxy("a.example", "10.0.0.1:3128")), is_proxied("a.example")
    (True, False)
    """
    return THROUGH_PROXY in name


def _is_excluded(base_url: str, exclusions: str) -> bool:
    """Return whether NO_PROXY names a host in a way that the standard library does not read: a network, `*.` or a URL.

    >>> _is_excluded("http://10.1.2.3", "localhost, 10.0.0.0/8"), _is_excluded("http://[fd00::1]", "[fd00::1]")
    (True, True)
    >>> _is_excluded("http://a.corp.example", "*.corp.example"), _is_excluded("http://10.1.2.3", "11.0.0.0/8")
    (True, False)
    >>> _is_excluded("https://a.example/v1", "https://a.example"), _is_excluded("https://a.example", "http://a.example")
    (True, False)
    """
    from ipaddress import ip_address

    entries = [entry.strip().lower().rstrip("/") for entry in exclusions.split(",")]
    target = urlsplit(base_url)
    host = target.hostname or ""
    if any(_is_url_of(entry, target) for entry in entries) or host in entries:
        return True
    if any(entry.startswith("*.") and host.lower().endswith(entry[1:]) for entry in entries):
        return True
    with suppress(ValueError):  # the host is a name
        address = ip_address(host)
        return any(address in network for network in _networks(entries))
    return False


def _is_url_of(entry: str, target: SplitResult) -> bool:
    """Return whether an entry is a URL, such as `http://127.0.0.1`, `https://` or `all://a.example:80`, of an address.

    >>> [_is_url_of(entry, urlsplit("http://a.example:80")) for entry in ("all://a.example", "http:", "http://a.example:8")]
    [True, True, False]
    """
    scheme, separator, address = entry.partition(":")
    if not separator or scheme not in {"all", target.scheme} or address.strip("/") != address.removeprefix("//"):
        return False
    with suppress(ValueError):  # not a URL
        url = urlsplit(f"//{address.strip('/')}")
        return url.hostname in {None, target.hostname} and url.port in {None, target.port} and not url.path
    return False


def _networks(entries: list[str]) -> Iterator[IPv4Network | IPv6Network]:
    from ipaddress import ip_network

    for entry in entries:
        with suppress(ValueError):  # the name of a host
            yield ip_network(entry.strip("[]"), strict=False)


def _may_have_proxy() -> bool:
    """Whether to import `urllib.request`, which is slow. On macOS and Windows, system settings name proxies too."""
    return sys.platform != "linux" or any(name.lower().endswith("_proxy") for name in os.environ)
