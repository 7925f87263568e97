"""Intervals and p values are what they say, by simulation with seeds."""

from __future__ import annotations

import random
from collections import Counter
from statistics import mean, pvariance

import pytest

from structkit.evaluation.resampling import (
    PairedRow,
    RatioRow,
    adjust_for_several,
    difference_interval,
    draw_binomial,
    draw_multinomial,
    permutation_p,
    ratio_interval,
)

RIGHT, FALSE = RatioRow(2, 2), RatioRow(0, 2)


@pytest.mark.parametrize(("trials", "chance"), [(20, 0.1), (400, 0.3), (400, 0.9), (10_000, 0.0005)])
def test_binomial_numbers_have_their_mean_and_variance(trials: int, chance: float) -> None:
    rng = random.Random(5)
    numbers = [draw_binomial(trials, chance, rng) for _ in range(4_000)]
    assert mean(numbers) == pytest.approx(trials * chance, rel=0.05)
    assert pvariance(numbers) == pytest.approx(trials * chance * (1 - chance), rel=0.1)
    assert 0 <= min(numbers) <= max(numbers) <= trials


def test_multinomial_numbers_add_up() -> None:
    drawn = [draw_multinomial([1, 2.5, 0, 6.5], 1_000, random.Random(seed)) for seed in range(300)]
    assert {sum(each) for each in drawn} == {1_000}
    assert [mean(each) for each in zip(*drawn, strict=True)] == pytest.approx([100, 250, 0, 650], rel=0.05)


@pytest.mark.parametrize(("rows", "chance"), [(30, 0.8), (300, 0.95)])
def test_an_interval_covers_the_truth_about_as_often_as_it_says(rows: int, chance: float) -> None:
    rng, hits, trials = random.Random(11), 0, 150
    for trial in range(trials):
        drawn = Counter(RIGHT if rng.random() < chance else FALSE for _ in range(rows))
        low, high = ratio_interval(drawn, seed=trial) or (2.0, 2.0)
        hits += low <= chance <= high
    assert 0.9 <= hits / trials <= 1


def test_all_right_is_not_certain_and_nothing_has_no_interval() -> None:
    low, high = ratio_interval({RIGHT: 20}, seed=1) or (0.0, 0.0)
    assert high == 1
    assert 0.75 < low < 0.95
    assert ratio_interval({RatioRow(0, 0): 20}, seed=1) is None


def test_an_interval_is_the_same_each_time() -> None:
    assert ratio_interval({RIGHT: 70, FALSE: 30}, seed=3) == ratio_interval({FALSE: 30, RIGHT: 70}, seed=3)


def test_many_rows_of_which_none_is_like_another_have_an_interval_too() -> None:
    rows = {RatioRow(float(number % 997), 1_000 + number): 1 for number in range(6_000)}
    low, high = ratio_interval(rows, seed=1) or (0.0, 0.0)
    assert 0 < high - low < 0.02


def test_p_is_exact_where_few_rows_differ() -> None:
    better, worse, equal = PairedRow(FALSE, RIGHT), PairedRow(RIGHT, FALSE), PairedRow(RIGHT, RIGHT)
    assert permutation_p({better: 10, equal: 500}, seed=1) == pytest.approx(2 / 2**10)
    assert permutation_p({better: 3, worse: 3, equal: 9}, seed=1) == 1
    assert permutation_p({equal: 9}, seed=1) == 1


def test_p_is_uniform_where_there_is_no_difference() -> None:
    rng, values = random.Random(2), []
    for trial in range(100):
        pairs = Counter(PairedRow(*(RatioRow(2 * rng.randrange(10), 20) for _ in range(2))) for _ in range(60))
        values.append(permutation_p(pairs, seed=trial))
    assert mean(values) == pytest.approx(0.5, abs=0.1)
    assert sum(each <= 0.05 for each in values) <= 11


def test_the_interval_of_a_difference_has_its_sign_where_it_is_clear() -> None:
    rows = {PairedRow(FALSE, RIGHT): 40, PairedRow(RIGHT, FALSE): 5, PairedRow(RIGHT, RIGHT): 55}
    low, high = difference_interval(rows, seed=1) or (0.0, 0.0)
    assert 0.2 < low < 0.35 < high < 0.5


def test_holms_correction_is_never_below_p_nor_above_one() -> None:
    assert adjust_for_several([0.5, 0.001, 0.9]) == [1.0, 0.003, 1.0]
    assert adjust_for_several([]) == []
