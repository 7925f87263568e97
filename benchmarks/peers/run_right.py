"""The texts of `right.py` with instructor or pydantic-ai: lines of JSON in, the value or null of each out.

Called with the name of the library, the model, the token limit and the number of attempts.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from right_types import TYPES

Extract = Callable[[type[BaseModel], str], BaseModel]


def with_instructor(model: str, max_tokens: int, attempts: int) -> Extract:
    """https://python.useinstructor.com/modes-comparison/, `JSON_SCHEMA`."""
    import instructor
    from openai import OpenAI

    client: Any = instructor.from_openai(OpenAI(), mode=instructor.Mode.JSON_SCHEMA)

    def extract(output_type: type[BaseModel], text: str) -> BaseModel:
        value: BaseModel = client.create(
            model=model,
            response_model=output_type,
            messages=[{"role": "user", "content": text}],
            max_retries=attempts,
            temperature=0,
            max_tokens=max_tokens,
        )
        return value

    return extract


def with_pydantic_ai(model: str, max_tokens: int, attempts: int) -> Extract:
    """https://ai.pydantic.dev/output/#native-output."""
    from pydantic_ai import Agent, NativeOutput

    def extract(output_type: type[BaseModel], text: str) -> BaseModel:
        agent: Any = Agent(
            f"openai-chat:{model}",
            output_type=NativeOutput(output_type),
            retries=attempts - 1,
            model_settings={"temperature": 0, "max_tokens": max_tokens},
        )
        value: BaseModel = agent.run_sync(text).output
        return value

    return extract


LIBRARIES = {"instructor": with_instructor, "pydantic-ai": with_pydantic_ai}


def main() -> None:
    name, model, max_tokens, attempts = sys.argv[1:]
    extract = LIBRARIES[name](model, int(max_tokens), int(attempts))
    for line in sys.stdin:
        kind, text = json.loads(line)
        try:
            print(extract(TYPES[kind], text).model_dump_json(), flush=True)
        except Exception as error:  # noqa: BLE001 (each library has its own errors)
            print("null", flush=True)
            print(f"{name}: {type(error).__name__}: {str(error)[:200]!r}", file=sys.stderr)


main()
