"""Exceptions of HTTP libraries as a `TransportError`: was the request sent, and may it have been billed?"""

from __future__ import annotations

from time import monotonic

from structkit.errors import ConnectionFailed, MalformedReply, RequestTimeout, TransportError
from structkit.transport.http.proxies import is_proxied
from structkit.transport.http_reply import HTTPS_ADVICE, PROXY_LOGIN, redact_error
from structkit.transport.secrets import Secrets
from structkit.values import Policy, Usage
from structkit.values.policy import DEFAULT_POLICY, DEFAULT_TIMEOUT_S

MAX_CONNECT_S = 30.0
"""Seconds to wait for a connection at most; a longer timeout applies only to the reply."""

MAX_IDLE_S = 15.0
"""Seconds after which an idle connection is not reused: firewalls drop those without a notice to either side."""

MAX_STALE_S = 1.0
"""Seconds after a request within which a reused connection turns out to have been closed while it was idle. That takes
one round trip; a server that closes the connection later may have processed the request, and charged for it."""

MAX_CAUSES = 8
"""Exceptions of a chain that are searched for a reason."""

TLS_EOF = "EOF occurred in violation of protocol"

UNANSWERED = (
    "Remote end closed connection without response",
    "the server closed the connection without a reply",
    "Server disconnected without sending a response",
    "illegal request line",
)
"""What HTTP libraries say about a connection that a server closed before the first byte of a reply; h11 means a first
byte that no text has."""

ADVICE = "check the base URL"

PROXY_ADVICE = "check the proxy and the base URL"

CLIENT_CERTIFICATE = "a client certificate: pass client=openai.OpenAI(http_client=httpx2.Client(verify=context))"
NO_TLS = "it does not speak TLS there: try http:// in the base URL"
TLS_ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("mismatch", "is not valid for"), "its certificate is that of another host: check the host in the base URL"),
    (("expired", "not yet valid"), "its certificate is out of date: renew it, or check the clock of this machine"),
    (("key too small", "key too weak", "md too weak"), "its key or certificate is weaker than OpenSSL allows here"),
    (
        ("missing authority key", "missing subject key", "basic constraints", "key usage"),
        "its certificate breaks RFC 5280",
    ),
    (
        ("certificate verify failed",),
        "its certificate is not trusted: name a file with the certificate of its authority in SSL_CERT_FILE",
    ),
    (("certificate required", "alert bad certificate"), f"it requires {CLIENT_CERTIFICATE}"),
    (("handshake failure",), f"it may require another version of TLS, or {CLIENT_CERTIFICATE}"),
    (("wrong version number", "record layer failure"), NO_TLS),
    (
        ("protocol version", "unsupported protocol", "no protocols available"),
        "it has no version of TLS that is allowed here",
    ),
    (("\x15\x03", r"\x15\x03"), HTTPS_ADVICE),  # the first bytes of an alert, which a reply of HTTP cannot have
    (("legacy renegotiation",), "it, or a proxy on the way, has an old TLS that OpenSSL does not allow here"),
)
"""Words of OpenSSL in lower case, and what to do; the first row that fits."""

# Classes are compared by name: a user's own client may bring another HTTP library, or another copy of the same one.
NOT_CONNECTED = frozenset(
    {
        *{"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"},
        *{"ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError"},
        "SOCKSError",
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


class ConnectError(OSError):
    """No connection: nothing was sent."""


class ConnectTimeout(ConnectError, TimeoutError):
    """No connection in time."""


class LateClose(ConnectionError):
    """A server closed a reused connection without a reply, but long after the request was sent."""


class NoTLSReply(ConnectionError):
    """A server closed a new TLS connection before the first byte of a reply."""


def raise_if_late(sent_at: float) -> None:
    """Raise if a server that has closed a reused connection may have answered the request.

    Args:
        sent_at: When the request was sent, by the monotonic clock.

    Raises:
        LateClose: It is too late for the notice of a connection that was closed before.
    """
    if (seconds := monotonic() - sent_at) >= MAX_STALE_S:
        raise LateClose(f"the server closed it after {seconds:.1f} s without a reply")


def to_transport_error(error: Exception, host: str, secret: Secrets, policy: Policy = DEFAULT_POLICY) -> TransportError:
    """Return an exception of a request that was being sent as a `TransportError`, without the API key.

    Args:
        error: An exception of the SDK, of an HTTP library, or of structkit.
        host: Where the request was sent, and through which proxy.
        secret: The API key, or all secrets of the connection.
        policy: The limits of the request.

    >>> to_transport_error(TimeoutError(), "gateway.example", "", Policy(timeout=5))
    RequestTimeout('gateway.example did not answer within 5 s; raise Policy(timeout=...) (--timeout)')
    """
    wrapped = error.__cause__ if "OpenAIError" in _class_names(error) else None
    return redact_error(
        error if isinstance(error, TransportError) else _classify(wrapped or error, host, policy), secret
    )


def _class_names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _classify(error: BaseException, host: str, policy: Policy) -> TransportError:
    names = _class_names(error)
    reason = str(error) or type(error).__name__
    if names & NOT_CONNECTED:
        within = f" within the timeout, at most {MAX_CONNECT_S:g} s" if names & TIMEOUT else f": {reason}"
        return ConnectionFailed(f"no connection to {host}{within}; {_advice(reason, host)}", retryable=True)
    if names & TIMEOUT:
        return RequestTimeout(f"{host} did not answer within {_time_limit(policy)}", retryable=True)
    if (names | _class_names(error.__cause__ or error)) & DECODING:
        return MalformedReply(f"the endpoint's reply cannot be decompressed: {reason}", retryable=True)
    if names & CONNECTION_LOST and not names & NOT_SENT:
        chain = reason if isinstance(error, LateClose) else _chain_text(error)
        return _connection_lost(host, reason, chain, is_rejected=isinstance(error, NoTLSReply))
    return TransportError(f"the request could not be sent: {type(error).__name__}: {reason}")


def _time_limit(policy: Policy) -> str:
    """Return the limits that a request may have exceeded, and the setting of each."""
    timeout, deadline = policy.timeout, policy.deadline
    silence = f"its timeout, by default {DEFAULT_TIMEOUT_S:g} s" if timeout is None else f"{timeout:g} s"
    if deadline is None:
        return f"{silence}; raise Policy(timeout=...) (--timeout)"
    if deadline <= (DEFAULT_TIMEOUT_S if timeout is None else timeout):
        return f"{deadline:g} s; raise Policy(deadline=...)"
    both = f"{silence}, or not completely within the deadline of {deadline:g} s"
    return f"{both}; raise Policy(timeout=..., deadline=...)"


def _chain_text(error: BaseException | None) -> str:
    """Return the texts of an exception and its causes: httpx2's own may be empty."""
    texts: list[str] = []
    while error is not None and len(texts) < MAX_CAUSES:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(texts)


def _connection_lost(host: str, reason: str, chain: str, *, is_rejected: bool) -> ConnectionFailed:
    if advice := _tls_advice(chain, host):  # TLS 1.3 rejects a client only after it has sent its first bytes
        return ConnectionFailed(f"no connection to {host}: {reason}; {advice}", retryable=True)
    # A server that misses a client certificate may close the connection before its alert is read.
    hint = "; a server that requires a client certificate does this" if is_rejected or TLS_EOF in chain else ""
    if not hint and any(words in chain for words in UNANSWERED) and not is_proxied(host):
        hint = "; a server that requires https:// in the base URL, or a client certificate, does this"
    error = ConnectionFailed(
        f"the connection to {host} was lost before the reply was complete: {reason}{hint}", retryable=True
    )
    error.usage_of_reply = Usage(unreported=1)
    return error


def _advice(reason: str, host: str) -> str:
    """Return what to do if there is no connection.

    >>> _advice("407 Proxy Authentication Required", "a.example through the proxy 10.0.0.1:3128")
    'the proxy requires a user and a password: http://USER:PASSWORD@HOST:PORT'
    """
    if not is_proxied(host):
        return _tls_advice(reason, host) or ADVICE
    if "407" in reason:
        return PROXY_LOGIN
    if reason == "Malformed reply":  # of socksio
        return "it does not speak SOCKS: a proxy of HTTP has an address with http://"
    return _tls_advice(reason, host) or PROXY_ADVICE


def _tls_advice(reason: str, host: str) -> str | None:
    """Return what to do about TLS or a certificate, if that is the reason.

    >>> _tls_advice("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", "a.example")
    'its certificate is not trusted: name a file with the certificate of its authority in SSL_CERT_FILE'
    """
    text = reason.lower().replace("_", " ")
    advice = next((advice for words, advice in TLS_ADVICE if any(word in text for word in words)), None)
    is_scheme = advice in {NO_TLS, HTTPS_ADVICE}
    return f"{advice}, or in the proxy's address" if is_scheme and is_proxied(host) else advice
