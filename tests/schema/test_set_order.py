"""Sets in what a caller says of a type: written in the same order in every process."""

import os
import subprocess
import sys

PROGRAM = """
import json
from typing import Annotated, Any
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.dataclasses import dataclass
from structkit import ResponseFormat

WORDS = {"alpha", "beta", "gamma", "delta", "epsilon"}

class Inner(BaseModel):
    words: set[str] = WORDS

@dataclass
class Data:
    words: Annotated[list[str], Field(examples=[WORDS])]

class Record(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"words": WORDS}]})
    listed: list[str] = Field(examples=[WORDS])
    text: str = Field(examples=WORDS)
    anything: Any = Field(examples=[WORDS, {"key": WORDS}, Inner()])
    inner: Inner = Field(examples=[Inner(), {"words": WORDS}])
    by_extra: str = Field(json_schema_extra={"enum": WORDS})
    by_function: list[str] = Field(json_schema_extra=lambda schema: schema.update(examples=[WORDS]))
    by_schema: Annotated[str, WithJsonSchema({"type": "string", "enum": WORDS, "examples": WORDS})]
    data: Data
    default: Any = WORDS

response_format = ResponseFormat(Record)
texts = json.dumps(response_format.schema), json.dumps(response_format.natural_schema), str(response_format.explain())
print(*texts, sep="\\n")
"""


def test_the_payload_and_the_explanation_are_the_same_in_every_process() -> None:
    texts = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    ]
    assert texts[0].count(b"alpha") > 10
    assert texts[1:] == texts[:1] * 2
