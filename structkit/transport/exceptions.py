"""Exceptions of HTTP libraries as a `TransportError`: was the request sent, and may it have been billed?"""

from __future__ import annotations

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, TransportError
from structkit.transport.http_reply import redact_error
from structkit.transport.secrets import Secrets
from structkit.values import Usage

MAX_CONNECT_S = 30.0
"""Seconds to wait for a connection at most; a longer timeout applies only to the reply."""

# Classes are compared by name: a user's own client may bring another HTTP library, or another copy of the same one.
NOT_CONNECTED = frozenset(
    {
        *{"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"},
        *{"ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError"},
    }
)
CONNECTION_LOST = frozenset(
    {
        *{"TransportError", "RequestError", "SSLError", "EndOfStream", "ClientError"},
        *{"HTTPException", "ConnectionError"},
    }
)
TIMEOUT = frozenset({"TimeoutException", "TimeoutError"})
DECODING = frozenset({"DecodingError", "ContentEncodingError", "DecompressSizeError"})
NOT_SENT = frozenset({"LocalProtocolError", "InvalidURL"})
"""Raised before anything is sent, although they are subclasses of `CONNECTION_LOST` classes."""


def to_transport_error(error: Exception, host: str, secret: Secrets) -> TransportError:
    """Return an exception of a request that was being sent as a `TransportError`, without the API key.

    Args:
        error: An exception of the SDK, of an HTTP library, or of structkit.
        host: Where the request was sent.
        secret: The API key, or all secrets of the connection.

    >>> to_transport_error(TimeoutError(), "gateway.example", "")
    RequestTimeout('the endpoint did not answer in time; raise Policy(timeout=...), or its deadline')
    """
    wrapped = error.__cause__ if "OpenAIError" in _class_names(error) else None
    return redact_error(error if isinstance(error, TransportError) else _classify(wrapped or error, host), secret)


def _class_names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _classify(error: BaseException, host: str) -> TransportError:
    names = _class_names(error)
    reason = str(error) or type(error).__name__
    if names & NOT_CONNECTED:
        within = f" within the timeout, at most {MAX_CONNECT_S:g} s" if names & TIMEOUT else f": {reason}"
        return ConnectionFailed(f"no connection to {host}{within}; check the base URL", retryable=True)
    if names & TIMEOUT:
        return RequestTimeout(
            "the endpoint did not answer in time; raise Policy(timeout=...), or its deadline", retryable=True
        )
    if (names | _class_names(error.__cause__ or error)) & DECODING:
        return MalformedReply(f"the endpoint's reply cannot be decompressed: {reason}", retryable=True)
    if names & CONNECTION_LOST and not names & NOT_SENT:
        return _connection_lost(host, reason)
    return TransportError(f"the request could not be sent: {type(error).__name__}: {reason}")


def _connection_lost(host: str, reason: str) -> ConnectionFailed:
    error = ConnectionFailed(
        f"the connection to {host} was lost before the reply was complete: {reason}", retryable=True
    )
    error.usage_of_reply = Usage(unreported=1)
    return error
