"""The default transport: the `openai` SDK's own HTTP, its retries off, its reply read by us.

Only public low-level calls are used (`client.post(..., cast_to=Response)`), so a client the user
brings, Azure's among them, keeps its authentication, proxies and URL rules.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying, Retrying

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, TransportError
from structkit.transport.faults import read_reply, redact, redacted
from structkit.transport.retrying import counted, retry_options
from structkit.values import Completion, Policy, Request

if TYPE_CHECKING:
    import httpx2
    import openai

PATH = "/chat/completions"


class OpenAITransport:
    """Requests through an `openai.OpenAI` client."""

    def __init__(self, client: openai.OpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = client.with_options(max_retries=0)

    def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Send, again where that may help."""
        lost: list[TransportError] = []
        return counted(Retrying(**retry_options(policy, lost))(self._once, request, policy), lost)

    def _once(self, request: Request, policy: Policy) -> Completion | TransportError:
        import httpx2

        try:
            options: Any = {"timeout": policy.timeout}
            response = self._client.post(PATH, body=request.body, cast_to=httpx2.Response, options=options)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return translate(error, self._client.api_key)
        return _read(response, self._client.api_key)

    def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        import httpx2
        import openai

        try:
            return model_names(self._client.get("/models", cast_to=httpx2.Response), self._client.api_key)
        except openai.OpenAIError as error:
            raise translate(error, self._client.api_key) from None

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncOpenAITransport:
    """Requests through an `openai.AsyncOpenAI` client."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        """Take a client; its own retries are turned off."""
        self._client = client.with_options(max_retries=0)

    async def send(self, request: Request, policy: Policy) -> Completion | TransportError:
        """Send, again where that may help."""
        lost: list[TransportError] = []
        retrying = AsyncRetrying(**retry_options(policy, lost))
        return counted(await retrying(self._once, request, policy), lost)

    async def _once(self, request: Request, policy: Policy) -> Completion | TransportError:
        import httpx2

        try:
            options: Any = {"timeout": policy.timeout}
            response = await self._client.post(PATH, body=request.body, cast_to=httpx2.Response, options=options)
        except Exception as error:  # noqa: BLE001 (whatever went wrong, the attempts paid for must not be lost)
            return translate(error, self._client.api_key)
        return _read(response, self._client.api_key)

    async def models(self) -> tuple[str, ...]:
        """`GET /v1/models`."""
        import httpx2
        import openai

        try:
            return model_names(await self._client.get("/models", cast_to=httpx2.Response), self._client.api_key)
        except openai.OpenAIError as error:
            raise translate(error, self._client.api_key) from None

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()


def translate(error: Exception, secret: str) -> TransportError:
    """Whatever sending a request raised, as a fault of ours, without the key."""
    import openai

    if isinstance(error, openai.APIStatusError):
        reply = _read(error.response, secret)
        return reply if isinstance(reply, TransportError) else TransportError(redact(str(error), secret))
    if isinstance(error, openai.APITimeoutError):
        return RequestTimeout("the endpoint did not answer in time; raise Policy(timeout=...)", retryable=True)
    reason = redact(str(error.__cause__ or error), secret)
    if isinstance(error, openai.APIConnectionError):
        where = error.request.url.host
        return ConnectionFailed(f"no connection to {where}: {reason}; check the base URL", retryable=True)
    return TransportError(f"the request could not be sent: {type(error).__name__}: {reason}")


def model_names(response: httpx2.Response, secret: str) -> tuple[str, ...]:
    """The ids in a models list.

    Raises:
        MalformedReply: It is none.
    """
    try:
        return tuple(sorted(str(entry["id"]) for entry in json.loads(response.content)["data"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        text = response.text
        fault = MalformedReply(f"the endpoint's models list is none: {text[:200]!r}", body=text)
        raise redacted(fault, secret) from None


def _read(response: httpx2.Response, secret: str) -> Completion | TransportError:
    return read_reply(response.status_code, response.headers, response.content, secret)
