"""Random secrets, wherever a call has one, echoed wherever a reply can: no error, log or repr has any part of them."""

import asyncio
import html
import io
import json
import logging
import os
import re
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, quote_plus

import openai
from fuzz_types import Counterexample

import structkit
from structkit.testing import Endpoint, Reply, completion

POLICY = structkit.Policy(retries=1, attempts=2, wait_initial=0.001, wait_max=0.002)
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
SIGNS = "abcXYZ019/+=._-~!$&'()*,;:@%"
HEADER_NAMES = ("x-auth", "api-key", "cookie", "authorization", "x-team")
CREDENTIAL_NAMES = ("api_key", "client_secret", "password", "access_token", "token", "x-api-key", "private_key")
ESCAPES: tuple[Callable[[str], str], ...] = (
    str,
    repr,
    json.dumps,
    lambda text: json.dumps(json.dumps(text)),
    html.escape,
    quote,
    quote_plus,
)


def _word(rng: Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(14))


def _signs(rng: Random) -> str:
    return f"a{''.join(rng.choice(SIGNS) for _ in range(16))}z"


@dataclass
class Carriers:
    """What has secrets: the arguments of a client and of a call, and the environment."""

    rng: Random
    secrets: list[str] = field(default_factory=list)
    client: dict[str, Any] = field(default_factory=dict)
    call: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def secret(self, *makers: Callable[[Random], str]) -> str:
        """Return a new secret."""
        self.secrets.append(self.rng.choice(makers or (_word,))(self.rng))
        return self.secrets[-1]

    def header(self) -> str:
        """Return the value of a header, some parts of which are secrets."""
        login = f"user:{self.secret()}".encode()
        self.secrets.append(b64encode(login).decode())
        forms: tuple[Callable[[], str], ...] = (
            lambda: self.secret(_word, _signs),
            lambda: f"Bearer {self.secret()}",
            lambda: f"Token token={self.secret()}",
            lambda: f"ApiKey user:{self.secret()}",
            lambda: f"session={self.secret()}; csrf={self.secret()}",
            lambda: f'Digest username="u", response="{self.secret()}", cnonce="{self.secret()}"',
            lambda: f"Basic {b64encode(login).decode()}",
        )
        return self.rng.choice(forms)()

    def headers(self) -> dict[str, str]:
        """Return a header or two."""
        return {name: self.header() for name in self.rng.sample(HEADER_NAMES, self.rng.choice((1, 2)))}

    def add_all(self) -> None:
        """Put secrets into some of the places."""
        rng = self.rng
        if rng.random() < 0.4:
            lines = [f"{name}: {value}" for name, value in self.headers().items()]
            self.environment["OPENAI_CUSTOM_HEADERS"] = "\n".join(lines)
        for target in (self.client, self.call):
            if rng.random() < 0.4:
                target["extra_headers"] = self.headers()
            if rng.random() < 0.3:
                target["extra_query"] = {"code": self.secret(_word, _signs)}
            if rng.random() < 0.3:
                target["extra_body"] = {"inner": [{rng.choice(CREDENTIAL_NAMES): self.secret()}]}


def _echo(rng: Random, body: Mapping[str, Any], headers: Mapping[str, str], path: str) -> str:
    """Return a text with what a request had, as servers quote it: as a whole, in parts, and escaped."""
    escape = rng.choice(ESCAPES)
    values = [*headers.values()]
    fields = {name: value for name, value in body.items() if name != "messages"}
    texts: tuple[Callable[[], str], ...] = (
        lambda: escape(json.dumps(dict(headers))),
        lambda: " | ".join(map(escape, values)),
        lambda: " | ".join(escape(word.strip(",;")) for value in values for word in value.split()),
        lambda: " | ".join(escape(part.strip(' "')) for value in values for part in re.split(r"[;,=]\s*", value)),
        lambda: escape(json.dumps(fields)),
        lambda: escape(path),
    )
    return rng.choice(texts)()


def _reply(rng: Random, echo: str) -> Reply:
    """Return a reply that has the text at some place that is not the model's."""
    status, in_header = rng.choice((400, 401, 403, 404, 422, 429, 500)), re.sub(r"[^\x20-\x7e]", "?", echo)
    events = f"data: {json.dumps({'error': {'message': echo}})}\n\n"
    error = {"error": {"message": f"bad: {echo}", "code": echo}}
    in_choice = {"role": "assistant", "content": None, "error": {"message": echo}}
    answer = completion('{"value": 3}')
    replies: tuple[Callable[[], Reply], ...] = (
        lambda: Reply(error, status=status),
        lambda: Reply(error, status=status, is_truncated=True),
        lambda: Reply({"detail": [{"msg": echo, "loc": ["header", echo]}]}, status=status),
        lambda: Reply({"error": {"message": json.dumps(error), "metadata": {"raw": echo}}}, status=status),
        lambda: Reply(f"<html>{html.escape(echo)}</html>", status=rng.choice((200, status))),
        lambda: Reply(error, headers={"x-request-id": in_header, "retry-after": in_header}, status=status),
        lambda: Reply("", status=307, headers={"location": in_header}),
        lambda: Reply({**answer, "id": echo, "model": echo, "provider": echo, "x": {echo: [echo]}}),
        lambda: Reply(answer, headers={"server": in_header, "x-ratelimit-limit-requests": in_header}),
        lambda: Reply({"choices": [{"index": 0, "message": in_choice, "finish_reason": "stop"}]}),
        lambda: Reply(events),
        lambda: Reply(f": {echo}\n\nevent: error\ndata: {echo}\n\n"),
        lambda: Reply(f'{{"choices": {echo}'),
        lambda: Reply([error]),
    )
    return rng.choice(replies)()


def _texts_of(outcome: Any) -> str:
    """Return everything that a log of a result or of an error could contain."""
    if isinstance(outcome, BaseException):
        return f"{outcome} {vars(outcome)} {''.join(traceback.format_exception(outcome))}"
    return f"{outcome!r} {getattr(outcome, 'attempts', ())!r} {getattr(outcome, 'completion', None)!r}"


def _call(client: structkit.Client, action: str, call: dict[str, Any]) -> Any:
    if action == "stream":
        return client.stream(int, "x", **call).result()
    if action == "run":
        return client.run(int, "x", **call)
    return client.models() if action == "models" else client.probe()


async def _call_async(client: structkit.AsyncClient, sdk: Any, action: str, call: dict[str, Any]) -> Any:
    try:
        if action == "stream":
            return await client.stream(int, "x", **call).result()
        if action == "run":
            return await client.run(int, "x", **call)
        return await (client.models() if action == "models" else client.probe())
    finally:
        await client.close()
        if sdk is not None:
            await sdk.close()


def _outcome(client: Any, sdk: Any, action: str, call: dict[str, Any]) -> Any:
    """Return the result of a call, or its error."""
    try:
        if isinstance(client, structkit.AsyncClient):
            return asyncio.run(_call_async(client, sdk, action, call))
        return _call(client, action, call)
    except structkit.StructkitError as error:
        return error


@contextmanager
def _logging() -> Iterator[io.StringIO]:
    """Collect what is logged, at every level."""
    stream, logger = io.StringIO(), logging.getLogger("structkit")
    handler, level = logging.StreamHandler(stream), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _connection(carriers: Carriers, base_url: str, *, is_async: bool) -> dict[str, Any]:
    """Return the arguments of a connection: over an SDK client, or an address with a query."""
    rng, key = carriers.rng, carriers.secret(lambda rng: f"sk-{_word(rng)}", _word, _signs)
    if rng.random() < 0.5:
        query = f"?sig={quote(carriers.secret(_word, _signs), safe='')}" if rng.random() < 0.4 else ""
        return {"base_url": base_url + query, "api_key": key}
    options: dict[str, Any] = {"default_headers": carriers.headers()} if rng.random() < 0.4 else {}
    if rng.random() < 0.4:
        options["default_query"] = {"sig": carriers.secret(_word, _signs)}
    sdk_class: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
    return {"client": sdk_class(base_url=base_url, api_key=key, **options)}


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    rng = Random(seed)
    action, is_async = rng.choice(("run", "run", "stream", "models", "probe")), rng.random() < 0.5
    carriers = Carriers(rng)
    carriers.add_all()

    def answer(body: Any) -> Reply:
        reply_rng = Random(f"{seed}/reply")  # the same reply to a retry
        return _reply(reply_rng, _echo(reply_rng, body, endpoint.headers[-1], endpoint.paths[-1]))

    texts: list[str] = []
    hooks = structkit.Hooks(after_reply=lambda _, reply: texts.append(_texts_of(reply)))
    environment = {**carriers.environment, "STRUCTKIT_ROUTES": "off"}
    endpoint = Endpoint(answer)
    with endpoint, patch.dict(os.environ, environment), _logging() as log:
        connection = _connection(carriers, endpoint.base_url, is_async=is_async)
        settings = {**carriers.client, "policy": POLICY, "hooks": hooks, **connection}
        client: Any = (structkit.AsyncClient if is_async else structkit.Client)("m", **settings)
        texts += [_texts_of(_outcome(client, connection.get("client"), action, carriers.call)), log.getvalue()]
    counts[f"{action}, {'async' if is_async else 'sync'}"] += 1
    return _leaks(seed, carriers, "\n".join(texts))


def _leaks(seed: str, carriers: Carriers, text: str) -> list[Counterexample]:
    secrets = [
        each
        for each in carriers.secrets
        if any(form in text for form in (each, quote(each, safe=""), json.dumps(each)[1:-1]))
    ]
    places = [text[max(0, text.find(each) - 100) : text.find(each) + 50] for each in secrets]
    settings = f"{carriers.client} {carriers.call} {carriers.environment}"
    examples = [Counterexample("leak", seed, settings, secrets, "\n".join(places))] if secrets else []
    print("".join(map(str, examples)), end="")
    return examples
