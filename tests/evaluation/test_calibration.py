"""Calibration: chances per field from gold, and honest figures about them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import BaseModel

import structkit
from structkit import ConfigError, InvalidOutput
from structkit.evaluation import Calibration
from structkit.evaluation.calibration import LabelledConfidence
from structkit.evaluation.trust_curve import trust_curve
from structkit.values import Result
from structkit.values.confidence_map import Confidence, ConfidenceMap


class Bill(BaseModel):
    total: float
    lines: list[str]


def result(value: Any, scores: dict[Any, float]) -> Result[Any]:
    """Return a result whose scalars have these confidences."""
    details = {path: Confidence(score) for path, score in scores.items()}
    return Result(value, (), (), "json_schema", confidence=ConfidenceMap(details))


def bills(count: int, seed: int = 1) -> tuple[list[Bill], list[Result[Bill]]]:
    """Return gold and results whose totals are right with the chance that their confidence says, halved."""
    random = Random(seed)
    gold, results = [], []
    for number in range(count):
        score = random.random()
        total = float(number if random.random() < score / 2 else -1)
        gold.append(Bill(total=number, lines=["a", "b"]))
        value = Bill(total=total, lines=["b", "x", "a"])
        results.append(result(value, {("total",): score, ("lines", 0): 0.9, ("lines", 1): 0.1, ("lines", 2): 0.8}))
    return gold, results


def test_a_chance_is_the_share_that_is_right_at_that_confidence() -> None:
    gold, results = bills(2_000)
    calibration = Calibration.fit(gold, results)
    low, high = (calibration.apply(result(Bill(total=1, lines=[]), {("total",): score})) for score in (0.05, 0.95))
    assert low["total",] == pytest.approx(0.05, abs=0.07)
    assert high["total",] == pytest.approx(0.47, abs=0.1)
    field = calibration.fields["total"]
    assert field.error is not None
    assert field.error < 0.05
    assert field.labels == 2_000


def test_items_of_a_list_belong_to_gold_wherever_they_stand() -> None:
    gold, results = bills(40)
    field = Calibration.fit(gold, results).fields["lines[]"]
    assert (field.labels, field.right) == (120, 80)
    assert field.ranking == 1


def test_a_field_with_few_labels_says_so_and_has_no_chance() -> None:
    gold, results = bills(29)
    calibration = Calibration.fit(gold, results)
    assert calibration.fields["total"].reason == "29 labelled values: at least 30 are needed"
    chances = calibration.apply(results[0])
    assert chances["total",] is None
    assert chances["lines", 0] is not None


def test_a_field_that_is_always_right_is_no_certainty() -> None:
    values = [LabelledConfidence("a", 0.9, None, is_right=True)] * 48
    assert Calibration.fit_values(values).fields["a"].chance(0.1, is_missing=None) == pytest.approx(49 / 50)


def test_evidence_counts_where_all_values_have_it() -> None:
    random = Random(3)
    rows = [(random.random() < 0.5, random.random()) for _ in range(400)]
    values = [LabelledConfidence("a", score, missing, not missing) for missing, score in rows]
    field = Calibration.fit_values(values).fields["a"]
    present, absent = field.chance(0.5, is_missing=False), field.chance(0.5, is_missing=True)
    assert present is not None
    assert absent is not None
    assert present > 0.9
    assert absent < 0.1
    assert field.chance(0.5, is_missing=None) is None


def test_a_calibration_is_a_file(tmp_path: Path) -> None:
    gold, results = bills(60)
    calibration = Calibration.fit(gold, results)
    calibration.save(tmp_path / "calibration.json")
    loaded = Calibration.load(tmp_path / "calibration.json")
    assert loaded == calibration
    assert loaded.apply(results[0]) == calibration.apply(results[0])
    assert "| lines[] | 180 |" in loaded.table()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "fields": []}', '{"version": 1, "fields": [{}]}'])
def test_another_file_is_no_calibration(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ConfigError, match="calibration"):
        Calibration.load(tmp_path / "x.json")


def test_errors_are_passed_over_and_results_without_confidence_rejected() -> None:
    gold, results = bills(40)
    calibration = Calibration.fit(gold, [InvalidOutput("none"), *results[1:]])
    assert calibration.fields["total"].labels == 39
    with pytest.raises(ConfigError, match="pass confidence= to the calls"):
        Calibration.fit(gold[:1], [Result(gold[0], (), (), "json_schema")])
    with pytest.raises(ConfigError, match="40 values for 1 results"):
        Calibration.fit(gold, results[:1])


def test_the_curve_has_the_rows_with_the_surest_values_first() -> None:
    gold = [{"a": number} for number in range(100)]
    got = [{"a": number if number < 80 else -1} for number in range(100)]
    score = structkit.evaluate(gold, got)
    confidence = {str(number + 1): 1 - number / 100 for number in range(90)}
    curve = trust_curve(score, confidence)
    assert [(point.rows, point.precision) for point in curve.points][-3:] == [(72, 1), (81, 80 / 81), (90, 80 / 90)]
    assert curve.unknown_rows == 10
    assert "| 100% | 90 | 0.110 | 0.889 | 0.889 |" in curve.table()
    assert json.loads(json.dumps(curve.to_dict()))["points"][0]["share"] == 0.1
    with pytest.raises(ConfigError, match="no row has a confidence"):
        trust_curve(score, {})


def test_the_reliability_plot_has_a_square_for_each_field_with_chances() -> None:
    rng = Random(1)
    values = [
        LabelledConfidence(name, score := rng.random(), None, rng.random() < score)
        for name in ("<b>total</b>", "due")
        for _ in range(100)
    ]
    values += [LabelledConfidence("rare", 0.5, None, True)]
    calibration = Calibration.fit_values(values)
    svg, page = calibration.to_svg(), calibration.to_html()
    assert svg.count("<circle") == sum(len(each.bins) for each in calibration.fields.values()) == 10
    assert "&lt;b&gt;total" in svg
    assert "<b>" not in page
    assert "rare" not in svg
    assert "1 labelled values: at least 30 are needed" in page
