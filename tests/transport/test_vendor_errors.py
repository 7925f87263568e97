"""Each fault of an endpoint is read alike, in whatever words, fields and place it arrives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from vendor_errors import CARRIERS, VENDOR_ERRORS, arrives

import structkit
from structkit.batch.engines.batch_api.batch_results import read_result
from structkit.dialects.error_bodies import read_error
from structkit.errors import TransportError
from structkit.transport.batch_endpoint import BatchEndpoint
from structkit.transport.http_reply import read_reply
from structkit.values import JSONValue
from structkit.values.parameters import NO_PARAMETERS

ReadingFacts = tuple[str, bool, bool]

EXPECTED: Mapping[str, Callable[[ReadingFacts], bool]] = {
    "rate limit": lambda facts: facts == ("rate_limit", True, True),
    "empty account": lambda facts: facts[:2] == ("empty_account", False),
    "overload": lambda facts: facts[0] in {"other", "rate_limit"} and facts[1],
    "credentials": lambda facts: facts == ("credentials", False, True),
    "wrong model": lambda facts: facts[:2] == ("other", False),
    "too long": lambda facts: facts[0] in {"other", "too_large"} and not facts[1],
    "filtered": lambda facts: facts == ("filtered", False, True),
    "file": lambda facts: facts[0] == "file" and facts[2],
    "rejected parameter": lambda facts: facts[1:] == (False, False),
    "rejected mode": lambda facts: facts[1:] == (False, False),
    "rejected schema": lambda facts: facts[1:] == (False, False),
}
"""What the reading of each fault has to be: its kind, whether it is retried, and whether the reading is certain."""


def read(status: int, body: JSONValue) -> TransportError:
    content = body if isinstance(body, str) else json.dumps(body)
    reply = read_reply(status, {}, content.encode(), ())
    assert isinstance(reply, TransportError)
    return reply


def facts_of(error: TransportError) -> ReadingFacts:
    reading = read_error(error)
    return reading.kind, error.retryable, reading.is_certain


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS.keys())
@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_is_the_same_in_whatever_words_and_place_it_arrives(fault: str, carrier: Any) -> None:
    errors = [error for error in VENDOR_ERRORS if error.fault == fault and arrives(error, carrier)]
    replies = {error.vendor: read(*carrier.wrap(error)) for error in errors}
    readings = {vendor: facts_of(reply) for vendor, reply in replies.items()}
    assert {vendor: each for vendor, each in readings.items() if not EXPECTED[fault](each)} == {}


def test_an_error_is_the_same_in_a_line_of_a_batch() -> None:
    endpoint = BatchEndpoint("http://localhost:1/v1", "key", NO_PARAMETERS, structkit.Policy())
    readings = {}
    for error in VENDOR_ERRORS:
        line = {"custom_id": "a", "response": {"status_code": error.status, "body": error.body}, "error": None}
        result = read_result(json.dumps(line).encode(), endpoint)
        assert result is not None
        assert isinstance(result.reply, TransportError)
        readings[error.fault, error.vendor] = facts_of(result.reply)
    assert readings == {
        (error.fault, error.vendor): facts_of(read(error.status, error.body)) for error in VENDOR_ERRORS
    }


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS.keys())
def test_the_wait_of_a_rate_limit_is_the_same_in_whatever_place_it_arrives(carrier: Any) -> None:
    errors = [error for error in VENDOR_ERRORS if error.fault == "rate limit" and arrives(error, carrier)]
    waits = {error.vendor: read(*carrier.wrap(error)).retry_after for error in errors}
    direct_waits = {error.vendor: read(error.status, error.body).retry_after for error in errors}
    assert waits == pytest.approx(direct_waits, abs=0.1)  # Google writes it in a field and, longer, in the message
