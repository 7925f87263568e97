"""While a job runs, Python looks for reference cycles less often; what the caller has set stays or comes back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import structkit
from structkit.batch.collection_rate import JOB_THRESHOLD, CollectionRate
from structkit.testing import Endpoint


@pytest.fixture(autouse=True)
def threshold() -> Iterator[None]:
    """Restore the threshold of the tests."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_threshold_is_higher_during_a_job_and_restored_after_it(tmp_path: Path) -> None:
    thresholds = []

    def prompt(row: dict[str, str]) -> str:
        thresholds.append(gc.get_threshold())
        return row["text"]

    with Endpoint('{"value": 3}') as endpoint:
        job = structkit.Job(
            [{"text": "x"}],
            tmp_path / "out.jsonl",
            output_type=int,
            prompt=prompt,
            model="m",
            base_url=endpoint.base_url,
            api_key="k",
        )
        job.run()
    assert thresholds == [(JOB_THRESHOLD, 10, 10)]
    assert gc.get_threshold() == (700, 10, 10)


def test_the_last_of_several_jobs_restores_the_threshold() -> None:
    rate = CollectionRate()
    with rate.lower():
        with rate.lower():
            pass
        assert gc.get_threshold() == (JOB_THRESHOLD, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("before", [(0, 10, 10), (50_000, 5, 5)], ids=["switched off", "higher"])
def test_a_threshold_of_the_caller_stays(before: tuple[int, int, int]) -> None:
    gc.set_threshold(*before)
    with CollectionRate().lower():
        assert gc.get_threshold() == before
    assert gc.get_threshold() == before


def test_a_threshold_that_is_set_during_a_job_stays() -> None:
    with CollectionRate().lower():
        gc.set_threshold(1_000, 10, 10)
    assert gc.get_threshold() == (1_000, 10, 10)


def test_an_exception_restores_the_threshold() -> None:
    with pytest.raises(KeyboardInterrupt), CollectionRate().lower():
        raise KeyboardInterrupt
    assert gc.get_threshold() == (700, 10, 10)
