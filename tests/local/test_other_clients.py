"""Other libraries, each installed in an environment of its own, use `structkit serve` in their default modes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("xllamacpp", reason="needs structkit-llm[local]")
pytestmark = [pytest.mark.local, pytest.mark.slow]

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
"""The environment before a fixture removes settings from it: an index may need its certificates and mirrors."""

PERSON = """
import sys

from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


BASE_URL, MODEL, TEXT = sys.argv[1], "smollm2-135m-instruct", "name: Ada Lovelace\\nage: 36"
"""

OPENAI = """
import openai

client = openai.OpenAI(base_url=BASE_URL, api_key="unused")
messages = [{"role": "user", "content": TEXT}]
print(client.models.retrieve(MODEL).id)
try:
    client.chat.completions.create(model="gpt-4o", messages=messages)
except openai.NotFoundError as error:
    print(error.code)
reply = client.chat.completions.parse(model=MODEL, messages=messages, response_format=Person)
print(reply.choices[0].message.parsed)
tool = openai.pydantic_function_tool(Person)
reply = client.chat.completions.create(model=MODEL, messages=messages, tools=[tool], tool_choice="required")
print(Person.model_validate_json(reply.choices[0].message.tool_calls[0].function.arguments))
"""

INSTRUCTOR = """
import instructor

client = instructor.from_provider(f"openai/{MODEL}", base_url=BASE_URL, api_key="unused")
messages = [{"role": "user", "content": TEXT}]
print(client.chat.completions.create(response_model=Person, messages=messages))
for person in client.chat.completions.create_partial(response_model=Person, messages=messages):
    pass
print(person)
"""

PYDANTIC_AI = """
import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(base_url=BASE_URL, api_key="unused")
agent = Agent(OpenAIChatModel(MODEL, provider=provider), output_type=Person)
print(agent.run_sync(TEXT).output)


async def stream():
    async with agent.run_stream(TEXT) as run:
        async for person in run.stream_output():
            pass
    print(person)


asyncio.run(stream())
"""

LANGCHAIN = """
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model=MODEL, base_url=BASE_URL, api_key="unused")
print(model.with_structured_output(Person).invoke(TEXT))
print(model.with_structured_output(Person, method="function_calling").invoke(TEXT))
"""


def install(folder: Path, package: str) -> Path:
    """Install a package in a new environment, and return its Python; skip the test where no index is reachable."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if uv := shutil.which("uv"):
        commands = [[uv, "venv", "-q", str(folder)], [uv, "pip", "install", "-q", "-p", str(python), package]]
    else:
        commands = [[sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "-q", package]]
    for command in commands:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{package} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return python


@pytest.mark.parametrize(
    ("package", "program", "expected"),
    [
        ("openai", OPENAI, ["smollm2-135m-instruct", "model_not_found"]),
        ("instructor", INSTRUCTOR, []),
        ("pydantic-ai-slim[openai]", PYDANTIC_AI, []),
        ("langchain-openai", LANGCHAIN, []),
    ],
)
def test_other_clients_work_in_their_default_mode(
    package: str, program: str, expected: list[str], served: str, tmp_path: Path
) -> None:
    python = install(tmp_path / "environment", package)
    done = subprocess.run(
        [str(python), "-c", PERSON + program, served], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *first_lines, first, second = done.stdout.splitlines()
    sys.stdout.write(done.stdout)
    assert first_lines == expected
    for person in (first, second):
        assert "Ada" in person
        assert "36" in person
