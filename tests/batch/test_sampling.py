"""A sample of a job: random, the same each time, and no reply of it is paid for twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structkit import Policy
from structkit.batch.job import Job
from structkit.batch.sampling import draw_sample
from structkit.errors import ConfigError
from structkit.tables.records import Record
from structkit.testing import Endpoint

TEXTS = [f"row-{number}" for number in range(40)]


def rows(texts: list[str]) -> list[dict[str, str]]:
    return [{"id": text.split()[0], "text": text} for text in texts]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Returns a function that makes this test's job with other settings."""

    def make(endpoint: Endpoint, source: Any, **settings: Any) -> Job:
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": bool, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test", "concurrency": 4}
        return Job(source=source, **{**base, **settings}, call={"policy": Policy(wait_initial=0.001)})

    return make


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in endpoint.requests)


def output_texts(job: Job) -> list[str]:
    return [json.loads(line)["text"] for line in Path(job.output).read_text().splitlines()]


def records(keys: list[str]) -> list[Record]:
    return [Record(ordinal, key, {}) for ordinal, key in enumerate(keys)]


def draw(keys: list[str], size: int, **settings: bool) -> list[str]:
    return [keys[ordinal] for ordinal in sorted(draw_sample(records(keys), size, **settings))]


def test_the_output_of_a_sample_has_only_its_rows_in_the_order_of_the_table(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    with Endpoint() as endpoint:
        label_job = job(endpoint, rows(TEXTS), sample=7)
        report = label_job.run()
        assert (report.rows, report.counts, report.is_complete) == (7, {"done": 7}, True)
        assert set(output_texts(label_job)) == set(request_counts(endpoint))
    assert output_texts(label_job) == [text for text in TEXTS if text in output_texts(label_job)]
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert (manifest["rows"], manifest["sample"], manifest["limit"], manifest["counts"]) == (7, 7, None, {"done": 7})


@pytest.mark.parametrize("key", [None, "id"])
def test_a_sample_sends_no_row_twice_and_the_full_job_sends_the_others(
    job: Callable[..., Job], key: str | None
) -> None:
    with Endpoint() as endpoint:
        first = job(endpoint, rows(TEXTS), key=key, sample=5)
        first.run()
        first_sample = output_texts(first)
        for size, total in ((5, 5), (12, 12), (3, 12), (40, 40), (99, 40)):
            label_job = job(endpoint, rows(TEXTS), key=key, sample=size)
            assert label_job.run().counts == {"done": min(size, 40)}
            assert len(endpoint.requests) == total
            assert (set(first_sample) <= set(output_texts(label_job))) == (size >= 5)
        full_job = job(endpoint, rows(TEXTS), key=key)
        assert full_job.run().counts == {"done": 40}
    assert request_counts(endpoint) == Counter(TEXTS)
    assert output_texts(full_job) == TEXTS


def test_the_full_job_reuses_the_replies_of_a_sample(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, rows(TEXTS), sample=9).run()
        sampled = set(request_counts(endpoint))
        del endpoint.requests[:]
        assert job(endpoint, rows(TEXTS)).run().is_complete
    assert request_counts(endpoint) == Counter(text for text in TEXTS if text not in sampled)


@pytest.mark.parametrize("key", [None, "id"])
@pytest.mark.parametrize(
    "edited",
    [
        ["first", *TEXTS],
        [*TEXTS[:20], "between", *TEXTS[20:]],
        TEXTS[1:],
        [*TEXTS[:12], *TEXTS[20:]],
        [f"{TEXTS[0]} edited", *TEXTS[1:]],
        [*reversed(TEXTS)],
    ],
    ids=["added", "inserted", "removed", "several removed", "edited", "reversed"],
)
def test_a_table_edited_after_its_sample_sends_only_the_other_rows(
    job: Callable[..., Job], key: str | None, edited: list[str]
) -> None:
    with Endpoint() as endpoint:
        job(endpoint, rows(TEXTS), key=key, sample=6).run()
        full_job = job(endpoint, rows(edited), key=key)
        assert full_job.run().counts == {"done": len(edited)}
        assert output_texts(full_job) == edited
        assert set(request_counts(endpoint).values()) == {1}
        assert set(edited) <= set(request_counts(endpoint)) <= set(edited) | set(TEXTS)
        del endpoint.requests[:]
        sample_job = job(endpoint, rows(edited), key=key, sample=6)
        assert sample_job.run().counts == {"done": 6}
    assert not endpoint.requests


def test_a_sample_of_the_first_rows(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        label_job = job(endpoint, rows(TEXTS), sample=4, limit=10)
        assert label_job.run().counts == {"done": 4}
        assert set(output_texts(label_job)) < set(TEXTS[:10])
        assert job(endpoint, rows(TEXTS), limit=10).run().counts == {"done": 10}
    assert request_counts(endpoint) == Counter(TEXTS[:10])


def test_a_sample_of_a_stream(job: Callable[..., Job]) -> None:
    def stream() -> Iterator[dict[str, str]]:
        yield from rows(TEXTS)

    with Endpoint() as endpoint:
        job(endpoint, stream(), sample=4).run()
        label_job = job(endpoint, stream(), sample=4)
        assert label_job.run().counts == {"done": 4}
    assert request_counts(endpoint) == Counter(output_texts(label_job))


@pytest.mark.parametrize(
    "invalid",
    [{"sample": 0}, {"grace": -1.0}, {"grace": float("inf")}, {"output": "-"}, {"output": Path("-")}],
    ids=str,
)
def test_invalid_settings_are_rejected_before_anything_is_opened(
    job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invalid: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint() as endpoint, pytest.raises(ConfigError):
        job(endpoint, rows(TEXTS), **invalid).run()
    assert not [*tmp_path.iterdir()]


KEYS = st.lists(st.text(max_size=5), unique=True, max_size=60)


@given(KEYS, st.integers(1, 70), st.randoms(use_true_random=False))
def test_rows_with_keys_are_drawn_at_any_position(keys: list[str], size: int, random: Any) -> None:
    shuffled = random.sample(keys, len(keys))
    sample = draw(keys, size, is_keyed=True)
    assert len(sample) == min(size, len(keys))
    assert set(draw(shuffled, size, is_keyed=True)) == set(sample)
    assert set(sample) <= set(draw(keys, size + 1, is_keyed=True))


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 70))
def test_a_larger_sample_contains_the_smaller_one_also_of_equal_rows(keys: list[str], size: int) -> None:
    smaller, larger = draw_sample(records(keys), size), draw_sample(records(keys), size + 1)
    assert smaller <= larger
    assert len(smaller) == min(size, len(keys))


def test_a_row_that_fills_half_the_table_is_about_half_the_sample() -> None:
    keys = [text for number in range(500) for text in ("equal", f"row {number}")]
    assert 70 <= draw(keys, 200).count("equal") <= 130


def test_an_additional_row_changes_a_sample_by_one_row_at_most() -> None:
    keys = [f"row {number}" for number in range(300)]
    before = set(draw(keys, 30))
    for position in range(0, 300, 7):
        assert len(before - set(draw([*keys[:position], "more", *keys[position:]], 30))) <= 1
