"""A job over the Batch API whose process is killed with -9: at each moment, no row is lost, and none is paid for twice.

The moments are those of `benchmarks/batch_api_kills.py`, which does the same with 2,000 rows.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and signals")

BENCHMARKS = str(Path(__file__).parents[3] / "benchmarks")
OWN_MOMENTS = ("half of the requests collected", "half of the rows finished")
MOMENTS = (
    *OWN_MOMENTS,
    "before anything is sent",
    "POST /files, not stored",
    "POST /files, stored, no reply",
    "POST /batches, not accepted",
    "POST /batches, accepted, no reply",
    "the first poll",
    "the poll that finds it done",
    "before the output file",
    "half of the output file",
    "half of the error file",
    "half of an expired batch's file",
    "the second batch, accepted, no reply",
    "half of the second output file",
)


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return import_module("batch_api_kills")


def test_the_moments_are_those_of_the_benchmark(kills: ModuleType) -> None:
    assert (*kills.OWN_MOMENTS, *(moment.name for moment in kills.MOMENTS)) == MOMENTS


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_kill_9_no_row_is_lost_or_paid_for_twice(kills: ModuleType, moment: str) -> None:
    outcome = kills.run_moment(moment, 40)
    assert (outcome.unfinished, outcome.repeated, outcome.ambiguous) == (0, 0, 0)
    assert outcome.was_killed or moment in OWN_MOMENTS, "a moment of its own may pass between two looks"
