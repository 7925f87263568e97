"""Figures for a collection of real-world schemas, with valid and invalid values of each.

The collection is beside the repository, not part of it; its README names the sources.
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

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*not a keyword of JSON Schema", "ignore:.*look like properties", "ignore:.*none of its keys"
)

FILE = pathlib.Path(__file__).parents[3] / "shared" / "schemas" / "real_world.jsonl.gz"

MIN_CORRECT = 0.9995
"""Share of schemas with a strict payload, every valid value back equal and every invalid one rejected."""

MIN_STOPPED = 0.941
"""Share of invalid values that the strict schema itself stops: they have no wire form, or one that breaks it."""

MAX_SIZE_RATIO = 1.25
"""Characters of all strict schemas over those of the originals."""

MAX_OPEN_SIZE_RATIO = 1.46
"""The same where all that a schema allows is asked for: other keys, and absent beside null."""

MAX_CRASHED = 0
"""Schemas at which another error than a SchemaError or an InvalidOutput was raised."""


@dataclass
class Score:
    """The faults of one schema by kind, and its parts of the figures."""

    name: str
    faults: list[tuple[str, str]] = field(default_factory=list)
    invalid: int = 0
    stopped: int = 0
    size: int = 0
    strict_size: int = 0
    skeleton_size: int = 0
    closed_size: int = 0

    def add_fault(self, kind: str, detail: Any = "") -> None:
        self.faults.append((kind, str(detail)[:300]))


@pytest.fixture(scope="module")
def scores(strict_faults, wire_errors, is_equal) -> list[Score]:
    """Every schema of the collection, scored."""
    if not FILE.exists():
        pytest.skip(f"the collection of real-world schemas is not at {FILE}")
    scorer = Scorer(strict_faults, wire_errors, is_equal)
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [scorer.score(json.loads(line)) for line in lines]


@dataclass
class Scorer:
    strict_faults: Any
    wire_errors: Any
    is_equal: Any

    def score(self, row: dict[str, Any]) -> Score:
        score = Score(row["name"], invalid=sum(not test["valid"] for test in row["tests"]))
        try:
            response_format = ResponseFormat(row["schema"], extras="open")
            schema = response_format.schema
        except Exception as error:  # noqa: BLE001 (the figures count them by kind)
            score.add_fault("compile", repr(error))
            return score
        score.size, score.strict_size = len(json.dumps(row["schema"])), len(json.dumps(schema))
        score.skeleton_size = len(skeleton(schema))
        score.closed_size = len(json.dumps(ResponseFormat(row["schema"]).schema))
        for fault in self.strict_faults(schema):
            score.add_fault("not strict", fault)
        for test in row["tests"]:
            (self.valid if test["valid"] else self.invalid)(response_format, test["data"], score)
        return score

    def valid(self, response_format: ResponseFormat[Any], value: Any, score: Score) -> None:
        try:
            wire = response_format.dump(value)
            for error in self.wire_errors(response_format.schema, wire):
                score.add_fault("does not conform", error)
            if not self.is_equal(response_format.load(wire), value):
                score.add_fault("load is not equal", value)
            if not self.is_equal(response_format.parse(json.dumps(wire)), value):
                score.add_fault("parse is not equal", value)
        except Exception as error:  # noqa: BLE001 (as above)
            score.add_fault("valid value rejected", repr(error))

    def invalid(self, response_format: ResponseFormat[Any], value: Any, score: Score) -> None:
        try:
            wire = response_format.dump(value)
        except SchemaError:
            wire, stopped = value, True
        except Exception as error:  # noqa: BLE001 (as above)
            score.add_fault("dump", repr(error))
            wire, stopped = value, True
        else:
            stopped = bool(self.wire_errors(response_format.schema, wire))
        score.stopped += stopped
        try:
            response_format.parse(json.dumps(wire))
        except InvalidOutput:
            return
        except Exception as error:  # noqa: BLE001 (as above)
            score.add_fault("parse", repr(error))
        else:
            score.add_fault("invalid value accepted", value)


def test_schemas_and_values_are_handled_correctly(scores):
    correct = sum(not score.faults for score in scores) / len(scores)
    kinds = Counter(kind for score in scores for kind in {kind for kind, _ in score.faults})
    print(f"\ncorrect: {correct:.4f} of {len(scores)} schemas; faults by schemas: {dict(kinds.most_common())}")
    for kind in kinds:
        some = [(score.name, detail) for score in scores for fault, detail in score.faults if fault == kind]
        print(*(f"  {kind}: {name}: {detail}" for name, detail in some[:5]), sep="\n")
    assert correct >= MIN_CORRECT


def test_invalid_values_are_stopped_by_the_strict_schema_itself(scores):
    stopped = sum(score.stopped for score in scores) / sum(score.invalid for score in scores)
    print(f"\ninvalid values stopped by the strict schema: {stopped:.4f}")
    assert stopped >= MIN_STOPPED


def test_the_strict_schemas_are_not_much_longer_than_the_originals(scores):
    size = sum(score.size for score in scores)
    closed = sum(score.closed_size for score in scores) / size
    full = sum(score.strict_size for score in scores) / size
    print(f"\nsize of the strict schemas: {closed:.3f} of the originals, {full:.3f} with all that they allow")
    assert closed <= MAX_SIZE_RATIO
    assert full <= MAX_OPEN_SIZE_RATIO


def test_no_skeleton_is_longer_than_its_schema(scores):
    ratio = sum(score.skeleton_size for score in scores) / sum(score.strict_size for score in scores)
    print(f"\nsize of the skeletons: {ratio:.3f} of the strict schemas")
    assert [score.name for score in scores if score.skeleton_size > score.strict_size] == []
    assert ratio < 0.7


def test_only_structkit_errors_are_raised(scores):
    expected = ("SchemaError(", "InvalidOutput(")
    kinds = ("compile", "valid value rejected", "dump", "parse")
    crashed = [
        f"{score.name}: {kind}: {detail}"
        for score in scores
        for kind, detail in score.faults
        if kind in kinds and not detail.startswith(expected)
    ]
    print("", *crashed[:20], sep="\n")
    assert len({line.partition(":")[0] for line in crashed}) <= MAX_CRASHED
