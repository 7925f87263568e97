"""What the server of `structkit serve` asks of llama.cpp for one request of a client."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from structkit.local.forced_tools import InvalidToolChoice, constrain_content, find_forced_tools
from structkit.local.grammar_schema import to_grammar_schema
from structkit.values import JSON

COMPLETION_PATHS = frozenset({"/v1/chat/completions", "/chat/completions"})
MODEL_PATHS = ("/v1/models/", "/models/")


class Rejection(Exception):
    """A request that is answered without the model: a status, and an error in OpenAI's form."""

    def __init__(self, status: int, message: str, parameter: str | None = None, code: str | None = None) -> None:
        """Store the status, and the fields of the error."""
        super().__init__(message)
        fields = {"message": message, "type": "invalid_request_error", "param": parameter, "code": code}
        self.status, self.body = status, {"error": fields}


@dataclass(frozen=True)
class ProxiedRequest:
    """A request to llama.cpp.

    Args:
        path: The path and the query.
        body: The body, as it is sent.
        functions: The functions of which the client forces the model to call one.
        is_lookup: Whether the client asks for the one model of the list.
    """

    path: str
    body: bytes
    functions: tuple[JSON, ...] = ()
    is_lookup: bool = False


def to_proxied(path: str, body: bytes, model: str) -> ProxiedRequest:
    """Return what is asked of llama.cpp, which ignores the name of the model and forces no tool.

    Raises:
        Rejection: There is no such model or tool, or the body is not JSON.

    >>> to_proxied("/v1/models/smollm", b"", "smollm")
    ProxiedRequest(path='/v1/models', body=b'', functions=(), is_lookup=True)
    >>> to_proxied("/v1/models/gpt-4o", b"", "smollm")
    Traceback (most recent call last):
    structkit.local.proxied_request.Rejection: The model `gpt-4o` does not exist; this server has `smollm`.
    """
    route = urlsplit(path).path
    if prefix := next((prefix for prefix in MODEL_PATHS if route.startswith(prefix)), None):
        _validate_model(unquote(route.removeprefix(prefix)), model)
        return ProxiedRequest(prefix.rstrip("/"), b"", is_lookup=True)
    return _completion(path, body, model) if route in COMPLETION_PATHS and body else ProxiedRequest(path, body)


def _completion(path: str, data: bytes, model: str) -> ProxiedRequest:
    body = _read_body(data)
    _validate_model(body.get("model") or model, model)
    try:
        functions = find_forced_tools(body)
        constrained = constrain_content(body, functions) if functions else body
    except InvalidToolChoice as error:
        raise Rejection(400, str(error), "tool_choice") from None
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise Rejection(400, f"The tools of the request cannot be read: {error}", "tools") from None
    if "response_format" in constrained:
        constrained = {**constrained, "response_format": to_grammar_schema(constrained["response_format"])}
    return ProxiedRequest(path, json.dumps(constrained).encode(), functions)


def _validate_model(name: Any, model: str) -> None:
    if name != model:
        message = f"The model `{name}` does not exist; this server has `{model}`."
        raise Rejection(404, message, "model", "model_not_found")


def _read_body(data: bytes) -> JSON:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Rejection(400, f"The body of the request is not JSON: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise Rejection(400, "The body of the request must be an object with a list of messages.", "messages")
    return body
