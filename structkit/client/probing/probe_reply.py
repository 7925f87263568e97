"""What the replies to a probe show: an answer, a rejection of what was sent, or a failure that proves nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator
from typing import TypeAlias, TypeVar

from structkit.client.probing.probe_report import Finding, Kind
from structkit.dialects.finish_reasons import finish_kind_of
from structkit.errors import StatusError, TransportError
from structkit.extraction import Mode
from structkit.extraction.route_learning import PASSED_ON, may_reject_request
from structkit.parsing import NotJSON, read_json
from structkit.transport import TransportReply
from structkit.transport.http_reply import ADVICE
from structkit.values import ABSENT, Completion, JSONValue, Request
from structkit.values.text import shorten

T = TypeVar("T")
ProbeSteps: TypeAlias = Generator[Request, TransportReply, T]
"""A part of a probe: it yields requests, is sent their replies, and returns its findings."""

WITHHELD_NOTE = "the endpoint withheld the model's answer"
"""The note of a finding about a reply that was filtered, refused or interrupted."""

MAX_NOTE_CHARS = 160
"""The length at which a finding shortens the text of an error."""

SERVER_ERROR = 500
"""A status that does not prove a rejection, because it may be a transient failure."""

PROBE_ADVICE = f"; {ADVICE[SERVER_ERROR]}"
PLAIN_QUESTION_ADVICE = "; it fails on a plain question as well: read its log, or ask those who run it"


def is_rejection(error: TransportError) -> bool:
    """Return whether an error is about the request, if the same endpoint has answered a plain question before."""
    return may_reject_request(error) and not is_server_error(error)


def is_server_error(error: TransportError) -> bool:
    """Return whether an error is a 500 that may be a failure of the moment, or about the request."""
    return isinstance(error, StatusError) and error.status_code == SERVER_ERROR and error.retryable


def is_gateway_error(error: TransportError) -> bool:
    """Return whether an error is a 502 or 503, with which gateways pass on any failure of a server."""
    return isinstance(error, StatusError) and error.status_code in PASSED_ON


def failed_finding(kind: Kind, name: str, error: TransportError) -> Finding:
    """Return the finding for a request without a completion."""
    return Finding(kind, name, "refused" if is_rejection(error) else "unknown", error_note(error))


def without_probe_advice(error: TransportError) -> TransportError:
    """Return the error of a plain question, which a probe cannot find out more about.

    >>> str(without_probe_advice(StatusError(f"the endpoint answered 500; {ADVICE[SERVER_ERROR]}")))
    'the endpoint answered 500; it fails on a plain question as well: read its log, or ask those who run it'
    """
    message = str(error.args[0])
    if not message.endswith(PROBE_ADVICE):
        return error
    error = copy.copy(error)
    error.args = (message.removesuffix(PROBE_ADVICE) + PLAIN_QUESTION_ADVICE,)
    return error


def error_note(error: TransportError) -> str:
    """Return the message of an error, shortened, and without `the endpoint answered`.

    >>> error_note(StatusError("the endpoint answered 400: 'tools' is not supported"))
    "400: 'tools' is not supported"
    """
    message = str(error).removeprefix("the endpoint answered ").removesuffix(PROBE_ADVICE)
    return shorten(message, MAX_NOTE_CHARS)


def error_text(error: TransportError) -> str:
    """Return the full text of an error."""
    return json.dumps(error.body, ensure_ascii=False) if error.body else str(error)


def value_of(reply: Completion, mode: Mode) -> JSONValue:
    """Return the first JSON value among the texts that may be the answer, or `ABSENT`."""
    for text in mode.decode(reply.choices[0]):
        try:
            return read_json(text)
        except NotJSON:
            continue
    return ABSENT


def is_truncated(reply: Completion) -> bool:
    """Return whether the reply ended at the token limit."""
    return finish_kind_of(reply.choices[0]) == "truncated"


def is_withheld(reply: Completion) -> bool:
    """Return whether the reply is not the model's answer: filtered, refused, or interrupted by the endpoint."""
    return finish_kind_of(reply.choices[0]) in {"filtered", "refused", "failed"}


def is_empty(reply: Completion) -> bool:
    """Return whether a reply has neither text nor tool calls, so that it proves nothing."""
    first = reply.choices[0]
    return not (first.content or "").strip() and not first.tool_calls
