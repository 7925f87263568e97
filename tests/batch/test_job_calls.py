"""The arguments of a call in a job: hooks, async checks, and everything that a function declares."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationInfo, field_validator

import structkit
from structkit import Hooks, Policy
from structkit.batch.job import Job
from structkit.client.arguments import CallOptions
from structkit.dialects import Dialect, Size
from structkit.errors import ConfigError, JobError
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply, text_reply
from structkit.values import JSON

QUICK = Policy(wait_initial=0.001, attempts=2, retries=2)
GOOD, REJECTED = '{"tone": "good"}', '{"tone": "bad"}'


class Label(BaseModel):
    tone: Literal["good", "bad"]


class Five(BaseModel):
    a: int
    b: int
    c: int
    d: int
    e: int


def settings(endpoint: Endpoint, folder: Path) -> dict[str, Any]:
    base = {"output": folder / "out.jsonl", "model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
    return {**base, "concurrency": 1}


def job(endpoint: Endpoint, folder: Path, *texts: str, **call: Any) -> Job:
    arguments: dict[str, Any] = {"output_type": Label, "prompt": "Label: {text}", **settings(endpoint, folder)}
    arguments |= {name: call.pop(name) for name in (*arguments, "review_below", "limits") if name in call}
    arguments["call"] = {"policy": QUICK, **call}
    return Job(**arguments, source=[*texts])


def output_rows(folder: Path) -> list[JSON]:
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


class HookLog:
    """Records the calls of hooks."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hooks = Hooks(
            before_request=lambda request: self.calls.append("sent"),
            after_reply=lambda request, reply: self.calls.append(f"reply {type(reply).__name__}"),
            on_issue=lambda issue, attempt: self.calls.append("issue"),
            on_attempt=lambda attempt: self.calls.append(f"attempt {attempt.number} {len(attempt.issues)}"),
            on_abort=lambda request, error: self.calls.append(f"abort {type(error).__name__}"),
        )


def test_hooks_are_called_as_those_of_a_client(tmp_path: Path) -> None:
    job_log, client_log = HookLog(), HookLog()
    with Endpoint('{"tone": "unknown"}', GOOD) as endpoint:
        assert job(endpoint, tmp_path, "a", hooks=job_log.hooks).run().counts == {"done": 1}
    with Endpoint('{"tone": "unknown"}', GOOD) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="sk-test", policy=QUICK)
        client.extract(Label, "Label: a", hooks=client_log.hooks)
    assert job_log.calls == client_log.calls
    assert job_log.calls[:3] == ["sent", "reply Completion", "issue"]
    assert "abort" not in str(job_log.calls)


def test_a_retried_request_is_one_request_to_hooks(tmp_path: Path) -> None:
    log = HookLog()
    with Endpoint(Reply({"error": {"message": "busy"}}, status=503), GOOD) as endpoint:
        assert job(endpoint, tmp_path, "a", hooks=log.hooks).run().counts == {"done": 1}
        assert len(endpoint.requests) == 2
    assert log.calls == ["sent", "reply Completion", "attempt 1 0"]


def test_hooks_are_called_for_sent_requests_and_not_for_stored_replies(tmp_path: Path) -> None:
    first, second = HookLog(), HookLog()
    small = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
    locked = Reply({"error": {"message": "wrong key"}}, status=401)

    def answer(body: JSON) -> Reply:
        return (
            locked if "d" in body["response_format"]["json_schema"]["schema"]["properties"] else conforming_reply(body)
        )

    call: dict[str, Any] = {"output_type": Five, "dialect": small}
    with Endpoint(answer) as endpoint:
        assert not job(endpoint, tmp_path, "a", hooks=first.hooks, **call).run().is_complete
    with Endpoint() as endpoint:
        assert job(endpoint, tmp_path, "a", hooks=second.hooks, **call).run().is_complete
        assert len(endpoint.requests) == 1
    assert first.calls[:4] == ["sent", "reply Completion", "sent", "reply StatusError"]
    assert Counter(first.calls)["sent"] == 2
    assert second.calls == ["sent", "reply Completion", "attempt 1 0"]


def test_a_hook_that_raises_ends_the_run_and_loses_no_reply(tmp_path: Path) -> None:
    log = HookLog()

    def fail(attempt: Any) -> None:
        raise RuntimeError("no more")

    with Endpoint(GOOD) as endpoint:
        with pytest.raises(RuntimeError, match="no more"):
            job(endpoint, tmp_path, "a", "b", hooks=Hooks(on_attempt=fail, on_abort=log.hooks.on_abort)).run()
        assert log.calls == ["abort RuntimeError"]
        assert len(endpoint.requests) == 1
        assert job(endpoint, tmp_path, "a", "b").run().counts == {"done": 2}
        assert len(endpoint.requests) == 2


@pytest.mark.parametrize("moment", ["before_request", "after_reply"])
def test_a_request_that_a_hook_prevents_is_not_ambiguous(tmp_path: Path, moment: str) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError("no more")

    with Endpoint(GOOD) as endpoint:
        with pytest.raises(RuntimeError, match="no more"):
            job(endpoint, tmp_path, "a", hooks=Hooks(**{moment: fail})).run()
        report = job(endpoint, tmp_path, "a").run()
        assert report.ambiguous == ()
        assert report.counts == {"done": 1}
        assert len(endpoint.requests) == 1


def test_an_async_check_is_called_for_each_value(tmp_path: Path) -> None:
    async def gentle(label: Label) -> str | None:
        await asyncio.sleep(0)
        return "be kinder" if label.tone == "bad" else None

    with Endpoint(REJECTED, GOOD) as endpoint:
        assert job(endpoint, tmp_path, "a", "b", checks=[gentle]).run().counts == {"done": 2}
        assert len(endpoint.requests) == 3
        assert "be kinder" in str(endpoint.requests[1]["messages"])
    assert [row["tone"] for row in output_rows(tmp_path)] == ["good", "good"]
    assert [row["attempts"] for row in output_rows(tmp_path)] == [2, 1]


@pytest.mark.parametrize("raises", [False, True])
def test_a_row_whose_async_check_never_accepts_fails_alone(tmp_path: Path, raises: bool) -> None:
    async def picky(label: Label) -> str | None:
        if raises and label.tone == "bad":
            raise ValueError("cannot say")
        return "not that" if label.tone == "bad" else None

    with Endpoint(
        lambda body: text_reply(body, REJECTED) if "Label: a" in str(body) else conforming_reply(body)
    ) as endpoint:
        assert job(endpoint, tmp_path, "a", "b", checks=[picky]).run().counts == {"failed": 1, "done": 1}
    assert ("cannot say" if raises else "not that") in output_rows(tmp_path)[0]["message"]


def test_a_job_stops_at_a_check_of_another_outcome_and_resumes_with_a_correct_one(tmp_path: Path) -> None:
    with Endpoint(GOOD, GOOD) as endpoint:
        with pytest.raises(ConfigError, match="returned bool"):
            job(endpoint, tmp_path, "a", "b", checks=[lambda label: label.tone == "good"], concurrency=1).run()
        assert len(endpoint.requests) == 1
        assert job(endpoint, tmp_path, "a", "b", checks=[lambda label: None], concurrency=1).run().counts == {"done": 2}
        assert len(endpoint.requests) == 2


def test_everything_that_a_function_declares_holds_in_its_job(tmp_path: Path) -> None:
    log = HookLog()

    class Mood(BaseModel):
        tone: str

        @field_validator("tone")
        @classmethod
        def is_known(cls, tone: str, info: ValidationInfo) -> str:
            if info.context and tone not in info.context:
                raise ValueError("an unknown tone")
            return tone

    def short(mood: Mood) -> str | None:
        return "too long" if len(mood.tone) > 4 else None

    @structkit.prompt(
        Mood,
        model="declared",
        instructions="Be brief.",
        examples=[("Label: old", Mood(tone="bad"))],
        checks=[short],
        policy=Policy(attempts=3),
        context={"good", "bad", "wonderful"},
        temperature=0.5,
        max_tokens=77,
        mode="json_object",
        hooks=log.hooks,
    )
    def mood(text: str) -> str:
        return f"Label: {text}"

    with Endpoint('{"tone": "unknown"}', '{"tone": "wonderful"}', GOOD) as endpoint:
        arguments = {**settings(endpoint, tmp_path), "model": None}
        report = mood.label([{"text": "a"}], **{name: value for name, value in arguments.items() if value is not None})
        [first, second, third] = endpoint.requests
    assert report.counts == {"done": 1}
    assert (first["model"], first["temperature"], first["max_tokens"]) == ("declared", 0.5, 77)
    assert first["response_format"] == {"type": "json_object"}
    assert "Be brief." in first["messages"][0]["content"]
    assert "Label: old" in str(first["messages"])
    assert "an unknown tone" in str(second["messages"])
    assert "too long" in str(third["messages"])
    assert log.calls.count("sent") == 3


def test_a_function_with_columns_that_the_input_lacks_is_rejected_before_anything_is_sent(tmp_path: Path) -> None:
    @structkit.prompt(Label)
    def tone(review: str, title: str, language: str = "en") -> str:
        return f"{title}: {review} ({language})"

    with Endpoint() as endpoint:
        for source in ([{"id": 1, "text": "a"}], ["a"]):
            with pytest.raises(ConfigError, match=r"'review', 'title', but the columns of the input are: .*text"):
                tone.label(source, **settings(endpoint, tmp_path))
        assert not endpoint.requests
        assert not list(tmp_path.iterdir())
        assert tone.label([{"review": "a", "title": "b"}], **settings(endpoint, tmp_path)).is_complete


def test_an_input_without_rows_has_no_missing_column(tmp_path: Path) -> None:
    @structkit.prompt(Label)
    def tone(review: str) -> str:
        return review

    with Endpoint() as endpoint:
        assert tone.label([], **settings(endpoint, tmp_path)).rows == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("temperature", r"put it into call=\{'temperature': \.\.\.\}"),
        ("temprature", r"did you mean call=\{'temperature': \.\.\.\}"),
        ("max_retries", r"put it into call=\{\.\.\.\}: policy=structkit\.Policy\(retries"),
        ("timeout", r"structkit\.Policy\(timeout"),
        ("system", r"instructions="),
        ("response_model", r"use output_type="),
        ("messages", r"use prompt="),
        ("cache", r"client=structkit\.Client"),
        ("outputtype", r"did you mean 'output_type'"),
        ("frobnicate", r"Job has no argument 'frobnicate'$"),
    ],
)
def test_an_argument_that_a_job_does_not_have_is_told_where_it_belongs(name: str, hint: str) -> None:
    settings: Any = {"output_type": int, "prompt": "{text}", name: 3}
    with pytest.raises(TypeError, match=hint):
        Job([], None, **settings)


def test_an_argument_of_a_call_in_label_is_told_to_belong_to_the_options_of_the_function() -> None:
    @structkit.prompt
    def count(text: str) -> int:
        """Count: {text}"""
        raise NotImplementedError

    settings: Any = {"temperature": 0}
    with pytest.raises(TypeError, match=r"f\.with_options\(temperature="):
        count.label([{"text": "a"}], None, **settings)


@pytest.mark.parametrize(("name", "hint"), [("max_retries", "use retries="), ("retry", "did you mean 'retries'")])
def test_an_argument_that_a_policy_does_not_have_is_told_by_its_name(name: str, hint: str) -> None:
    settings: Any = {name: 3}
    with pytest.raises(TypeError, match=hint):
        Policy(**settings)


SESSION = """
def ask(row):
    {body}
"""


@pytest.mark.parametrize(
    "body", ["return f'Judge: {row[\"text\"]}'", "return 'Judge' if row['text'] in {'a', 'c'} else ''"]
)
def test_a_prompt_function_of_an_interactive_session_is_another_one_if_its_code_is(tmp_path: Path, body: str) -> None:
    def run(body: str, lines: int = 0) -> int:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec("\n" * lines + SESSION.format(body=body), namespace)
        return job(endpoint, tmp_path, "a", prompt=namespace["ask"]).run().counts["done"]

    with Endpoint(GOOD) as endpoint:
        assert run("return f'Label: {row[\"text\"]}'") == 1
        assert run("return f'Label: {row[\"text\"]}'", lines=3) == 1
        with pytest.raises(JobError, match="whose source cannot be read; digest of its code: ") as caught:
            run(body)
        assert caught.value.__context__ is None
    assert len(endpoint.requests) == 1


def test_a_run_that_ends_before_its_first_row_does_not_decide_what_the_job_is(tmp_path: Path) -> None:
    with Endpoint(GOOD) as endpoint:
        with pytest.raises(ConfigError, match=r"review_below .* needs a confidence"):
            job(endpoint, tmp_path, "a", review_below=0.5).run()
        assert [*tmp_path.iterdir()] == []
        with pytest.raises(JobError, match=r"limits server .* does not answer"):
            job(endpoint, tmp_path, "a", limits="http://127.0.0.1:9").run()
        assert job(endpoint, tmp_path, "a", prompt="Judge: {text}").run().counts["done"] == 1


def test_an_argument_that_is_none_is_as_one_that_is_missing(tmp_path: Path) -> None:
    names = sorted(CallOptions.__optional_keys__ - {"model"})
    with Endpoint(conforming_reply) as endpoint:
        assert job(endpoint, tmp_path, "a").run().counts == {"done": 1}
        for name in names:
            assert job(endpoint, tmp_path, "a", **{name: None}).run().counts == {"done": 1}, name
        assert len(endpoint.requests) == 1
