"""Clients and decorated functions as people look at them: without secrets, and without what may contain one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from structkit.transport.base_url import display_url
from structkit.values.display import short_repr

SECRET_OPTIONS = frozenset({"extra_headers", "extra_query", "extra_body", "context", "hooks", "user"})
"""Options of which only the presence is shown: their values may be credentials, or data about people."""

MAX_OPTION_CHARS = 60


def display_options(call: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments of each call as short texts.

    >>> display_options({"seed": 7, "extra_headers": {"X-Key": "hunter2"}, "stop": None})
    {'seed': '7', 'extra_headers': '...'}
    """
    return {name: _display_option(name, value) for name, value in call.items() if value is not None}


def _display_option(name: str, value: Any) -> str:
    if name in SECRET_OPTIONS:
        return "..."
    if name == "tools":
        value = [getattr(each, "name", None) or getattr(each, "__name__", each) for each in value]
    return short_repr(value, MAX_OPTION_CHARS)


def display_client(client: Any) -> tuple[list[str], dict[str, str]]:
    """Return the model and the address of a client, and its default arguments."""
    parts = urlsplit(display_url(client.address))
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    arguments = [repr(client.model), *([repr(address)] if address else [])]
    transport = {"transport": type(client.transport).__name__} if client.endpoint is None else {}
    prices = {"prices": short_repr(client.prices, MAX_OPTION_CHARS)} if client.prices else {}
    return arguments, {**transport, **prices, **display_options(client.defaults)}


def client_rows(client: Any) -> list[tuple[str, str]]:
    """Return what `display_client` returns as rows of a table."""
    arguments, fields = display_client(client)
    return [*zip(("model", "base_url"), arguments, strict=False), *fields.items()]
