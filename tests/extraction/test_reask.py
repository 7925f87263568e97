"""What is re-asked after an invalid or truncated reply: only the invalid places, in every mode."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field, create_model, model_validator

import structkit
from structkit.dialects import MODES
from structkit.extraction import Extraction
from structkit.testing import Endpoint, Reply, completion, tool_call_completion
from structkit.testing.scripted_reply import forced_tool, requested_schema, text_reply
from structkit.values import JSON, Choice, Completion, Message, Usage

Connect = Callable[..., Any]
PROMPT = "The table of the fifty stations."
every_mode = pytest.mark.parametrize("mode", MODES)

FIELDS: dict[str, Any] = {f"field_{number:02}": (int, Field(ge=0)) for number in range(20)}
Row = create_model("Row", **FIELDS)
Table = create_model("Table", rows=(list[Row], ...))  # type: ignore[valid-type]
ROWS: list[dict[str, Any]] = [{name: 100 * row + column for column, name in enumerate(FIELDS)} for row in range(50)]


def table(**invalid: Any) -> str:
    """Return the reply with some invalid values: `table(r7c3="x")`."""
    rows = [dict(row) for row in ROWS]
    for place, value in invalid.items():
        row, column = map(int, place[1:].split("c"))
        rows[row][f"field_{column:02}"] = value
    return json.dumps({"rows": rows})


def request_chars(body: JSON) -> int:
    """Return the number of characters of a request."""
    return len(json.dumps(body, ensure_ascii=False))


def instruction(body: JSON) -> str:
    """Return the last message of a request."""
    return str(body["messages"][-1]["content"])


def origins(result: Any) -> dict[tuple[Any, ...], tuple[str, int]]:
    """Return the origins of all places that are not direct."""
    return {path: (origin.how, origin.attempt) for path, origin in result.provenance.items() if origin.how != "direct"}


# One invalid value, and several


@every_mode
def test_one_invalid_value_of_a_thousand_is_re_asked_separately(connect: Connect, mode: str) -> None:
    with Endpoint(table(r30c7="many"), '{"rows_30_field_07": 3007}') as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert result.value.model_dump() == {"rows": ROWS}
    assert (result.mode, result.usage) == (mode, Usage(20, 10, 30))
    assert origins(result) == {("rows", 30, "field_07"): ("re-asked", 2)}
    second = endpoint.requests[1]
    assert request_chars(second) - len(PROMPT) <= 1500
    assert PROMPT in json.dumps(second)
    schema = requested_schema(second)
    assert schema is None or [*schema["properties"]] == ["rows_30_field_07"]
    assert "rows_30_field_07" in json.dumps(second)


@every_mode
def test_only_the_five_invalid_rows_are_re_asked(connect: Connect, mode: str) -> None:
    invalid = {f"r{row}c{row % 20}": -1 for row in (3, 14, 15, 33, 49)}
    values = {f"rows_{row}_field_{row % 20:02}": 100 * row + row % 20 for row in (3, 14, 15, 33, 49)}
    with Endpoint(table(**invalid), json.dumps(values)) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert result.value.model_dump() == {"rows": ROWS}
    assert {how for how, _ in origins(result).values()} == {"re-asked"}
    assert len(origins(result)) == 5
    assert len(json.dumps(values)) * 10 <= len(table())


def test_the_request_for_a_place_as_sent(connect: Connect) -> None:
    with Endpoint(table(r30c7="many"), '{"rows_30_field_07": 3007}') as endpoint:
        connect(endpoint.base_url).run(Table, PROMPT)
    assert {**endpoint.requests[1], "messages": instruction(endpoint.requests[1])} == snapshot(
        {
            "model": "fake",
            "messages": """\
Your last reply was right but for this:
rows[30].field_07: Input should be a valid integer, unable to parse string as an integer (got "many")
It is part of {"field_00": 3000, "field_01": 3001, "field_02": 3002, "field_03": 3003, "field_04": 3004, "field_05": 3005, "field_06": 3006, "field_07": "many", "field_08": 3008, "field_09": 3009, "field_10": 3010, "field_11": 3011, "field_12": 3012, "f…
Reply with a JSON object of these values alone: rows_30_field_07 is rows[30].field_07.\
""",
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "table_part",
                    "schema": {
                        "type": "object",
                        "properties": {
                            "rows_30_field_07": {
                                "type": "integer",
                                "minimum": 0,
                                "description": "rows[30].field_07.",
                            }
                        },
                        "required": ["rows_30_field_07"],
                        "additionalProperties": False,
                    },
                    "strict": True,
                },
            },
        }
    )


def test_an_invalid_patch_leads_to_a_re_ask_of_the_whole_value(connect: Connect) -> None:
    with Endpoint(table(r30c7="many"), '{"rows_30_field_07": "lots"}', table()) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode="json_schema")
    assert result.value.model_dump() == {"rows": ROWS}
    assert origins(result) == {}
    third = endpoint.requests[2]
    assert [*requested_schema(third)["properties"]] == ["rows"]  # type: ignore[index]
    assert '"field_07": "lots"' in third["messages"][1]["content"], "the draft with the patch merged"
    assert "rows[30].field_07: Input should be a valid integer" in instruction(third)


@pytest.mark.parametrize("unreadable", ["No.", '{"something": 3}', "[" * 10_000])
def test_an_unreadable_patch_leads_to_a_re_ask_of_the_whole_value(connect: Connect, unreadable: str) -> None:
    with Endpoint(table(r30c7="many"), unreadable, table()) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode="json_schema")
    assert (result.value.model_dump(), len(endpoint.requests)) == ({"rows": ROWS}, 3)
    assert "rows[30].field_07" in instruction(endpoint.requests[2])


@every_mode
def test_a_whole_value_in_reply_to_a_patch_is_accepted(connect: Connect, mode: str) -> None:
    with Endpoint(table(r30c7="many"), table()) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert (result.value.model_dump(), len(endpoint.requests)) == ({"rows": ROWS}, 2)


@every_mode
@pytest.mark.parametrize("name", ["field_07", "rows[30].field_07", "Rows 30 Field 07"])
def test_a_place_that_is_answered_under_another_of_its_names_is_read(connect: Connect, mode: str, name: str) -> None:
    with Endpoint(table(r30c7="many"), json.dumps({name: 3007})) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert (result.value.model_dump(), len(endpoint.requests)) == ({"rows": ROWS}, 2)
    assert result.attempts[-1].repairs == ("spelling at rows_30_field_07",)


@every_mode
def test_the_row_around_a_place_is_read_if_it_is_the_same_row(connect: Connect, mode: str) -> None:
    for row, requests in ((30, 2), (31, 3)):
        with Endpoint(table(r30c7="many"), json.dumps(ROWS[row]), table()) as endpoint:
            result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
        assert (result.value.model_dump(), len(endpoint.requests)) == ({"rows": ROWS}, requests)


def test_a_name_that_several_places_or_objects_have_is_none_of_a_place(connect: Connect) -> None:
    for reply, invalid in (('{"field_07": 7}', table(r0c7="x", r1c7="y")), ('{"start": 0}', json.dumps(OUTER))):
        output_type = Table if "rows" in invalid else Outer
        with Endpoint(invalid, reply, table() if "rows" in invalid else json.dumps(CORRECT_OUTER)) as endpoint:
            connect(endpoint.base_url).run(output_type, PROMPT, mode="json_schema")
        assert len(endpoint.requests) == 3


class Night(BaseModel):
    start: int
    end: int


class Booking(BaseModel):
    guest: str | None = None
    nights: list[Night] = []


class Outer(Booking):
    start: int
    night: Night


CORRECT_OUTER = {"guest": "x" * 400, "start": 5, "nights": [], "night": {"start": 6, "end": 7}}
OUTER = {**CORRECT_OUTER, "night": {"start": "soon", "end": 7}}

NIGHTS = [{"start": n, "end": n + 1} for n in range(4)]
BOOKING = {"guest": "x" * 400, "nights": NIGHTS}


@every_mode
@pytest.mark.parametrize(
    "fragment", [{}, {"guest": None}, {"guest": "y"}, {"nights": NIGHTS[:1]}, {"guest": "y", "nights": NIGHTS[:1]}]
)
def test_a_fragment_of_the_value_in_reply_to_a_patch_is_rejected(connect: Connect, mode: str, fragment: JSON) -> None:
    invalid = {**BOOKING, "nights": [{"start": "soon", "end": 1}, *NIGHTS[1:]]}
    with Endpoint(json.dumps(invalid), json.dumps(fragment), json.dumps(BOOKING)) as endpoint:
        result = connect(endpoint.base_url).run(Booking, PROMPT, mode=mode)
    assert (result.value.model_dump(), len(endpoint.requests)) == (BOOKING, 3)


def test_a_valid_patch_may_reveal_another_issue(connect: Connect) -> None:
    class Sorted(Table):  # type: ignore[misc, valid-type]
        @model_validator(mode="after")
        def validate_order(self) -> Any:
            if self.rows[0].field_00 > self.rows[0].field_01:
                raise ValueError("field_00 must not be above field_01 in the first row")
            return self

    with Endpoint(table(r0c0="x"), '{"rows_0_field_00": 9}', table()) as endpoint:
        result = connect(endpoint.base_url).run(Sorted, PROMPT, mode="json_schema")
    assert (len(endpoint.requests), result.value.rows[0].field_00) == (3, 0)
    assert "must not be above" in instruction(endpoint.requests[2])


@every_mode
def test_a_policy_may_re_ask_the_whole_value(connect: Connect, mode: str) -> None:
    policy = structkit.Policy(reask="whole")
    with Endpoint(table(r30c7="many"), table()) as endpoint:
        connect(endpoint.base_url, policy=policy).run(Table, PROMPT, mode=mode)
    first, second = endpoint.requests
    assert {name: value for name, value in second.items() if name != "messages"} == {
        name: value for name, value in first.items() if name != "messages"
    }
    assert second["messages"][-2] == {"role": "assistant", "content": table(r30c7="many")}


def test_a_mostly_invalid_reply_is_re_asked_as_a_whole(connect: Connect) -> None:
    invalid = {f"r{row}c{column}": "?" for row in range(4) for column in range(20)}
    with Endpoint(table(**invalid), table()) as endpoint:
        connect(endpoint.base_url).run(Table, PROMPT, mode="json_schema")
    assert [*requested_schema(endpoint.requests[1])["properties"]] == ["rows"]  # type: ignore[index]


def test_a_patch_counts_as_an_attempt(connect: Connect) -> None:
    with (
        Endpoint(table(r30c7="many")) as endpoint,
        pytest.raises(structkit.InvalidOutput, match="2 attempts") as caught,
    ):
        connect(endpoint.base_url, policy=structkit.Policy(attempts=2)).run(Table, PROMPT, mode="json_schema")
    assert len(endpoint.requests) == 2
    assert {issue.path for issue in caught.value.issues} == {("rows", 30, "field_07")}


# An issue of a model validator re-asks the smallest object that owns it


class Span(BaseModel):
    start: int
    end: int

    @model_validator(mode="after")
    def validate_end(self) -> Span:
        if self.end < self.start:
            raise ValueError("end must not be before start")
        return self


class Talk(BaseModel):
    title: str
    abstract: str
    span: Span


class Programme(BaseModel):
    talks: list[Talk]


def programme(**spans: tuple[int, int]) -> str:
    """The reply, with the times of talks by their numbers."""
    times = {f"t{number}": (number, number + 1) for number in range(6)} | spans
    return json.dumps(
        {
            "talks": [
                {"title": f"Talk {name}", "abstract": "On many things. " * 5, "span": {"start": start, "end": end}}
                for name, (start, end) in times.items()
            ]
        }
    )


@every_mode
def test_an_issue_of_a_model_validator_re_asks_the_smallest_object(connect: Connect, mode: str) -> None:
    with Endpoint(programme(t4=(9, 5)), '{"talks_4_span": {"start": 5, "end": 9}}') as endpoint:
        result = connect(endpoint.base_url).run(Programme, PROMPT, mode=mode)
    assert (result.value.talks[4].span.start, result.value.talks[4].span.end) == (5, 9)
    assert result.value.talks[3].span == Span(start=3, end=4)
    assert {*origins(result)} == {("talks", 4, "span", "start"), ("talks", 4, "span", "end")}
    assert "talks[4].span: Value error, end must not be before start" in instruction(endpoint.requests[1])


# Truncated replies


def truncated_table(rows: int, extra_chars: int) -> Callable[[JSON], Reply]:
    """Return a reply truncated in a list, after that many rows and some characters of the next row."""
    text = table()
    end = text.index(json.dumps(ROWS[rows])) + extra_chars

    def answer(body: JSON) -> Reply:
        tool = forced_tool(body)
        reply = tool_call_completion(tool["name"], text[:end]) if tool else completion(text[:end])
        reply["choices"][0]["finish_reason"] = "length"
        return Reply(reply)

    return answer


@every_mode
def test_a_truncated_list_is_continued(connect: Connect, mode: str) -> None:
    remainder = {"rows_rest": ROWS[30:]}
    with Endpoint(truncated_table(30, 40), json.dumps(remainder)) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert result.value.model_dump() == {"rows": ROWS}
    assert (len(result.attempts), result.usage) == (2, Usage(20, 10, 30))
    assert result.attempts[0].completion.choices[0].finish_reason == "length"
    origin_kinds = {path[1]: origin.how for path, origin in result.provenance.items()}
    assert [origin_kinds[row] for row in range(50)] == ["salvaged"] * 30 + ["re-asked"] * 20
    assert "rows has 30 items so far" in instruction(endpoint.requests[1])
    assert request_chars(endpoint.requests[1]) < 5000


def test_a_truncated_remainder_is_continued(connect: Connect) -> None:
    def middle(body: JSON) -> Reply:
        return Reply(completion(json.dumps({"rows_rest": ROWS[30:45]})[:-5], finish_reason="length"))

    with Endpoint(truncated_table(30, 40), middle, json.dumps({"rows_rest": ROWS[44:]})) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode="json_schema")
    assert (result.value.model_dump(), len(result.attempts)) == ({"rows": ROWS}, 3)
    assert "rows has 44 items so far" in instruction(endpoint.requests[2])


@every_mode
def test_a_remainder_that_repeats_the_list_adds_no_duplicates(connect: Connect, mode: str) -> None:
    with Endpoint(truncated_table(30, 40), json.dumps({"rows_rest": ROWS})) as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode=mode)
    assert (result.value.model_dump(), len(endpoint.requests)) == ({"rows": ROWS}, 2)


@every_mode
def test_a_truncated_root_list_is_continued(connect: Connect, mode: str) -> None:
    def truncated(body: JSON) -> Reply:
        reply = text_reply(body, '{"value": [1, 2, 3, 45').body
        reply["choices"][0]["finish_reason"] = "length"
        return Reply(reply)

    with Endpoint(truncated, '{"rest": [456, 7]}') as endpoint:
        result = connect(endpoint.base_url).run(list[int], PROMPT, mode=mode)
    assert (result.value, len(endpoint.requests)) == ([1, 2, 3, 456, 7], 2)
    assert [result.provenance[n,].how for n in range(5)] == ["salvaged"] * 3 + ["re-asked"] * 2
    with Endpoint(truncated, "No.", '{"value": [1, 2]}') as endpoint:
        assert connect(endpoint.base_url).extract(list[int], PROMPT, mode=mode) == [1, 2]


def test_the_request_for_a_remainder_as_sent(connect: Connect) -> None:
    with Endpoint(truncated_table(3, 40), json.dumps({"rows_rest": ROWS[3:]})) as endpoint:
        connect(endpoint.base_url).run(Table, PROMPT)
    assert instruction(endpoint.requests[1]) == snapshot("""\
Your last reply was truncated:
rows has 3 items so far, the last one {"field_00": 200, "field_01": 201, "field_02": 202, "field_03": 203, "field_04": 204, "field_05": 205, "field_06": 206, "field_07": 207, "field_08": 208, "field_09": 209, "field_10": 210, "field_11": 211, "field_12": 212, "field_13": 213, …
Reply with a JSON object of these values alone: rows_rest is what follows in rows.\
""")


def test_a_list_truncated_at_every_attempt_is_an_error_with_the_draft(connect: Connect) -> None:
    policy = structkit.Policy(attempts=1)
    with Endpoint(truncated_table(30, 40)) as endpoint, pytest.raises(structkit.Truncated) as caught:
        connect(endpoint.base_url, policy=policy).run(Table, PROMPT)
    assert len(endpoint.requests) == 1
    assert caught.value.partial is not None
    assert json.dumps(ROWS[29])[1:-1] in caught.value.partial
    assert caught.value.usage == Usage(10, 5, 15)


@every_mode
def test_the_token_cap_is_raised_once_if_the_policy_allows_it(connect: Connect, mode: str) -> None:
    policy = structkit.Policy(max_tokens=400, reask="whole")
    with Endpoint(truncated_table(3, 10), table()) as endpoint:
        result = connect(endpoint.base_url, policy=policy).run(Table, PROMPT, mode=mode, max_tokens=100)
    assert [body["max_tokens"] for body in endpoint.requests] == [100, 400]
    assert result.value.model_dump() == {"rows": ROWS}
    with Endpoint(truncated_table(3, 10)) as endpoint, pytest.raises(structkit.Truncated, match="max_tokens=400"):
        connect(endpoint.base_url, policy=policy).run(Table, PROMPT, mode=mode, max_tokens=100)
    assert len(endpoint.requests) == 2


def test_the_cap_that_the_caller_has_set_is_raised(connect: Connect) -> None:
    note = json.dumps({"value": "long " * 9})

    def truncated(body: JSON) -> Reply:
        return Reply(completion(note[:20], finish_reason="length"))

    with Endpoint(truncated, note) as endpoint:
        client = connect(endpoint.base_url, policy=structkit.Policy(max_tokens=400))
        assert client.extract(str, "x", max_completion_tokens=50) == "long " * 9
    assert [body.get("max_completion_tokens") for body in endpoint.requests] == [50, 400]
    assert not any("max_tokens" in body for body in endpoint.requests)


def test_a_key_that_a_json_schema_does_not_allow_is_named_with_its_place() -> None:
    lines = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    schema = {"title": "Bill", "type": "object", "properties": {"lines": {"type": "array", "items": lines}}}
    text = json.dumps({"lines": [{"n": 1}, {"n": 2, "m": 3}]})
    step = Extraction(structkit.ResponseFormat(schema), "m", (Message("user", "x"),)).receive(
        Completion((Choice(0, text, finish_reason="stop"),), Usage())
    )
    assert isinstance(step, Extraction)
    assert 'lines[1].m: the key "m" is not allowed here; leave it out (got 3)' in str(step.request.messages[-1].content)


@pytest.mark.parametrize(
    ("value", "repair"),
    [
        ('{"value": 703}', "wrapped value at rows_7_field_03"),
        ('"703 kg"', "number in text at rows_7_field_03"),
        ("[703]", "list for item at rows_7_field_03"),
    ],
)
def test_a_value_that_is_re_asked_is_repaired_as_the_whole_is(connect: Connect, value: str, repair: str) -> None:
    with Endpoint(table(r7c3="x"), f'{{"rows_7_field_03": {value}}}') as endpoint:
        result = connect(endpoint.base_url).run(Table, PROMPT, mode="json_schema")
    assert result.value.model_dump()["rows"] == ROWS
    assert result.attempts[-1].repairs == (repair,)
