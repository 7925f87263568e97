"""Schemas that nobody here wrote, with valid and invalid values of each: the figures, as they are reached.

The collection lies beside the repository (its README says where from) and is not part of it.
"""

# ruff: noqa: T201 (the figures are printed)

import gzip
import json
import pathlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.prompts import skeleton

FILE = pathlib.Path(__file__).parents[3] / "shared" / "schemas" / "real_world.jsonl.gz"

RIGHT = 0.9995
"""Share of schemas with a strict payload, every valid value back equal and every invalid one refused. To reach: 0.998."""

STOPPED = 0.941
"""Share of invalid values that the strict schema itself stops: no wire form, or one that breaks it. The aim was 0.93."""

SIZE = 1.38
"""Characters of all strict schemas over those of the originals, at most. The aim was 1.4."""

CRASHED = 0
"""Schemas at which something else than a SchemaError or an InvalidOutput got out. To stay so."""


@dataclass
class Score:
    """What came of one schema: its faults by kind, and the parts of the figures."""

    name: str
    faults: list[tuple[str, str]] = field(default_factory=list)
    invalid: int = 0
    stopped: int = 0
    size: int = 0
    strict_size: int = 0
    skeleton_size: int = 0

    def blame(self, kind: str, detail: Any = "") -> None:
        self.faults.append((kind, str(detail)[:300]))


@pytest.fixture(scope="module")
def scores(strict_faults, wire_errors, same) -> list[Score]:
    """Every schema of the collection, scored."""
    if not FILE.exists():
        pytest.skip(f"the collection of real-world schemas is not at {FILE}")
    judge = Judge(strict_faults, wire_errors, same)
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [judge.score(json.loads(line)) for line in lines]


@dataclass
class Judge:
    strict_faults: Any
    wire_errors: Any
    same: Any

    def score(self, row: dict[str, Any]) -> Score:
        score = Score(row["name"], invalid=sum(not test["valid"] for test in row["tests"]))
        try:
            response_format = ResponseFormat(row["schema"])
            schema = response_format.schema
        except Exception as error:  # noqa: BLE001 (which one is what the figures tell)
            score.blame("compile", repr(error))
            return score
        score.size, score.strict_size = len(json.dumps(row["schema"])), len(json.dumps(schema))
        score.skeleton_size = len(skeleton(schema))
        for fault in self.strict_faults(schema):
            score.blame("not strict", fault)
        for test in row["tests"]:
            (self.valid if test["valid"] else self.invalid)(response_format, test["data"], score)
        return score

    def valid(self, response_format: ResponseFormat[Any], value: Any, score: Score) -> None:
        try:
            wire = response_format.dump(value)
            for error in self.wire_errors(response_format.schema, wire):
                score.blame("does not conform", error)
            if not self.same(response_format.load(wire), value):
                score.blame("load is not equal", value)
            if not self.same(response_format.parse(json.dumps(wire)), value):
                score.blame("parse is not equal", value)
        except Exception as error:  # noqa: BLE001 (as above)
            score.blame("valid value refused", repr(error))

    def invalid(self, response_format: ResponseFormat[Any], value: Any, score: Score) -> None:
        try:
            wire = response_format.dump(value)
        except SchemaError:
            wire, stopped = value, True
        except Exception as error:  # noqa: BLE001 (as above)
            score.blame("dump", repr(error))
            wire, stopped = value, True
        else:
            stopped = bool(self.wire_errors(response_format.schema, wire))
        score.stopped += stopped
        try:
            response_format.parse(json.dumps(wire))
        except InvalidOutput:
            return
        except Exception as error:  # noqa: BLE001 (as above)
            score.blame("parse", repr(error))
        else:
            score.blame("invalid value accepted", value)


def test_schemas_are_entirely_right(scores):
    right = sum(not score.faults for score in scores) / len(scores)
    kinds = Counter(kind for score in scores for kind in {kind for kind, _ in score.faults})
    print(f"\nentirely right: {right:.4f} of {len(scores)} schemas; faults by schemas: {dict(kinds.most_common())}")
    for kind in kinds:
        some = [(score.name, detail) for score in scores for found, detail in score.faults if found == kind]
        print(*(f"  {kind}: {name}: {detail}" for name, detail in some[:5]), sep="\n")
    assert right >= RIGHT


def test_invalid_values_are_stopped_by_the_strict_schema_itself(scores):
    stopped = sum(score.stopped for score in scores) / sum(score.invalid for score in scores)
    print(f"\ninvalid values stopped by the strict schema: {stopped:.4f}")
    assert stopped >= STOPPED


def test_the_strict_schemas_are_not_much_longer_than_the_originals(scores):
    ratio = sum(score.strict_size for score in scores) / sum(score.size for score in scores)
    print(f"\nsize of the strict schemas: {ratio:.3f} of the originals")
    assert ratio <= SIZE


def test_no_skeleton_is_longer_than_the_schema_it_stands_for(scores):
    ratio = sum(score.skeleton_size for score in scores) / sum(score.strict_size for score in scores)
    print(f"\nsize of the skeletons: {ratio:.3f} of the strict schemas")
    assert [score.name for score in scores if score.skeleton_size > score.strict_size] == []
    assert ratio < 0.7


def test_nothing_but_our_own_errors_gets_out(scores):
    ours = ("SchemaError(", "InvalidOutput(")
    kinds = ("compile", "valid value refused", "dump", "parse")
    crashed = [
        f"{score.name}: {kind}: {detail}"
        for score in scores
        for kind, detail in score.faults
        if kind in kinds and not detail.startswith(ours)
    ]
    print("", *crashed[:20], sep="\n")
    assert len({line.partition(":")[0] for line in crashed}) <= CRASHED
