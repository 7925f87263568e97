"""Random errors of endpoints: each is understood alike, whatever carries it and whichever client reads it."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import openai
from fuzz_types import Counterexample

from structkit import AsyncClient, Client, Filtered, Job, Policy, Result, StructkitError
from structkit.dialects.error_bodies import read_error, read_error_body
from structkit.errors import TransportError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.transport.http_reply import read_reply
from structkit.transport.route_cache import VARIABLE
from structkit.values import JSON, JSONValue
from structkit.values.error_reading import ErrorReading

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "samples"))

from vendor_errors import CARRIERS, VENDOR_ERRORS, VendorError, arrives

VALID = '{"value": 3}'
KEY = "sk-test"
ROWS = 4
MAX_JOB_REQUESTS = 40
QUICK = Policy(retries=2, wait_initial=0.001, wait_max=0.002)
FAULTS_OF_ACCOUNTS = {"empty account": "empty_account", "credentials": "credentials"}
PASSING = {"rate limit", "overload"}
ECHOES: tuple[Callable[[str], JSONValue], ...] = (
    lambda row: {"error": {"message": f"Invalid input: {row}", "code": "bad_input"}},
    lambda row: {"error": {"message": f"Failed to read the text {row!r} of the prompt"}},
    lambda row: {"detail": [{"type": "string_type", "loc": ["body", "messages"], "msg": "bad", "input": row}]},
    lambda row: {"object": "error", "message": f"[{{'type': 'string', 'loc': ('body',), 'input': {row!r}}}]"},
    lambda row: {"error": {"message": "bad text", "request": {"messages": [{"content": row}]}}},
)
"""How endpoints repeat the text of a row in a rejection of it."""


class Outcome(NamedTuple):
    """What a client makes of an error: a value or the class of its error, the kind of that, and what it may cost."""

    value: Any
    kind: str
    requests: int
    unreported: int


def _events(body: str) -> dict[str, str]:
    return {"content-type": "text/event-stream" if body.startswith(("data:", "event:")) else "application/json"}


def _scripted(status: int, body: JSONValue, times: int) -> Callable[[JSON], Reply]:
    """Return an endpoint's script: an error a number of times, and then a valid answer."""
    count = iter(range(times))

    def answer(request: JSON) -> Reply:
        if next(count, None) is None:
            return text_reply(request, VALID)
        headers = _events(body) if isinstance(body, str) else {}
        return Reply(body, status=status, headers=headers)

    return answer


def _call(client: str, base_url: str) -> Result[int]:
    settings: dict[str, Any] = {"base_url": base_url, "api_key": KEY, "policy": QUICK}
    if client == "sdk":
        sdk = openai.OpenAI(base_url=base_url, api_key=KEY)
        return Client("fake", client=sdk, policy=QUICK).run(int, "How many?")
    if client == "sync":
        return Client("fake", **settings).run(int, "How many?")
    if client == "sync stream":
        return Client("fake", **settings).stream(int, "How many?").result()

    async def work() -> Result[int]:
        async with AsyncClient("fake", **settings) as each:
            is_stream = client == "async stream"
            return await (each.stream(int, "How many?").result() if is_stream else each.run(int, "How many?"))

    return asyncio.run(work())


CLIENTS = ("sync", "async", "sync stream", "async stream", "sdk")


def _outcome(client: str, status: int, body: JSONValue, times: int) -> Outcome:
    with Endpoint(_scripted(status, body, times)) as endpoint:
        try:
            result = _call(client, endpoint.base_url)
        except StructkitError as error:
            kind = read_error(error).kind if isinstance(error, TransportError) else ""
            return Outcome(type(error).__name__, kind, len(endpoint.requests), error.usage.unreported)
        return Outcome(result.value, "", len(endpoint.requests), result.usage.unreported)


def _carried(rng: Random, error: VendorError) -> tuple[str, int, JSONValue]:
    """Return an error in a carrier, which may carry another carrier."""
    names = [name for name, carrier in CARRIERS.items() if arrives(error, carrier)]
    outer = rng.choice(names)
    inner = rng.choice(("by its status", "in the message of a gateway", "in LiteLLM's error"))
    if inner in names and not isinstance(error.body, str) and error.status >= 400 and rng.random() < 0.4:
        error = error._replace(body=CARRIERS[inner].wrap(error)[1])
        outer = rng.choice([name for name in names if name != "in a list"])
        return f"{inner}, {outer}", *CARRIERS[outer].wrap(error)
    return outer, *CARRIERS[outer].wrap(error)


def _check_clients(rng: Random) -> tuple[str, JSONValue, list[str]]:
    """Return what goes wrong if an error comes some times before an answer, to each of the clients."""
    error = rng.choice(VENDOR_ERRORS)
    place, status, body = _carried(rng, error)
    times = rng.choice((1, 1, 2, 9))
    outcomes = {client: _outcome(client, status, body, times) for client in rng.sample(CLIENTS, 3)}
    first = next(iter(outcomes.values()))
    faults = [f"the clients disagree: {outcomes}"] if any(each != first for each in outcomes.values()) else []
    is_certain = _reading(status, body).is_certain
    faults += [
        fault
        for client, each in outcomes.items()
        if (fault := _fault(error, each, f"{client}, {times} times", is_certain=is_certain))
    ]
    return f"{error.fault} of {error.vendor}, {place}, {times} times", body, faults


def _fault(error: VendorError, outcome: Outcome, client: str, *, is_certain: bool) -> str | None:
    """Return what is wrong with an outcome, by what the error is about."""
    if error.fault in PASSING and client.endswith(", 1 times") and outcome.value != 3:
        return f"{client}: not retried: {outcome}"
    if is_certain and error.fault in {"rate limit", *FAULTS_OF_ACCOUNTS} and outcome.unreported:
        return f"{client}: counted as paid: {outcome}"
    if error.fault in FAULTS_OF_ACCOUNTS and (outcome.requests, outcome.kind) != (1, FAULTS_OF_ACCOUNTS[error.fault]):
        return f"{client}: not ended at once: {outcome}"
    if error.fault == "filtered" and (outcome.requests, outcome.value) != (1, Filtered.__name__):
        return f"{client}: not filtered: {outcome}"
    if error.fault in {"wrong model", "too long"} and outcome.requests > 2:
        return f"{client}: sent again in vain: {outcome}"
    return None


def _check_job(rng: Random) -> tuple[str, JSONValue, list[str]]:
    """Return what goes wrong if a job gets an error once, or always for one row."""
    error = rng.choice(VENDOR_ERRORS)
    place, status, body = _carried(rng, error)
    reading = _reading(status, body)
    is_always = not reading.is_rate_limit and rng.random() < 0.5  # a rate limit is waited for as long as it takes
    row, count = rng.randrange(ROWS), iter(range(1))

    def answer(request: JSON) -> Reply:
        is_row = f"row {row}." in json.dumps(request["messages"])
        if is_row and (is_always or next(count, None) is not None):
            return _scripted(status, body, 1)(request)
        return text_reply(request, VALID)

    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, Endpoint(answer) as endpoint:
        settings: dict[str, Any] = {"model": "fake", "base_url": endpoint.base_url, "api_key": KEY, "output_type": int}
        source = [f"row {number}." for number in range(ROWS)]
        output = Path(folder) / "out.jsonl"
        report = Job(source=source, output=output, prompt="{text}", call={"policy": QUICK}, **settings).run()
        requests, counts = len(endpoint.requests), dict(report.counts)
    name = f"{error.fault} of {error.vendor}, {place}, {'always' if is_always else 'once'} for a row"
    may_end = error.fault in FAULTS_OF_ACCOUNTS
    ends = may_end and reading.is_certain and (reading.kind, reading.source) != ("credentials", "statement")
    return name, body, _job_faults(counts, requests, report.reason, ends=ends, may_end=may_end)


def _reading(status: int, body: JSONValue) -> ErrorReading:
    content = body if isinstance(body, str) else json.dumps(body)
    reply = read_reply(status, {}, content.encode(), ())
    assert isinstance(reply, TransportError)
    return read_error(reply)


def _job_faults(counts: dict[str, int], requests: int, reason: str | None, *, ends: bool, may_end: bool) -> list[str]:
    state = f"{counts}, {requests} requests, ended by {reason}"
    if requests > MAX_JOB_REQUESTS:
        return [f"a job that does not end: {state}"]
    if ends:
        return [] if reason == "endpoint" and not counts.get("failed") else [f"a job that is not ended: {state}"]
    if reason == "endpoint" and may_end:
        return []
    is_kept = counts.get("done", 0) >= ROWS - 1
    return [] if is_kept and counts.get("done", 0) + counts.get("failed", 0) == ROWS else [f"rows are lost: {state}"]


def _check_echo(rng: Random) -> tuple[str, JSONValue, list[str]]:
    """Return what goes wrong if a rejection repeats a row whose text is an error itself."""
    error = rng.choice(VENDOR_ERRORS)
    row = error.body if isinstance(error.body, str) else json.dumps(error.body, ensure_ascii=False)
    body = rng.choice(ECHOES)(row)
    reading = read_error_body(400, body)
    is_wrong = reading.is_certain and reading.kind in {"credentials", "empty_account"} and reading.source == "code"
    return f"an echo of {error.fault} of {error.vendor}", body, [f"a row decides: {reading}"] if is_wrong else []


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    os.environ[VARIABLE] = "off"  # a port may have been that of another case
    rng = Random(seed)
    subjects = {"clients": _check_clients, "jobs": _check_job, "echoes": _check_echo}
    name = rng.choices([*subjects], weights=(6, 3, 2))[0]
    counts[f"errors to {name}"] += 1
    text, value, faults = subjects[name](rng)
    examples = [Counterexample("endpoint", seed, text, value, fault) for fault in faults]
    for example in examples:
        print(example)
    return examples
