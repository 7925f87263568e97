"""The embedded model: a real language model under real constrained decoding; few tests, because they are slow."""

from __future__ import annotations

import asyncio
import http.client
import json
import runpy
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from pydantic import BaseModel

import structkit
from structkit.local.model import model_file
from structkit.local.server import LocalServer, block_signals

pytest.importorskip("xllamacpp", reason="needs structkit-llm[local]")
pytestmark = pytest.mark.local


RECIPES = Path(__file__).parent.parent.parent / "recipes"


class Step(BaseModel):
    explanation: str
    output: str


class MathReasoning(BaseModel):
    steps: list[Step]
    final_answer: str


PUBLISHED = {
    "model": "smollm2-135m-instruct",
    "messages": [
        {
            "role": "system",
            "content": "You are a helpful math tutor. Guide the user through the solution step by step.",
        },
        {"role": "user", "content": "9.11和9.8谁大"},
    ],
    "response_format": structkit.ResponseFormat(MathReasoning).payload,
}


def test_any_client_can_use_the_served_model(served: str) -> None:
    request = urllib.request.Request(
        f"{served}/chat/completions", json.dumps(PUBLISHED).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        body = json.load(response)
    assert body["choices"][0]["finish_reason"] == "stop"
    value = structkit.ResponseFormat(MathReasoning).parse(body["choices"][0]["message"]["content"])
    assert value.steps
    assert value.final_answer


def test_both_clients_share_the_embedded_model() -> None:
    async def extract() -> int:
        async with structkit.AsyncClient("local") as client:
            return await client.extract(int, "How many legs has a dog? Answer with a number.", max_tokens=60)

    with structkit.Client("local") as client:
        assert client.models() == ("smollm2-135m-instruct",)
        result = client.run(bool, "Is the sky blue?", max_tokens=60)
    assert isinstance(result.value, bool)
    assert result.usage.completion_tokens > 0
    assert isinstance(asyncio.run(extract()), int)


def test_a_truncated_reply_is_an_error_with_its_text() -> None:
    with structkit.Client("local") as client, pytest.raises(structkit.Truncated) as caught:
        client.extract(MathReasoning, "Explain 1 + 1.", max_tokens=16)
    assert caught.value.partial
    assert caught.value.usage.completion_tokens == 16


def test_an_invalid_model_file_is_rejected(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF but not really")
    with pytest.raises(structkit.ConfigError, match="could not serve"):
        structkit.Client(f"local:{broken}")
    with pytest.raises(structkit.ConfigError, match="no model file"):
        structkit.Client("local:missing.gguf")


def test_the_invoice_is_read_at_the_first_call_over_the_served_model(served: str) -> None:
    invoice_type = runpy.run_path(str(RECIPES / "invoice.py"))["Invoice"]
    text = (RECIPES / "data" / "invoice.txt").read_text(encoding="utf-8")
    client = structkit.Client("smollm2-135m-instruct", base_url=served, api_key="unused")
    result = client.run(invoice_type, text)
    assert len(result.attempts) == 1
    assert result.value.model_dump(mode="json") == {
        "seller": "Northwind Traders Ltd",
        "invoice_number": "NW-2291",
        "issued": "2026-03-14",
        "total": "253.50",
    }


def test_a_forced_tool_is_called_by_the_served_model(served: str) -> None:
    client = structkit.Client("smollm2-135m-instruct", base_url=served, api_key="unused")
    result = client.run(Step, "Two and two is four.", mode="tool", max_tokens=200)
    assert result.value.explanation
    completion = result.attempts[0].completion
    assert completion is not None
    assert [call.name for call in completion.choices[0].tool_calls] == ["step"]


def test_an_unknown_model_is_named_with_the_one_that_is_served(served: str) -> None:
    client = structkit.Client("gpt-4o", base_url=served, api_key="unused")
    with pytest.raises(structkit.StatusError, match=r"`gpt-4o` does not exist.*smollm2-135m-instruct") as caught:
        client.extract(int, "How many?")
    assert caught.value.status_code == 404


def test_a_port_in_use_is_rejected(served: str) -> None:
    port = served.split(":")[2].split("/", maxsplit=1)[0]
    command = [sys.executable, "-m", "structkit", "serve", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1 is in use by another program" in " ".join(done.stderr.split())


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be blocked there")
def test_a_ctrl_c_waits_until_the_model_has_started() -> None:
    resumed: list[bool] = []

    def interrupted() -> None:
        with block_signals():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            resumed.append(True)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert resumed
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_server_can_be_closed_at_once() -> None:
    program = "from structkit.local import LocalServer, model\nLocalServer(model.model_file()).close()"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", program], check=True, timeout=600)


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="the connections of this process cannot be listed")
def test_a_server_that_is_closed_ends_the_requests_that_are_open() -> None:
    body = {"model": "any", "messages": [{"role": "user", "content": "Tell a long story."}], "stream": True}
    data = json.dumps({**body, "max_tokens": 1000}).encode()
    with LocalServer(model_file()) as server:
        request = urllib.request.Request(f"{server.base_url}/chat/completions", data)
        reply = urllib.request.urlopen(request, timeout=600)
        assert reply.readline().startswith(b"data:")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        reply.read()
