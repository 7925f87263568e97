"""The text of requests: the form of a schema, the reminder, and what a model receives after an invalid reply."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from structkit import ResponseFormat
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.prompts import skeleton
from structkit.testing import completion
from structkit.values import Completion, Message

ROOT = Path(__file__).parents[2]


class Bill(BaseModel):
    day: date
    currency: Literal["EUR", "USD"]
    shade: Literal["red", "blue"] | None = None
    note: str | None = None
    tags: list[Literal["a", "b"]] | None = None


FORM = """{
  "day": "YYYY-MM-DD",
  "currency": string,  // one of "EUR", "USD"
  "shade": string,  // one of "red", "blue" or null
  "note": string,  // or null
  "tags": ["a" or "b", ...]  // or null
}"""


def receive_text(extraction: Extraction[Any], text: str) -> Any:
    """Return the step after a reply."""
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)
    return extraction.receive(reply)


def make_extraction(*messages: Message, **settings: Any) -> Extraction[Any]:
    return Extraction(ResponseFormat(Bill), "m", messages, **{"mode": "prompt", **settings})


def test_a_skeleton_has_the_notation_of_json_values() -> None:
    assert skeleton(ResponseFormat(Bill).schema) == FORM


@pytest.mark.parametrize("kind", [date, Literal["a", "b"], int | None, str | None, bool, list[int]])
def test_a_copy_of_a_skeleton_is_not_a_valid_value(kind: Any) -> None:
    form = skeleton(ResponseFormat(kind).schema)
    try:
        copy = json.loads(form)
    except ValueError:
        return
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(copy["value"])


@pytest.mark.parametrize("mode", ["prompt", "json_object"])
@pytest.mark.parametrize("instructions", [(), (Message("system", "Be brief."),), (Message("developer", "Be brief."),)])
def test_the_form_is_in_the_instructions_and_a_reminder_after_the_input(mode: Any, instructions: Any) -> None:
    first, last = make_extraction(*instructions, Message("user", "A bill."), mode=mode).request.messages
    assert first.role == (instructions[0].role if instructions else "system")
    assert str(first.content).endswith(FORM)
    assert last == Message("user", "A bill.\n\nReply with the JSON object and nothing else.")


def test_the_reminder_is_a_separate_part_after_an_image() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    _, last = make_extraction(Message("user", (image,))).request.messages
    assert last.content == (image, {"type": "text", "text": "Reply with the JSON object and nothing else."})


def test_the_reminder_does_not_change_a_message_of_another_role() -> None:
    assistant_turn = Message("assistant", "Which bill?")
    assert make_extraction(Message("user", "A bill."), assistant_turn).request.messages[-2:] == (
        assistant_turn,
        Message("user", "Reply with the JSON object and nothing else."),
    )


def test_a_reply_of_prose_is_not_in_the_next_request() -> None:
    step = receive_text(make_extraction(Message("user", "A bill.")), "I am glad to help you with your bill!")
    _, question, feedback = step.request.messages
    assert question.content == "A bill."
    assert "glad" not in feedback.content
    assert feedback.content.startswith("Your last reply was not a JSON object:")


def test_a_reply_with_correctable_json_is_in_the_next_request() -> None:
    invalid = '{"day": "2026-03-01", "currency": "EUR",, }'
    *_, last_reply, feedback = receive_text(make_extraction(Message("user", "A bill.")), invalid).request.messages
    assert last_reply == Message("assistant", invalid)
    assert feedback.content.startswith("Your reply does not fit the schema:")


def test_an_attempt_has_the_request_that_was_sent() -> None:
    start = make_extraction(Message("user", "A bill."))
    sent = start.request
    step = receive_text(start, "no")
    assert step.attempts[0].request is sent
    assert step.request is not sent


def test_equal_replies_lead_to_equal_requests_in_every_process() -> None:
    program = (
        "import json\n"
        "from pydantic import BaseModel, PositiveInt\n"
        "from structkit import ResponseFormat\n"
        "from structkit.extraction.correction import cheaper_patch\n"
        "from structkit.values import Answer\n"
        "class Row(BaseModel):\n    n: PositiveInt\n    remark: str\n"
        "output_format = ResponseFormat(list[Row])\n"
        "text = json.dumps({'value': [{'n': -1, 'remark': 'long enough to be patched ' * 3}] * 9})\n"
        "print([place.field.name for place in cheaper_patch(output_format, output_format.read(text), None).places])\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(runs) == 1
