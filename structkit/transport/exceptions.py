"""What a request that got no whole reply raised, as a fault: was it sent, and may it have been billed?"""

from __future__ import annotations

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, TransportError
from structkit.transport.http_reply import redacted
from structkit.values import Usage

CONNECT = 30.0
"""Seconds until an address that does not answer is given up, however long a reply may take."""

UNSENT = frozenset(
    {
        *{"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"},
        *{"ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError"},
    }
)
BROKEN = frozenset(
    {
        *{"TransportError", "RequestError", "SSLError", "EndOfStream", "ClientError"},
        *{"HTTPException", "ConnectionError"},
    }
)
LATE = frozenset({"TimeoutException", "TimeoutError"})
PACKED = frozenset({"DecodingError", "ContentEncodingError", "DecompressSizeError"})
OURS = frozenset({"LocalProtocolError", "InvalidURL"})
"""What went wrong before anything was sent, though it is called a fault of the line."""


def translate(error: Exception, host: str, secret: str) -> TransportError:
    """Whatever sending a request raised, as a fault of ours, without the key.

    Args:
        error: The SDK's, its HTTP library's (told by name: a caller's client may bring another), or one of ours.
        host: Where the request went.
        secret: The API key.

    >>> translate(TimeoutError(), "gateway.example", "")
    RequestTimeout('the endpoint did not answer in time; raise Policy(timeout=...), or its deadline')
    """
    wrapped = error.__cause__ if "OpenAIError" in _names(error) else None
    fault = error if isinstance(error, TransportError) else _fault(wrapped or error, host)
    return redacted(fault, secret)


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _fault(error: BaseException, host: str) -> TransportError:
    names = _names(error)
    reason = str(error) or type(error).__name__
    if names & UNSENT:
        within = f" within Policy(timeout=...), {CONNECT:g} s at most" if names & LATE else f": {reason}"
        return ConnectionFailed(f"no connection to {host}{within}; check the base URL", retryable=True)
    if names & LATE:
        return RequestTimeout(
            "the endpoint did not answer in time; raise Policy(timeout=...), or its deadline", retryable=True
        )
    if (names | _names(error.__cause__ or error)) & PACKED:
        return MalformedReply(f"the endpoint's reply cannot be unpacked: {reason}", retryable=True)
    if names & BROKEN and not names & OURS:
        return _broken(host, reason)
    return TransportError(f"the request could not be sent: {type(error).__name__}: {reason}")


def _broken(host: str, reason: str) -> ConnectionFailed:
    fault = ConnectionFailed(f"the connection to {host} broke before the reply was whole: {reason}", retryable=True)
    fault.usage_of_reply = Usage(unreported=1)
    return fault
