"""What the model is told where nothing but words tells it the schema, and after a wrong reply."""

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


def after(begun: Extraction[Any], text: str) -> Any:
    """What comes of a reply."""
    reply = read_completion(completion(text))
    assert isinstance(reply, Completion)
    return begun.receive(reply)


def begun(*messages: Message, **given: Any) -> Extraction[Any]:
    return Extraction(ResponseFormat(Bill), "m", messages, **{"mode": "prompt", **given})


def test_a_skeleton_shows_values_as_they_are_written() -> None:
    assert skeleton(ResponseFormat(Bill).schema) == FORM


@pytest.mark.parametrize("kind", [date, Literal["a", "b"], int | None, str | None, bool, list[int]])
def test_a_skeleton_that_is_copied_is_no_value(kind: Any) -> None:
    form = skeleton(ResponseFormat(kind).schema)
    try:
        copied = json.loads(form)
    except ValueError:
        return
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(copied["value"])


@pytest.mark.parametrize("mode", ["prompt", "json_object"])
@pytest.mark.parametrize("instructions", [(), (Message("system", "Be brief."),), (Message("developer", "Be brief."),)])
def test_the_form_stands_in_the_instructions_and_a_reminder_after_the_input(mode: Any, instructions: Any) -> None:
    first, last = begun(*instructions, Message("user", "A bill."), mode=mode).request.messages
    assert first.role == (instructions[0].role if instructions else "system")
    assert str(first.content).endswith(FORM)
    assert last == Message("user", "A bill.\n\nReply with the JSON object and nothing else.")


def test_the_reminder_is_a_part_of_its_own_after_an_image() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    _, last = begun(Message("user", (image,))).request.messages
    assert last.content == (image, {"type": "text", "text": "Reply with the JSON object and nothing else."})


def test_the_reminder_does_not_change_what_another_has_said() -> None:
    said = Message("assistant", "Which bill?")
    assert begun(Message("user", "A bill."), said).request.messages[-2:] == (
        said,
        Message("user", "Reply with the JSON object and nothing else."),
    )


def test_a_reply_of_prose_is_neither_shown_again_nor_quoted() -> None:
    step = after(begun(Message("user", "A bill.")), "I am glad to help you with your bill!")
    _, asked, told = step.request.messages
    assert asked.content == "A bill."
    assert "glad" not in told.content
    assert told.content.startswith("Your last reply was no JSON object:")


def test_a_reply_that_holds_something_to_correct_is_shown_again() -> None:
    wrong = '{"day": "2026-03-01", "currency": "EUR",, }'
    *_, shown, told = after(begun(Message("user", "A bill.")), wrong).request.messages
    assert shown == Message("assistant", wrong)
    assert told.content.startswith("Your reply does not fit the schema:")


def test_the_request_that_is_sent_is_the_one_that_is_kept() -> None:
    start = begun(Message("user", "A bill."))
    sent = start.request
    step = after(start, "no")
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
        "wanted = ResponseFormat(list[Row])\n"
        "text = json.dumps({'value': [{'n': -1, 'remark': 'long enough to be patched ' * 3}] * 9})\n"
        "print([place.field.name for place in cheaper_patch(wanted, wanted.read(text), None).places])\n"
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
