"""`confidence=`: how sure the model was of each scalar, by its tokens or by several replies."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import structkit
from structkit import ConfigError, InvalidOutput, JobError, Policy, StatusError
from structkit.review import ReviewTable, parse_choice
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, completion
from structkit.testing.scripted_reply import Reply
from structkit.values import JSON

Connect = Callable[..., Any]


class Letter(BaseModel):
    sender: str
    city: str | None = "Bonn"
    total: float | None
    tone: Literal["kind", "curt"]


VALUE = {"sender": "Zoé Ray", "city": "Kiel", "total": 12.5, "tone": "kind"}


def with_logprobs(text: str, logprobs: dict[str, float] | None = None, width: int = 3) -> JSON:
    """Return a completion whose tokens are parts of its bytes; those that are in an unsure text have its log."""
    data = text.encode()
    body = completion(text)
    entries = []
    for start in range(0, len(data), width):
        data_part = data[start : start + width]
        logprob = -0.01
        for unsure_part, part_logprob in (logprobs or {}).items():
            at = data.index(unsure_part.encode())
            if start < at + len(unsure_part.encode()) and at < start + width:
                logprob = part_logprob
        entries.append({"token": data_part.decode(errors="replace"), "bytes": [*data_part], "logprob": logprob})
    body["choices"][0]["logprobs"] = {"content": entries}
    return body


# Log probabilities


def test_the_confidence_of_a_scalar_is_that_of_its_least_sure_token(connect: Connect) -> None:
    text = json.dumps(VALUE, ensure_ascii=False)
    with Endpoint(with_logprobs(text, {"Kiel": -1, "kind": -2})) as endpoint:
        client = connect(endpoint.base_url)
        plain, result = client.run(Letter, "x"), client.run(Letter, "x", confidence="logprobs")
    assert plain.confidence is None
    rounded = {path: round(score, 2) for path, score in result.confidence.items()}
    assert rounded == {("sender",): 0.99, ("city",): 0.37, ("total",): 0.99, ("tone",): 0.14}
    assert result.confidence.below(0.5) == (("tone",), ("city",))
    assert result.confidence.lowest == result.confidence["tone",]
    assert result.confidence.keys() == result.provenance.keys()
    assert endpoint.requests[1] == {**endpoint.requests[0], "logprobs": True}, "no other request is sent"


def test_a_result_with_confidence_is_data(connect: Connect) -> None:
    with Endpoint(with_logprobs(json.dumps(VALUE), {"kind": -2})) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", confidence="auto")
    assert pickle.loads(pickle.dumps(result)).confidence == result.confidence
    assert json.loads(json.dumps(result.to_dict()))["confidence"][3]["path"] == "tone"
    assert "lowest confidence='0.14'" in repr(result)


def test_a_place_that_the_model_did_not_write_has_no_confidence(connect: Connect) -> None:
    text = json.dumps({"sender": "Ann", "total": None, "tone": "kind"})
    with Endpoint(with_logprobs(text)) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", confidence="logprobs", dialect="core")
    assert result.value.city == "Bonn"
    assert result.confidence["city",] is None
    assert result.confidence["total",] == pytest.approx(0.99, abs=0.01)


def test_a_re_asked_place_has_the_confidence_of_the_reply_that_wrote_it(connect: Connect) -> None:
    lines = [{"name": f"line {number} " + "x" * 40, "price": number} for number in range(8)]
    first = json.dumps({"lines": [*lines[:5], {**lines[5], "price": "dear"}, *lines[6:]]})
    patch = json.dumps({"lines_5_price": 5})

    class Line(BaseModel):
        name: str
        price: int

    class Bill(BaseModel):
        lines: list[Line]

    with Endpoint(with_logprobs(first, {"line 2": -1}), with_logprobs(patch, {"5}": -2})) as endpoint:
        result = connect(endpoint.base_url).run(Bill, "x", confidence="logprobs")
    assert result.provenance["lines", 5, "price"].how == "re-asked"
    assert round(result.confidence["lines", 5, "price"], 2) == 0.14
    assert round(result.confidence["lines", 2, "name"], 2) == 0.37
    assert round(result.confidence["lines", 7, "price"], 2) == 0.99


def test_maps_tuples_and_unions_have_their_confidence_in_the_names_of_the_type(connect: Connect) -> None:
    class Dog(BaseModel):
        breed: str

    class Car(BaseModel):
        doors: int

    class Garden(BaseModel):
        heights: dict[str, float]
        size: tuple[int, str]
        guest: Dog | Car

    value = Garden(heights={"oak": 3.5, "elm": 2}, size=(4, "m"), guest=Car(doors=3))
    text = json.dumps(structkit.ResponseFormat(Garden).dump(value))
    with Endpoint(with_logprobs(text, {"3.5": -1, '"m"': -2})) as endpoint:
        result = connect(endpoint.base_url).run(Garden, "x", confidence="logprobs")
    assert result.value == value
    rounded = {path: round(score, 1) for path, score in result.confidence.items()}
    assert rounded == {
        ("heights", "oak"): 0.4,
        ("heights", "elm"): 1.0,
        ("size", 0): 1.0,
        ("size", 1): 0.1,
        ("guest", "Car", "doors"): 1.0,
    }


def test_what_is_removed_for_want_of_evidence_has_no_confidence(connect: Connect) -> None:
    with Endpoint(with_logprobs(json.dumps(VALUE, ensure_ascii=False))) as endpoint:
        client = connect(endpoint.base_url, confidence="logprobs")
        result = client.run(Letter, "From Zoé Ray, Rome: 12.5", evidence="null")
    assert (result.value.city, result.confidence["city",]) == (None, None)
    assert result.confidence["total",] == pytest.approx(0.99, abs=0.01)


def test_a_call_of_a_tool_has_the_confidence_of_its_arguments_where_the_tokens_are_theirs(
    connect: Connect,
) -> None:
    text = json.dumps(VALUE)
    body = with_logprobs(text, {"kind": -2})
    function = {"name": "Letter", "arguments": text}
    body["choices"][0]["message"] = {"tool_calls": [{"id": "1", "type": "function", "function": function}]}
    with Endpoint(body) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", mode="tool", confidence="logprobs")
    assert round(result.confidence["tone",], 2) == 0.14


def test_an_endpoint_without_log_probabilities_is_an_error_where_they_are_required(connect: Connect) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        client = connect(endpoint.base_url)
        with pytest.raises(ConfigError, match="returns no log probabilities") as caught:
            client.run(Letter, "x", confidence="logprobs")
        assert len(caught.value.attempts) == 1, "what was paid is not lost"
        assert client.run(Letter, "x", confidence="auto").confidence is None


def test_a_route_that_rejects_log_probabilities_is_asked_for_them_once(connect: Connect) -> None:
    def reply(body: JSON) -> Any:
        if "logprobs" in body:
            return Reply({"error": {"message": "Unsupported parameter: logprobs", "param": "logprobs"}}, 400)
        return json.dumps(VALUE)

    with Endpoint(reply) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        assert client.run(Letter, "x", confidence="auto").confidence is None
        assert client.run(Letter, "x", confidence="auto").confidence is None
        assert len(endpoint.requests) == 3
        with pytest.raises(ConfigError, match="returns no log probabilities"):
            client.run(Letter, "x", confidence="logprobs")
        assert len(endpoint.requests) == 3, "nothing is sent"


def with_other_tokens(body: JSON) -> JSON:
    body["choices"][0]["message"]["content"] = json.dumps({**VALUE, "city": "Rome"})
    return body


def with_entry(entry: Any) -> Callable[[JSON], JSON]:
    def replace_entry(body: JSON) -> JSON:
        body["choices"][0]["logprobs"]["content"][3] = entry
        return body

    return replace_entry


class Options(BaseModel):
    limit: int | None = 5
    tone: Any = "curt"


def test_a_null_in_the_place_of_a_default_has_the_confidence_of_its_tokens(connect: Connect) -> None:
    with Endpoint(with_logprobs('{"limit": {"value": null}, "tone": {"value": null}}')) as endpoint:
        result = connect(endpoint.base_url).run(Options, "x", confidence="logprobs")
    assert result.value == Options(limit=None, tone=None)
    assert None not in result.confidence.values()


BROKEN_LOGPROBS = {
    "tokens of another text": with_other_tokens,
    "an entry that is null": with_entry(None),
    "an entry without a text": with_entry({"logprob": -1}),
    "a probability of null": with_entry({"token": "x", "logprob": None}),
    "a probability above 1": with_entry({"token": "x", "logprob": 2}),
    "a probability that no float is": with_entry({"token": "x", "logprob": -(10**400)}),
    "bytes that are none": with_entry({"token": "x", "bytes": [999], "logprob": -1}),
}


@pytest.mark.parametrize("choice", ["logprobs", "auto"])
@pytest.mark.parametrize("breakage", BROKEN_LOGPROBS)
def test_the_confidence_of_a_reply_with_broken_log_probabilities_is_unknown_and_its_value_is_valid(
    connect: Connect, breakage: str, choice: Any
) -> None:
    with Endpoint(BROKEN_LOGPROBS[breakage](with_logprobs(json.dumps(VALUE)))) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", confidence=choice)
    assert result.value.sender == VALUE["sender"]
    assert result.confidence is not None
    assert {*result.confidence.values()} == {None}
    assert len(endpoint.requests) == 1


def test_a_stream_has_the_confidence_of_its_result() -> None:
    with Endpoint(with_logprobs(json.dumps(VALUE), {"kind": -2})) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        result = client.stream(Letter, "x", confidence="auto").result()
    assert {path[0]: round(score or 0, 2) for path, score in (result.confidence or {}).items()} == {
        "sender": 0.99,
        "city": 0.99,
        "total": 0.99,
        "tone": 0.14,
    }


# Several replies


def test_the_confidence_of_several_replies_is_the_share_that_agrees(connect: Connect) -> None:
    replies = iter([{"tone": "curt"}, {}, {"sender": "zoé  RAY", "total": None}, {}])
    with Endpoint(lambda _: json.dumps({**VALUE, **next(replies)})) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", confidence=4)
    assert result.value == Letter(**VALUE), "the value is the one that agrees most with the others"
    assert dict(result.confidence) == {("sender",): 1, ("city",): 1, ("total",): 0.75, ("tone",): 0.75}
    assert len(result.attempts) == len(endpoint.requests) == 4
    assert result.usage.total_tokens == 60
    assert result.attempts[-1].completion is result.completion
    assert {origin.attempt for origin in result.provenance.values()} == {4}


def test_lists_are_compared_as_sets(connect: Connect) -> None:
    replies = iter([["a", "b"], ["b", "a"], ["b"], ["b", "a", "c"]])
    with Endpoint(lambda _: json.dumps({"value": next(replies)})) as endpoint:
        result = connect(endpoint.base_url).run(list[str], "x", confidence=4)
    assert sorted(result.value) == ["a", "b"]
    assert {result.value[path[0]]: score for path, score in result.confidence.items()} == {"a": 0.75, "b": 1}


def test_a_reply_without_a_value_agrees_with_none(connect: Connect) -> None:
    replies = iter(["nonsense", json.dumps(VALUE), json.dumps(VALUE), json.dumps(VALUE)])
    with Endpoint(lambda _: next(replies)) as endpoint:
        client = connect(endpoint.base_url, policy=Policy(attempts=1), mode="json_schema")
        result = client.run(Letter, "x", confidence=4)
    assert {*result.confidence.values()} == {0.75}
    with Endpoint("nonsense") as endpoint, pytest.raises(InvalidOutput) as caught:
        connect(endpoint.base_url, policy=Policy(attempts=1), mode="json_schema").run(Letter, "x", confidence=2)
    assert len(caught.value.attempts) == 2


def test_an_error_says_how_many_requests_all_calls_have_paid(connect: Connect) -> None:
    with Endpoint('{"tone": "kind"}') as endpoint, pytest.raises(InvalidOutput) as caught:
        connect(endpoint.base_url, policy=Policy(attempts=2), mode="json_schema").run(Letter, "x", confidence=3)
    assert len(caught.value.attempts) == len(endpoint.requests) == 6
    assert str(caught.value).startswith("none of 3 calls (6 requests) has a value: no valid letter in 2 attempts; ")


def test_a_fault_of_the_endpoint_is_no_vote_against_a_value(connect: Connect) -> None:
    replies = iter([Reply("down", 500), json.dumps(VALUE), json.dumps(VALUE)])
    with Endpoint(lambda _: next(replies)) as endpoint:
        result = connect(endpoint.base_url, policy=Policy(retries=0)).run(Letter, "x", confidence=3)
    assert {*result.confidence.values()} == {1}
    replies = iter([Reply("down", 500), json.dumps(VALUE)])
    with Endpoint(lambda _: next(replies)) as endpoint, pytest.raises(StatusError) as caught:
        connect(endpoint.base_url, policy=Policy(retries=0)).run(Letter, "x", confidence=2)
    assert any(attempt.completion for attempt in caught.value.attempts), "what was paid is not lost"


def test_each_reply_has_a_seed_of_its_own(connect: Connect) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        connect(endpoint.base_url).run(Letter, "x", confidence=3, seed=7)
    assert sorted(request["seed"] for request in endpoint.requests) == [7, 8, 9]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"confidence": 3, "temperature": 0}, "all the same at temperature=0"),
        ({"confidence": 3, "n": 2}, "leave n out"),
        ({"confidence": 1}, "from 2 to 100, not 1"),
        ({"confidence": True}, "not True"),
        ({"confidence": "high"}, "not 'high'"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_cannot_be_compared_is_an_error_before_anything_is_sent(
    connect: Connect, call: dict[str, Any], message: str
) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        with pytest.raises(ConfigError, match=message):
            connect(endpoint.base_url).run(Letter, "x", **call)
        assert not endpoint.requests


def test_streams_and_jobs_do_not_compare_replies(tmp_path: Path) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        with pytest.raises(ConfigError, match="argument of extract and run"):
            client.stream(Letter, "x", confidence=3)
        job = {"output_type": Letter, "prompt": "{text}", "client": client, "call": {"confidence": 3}}
        with pytest.raises(ConfigError, match="argument of extract and run"):
            structkit.Job([{"text": "x"}], tmp_path / "out.jsonl", **job, progress=False).run()
        assert not endpoint.requests


def test_a_job_has_a_column_with_the_confidence_and_one_with_the_lowest(tmp_path: Path) -> None:
    with Endpoint(with_logprobs(json.dumps(VALUE), {"kind": -2})) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url)
        job = {"output_type": Letter, "prompt": "{text}", "client": client, "call": {"confidence": "logprobs"}}
        structkit.Job([{"text": "x"}], tmp_path / "out.jsonl", **job, progress=False).run()
    [row] = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert round(row["lowest_confidence"], 2) == 0.14
    assert [each["path"] for each in row["confidence"]] == ["sender", "city", "total", "tone"]


def test_a_job_marks_the_rows_to_review_and_review_shows_just_these(tmp_path: Path) -> None:
    source = [{"id": "sure", "text": "x"}, {"id": "unsure", "text": "y"}]
    job: dict[str, Any] = {"output_type": Letter, "prompt": "{text}", "key": "id", "progress": False}
    for suffix in (".jsonl", ".csv", ".parquet"):
        output = tmp_path / f"out{suffix}"
        with Endpoint(
            lambda body: with_logprobs(json.dumps(VALUE), {"kind": -0.7 if "x" in str(body) else -2})
        ) as endpoint:
            client = structkit.Client("fake", base_url=endpoint.base_url, confidence="logprobs")
            report = structkit.Job(source, output, **job, client=client, review_below=0.4).run()
        rows = ReviewTable(open_source(str(output), key="id"), response_format(Letter))
        assert [(row.key, row.is_queued) for row in rows] == [("sure", False), ("unsure", True)]
        assert [row.key for row in parse_choice("low", uses_queue=True).choose(rows, 0.8)] == ["unsure"]
        assert len(parse_choice("low").choose(rows, 0.8)) == 2
        assert (report.to_review, "1 to review: structkit review --only low" in str(report)) == (1, True)


@pytest.mark.parametrize(
    ("limit", "confidence", "message"), [(0.5, None, "needs a confidence"), (7, "auto", "from 0 to 1")]
)
def test_a_limit_for_review_that_makes_no_sense_is_an_error_before_anything_is_sent(
    tmp_path: Path, limit: float, confidence: Any, message: str
) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, confidence=confidence)
        job = structkit.Job(
            [{"text": "x"}], tmp_path / "o.csv", output_type=Letter, prompt="{text}", client=client, review_below=limit
        )
        with pytest.raises(ConfigError, match=message):
            job.run()
        assert not endpoint.requests


# A stronger model


def by_model(small: Any, large: Any) -> Callable[[JSON], Any]:
    """Return what answers for each of two models."""
    return lambda body: large if body["model"] == "large" else small


BETTER = {**VALUE, "tone": "curt"}


def test_an_unsure_value_is_read_again_by_the_stronger_model(connect: Connect) -> None:
    replies = by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), with_logprobs(json.dumps(BETTER)))
    with Endpoint(replies) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", escalate="large", below=0.8)
    assert (result.value.tone, result.model) == ("curt", "large")
    assert [attempt.request.model for attempt in result.attempts] == ["fake", "large"]
    assert {origin.attempt for origin in result.provenance.values()} == {2}
    assert result.confidence.lowest == pytest.approx(0.99, abs=0.01)
    assert result.usage.total_tokens == 30


PLACES = Policy(escalation="places")


def test_the_stronger_model_may_be_asked_for_the_unsure_places_alone(connect: Connect) -> None:
    replies = by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), with_logprobs('{"tone": "curt"}'))
    with Endpoint(replies) as endpoint:
        client = connect(endpoint.base_url, escalate="large", below=0.8, policy=PLACES)
        result = client.run(Letter, "Zoé Ray, Kiel")
    assert result.value == Letter.model_validate({**VALUE, "tone": "curt"})
    assert {path[0]: origin.attempt for path, origin in result.provenance.items()} == {
        "sender": 1,
        "city": 1,
        "total": 1,
        "tone": 2,
    }
    assert min(result.confidence.values()) == pytest.approx(0.99, abs=0.01)
    schema = endpoint.requests[1]["response_format"]["json_schema"]["schema"]
    assert [*schema["properties"]] == ["tone"]
    assert "not sure of this value" in endpoint.requests[1]["messages"][-1]["content"]


def test_what_the_first_model_was_sure_of_keeps_its_confidence(connect: Connect) -> None:
    replies = by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), '{"tone": "curt"}')
    with Endpoint(replies) as endpoint:
        client = connect(endpoint.base_url, escalate="large", below=0.8, policy=PLACES)
        result = client.run(Letter, "x")
    assert (result.value.tone, result.confidence["tone",]) == ("curt", None)
    assert result.confidence["city",] == pytest.approx(0.99, abs=0.01)


@pytest.mark.parametrize("large", [Reply("down", 500), "nonsense"], ids=["down", "nonsense"])
def test_the_unsure_places_stay_where_the_stronger_model_has_none(connect: Connect, large: Any) -> None:
    with Endpoint(by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), large)) as endpoint:
        policy = Policy(attempts=1, retries=0, escalation="places")
        client = connect(endpoint.base_url, escalate="large", below=0.8, policy=policy, mode="json_schema")
        result = client.run(Letter, "x")
    assert (result.value.tone, result.model) == ("kind", "fake")
    assert "a stronger model was asked" in str(result.warnings[-1])


def test_a_value_without_parts_is_read_again_by_the_stronger_model(connect: Connect) -> None:
    with Endpoint(by_model(with_logprobs('{"value": "kind"}', {"kind": -2}), '{"value": "curt"}')) as endpoint:
        client = connect(endpoint.base_url, escalate="large", below=0.8, policy=PLACES)
        assert client.extract(Literal["kind", "curt"], "x") == "curt"


def test_a_sure_value_is_not_read_again(connect: Connect) -> None:
    with Endpoint(by_model(with_logprobs(json.dumps(VALUE)), "unused")) as endpoint:
        result = connect(endpoint.base_url, escalate="large", below=0.8).run(Letter, "x")
    assert (result.value.tone, len(endpoint.requests)) == ("kind", 1)


@pytest.mark.parametrize("large", [Reply("down", 500), "nonsense"], ids=["down", "nonsense"])
def test_the_unsure_value_stays_where_the_stronger_model_has_none(connect: Connect, large: Any) -> None:
    with Endpoint(by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), large)) as endpoint:
        policy = Policy(attempts=1, retries=0)
        client = connect(endpoint.base_url, escalate="large", below=0.8, policy=policy, mode="json_schema")
        result = client.run(Letter, "x")
    assert (result.value.tone, result.model) == ("kind", "fake")
    assert "a stronger model was asked" in str(result.warnings[-1])
    assert len(result.attempts) == 2
    assert round(result.confidence["tone",], 2) == 0.14


def test_the_stronger_model_may_have_no_log_probabilities(connect: Connect) -> None:
    replies = by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), json.dumps(BETTER))
    with Endpoint(replies) as endpoint:
        result = connect(endpoint.base_url).run(Letter, "x", escalate="large", below=0.8)
    assert (result.value.tone, result.confidence) == ("curt", None)


def test_the_stronger_model_is_asked_after_a_failure_too(connect: Connect) -> None:
    with Endpoint(by_model(Reply("down", 500), json.dumps(BETTER))) as endpoint:
        client = connect(endpoint.base_url, policy=Policy(retries=0))
        assert client.extract(Letter, "x", escalate="large", below=0.8).tone == "curt"


def test_replies_that_differ_lead_to_the_stronger_model(connect: Connect) -> None:
    replies = iter([VALUE, BETTER, VALUE])
    large = json.dumps({**VALUE, "city": "Rome"})
    with Endpoint(lambda body: large if body["model"] == "large" else json.dumps(next(replies))) as endpoint:
        result = connect(endpoint.base_url, escalate="large", below=0.9).run(Letter, "x", confidence=3)
    assert (result.value.city, result.model, len(result.attempts)) == ("Rome", "large", 4)
    assert {origin.attempt for origin in result.provenance.values()} == {4}


def test_evidence_of_the_stronger_model_counts(connect: Connect) -> None:
    replies = by_model(with_logprobs(json.dumps(VALUE), {"kind": -2}), json.dumps({**BETTER, "city": "Oslo"}))
    with Endpoint(replies) as endpoint:
        client = connect(endpoint.base_url, escalate="large", below=0.8, evidence="null")
        result = client.run(Letter, "Zoé Ray, Kiel, 12.5")
    assert (result.value.city, result.value.tone) == (None, "curt")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"escalate": "large"}, "pass both"),
        ({"below": 0.8}, "pass both"),
        ({"escalate": "large", "confidence": 3}, "pass both"),
        ({"escalate": "large", "below": 8}, "from 0 to 1, not 8"),
        ({"escalate": "", "below": 0.8}, "model"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_an_escalation_needs_a_model_and_a_limit(connect: Connect, call: dict[str, Any], message: str) -> None:
    with Endpoint(json.dumps(VALUE)) as endpoint:
        with pytest.raises(ConfigError, match=message):
            connect(endpoint.base_url).run(Letter, "x", **call)
        assert not endpoint.requests


def test_a_job_escalates_the_rows_that_are_unsure(tmp_path: Path) -> None:
    def reply(body: JSON) -> Any:
        if body["model"] == "large":
            return json.dumps(BETTER)
        return with_logprobs(json.dumps(VALUE), {"kind": -2} if "unclear" in str(body["messages"]) else None)

    with Endpoint(reply) as endpoint:
        client = structkit.Client("small", base_url=endpoint.base_url, escalate="large", below=0.8)
        rows = [{"text": "clear"}, {"text": "unclear"}]
        settings = {"output_type": Letter, "prompt": "{text}", "client": client, "columns": ("model",)}
        structkit.Job(rows, tmp_path / "out.jsonl", **settings, progress=False).run()
    lines = [*map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())]
    assert [(line["tone"], line["model"]) for line in lines] == [("kind", "small"), ("curt", "large")]
    assert [request["model"] for request in endpoint.requests].count("large") == 1


# Chunks of a long text


def test_each_item_has_the_confidence_of_the_chunk_that_owns_it(connect: Connect) -> None:
    words = [f"word{number:02d}" for number in range(40)]
    text = "\n".join(f"{word} {'and some more of it ' * 2}" for word in words)

    def answer(body: Any) -> JSON:
        matches = re.findall(r"word\d\d", body["messages"][0]["content"])
        logprobs = {word: -1.0 for word in matches if word.endswith("7")}
        return with_logprobs(json.dumps({"value": matches}), logprobs, width=1)

    with Endpoint(answer) as endpoint:
        result = connect(endpoint.base_url).run(list[str], text, chunk=300, confidence="logprobs")
        assert len(endpoint.requests) > 4
    assert result.value == words
    assert [*result.confidence] == [*result.provenance]
    assert [*result.confidence.below(0.5)] == [(7,), (17,), (27,), (37,)]


def test_several_replies_about_each_chunk_are_compared(connect: Connect) -> None:
    text = "\n".join(f"word{number:02d} and some more of it" for number in range(20))
    with Endpoint(
        lambda body: json.dumps({"value": re.findall(r"word\d\d", body["messages"][0]["content"])})
    ) as endpoint:
        result = connect(endpoint.base_url).run(list[str], text, chunk=200, confidence=2)
        assert len(result.attempts) == len(endpoint.requests)
    assert len(result.value) == 20
    assert {detail.replies for detail in result.confidence.details.values()} == {2}


@pytest.mark.parametrize("policy", [PLACES, Policy(show=True)], ids=["places", "form"])
def test_a_job_with_another_policy_that_changes_its_requests_is_another_job(tmp_path: Path, policy: Policy) -> None:
    with Endpoint(with_logprobs(json.dumps(VALUE))) as endpoint:
        client = structkit.Client("small", base_url=endpoint.base_url, escalate="large", below=0.8)
        settings = {"output_type": Letter, "prompt": "{text}", "client": client, "progress": False}
        structkit.Job([{"text": "x"}], tmp_path / "out.jsonl", **settings).run()
        with pytest.raises(JobError, match="changed"):
            structkit.Job([{"text": "x"}], tmp_path / "out.jsonl", **settings, call={"policy": policy}).run()
    assert len(endpoint.requests) == 1
