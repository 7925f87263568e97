"""What makes two runs the same job: the settings that every request and value depend on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from structkit.schema import ResponseFormat
from structkit.transport.base_url import is_loopback
from structkit.values import JSON, JSONValue, Parameters

TYPE_KEYS = frozenset({"type", "schema"})
"""Parts that change only how a reply is read: a job that differs in these alone can reparse its stored replies."""


def fingerprint(
    response_format: ResponseFormat[Any],
    *,
    prompt: str,
    instructions: str | None,
    examples: list[JSONValue],
    model: str,
    base_url: str,
    parameters: Parameters,
    mode: str,
) -> JSON:
    """Return the settings that every row's request and value depend on; the API key is not among them.

    Args:
        response_format: The type.
        prompt: The template, or the source of the function that makes the prompt.
        instructions: The system message.
        examples: Pairs of an input and its expected value as natural JSON.
        model: The model's name.
        base_url: The endpoint; only its host is used.
        parameters: The parameters of each request, such as `temperature`.
        mode: How the endpoint receives the schema.
    """
    return {
        "type": response_format.name,
        "schema": response_format.natural_schema,
        "prompt": prompt,
        "instructions": instructions,
        "examples": examples,
        "model": model,
        "endpoint": host_of(base_url),
        "parameters": parameters.identity,
        "mode": mode,
    }


def host_of(base_url: str) -> str:
    """Return the host with its port; without the port if it is on this machine, where each start may use another one.

    >>> host_of("https://gateway.example:8443/v1"), host_of("http://127.0.0.1:35419/v1")
    ('gateway.example:8443', '127.0.0.1')
    """
    parts = urlsplit(base_url)
    return str(parts.hostname) if is_loopback(base_url) else parts.netloc.rpartition("@")[2]


def differences(before: JSON, after: JSON) -> Iterator[str]:
    r"""Return what differs between two fingerprints, line by line, as `diff` shows it.

    >>> print(*differences({"model": "a", "prompt": "x"}, {"model": "b", "prompt": "x"}), sep="\n")
    model:
      -"a"
      +"b"
    """
    for name in {**before, **after}:
        old, new = (json.dumps(each.get(name), indent=1, ensure_ascii=False).splitlines() for each in (before, after))
        if old != new:
            yield f"{name}:"
            lines = difflib.unified_diff(old, new, n=0, lineterm="")
            yield from (f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def is_readable_again(before: JSON, after: JSON) -> bool:
    """Return whether the stored replies can be read as the new type, without sending requests.

    >>> is_readable_again({"schema": 1, "model": "a"}, {"schema": 2, "model": "a"})
    True
    """
    keys = TYPE_KEYS if after.get("evidence") == "require" else {*TYPE_KEYS, "evidence"}  # which needs new requests
    return all(before.get(name) == after.get(name) for name in {**before, **after} if name not in keys)
