"""Rate limits in the headers of replies, in every format and in none."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

import structkit
from structkit.testing import Endpoint, Reply, completion
from structkit.transport.http_reply import read_reply
from structkit.transport.rate_limit_headers import read_limits, read_reset
from structkit.values import Completion, RateLimit

CURRENT_TIME = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
Connect = Callable[..., Any]

HEADERS = {
    "openai": (
        {
            "x-ratelimit-limit-requests": "5000",
            "x-ratelimit-remaining-requests": "4999",
            "x-ratelimit-reset-requests": "12ms",
            "x-ratelimit-limit-tokens": "160000",
            "x-ratelimit-remaining-tokens": "159980",
            "x-ratelimit-reset-tokens": "7m12.5s",
        },
        (RateLimit("requests", 5000, 4999, 0.012), RateLimit("tokens", 160000, 159980, 432.5)),
    ),
    "anthropic": (
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-10-21T07:28:09Z",
            "anthropic-ratelimit-tokens-remaining": "100",
        },
        (RateLimit("requests", 50, 0, 9.0), RateLimit("tokens", None, 100, None)),
    ),
    "anthropic, kinds of tokens": (
        {"anthropic-ratelimit-input-tokens-remaining": "0", "anthropic-ratelimit-input-tokens-reset": "PT9S"},
        (RateLimit("tokens", None, 0, 9.0),),
    ),
    "cerebras": (
        {
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-remaining-requests-day": "14399",
            "x-ratelimit-reset-requests-day": "33011.382867",
            "x-ratelimit-remaining-requests-minute": "29",
            "x-ratelimit-remaining-tokens-minute": "60000",
        },
        (RateLimit("requests", None, 29, None), RateLimit("tokens", None, 60000, None)),
    ),
    "epoch in milliseconds": (
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1792567689000"},
        (RateLimit("requests", 20, 0, 9.0),),
    ),
    "seconds": ({"ratelimit-remaining": "3", "ratelimit-reset": "30"}, (RateLimit("requests", None, 3, 30.0),)),
    "passed": ({"x-ratelimit-reset-requests": "2026-10-21T07:00:00"}, (RateLimit("requests", reset=0.0),)),
    "half nonsense": (
        {"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "7"},
        (RateLimit("requests", None, 7, None),),
    ),
    "far away": ({"x-ratelimit-reset-requests": "9999-01-01T00:00:00Z"}, ()),
    "nonsense": ({"x-ratelimit-limit-tokens": "-1", "x-ratelimit-reset-tokens": "9" * 5000}, ()),
    "none": ({"content-type": "application/json"}, ()),
}


@pytest.mark.parametrize(("headers", "limits"), HEADERS.values(), ids=HEADERS.keys())
def test_limits_are_read_in_every_format(headers: dict[str, str], limits: tuple[RateLimit, ...]) -> None:
    assert read_limits(headers, CURRENT_TIME) == limits


@given(some.text() | some.from_regex(r"[0-9.:TZdhms+-]{0,25}"))
def test_any_header_value_is_a_valid_number_or_ignored(text: str) -> None:
    names = ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]
    assert read_reset(text) is None or 0 <= (read_reset(text) or 0) <= 1e8
    for limit in read_limits(dict.fromkeys(names, text)):
        assert all(number is None or number >= 0 for number in (limit.limit, limit.remaining, limit.reset))


@given(some.integers(0, 10**7))
def test_a_duration_is_the_same_in_every_unit(milliseconds: int) -> None:
    minutes, remainder = divmod(milliseconds, 60_000)
    texts = [f"{milliseconds}ms", f"{milliseconds / 1000}s", f"{minutes}m{remainder / 1000}s", f"{milliseconds / 1000}"]
    assert [read_reset(text) for text in texts] == pytest.approx([milliseconds / 1000] * 4)


@pytest.mark.parametrize("status", [200, 429])
def test_completions_and_errors_have_the_limits_of_their_headers(status: int) -> None:
    headers = {"x-ratelimit-remaining-requests": "7"}
    with Endpoint(Reply(completion('{"value": 3}'), status=status, headers=headers)) as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url)
        reply = client.transport.send(structkit.Request("m", ()), structkit.Policy(retries=0))
    assert reply.limits == (RateLimit("requests", None, 7),)
    assert pickle.loads(pickle.dumps(reply)).limits == reply.limits


def test_a_reply_without_limits_has_none() -> None:
    reply = read_reply(200, {}, b'{"choices": [{"message": {"content": "x"}}]}', "")
    assert isinstance(reply, Completion)
    assert reply.limits == ()
