"""Credentials among the fields of a request, which are known by their names: what is shown or stored has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from structkit.values.json import JSON, JSONValue

REDACTED = "[redacted]"

CREDENTIAL_FIELD = re.compile(
    r"api[-_]?key|access[-_]?key|private[-_]?key|secret|passwo?r?d|authorization|credentials?$"
    r"|^(?:.*[-_])?(?:access|auth|bearer|id|refresh|session)[-_]?token$|^token$",
    re.IGNORECASE,
)
"""Names of fields that gateways take a credential from, beside those of a completion request."""

CREDENTIAL_NAME = re.compile(r"auth|(?<!port)key|token|secret|cookie|password|signature|session|csrf", re.IGNORECASE)
"""A word in the name of a header, of a part of it, or of a parameter of a query, that is a credential;
`x-portkey-config` names the gateway."""

CONVERSATION_FIELDS = frozenset({"messages", "response_format", "tools", "tool_choice", "functions"})
"""Fields whose names are those of a schema, of which one may be called `password`."""


def hide_credentials(body: Mapping[str, Any]) -> JSON:
    """Return the fields of a request without the credentials that a gateway takes from them, at any depth.

    >>> hide_credentials({"litellm": {"api_key": "hunter2"}, "models": [{"token": "hunter3"}], "max_tokens": 5})
    {'litellm': {'api_key': '[redacted]'}, 'models': [{'token': '[redacted]'}], 'max_tokens': 5}
    """
    return {name: value if name in CONVERSATION_FIELDS else _hide(name, value) for name, value in body.items()}


def hide_query(query: Mapping[str, Any]) -> JSON:
    """Return the parameters of a query without their values, which may be credentials, except that of a version.

    >>> hide_query({"api-version": "2024-10-21", "code": "hunter2"})
    {'api-version': '2024-10-21', 'code': '[redacted]'}
    """
    return {name: value if "version" in name else REDACTED for name, value in query.items()}


def _hide(name: str, value: Any) -> JSONValue:
    if CREDENTIAL_FIELD.search(name):
        return REDACTED
    if isinstance(value, list | tuple):
        return [_hide("", each) for each in value]
    if isinstance(value, Mapping):
        return {key: _hide(str(key), each) for key, each in value.items()}
    return value
