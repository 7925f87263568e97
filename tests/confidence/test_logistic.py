"""Chances that are learnt from labels are those of the process that made the labels."""

from __future__ import annotations

from random import Random

import pytest

from structkit.confidence.logistic import (
    calibration_error,
    fit_logistic,
    predict_by_folds,
    rank_quality,
    reliability,
    sigmoid,
)


def labelled(count: int, intercept: float, weights: tuple[float, ...], seed: int = 1) -> tuple[list, list[bool]]:
    """Return random features, and labels that are true with the chance of a logistic model."""
    random = Random(seed)
    rows = [tuple(random.gauss(0, 1) for _ in weights) for _ in range(count)]
    chances = [sigmoid(intercept + sum(w * x for w, x in zip(weights, row, strict=True))) for row in rows]
    return rows, [random.random() < chance for chance in chances]


def test_the_chances_of_a_known_process_are_found() -> None:
    rows, labels = labelled(4_000, -0.5, (2.0, -1.0))
    model = fit_logistic(rows, labels)
    for row in ((0.0, 0.0), (1.0, 0.0), (-1.0, 1.0)):
        expected = sigmoid(-0.5 + 2 * row[0] - row[1])
        assert model.predict(row) == pytest.approx(expected, abs=0.04)


def test_chances_by_folds_are_calibrated_and_no_better_than_the_features() -> None:
    rows, labels = labelled(2_000, 0.3, (1.5,))
    chances = predict_by_folds(rows, labels)
    assert calibration_error(reliability(chances, labels)) < 0.05
    useless = [(Random(number).gauss(0, 1),) for number in range(2_000)]
    ranking = rank_quality(predict_by_folds(useless, labels), labels)
    assert ranking is not None
    assert abs(ranking - 0.5) < 0.06


def test_separable_and_constant_features_have_finite_chances() -> None:
    model = fit_logistic([(0.0, 7.0)] * 20 + [(1.0, 7.0)] * 20, [False] * 20 + [True] * 20)
    assert 0.9 < model.predict((1.0, 7.0)) < 1
    assert 0 < model.predict((0.0, 7.0)) < 0.1
    assert fit_logistic([(1.0,)] * 40, [True, False] * 20).predict((1.0,)) == pytest.approx(0.5)


def test_the_ranking_counts_ties_by_half() -> None:
    assert rank_quality([0.5, 0.5, 0.5], [True, False, True]) == 0.5
    assert rank_quality([1, 2, 3], [True, True, True]) is None
    assert rank_quality([3, 2, 1], [False, False, True]) == 0


def test_bins_have_all_values_and_about_equally_many() -> None:
    bins = reliability([number / 13 for number in range(13)], [number > 6 for number in range(13)])
    assert [each.size for each in bins] == [3, 2, 3, 2, 3]
    assert next(each.accuracy for each in bins) == 0
    assert reliability([0.5], [True])[0].size == 1
