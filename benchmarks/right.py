"""Right values and what they cost: the embedded model behind an address that structkit does not know, on short texts.

Run it:  python benchmarks/right.py [--texts N] [--held-out] [--ways NAME ...] [--peers] [--replies FILE] [--log FILE]
It needs the extra `local`. `--replies` stores the model's replies in a file and reads them from it, so that a request
that was sent before takes no time; the tokens are counted all the same. So a run that was interrupted goes on, such as
one of all 144 texts that are not held out.

A field is right if it equals what a person reads in the text. All requests have temperature 0 and 300 tokens, and a
way may make three attempts. A reply that is requested as a stream is sent token by token, and only the tokens that
were sent before the client disconnected are counted. *identical* counts the replies that equal an earlier one to the
same text. The interval is that of a bootstrap over the texts, paired with the bare call. *lost* counts the fields
that structkit as it comes has right, and the way has not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from peers.libraries import FOLDER, LIBRARIES, NotInstalled, environment, variables
from peers.right_types import TYPES
from right_descriptions import described_types
from right_texts import Text, read_texts, right_fields

from structkit import Client, Policy, StructkitError
from structkit.local.model import NAME, model_file
from structkit.local.server import LocalServer
from structkit.testing import Endpoint, Reply
from structkit.values import JSON

MAX_TOKENS = 300
ATTEMPTS = 3
RESAMPLES = 2_000
LLAMA_DEFAULTS = {"repeat_penalty": 1.0, "cache_prompt": False}
"""An unknown server has llama.cpp's own penalty, which is not that of `structkit serve`. A prompt that is in part read
from a cache is rounded otherwise, so that a reply would depend on the request before."""
TOKEN_S = 0.005
"""Seconds between two tokens of a stream: fewer than a model takes, and enough for the client to disconnect."""

SAMPLING = {"temperature": 0, "max_tokens": MAX_TOKENS}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "structkit-compare"

BARE = "the bare constrained call"
PLAIN = "structkit"
SETTINGS: dict[str, JSON] = {
    BARE: {},
    PLAIN: {},
    "structkit, stop_loops=False": {"stop_loops": False},
    'structkit, dialect="openai"': {"dialect": "openai"},
    'structkit, dialect="llama.cpp"': {"dialect": "llama.cpp"},
    'structkit, evidence="null"': {"evidence": "null"},
    'structkit, evidence="require"': {"evidence": "require"},
    'structkit, show="auto"': {"show": "auto"},
    'structkit, show="auto", evidence="null"': {"show": "auto", "evidence": "null"},
}
"""With `show`, the fields have descriptions; without it, no model would see them here."""

PEERS = ("instructor", "pydantic-ai")


@dataclass
class Exchange:
    """One request and the model's reply to it, as far as it was sent."""

    messages: list[JSON]
    reply: str
    tokens: int
    finish_reason: str


@dataclass
class Outcome:
    """What a way returned for a text."""

    text: Text
    value: JSON | None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def right(self) -> list[str]:
        """The names of the fields that are right."""
        return right_fields(self.value, self.text.gold) if self.value is not None else []

    @property
    def identical(self) -> int:
        """The replies that equal an earlier one."""
        replies = [exchange.reply for exchange in self.exchanges]
        return len(replies) - len({*replies})


class Recorder:
    """The model behind an address of its own, and what was asked of it.

    Args:
        address: The address of the model's server.
        replies: The file of earlier replies, if there is one.
    """

    def __init__(self, address: str, replies: Path | None) -> None:
        self.exchanges: list[Exchange] = []
        self._address, self._file = address, replies
        lines = replies.read_text(encoding="utf-8").splitlines() if replies and replies.exists() else []
        self._replies: dict[str, JSON] = dict(map(json.loads, lines))

    def __call__(self, body: JSON) -> Reply:
        """Answer a request, and record it."""
        whole_body = {name: value for name, value in body.items() if name not in {"stream", "stream_options"}}
        key = json.dumps(whole_body, sort_keys=True)
        if key not in self._replies:
            self._store(key, self._forward(whole_body))
        stored = self._replies[key]
        if stored["status"] != HTTPStatus.OK:
            return Reply(stored["body"], status=stored["status"])
        exchange = _exchange(body, stored["body"])
        self.exchanges.append(exchange)
        if body.get("stream"):
            return Reply(_events(stored["body"], exchange), headers={"content-type": "text/event-stream"})
        return Reply(stored["body"])

    def _forward(self, body: JSON) -> JSON:
        headers = {"content-type": "application/json"}
        data = json.dumps({**LLAMA_DEFAULTS, **body}).encode()
        request = urllib.request.Request(f"{self._address}/chat/completions", data, headers)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
                return {"status": 200, "body": json.load(response)}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": error.read().decode()}

    def _store(self, key: str, reply: JSON) -> None:
        self._replies[key] = reply
        if self._file:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, reply], ensure_ascii=False) + "\n")


def _exchange(body: JSON, reply: JSON) -> Exchange:
    [choice] = reply["choices"]
    tokens = reply["usage"]["completion_tokens"]
    return Exchange(body["messages"], choice["message"].get("content") or "", tokens, choice["finish_reason"])


def _events(reply: JSON, exchange: Exchange) -> Iterator[bytes]:
    """Yield the events of a reply, one for each of its tokens; *exchange* has what was sent."""
    text, size = exchange.reply, -(-len(exchange.reply) // max(exchange.tokens - 1, 1)) or 1
    finish_reason, exchange.finish_reason = exchange.finish_reason, "stopped"
    exchange.reply, exchange.tokens = "", 0
    shared = {name: reply.get(name) for name in ("id", "model", "created", "system_fingerprint")}
    for start in range(0, len(text), size):
        exchange.reply += text[start : start + size]
        exchange.tokens += 1
        yield _event({**shared, "choices": [{"index": 0, "delta": {"content": text[start : start + size]}}]})
        time.sleep(TOKEN_S)
    exchange.finish_reason, exchange.tokens = finish_reason, reply["usage"]["completion_tokens"]
    yield _event({**shared, "choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]})
    yield _event({**shared, "choices": [], "usage": reply["usage"]})
    yield b"data: [DONE]\n\n"


def _event(chunk: JSON) -> bytes:
    return b"data: %b\n\n" % json.dumps(chunk).encode()


Extract = Callable[[Text], JSON | None]
"""Returns the value of a text as JSON; None if there is no valid one."""


def bare_call(recorder: Recorder) -> Extract:
    """Send the JSON Schema that pydantic writes, and validate the reply with pydantic."""

    def extract(text: Text) -> JSON | None:
        schema = {"name": text.kind, "schema": TYPES[text.kind].model_json_schema(), "strict": True}
        response_format = {"type": "json_schema", "json_schema": schema}
        messages = [{"role": "user", "content": text.text}]
        reply = recorder({"model": NAME, "messages": messages, "response_format": response_format, **SAMPLING})
        try:
            content = reply.body["choices"][0]["message"]["content"]
            value: JSON = TYPES[text.kind].model_validate_json(content).model_dump(mode="json")
        except (ValueError, TypeError):
            return None
        return value

    return extract


def structkit_call(base_url: str, options: JSON) -> Extract:
    call = dict(options)
    types = described_types() if "show" in call else TYPES
    policy = Policy(attempts=ATTEMPTS, stop_loops=call.pop("stop_loops", "auto"), show=call.pop("show", False))
    client = Client(NAME, base_url=base_url, policy=policy, **SAMPLING)

    def extract(text: Text) -> JSON | None:
        try:
            value: JSON = client.extract(types[text.kind], text.text, **call).model_dump(mode="json")
        except StructkitError:
            return None
        return value

    return extract


def run(texts: Iterable[Text], extract: Extract, recorder: Recorder) -> Iterator[Outcome]:
    for text in texts:
        recorder.exchanges = []
        value = extract(text)
        yield Outcome(text, value, recorder.exchanges)


def run_peer(name: str, texts: list[Text], recorder: Recorder, base_url: str) -> Iterator[Outcome]:
    """Yield the outcome of each text with another library, in a process in its own environment."""
    library = next(library for library in LIBRARIES if library.name == name)
    python = str(environment(library, CACHE))
    command = [python, str(FOLDER / "run_right.py"), name, NAME, str(MAX_TOKENS), str(ATTEMPTS)]
    environ = variables(library, python, base_url, "off")
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def extract(text: Text) -> JSON | None:
            process.stdin.write(json.dumps([text.kind, text.text]) + "\n")
            process.stdin.flush()
            value: JSON | None = json.loads(process.stdout.readline())
            return value

        yield from run(texts, extract, recorder)
        process.stdin.close()


def interval(differences: list[int]) -> tuple[int, int]:
    """Return the 95 % interval of the sum of some differences, by a bootstrap."""
    rng = random.Random(0)
    sums = sorted(sum(rng.choices(differences, k=len(differences))) for _ in range(RESAMPLES))
    return sums[RESAMPLES // 40], sums[-RESAMPLES // 40 - 1]


def row(name: str, outcomes: list[Outcome], by_way: dict[str, list[Outcome]]) -> str:
    """Return one line of the table."""
    valid = sum(outcome.value is not None for outcome in outcomes)
    right, fields = sum(len(each.right) for each in outcomes), sum(len(each.text.gold) for each in outcomes)
    exchanges = [exchange for outcome in outcomes for exchange in outcome.exchanges]
    tokens = sum(exchange.tokens for exchange in exchanges)
    identical = sum(outcome.identical for outcome in outcomes)
    return (
        f"| {name} | {valid} of {len(outcomes)} | {right} of {fields} | {_against_bare(outcomes, by_way.get(BARE))} "
        f"| {_regressions(outcomes, by_way.get(PLAIN))} | {len(exchanges)} | {identical} "
        f"| {tokens:,} | {1000 * right / max(tokens, 1):.0f} |"
    )


def _against_bare(outcomes: list[Outcome], bare: list[Outcome] | None) -> str:
    if bare is None or bare is outcomes:
        return ""
    differences = [len(each.right) - len(other.right) for each, other in zip(outcomes, bare, strict=True)]
    low, high = interval(differences)
    return f"{sum(differences):+} [{low:+}, {high:+}]"


def _regressions(outcomes: list[Outcome], plain: list[Outcome] | None) -> str:
    if plain is None or plain is outcomes:
        return ""
    return str(sum(len({*other.right} - {*each.right}) for each, other in zip(outcomes, plain, strict=True)))


def log(file: Path, name: str, outcomes: list[Outcome]) -> None:
    """Append the conversations to a file, for reading."""
    with file.open("a", encoding="utf-8") as target:
        for outcome in outcomes:
            missed = sorted({*outcome.text.gold} - {*outcome.right})
            target.write(f"\n=== {name}: {outcome.text.text!r}\ngold  {outcome.text.gold}\nvalue {outcome.value}\n")
            target.write(f"missed {missed}\n")
            for exchange in outcome.exchanges:
                for message in exchange.messages[1:]:
                    target.write(f"  > {message['role']}: {message['content']!r}\n")
                target.write(f"  < {exchange.finish_reason} {exchange.tokens}: {exchange.reply!r}\n")


def _extractor(name: str, recorder: Recorder, base_url: str) -> Extract:
    if name == BARE:
        return bare_call(recorder)
    return structkit_call(base_url, SETTINGS[name])


def measure(options: argparse.Namespace, texts: list[Text], address: str) -> None:
    recorder = Recorder(address, options.replies)
    by_way: dict[str, list[Outcome]] = {}
    with Endpoint(recorder) as endpoint:
        for name in [*options.ways, *(PEERS if options.peers else ())]:
            try:
                if name in PEERS:
                    by_way[name] = [*run_peer(name, texts, recorder, endpoint.base_url)]
                else:
                    by_way[name] = [*run(texts, _extractor(name, recorder, endpoint.base_url), recorder)]
            except NotInstalled as error:
                print(f"{name} is not installed: {error}", file=sys.stderr)
                continue
            print(row(name, by_way[name], by_way), flush=True)
            if options.log:
                log(options.log, name, by_way[name])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--texts", type=int, default=40, help="only the first N texts")
    parser.add_argument("--held-out", action="store_true", help="the texts that are left for the end, instead")
    parser.add_argument("--ways", nargs="*", default=[*SETTINGS], choices=[*SETTINGS], help="only these rows")
    parser.add_argument("--peers", action="store_true", help="other libraries as well, in their own environments")
    parser.add_argument("--replies", type=Path, help="the file of the model's replies")
    parser.add_argument("--log", type=Path, help="the file that the conversations are appended to")
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    texts = [text for text in read_texts() if text.is_held_out == options.held_out][: options.texts]
    fields = sum(len(text.gold) for text in texts)
    print(f"{len(texts)} texts with {fields} fields, {len({text.language for text in texts})} languages.\n")
    columns = "way | valid | fields right | against the bare call | lost | requests | identical | completion tokens"
    print(f"| {columns} | right per 1,000 tokens |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    with LocalServer(model_file(), name=NAME) as server:
        measure(options, texts, server.base_url)


if __name__ == "__main__":
    main()
