"""A sample of a job: fair, the same each time, and no answer of it is paid for again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
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
    """Makes the job of this test, with other settings each time."""

    def make(endpoint: Endpoint, source: Any, **settings: Any) -> Job:
        base: dict[str, Any] = {"output": tmp_path / "out.jsonl", "output_type": bool, "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test", "concurrency": 4}
        return Job(source=source, **{**base, **settings}, call={"policy": Policy(wait_initial=0.001)})

    return make


def asked(endpoint: Endpoint) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in endpoint.requests)


def written(job: Job) -> list[str]:
    return [json.loads(line)["text"] for line in Path(job.output).read_text().splitlines()]


def records(keys: list[str]) -> list[Record]:
    return [Record(ordinal, key, {}) for ordinal, key in enumerate(keys)]


def drawn(keys: list[str], size: int, **settings: bool) -> list[str]:
    return [keys[ordinal] for ordinal in sorted(draw_sample(records(keys), size, **settings))]


def test_a_sample_is_written_alone_and_in_the_order_of_the_table(job: Callable[..., Job], tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        made = job(endpoint, rows(TEXTS), sample=7)
        report = made.run()
        assert (report.rows, report.counts, report.is_complete) == (7, {"done": 7}, True)
        assert set(written(made)) == set(asked(endpoint))
    assert written(made) == [text for text in TEXTS if text in written(made)]
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert (manifest["rows"], manifest["sample"], manifest["limit"], manifest["counts"]) == (7, 7, None, {"done": 7})


@pytest.mark.parametrize("key", [None, "id"])
def test_the_same_sample_asks_nothing_twice_and_the_whole_asks_for_the_rest(
    job: Callable[..., Job], key: str | None
) -> None:
    with Endpoint() as endpoint:
        first = job(endpoint, rows(TEXTS), key=key, sample=5)
        first.run()
        tried = written(first)
        for size, total in ((5, 5), (12, 12), (3, 12), (40, 40), (99, 40)):
            made = job(endpoint, rows(TEXTS), key=key, sample=size)
            assert made.run().counts == {"done": min(size, 40)}
            assert len(endpoint.requests) == total
            assert (set(tried) <= set(written(made))) == (size >= 5)
        whole = job(endpoint, rows(TEXTS), key=key)
        assert whole.run().counts == {"done": 40}
    assert asked(endpoint) == Counter(TEXTS)
    assert written(whole) == TEXTS


def test_the_whole_keeps_what_a_sample_was_answered(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        job(endpoint, rows(TEXTS), sample=9).run()
        sampled = set(asked(endpoint))
        del endpoint.requests[:]
        assert job(endpoint, rows(TEXTS)).run().is_complete
    assert asked(endpoint) == Counter(text for text in TEXTS if text not in sampled)


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
def test_a_table_edited_after_its_sample_is_asked_for_the_rest_alone(
    job: Callable[..., Job], key: str | None, edited: list[str]
) -> None:
    with Endpoint() as endpoint:
        job(endpoint, rows(TEXTS), key=key, sample=6).run()
        whole = job(endpoint, rows(edited), key=key)
        assert whole.run().counts == {"done": len(edited)}
        assert written(whole) == edited
        assert set(asked(endpoint).values()) == {1}
        assert set(edited) <= set(asked(endpoint)) <= set(edited) | set(TEXTS)
        del endpoint.requests[:]
        again = job(endpoint, rows(edited), key=key, sample=6)
        assert again.run().counts == {"done": 6}
    assert not endpoint.requests


def test_a_sample_of_the_first_rows(job: Callable[..., Job]) -> None:
    with Endpoint() as endpoint:
        made = job(endpoint, rows(TEXTS), sample=4, limit=10)
        assert made.run().counts == {"done": 4}
        assert set(written(made)) < set(TEXTS[:10])
        assert job(endpoint, rows(TEXTS), limit=10).run().counts == {"done": 10}
    assert asked(endpoint) == Counter(TEXTS[:10])


def test_a_sample_of_a_stream(job: Callable[..., Job]) -> None:
    def stream() -> Iterator[dict[str, str]]:
        yield from rows(TEXTS)

    with Endpoint() as endpoint:
        job(endpoint, stream(), sample=4).run()
        made = job(endpoint, stream(), sample=4)
        assert made.run().counts == {"done": 4}
    assert asked(endpoint) == Counter(written(made))


@pytest.mark.parametrize(
    "wrong", [{"sample": 0}, {"grace": -1.0}, {"grace": float("inf")}, {"output": "-"}, {"output": Path("-")}], ids=str
)
def test_what_cannot_be_had_is_refused_before_anything_is_opened(
    job: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint() as endpoint, pytest.raises(ConfigError):
        job(endpoint, rows(TEXTS), **wrong).run()
    assert not [*tmp_path.iterdir()]


KEYS = st.lists(st.text(max_size=5), unique=True, max_size=60)


@settings(deadline=None)
@given(KEYS, st.integers(1, 70), st.randoms(use_true_random=False))
def test_rows_with_keys_are_drawn_wherever_they_stand(keys: list[str], size: int, chance: Any) -> None:
    moved = chance.sample(keys, len(keys))
    found = drawn(keys, size, is_keyed=True)
    assert len(found) == min(size, len(keys))
    assert set(drawn(moved, size, is_keyed=True)) == set(found)
    assert set(found) <= set(drawn(keys, size + 1, is_keyed=True))


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 70))
def test_a_larger_sample_holds_the_smaller_one_also_of_equal_rows(keys: list[str], size: int) -> None:
    smaller, larger = draw_sample(records(keys), size), draw_sample(records(keys), size + 1)
    assert smaller <= larger
    assert len(smaller) == min(size, len(keys))


def test_a_row_that_fills_half_the_table_is_about_half_the_sample() -> None:
    keys = [text for number in range(500) for text in ("alike", f"row {number}")]
    assert 70 <= drawn(keys, 200).count("alike") <= 130


def test_a_row_more_changes_a_sample_by_one_row_at_most() -> None:
    keys = [f"row {number}" for number in range(300)]
    before = set(drawn(keys, 30))
    for place in range(0, 300, 7):
        assert len(before - set(drawn([*keys[:place], "more", *keys[place:]], 30))) <= 1
