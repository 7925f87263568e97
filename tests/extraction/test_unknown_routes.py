"""A route of which nothing is known: it is sent the documented strict subset, and at most two rejections teach the rest."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from structkit.dialects import CORE, DIALECTS, Dialect
from structkit.schema.strict.size import walk_schema
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]


class Shipment(BaseModel):
    """A type with every keyword of the documented subset."""

    sent: date
    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$")]
    weight: Annotated[float, Field(gt=0, le=1000)]
    boxes: Annotated[int, Field(ge=1, lt=50, multiple_of=2)]
    labels: Annotated[list[str], Field(min_length=1, max_length=3)]


VALUE = {"sent": "2026-11-29", "code": "AB-7", "weight": 2.5, "boxes": 4, "labels": ["fragile"]}
STRUCTURE = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}
BY_SCHEMA = [dialect for dialect in DIALECTS.values() if "json_schema" in dialect.modes]


def rejected_words(schema: Any, dialect: Dialect) -> list[str]:
    """The keywords of a schema that a strict vendor of that dialect does not accept."""
    allowed = STRUCTURE | dialect.keywords
    words = [word for part in walk_schema(schema) for word in part if word not in allowed]
    formats = [
        part["format"] for part in walk_schema(schema) if "format" in part and part["format"] not in dialect.formats
    ]
    return [*words, *(formats if "format" in dialect.keywords else [])]


def naming_all(words: list[str]) -> str:
    return f"Invalid schema: {', '.join(map(repr, words))} are not supported"


def naming_one(words: list[str]) -> str:
    return f"Invalid schema for response_format 'shipment': In context=(), '{words[0]}' is not permitted."


def naming_none(_words: list[str]) -> str:
    return "Failed to compile the grammar of the schema."


def giving_no_reason(_words: list[str]) -> str:
    return "Bad Request"


MESSAGES = [naming_all, naming_one, naming_none, giving_no_reason]


def strict_vendor(dialect: Dialect, message: Callable[[list[str]], str]) -> Callable[[Any], Any]:
    """An endpoint that rejects each schema with a keyword that its dialect does not have."""

    def answer(body: Any) -> Any:
        words = rejected_words(body["response_format"]["json_schema"]["schema"], dialect)
        if words:
            error = {"error": {"message": message(words), "type": "invalid_request_error"}}
            return Reply(error, status=400)
        return Reply(completion(json.dumps(VALUE)))

    return answer


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
@pytest.mark.parametrize("dialect", BY_SCHEMA, ids=lambda dialect: dialect.name)
def test_a_strict_vendor_costs_two_rejections_at_most_and_none_afterwards(
    connect: Connect,
    dialect: Dialect,
    message: Callable[[list[str]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(strict_vendor(dialect, message)) as endpoint:
        first = connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
        second = connect(endpoint.base_url, model="a-model").run(Shipment, "Another.")
    assert (first.value.boxes, first.mode, second.value.boxes, second.mode) == (4, "json_schema", 4, "json_schema")
    assert len(first.attempts) <= 3
    assert len(second.attempts) == 1


def test_an_unknown_route_is_sent_every_keyword_of_the_documented_subset(connect: Connect) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        connect(endpoint.base_url, model="a-model").run(Shipment, "One shipment.")
    sent = {
        word for part in walk_schema(endpoint.requests[0]["response_format"]["json_schema"]["schema"]) for word in part
    }
    assert sent - STRUCTURE == {
        *("format", "pattern", "exclusiveMinimum", "maximum", "minimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems"),
    }


PROCESS = f"""
import sys
from datetime import date
from typing import Annotated
from pydantic import BaseModel, Field
import structkit
{inspect.getsource(Shipment)}
print(len(structkit.Client("a-model", base_url=sys.argv[1], api_key="k").run(Shipment, "One.").attempts))
"""


def test_processes_that_start_at_once_learn_it_each_for_itself_and_later_ones_know_it(tmp_path: Path) -> None:
    env = {**os.environ, "STRUCTKIT_ROUTES": str(tmp_path)}

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROCESS, endpoint.base_url]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)

    with Endpoint(strict_vendor(CORE, naming_one)) as endpoint:
        attempts = [int(process.communicate()[0]) for process in [start() for _ in range(4)]]
        later = int(start().communicate()[0])
    assert (max(attempts) <= 3, later) == (True, 1)
