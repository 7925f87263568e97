"""`chunk=`: a long text is asked in chunks, and the items of all chunks are one list."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field

import structkit
from structkit import ConfigError, Document, InvalidOutput, Issue, Message, PromptError, Refusal, TransportError
from structkit.testing import Endpoint, Reply, completion

Connect = Callable[..., Any]


class Row(BaseModel):
    name: str
    count: int


class Report(BaseModel):
    title: str | None
    rows: list[Row]


ROW = re.compile(r"\b([A-Z]\w+) sold (\d+) items;")
NAMES = [f"N{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(120)]
ROWS = [{"name": name, "count": 1000 + number % 7} for number, name in enumerate(NAMES)]
TEXT = "Sales of May.\n\n" + "\n".join(f"{row['name']} sold {row['count']} items;" for row in ROWS)


NO_CONTINUATION = structkit.Policy(attempts=1)


def rows_in(text: str) -> list[dict[str, Any]]:
    """Return the rows that are whole in a text."""
    return [{"name": name, "count": int(count)} for name, count in ROW.findall(text)]


def sent(body: Any) -> str:
    """Return the text of a request."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def perfect_list(body: Any) -> str:
    """Answer with the rows that are whole in the text of a request."""
    return json.dumps({"value": rows_in(sent(body))})


def perfect_report(body: Any) -> str:
    """The same for a report, whose title is in the first chunk."""
    title = "Sales of May" if "Sales of May" in sent(body) else None
    return json.dumps({"title": title, "rows": rows_in(sent(body))})


def natural(rows: list[Row]) -> list[dict[str, Any]]:
    """Return rows as JSON."""
    return [row.model_dump() for row in rows]


# One list


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", " ")], ids=["lines", "one line"])
@pytest.mark.parametrize("size", [100, 331, 1000])
def test_each_item_of_a_long_text_is_once_in_the_list_in_the_order_of_the_text(
    connect: Connect, text: str, size: int
) -> None:
    with Endpoint(perfect_list) as endpoint:
        value = connect(endpoint.base_url).extract(list[Row], text, chunk=size)
    assert len(endpoint.requests) >= 3
    assert all(len(sent(body)) <= size for body in endpoint.requests)
    assert natural(value) == ROWS


def test_items_that_are_equal_and_at_several_places_are_all_in_the_list(connect: Connect) -> None:
    text = TEXT + "\n" + TEXT
    with Endpoint(perfect_list) as endpoint:
        value = connect(endpoint.base_url).extract(list[Row], text, chunk=400)
    assert natural(value) == [*ROWS, *ROWS]


def test_a_short_text_is_one_chunk(connect: Connect) -> None:
    with Endpoint(perfect_list) as endpoint:
        result = connect(endpoint.base_url).run(list[Row], TEXT, chunk="auto")
    assert (len(endpoint.requests), len(result.value)) == (1, len(ROWS))


def test_evidence_is_in_offsets_of_the_whole_text(connect: Connect) -> None:
    with Endpoint(perfect_list) as endpoint:
        result = connect(endpoint.base_url).run(list[Row], TEXT, chunk=400, evidence=True)
        assert connect(endpoint.base_url).run(list[Row], TEXT, chunk=400).evidence is None
    assert result.evidence.missing == ()
    assert result.evidence.sources == (structkit.TextSource(TEXT),)
    for number, row in enumerate(ROWS):
        [span] = result.evidence[number, "name"].spans
        assert TEXT[span.start : span.end] == result.evidence[number, "name"].text == row["name"]
        assert result.evidence[number, "count"].spans[0].start > span.start
    assert [*result.evidence] == [*result.provenance]


def test_a_result_has_the_attempts_and_the_provenance_of_all_chunks(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        is_reask = len(body["messages"]) > 1
        rows = rows_in(body["messages"][0]["content"])
        broken = [{**row, "count": "?"} if row["name"] == NAMES[50] and not is_reask else row for row in rows]
        return completion(json.dumps({"value": broken}))

    with Endpoint(answer) as endpoint:
        policy = structkit.Policy(reask="whole")
        result = connect(endpoint.base_url, policy=policy).run(list[Row], TEXT, chunk=600)
    assert natural(result.value) == ROWS
    assert len(result.attempts) == len(endpoint.requests)
    assert result.usage == sum((each.usage for each in result.attempts), structkit.Usage())
    for number in range(len(ROWS)):
        origin = result.provenance[number, "name"]
        assert NAMES[number] in sent({"messages": [result.attempts[origin.attempt - 1].request.messages[0].body]})
    assert pickle.loads(pickle.dumps(result)).value == result.value


def test_the_messages_of_a_result_have_the_whole_text_and_the_whole_value(connect: Connect) -> None:
    with Endpoint(perfect_list) as endpoint:
        result = connect(endpoint.base_url).run(list[Row], TEXT, chunk=600, instructions="Read the sales.")
    assert [each.role for each in result.messages] == ["system", "user", "assistant"]
    assert result.messages[1].content == TEXT
    assert json.loads(str(result.messages[2].content)) == {"value": ROWS}


# Other fields


def test_other_fields_are_of_the_first_chunk_that_gives_one(connect: Connect) -> None:
    with Endpoint(perfect_report) as endpoint:
        result = connect(endpoint.base_url).run(Report, TEXT, chunk=400, evidence=True)
    assert (result.value.title, natural(result.value.rows), result.warnings) == ("Sales of May", ROWS, ())
    assert result.evidence["title",].spans == (structkit.Span(0, 12),)


def test_a_field_that_the_text_of_its_chunk_has_counts_before_an_invented_one_and_conflicts_are_named(
    connect: Connect,
) -> None:
    text = TEXT.removeprefix("Sales of May.\n\n") + "\n\nReport of June"

    def answer(body: Any) -> str:
        title = "Report of June" if "Report of June" in sent(body) else "Sales"
        return json.dumps({"title": title, "rows": rows_in(sent(body))})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Report, text, chunk=1500)
    assert result.value.title == "Report of June"
    [warning] = result.warnings
    assert (warning.path, warning.got) == (("title",), '"Report of June"')
    assert warning.message == snapshot(
        'chunks of the text give different values: this one at characters 2,521 to 2,535; "Sales" from characters 0 to 1,491, which do not have it'
    )


def test_a_nested_object_beside_the_list_and_a_set_of_equal_items_are_joined(connect: Connect) -> None:
    class Meta(BaseModel):
        title: str | None

    class Nested(BaseModel):
        meta: Meta | None
        rows: list[Row]

    def answer(body: Any) -> str:
        meta = {"title": "Sales of May"} if "Sales of May" in sent(body) else None
        return json.dumps({"meta": meta, "rows": rows_in(sent(body))})

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(Nested, TEXT, chunk=400, evidence=True)
    assert (result.value.meta, natural(result.value.rows)) == (Meta(title="Sales of May"), ROWS)
    assert result.evidence["meta", "title"].spans == (structkit.Span(0, 12),)
    with Endpoint(lambda body: json.dumps({"value": [row["name"] for row in rows_in(sent(body))]})) as endpoint:
        assert connect(endpoint.base_url).extract(set[str], TEXT * 2, chunk=400) == {*NAMES}


# Values that no text has


class Mood(BaseModel):
    mood: Literal["good", "bad"]


def test_an_item_without_evidence_stays_unless_a_neighbour_gives_an_equal_one(connect: Connect) -> None:
    text = "\n".join(letter * 84 for letter in "abcd")

    def answer(body: Any) -> str:
        moods = {"a": ["good"], "b": ["good", "bad"], "c": [], "d": ["good"]}
        return json.dumps({"value": [{"mood": mood} for mood in moods[sent(body)[45]]]})

    with Endpoint(answer) as endpoint:
        value = connect(endpoint.base_url).extract(list[Mood], text, chunk=100)
    assert len(endpoint.requests) == 4
    assert [each.mood for each in value] == ["good", "bad", "good"]


def test_what_a_chunk_does_not_have_is_dropped_and_named_at_its_place_in_the_joined_value(connect: Connect) -> None:
    def answer(body: Any) -> str:
        rows = [{**row, "count": 999_999} if row["name"] == NAMES[60] else row for row in rows_in(sent(body))]
        return json.dumps({"value": [*rows, {"name": "Nobody", "count": 77_777}]})

    class Loose(BaseModel):
        name: str
        count: int | None

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(list[Loose], TEXT, chunk=600, evidence="null")
    assert [row.name for row in result.value] == NAMES
    assert (result.value[60].count, result.provenance[60, "count"].how) == (None, "removed")
    assert Issue((60, "count"), "not in the text, so it is null", "999999") in result.warnings
    assert any("Nobody" in warning.got for warning in result.warnings)


# Prompts


def test_a_document_is_divided_and_its_evidence_has_pages(connect: Connect) -> None:
    pages = [TEXT[:1000], TEXT[1000:]]
    document = Document.open("\f".join(pages).encode(), name="sales.txt")
    with Endpoint(perfect_list) as endpoint:
        client = connect(endpoint.base_url)
        result = client.run(list[Row], document, chunk=700, evidence=True)
        beside = client.extract(list[Row], ["Who sold what?", document], chunk=700)
    assert len(result.value) == len(beside) >= len(ROWS) - 1
    assert result.evidence.sources[0].document is document
    assert result.evidence.locate((0, "name"))[0].page == 1
    assert all(sent(body).startswith("Who sold what?") for body in endpoint.requests[-3:])


@pytest.mark.parametrize("evidence", [None, True])
def test_of_a_decorated_function_the_argument_is_divided_and_each_chunk_has_the_text_around_it(evidence: Any) -> None:
    with Endpoint(perfect_list) as endpoint, structkit.Client("fake", base_url=endpoint.base_url) as client:

        @structkit.prompt(client=client, chunk=500, evidence=evidence)
        def read_rows(text: str, unit: str = "items") -> list[Row]:  # pyright: ignore[reportReturnType]
            """Who sold how many {unit}?

            {text}
            """

        result = read_rows.run(TEXT)
    assert natural(result.value) == ROWS
    assert len(endpoint.requests) > 3
    assert all(sent(body).startswith("Who sold how many items?") for body in endpoint.requests)
    if evidence:
        assert result.evidence is not None
        assert result.evidence.sources == (structkit.TextSource(TEXT, ("text",)),)
        assert result.evidence[0, "name"].spans[0].start == TEXT.index(NAMES[0])


@pytest.mark.parametrize(
    "prompt",
    [[Message("user", TEXT)], [TEXT, TEXT], [{"type": "image_url", "image_url": {"url": "x"}}], ["a", Message]],
    ids=["message", "texts", "image", "else"],
)
def test_a_prompt_that_is_not_one_text_is_rejected(connect: Connect, prompt: Any) -> None:
    with Endpoint(perfect_list) as endpoint, pytest.raises(ConfigError, match=r"chunk=|must be"):
        connect(endpoint.base_url).run(list[Row], prompt, chunk=500)
    assert not endpoint.requests


def test_an_empty_prompt_is_rejected(connect: Connect) -> None:
    with Endpoint(perfect_list) as endpoint, pytest.raises(PromptError, match="the input is empty"):
        connect(endpoint.base_url).run(list[Row], " \n", chunk=500)


# Types and sizes


@pytest.mark.parametrize(
    ("output_type", "message"),
    [
        (int, "int has neither"),
        (dict[str, int], "has neither"),
        (Annotated[list[Row], Field(min_length=2)], "at least 2 items"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "has neither"),
    ],
    ids=["scalar", "map", "least", "schema"],
)
def test_a_type_that_is_neither_a_list_nor_an_object_is_rejected(
    connect: Connect, output_type: Any, message: str
) -> None:
    with Endpoint(perfect_list) as endpoint, pytest.raises(ConfigError, match=message):
        connect(endpoint.base_url).run(output_type, TEXT, chunk=500)
    assert not endpoint.requests


@pytest.mark.parametrize("chunk", [0, -1, 99, True, "large", 500.0, False])
def test_a_bad_size_is_rejected(connect: Connect, chunk: Any) -> None:
    with Endpoint(perfect_list) as endpoint:
        client = connect(endpoint.base_url)
        with pytest.raises(ConfigError, match=r"chunk= \(--chunk\) must be 'auto' or at least 100 characters"):
            client.run(list[Row], TEXT, chunk=chunk)
    assert not endpoint.requests


def test_a_schema_and_a_list_of_scalars_are_asked_in_chunks(connect: Connect) -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    with Endpoint(lambda body: json.dumps({"value": [row["name"] for row in rows_in(sent(body))]})) as endpoint:
        client = connect(endpoint.base_url)
        assert client.extract(schema, TEXT, chunk=500) == NAMES
        assert client.extract(set[str], TEXT, chunk=500) == {*NAMES}


def test_a_client_may_have_it_for_all_calls_and_streams_of_snapshots_reject_it() -> None:
    with Endpoint(perfect_list) as endpoint, structkit.Client("fake", base_url=endpoint.base_url, chunk=500) as client:
        assert natural(client.extract(list[Row], TEXT)) == ROWS
        count = len(endpoint.requests)
        assert count > 3
        client.extract(list[Row], TEXT, chunk=None)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        assert len(endpoint.requests) == count + 1
        with pytest.raises(ConfigError, match="use stream_items"):
            client.stream(list[Row], TEXT)


# Checks and failures


def test_checks_see_each_chunk_and_the_joined_value(connect: Connect) -> None:
    def check_length(rows: list[Row]) -> str | None:
        return "too many" if len(rows) > 100 else None

    with Endpoint(perfect_list) as endpoint:
        client = connect(endpoint.base_url)
        with pytest.raises(InvalidOutput, match="chunks of the text: each is valid, but together") as raised:
            client.run(list[Row], TEXT, chunk=600, checks=[check_length])
        result = client.run(list[Row], TEXT, chunk=600, checks=[structkit.soft(check_length)])
    assert sum(len(each.result.value) for each in raised.value.chunks) >= len(ROWS)
    assert result.warnings == (Issue((), "too many"),)


def test_an_async_check_sees_the_joined_value() -> None:
    import asyncio

    async def check_length(rows: list[Row]) -> str | None:
        return "too many" if len(rows) > 100 else None

    async def run(base_url: str, check: Any) -> Any:
        async with structkit.AsyncClient("fake", base_url=base_url) as client:
            return await client.run(list[Row], TEXT, chunk=600, checks=[check])

    with Endpoint(perfect_list) as endpoint:
        with pytest.raises(InvalidOutput, match="too many"):
            asyncio.run(run(endpoint.base_url, check_length))
        result = asyncio.run(run(endpoint.base_url, structkit.soft(check_length)))
    assert result.warnings == (Issue((), "too many"),)


def test_the_error_of_a_chunk_names_it_and_has_the_results_of_the_others(connect: Connect) -> None:
    def answer(body: Any) -> Any:
        if NAMES[60] in sent(body):
            return completion(None, refusal="No.")
        return perfect_list(body)

    with Endpoint(answer) as endpoint, pytest.raises(Refusal) as raised:
        connect(endpoint.base_url).run(list[Row], TEXT, chunk=600)
    error = raised.value
    assert re.match(r"chunk \d of \d of the text \(characters [\d,]+ to [\d,]+\): the model refused", str(error))
    refusal_count = sum(NAMES[60] in sent(body) for body in endpoint.requests)
    assert len(error.chunks) == len(endpoint.requests) - refusal_count
    assert all(natural(each.result.value) == rows_in(TEXT[each.start : each.end]) for each in error.chunks)
    assert len(error.attempts) == len(endpoint.requests)
    assert len(pickle.loads(pickle.dumps(error)).chunks) == len(error.chunks)


# Replies that are truncated


def short_list(body: Any, max_rows: int = 20) -> Any:
    """Answer like `perfect_list`, but no reply has room for more than so many rows."""
    rows = rows_in(sent(body))
    text = json.dumps({"value": rows[:max_rows]})
    return completion(text) if len(rows) <= max_rows else completion(text[:-4], finish_reason="length")


@pytest.mark.parametrize(
    "text", [TEXT, TEXT.replace("\n", " "), TEXT + "\n" + TEXT], ids=["lines", "one line", "twice"]
)
def test_a_chunk_whose_reply_is_truncated_is_asked_in_halves_and_each_item_is_once_in_the_list(
    connect: Connect, text: str
) -> None:
    with Endpoint(short_list) as endpoint:
        result = connect(endpoint.base_url).run(list[Row], text, chunk=1000, evidence=True, policy=NO_CONTINUATION)
    assert natural(result.value) == ROWS * text.count("Sales of May")
    assert len(result.attempts) == len(endpoint.requests)
    assert result.usage == sum((each.usage for each in result.attempts), structkit.Usage())
    for number, row in enumerate(result.value):
        span = result.evidence[number, "name"].spans[0]
        assert text[span.start : span.end] == row.name
        origin = result.provenance[number, "name"]
        assert row.name in sent({"messages": [result.attempts[origin.attempt - 1].request.messages[0].body]})


def test_a_chunk_that_is_too_short_to_divide_fails_and_the_rest_of_it_is_not_asked(connect: Connect) -> None:
    with Endpoint(lambda body: short_list(body, 0)) as endpoint, pytest.raises(structkit.Truncated) as raised:
        connect(endpoint.base_url).run(list[Row], TEXT, chunk="auto", policy=NO_CONTINUATION)
    lengths = [len(sent(body)) for body in endpoint.requests]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] >= 100
    assert len(lengths) <= 6
    assert len(raised.value.attempts) == len(lengths)
    assert re.match(r"chunk 1 of \d of the text \(characters 0 to [\d,]+\): the reply was truncated", str(raised.value))


def test_after_an_error_of_the_endpoint_no_other_chunk_is_sent(connect: Connect) -> None:
    no_key = Reply({"error": {"message": "no such key"}}, status=401)
    with Endpoint(no_key) as endpoint, pytest.raises(TransportError, match=r"chunk \d of"):
        connect(endpoint.base_url).run(list[Row], TEXT * 10, chunk=150)
    assert len(endpoint.requests) < 60
