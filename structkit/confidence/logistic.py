"""Logistic regression for a few features and some hundred labels: fit, prediction, and honest figures by folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

Features: TypeAlias = tuple[float, ...]
"""The features of one value."""

PENALTY = 1.0
"""Weight of the squared coefficients, of features of unit variance: with few labels, chances stay away from 0 and 1."""

MAX_STEPS = 50
MIN_STEP = 1e-9
FOLDS = 5
BINS = 5


class LogisticModel(NamedTuple):
    """A fitted model.

    Args:
        intercept: The logit at the means of the features.
        weights: The weight of each feature.
        means: The mean of each feature.
        scales: The standard deviation of each feature; 1 for a constant one.
    """

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def predict(self, features: Features) -> float:
        """Return the chance that a value with these features is right."""
        return sigmoid(self.intercept + _dot(self.weights, _standardize(features, self.means, self.scales)))


def fit_logistic(rows: Sequence[Features], labels: Sequence[bool]) -> LogisticModel:
    """Return the model that fits some labels best, by Newton's method with a penalty on large weights.

    >>> model = fit_logistic([(0.0,), (1.0,), (2.0,), (3.0,)] * 10, [False, False, True, True] * 10)
    >>> round(model.predict((0.0,)), 2), round(model.predict((3.0,)), 2)
    (0.03, 0.97)
    """
    means = tuple(sum(column) / len(rows) for column in zip(*rows, strict=True))
    scales = tuple(
        math.sqrt(sum((value - mean) ** 2 for value in column) / len(rows)) or 1.0
        for column, mean in zip(zip(*rows, strict=True), means, strict=True)
    )
    points = [(1.0, *_standardize(row, means, scales)) for row in rows]
    weights = [0.0] * len(points[0])
    for _ in range(MAX_STEPS):
        step = _newton_step(points, labels, weights)
        weights = [weight + change for weight, change in zip(weights, step, strict=True)]
        if max(map(abs, step)) < MIN_STEP:
            break
    return LogisticModel(weights[0], tuple(weights[1:]), means, scales)


def predict_by_folds(rows: Sequence[Features], labels: Sequence[bool]) -> list[float]:
    """Return the chance of each row by a model that was fitted without its fold, so that it has not seen the label.

    Each fold has about the same share of right labels: a model without the only right one would expect none.
    """
    chances = [0.0] * len(rows)
    by_label = sorted(range(len(rows)), key=lambda number: labels[number])
    for fold in range(FOLDS):
        held_out = {*by_label[fold::FOLDS]}
        training = [number for number in range(len(rows)) if number not in held_out]
        model = fit_logistic([rows[number] for number in training], [labels[number] for number in training])
        for number in held_out:
            chances[number] = model.predict(rows[number])
    return chances


def rank_quality(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return the chance that a right value has a higher score than a wrong one (AUROC); None without one of each.

    >>> rank_quality([0.9, 0.8, 0.3, 0.2], [True, False, True, False])
    0.75
    """
    ordered = sorted(range(len(scores)), key=lambda number: scores[number])
    ranks = [0.0] * len(scores)
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and scores[ordered[end]] == scores[ordered[start]]:
            end += 1
        for number in ordered[start:end]:
            ranks[number] = (start + end + 1) / 2
        start = end
    right = sum(labels)
    wrong = len(labels) - right
    if not right or not wrong:
        return None
    total = sum(rank for rank, label in zip(ranks, labels, strict=True) if label)
    return (total - right * (right + 1) / 2) / (right * wrong)


class ReliabilityBin(NamedTuple):
    """Values with similar chances.

    Args:
        chance: Their mean chance of being right.
        accuracy: The share of them that is right.
        size: How many they are.
    """

    chance: float
    accuracy: float
    size: int


def reliability(chances: Sequence[float], labels: Sequence[bool]) -> tuple[ReliabilityBin, ...]:
    """Return bins of about equally many values, in order of their chances."""
    ordered = sorted(zip(chances, labels, strict=True))
    count = min(BINS, len(ordered))
    edges = [round(number * len(ordered) / count) for number in range(count + 1)]
    parts = [ordered[start:end] for start, end in pairwise(edges)]
    return tuple(
        ReliabilityBin(
            sum(chance for chance, _ in part) / len(part), sum(label for _, label in part) / len(part), len(part)
        )
        for part in parts
    )


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Return the mean distance between chance and accuracy, weighted by the values of each bin (ECE).

    >>> calibration_error([ReliabilityBin(0.9, 0.8, 10), ReliabilityBin(0.5, 0.5, 10)])
    0.05
    """
    total = sum(each.size for each in bins)
    return round(sum(abs(each.chance - each.accuracy) * each.size for each in bins) / total, 12)


def sigmoid(number: float) -> float:
    """Return the chance of a logit.

    >>> sigmoid(0), sigmoid(-1000)
    (0.5, 0.0)
    """
    if number >= 0:
        return 1 / (1 + math.exp(-number))
    return math.exp(number) / (1 + math.exp(number)) if number > -math.log(1e300) else 0.0


def _newton_step(points: Sequence[Features], labels: Sequence[bool], weights: Sequence[float]) -> list[float]:
    size = len(weights)
    gradient = [0.0, *(-PENALTY * weight for weight in weights[1:])]
    hessian = [[PENALTY if row == column and row else 0.0 for column in range(size)] for row in range(size)]
    for point, label in zip(points, labels, strict=True):
        chance = sigmoid(_dot(weights, point))
        for row, value in enumerate(point):
            gradient[row] += (label - chance) * value
            for column in range(size):
                hessian[row][column] += chance * (1 - chance) * value * point[column]
    hessian[0][0] += MIN_STEP  # labels that are all alike leave it at 0
    return _solve(hessian, gradient)


def _solve(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Return the solution of a small system of equations, by elimination; the matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(matrix, vector, strict=True)]
    size = len(rows)
    for pivot in range(size):
        for row in range(pivot + 1, size):
            factor = rows[row][pivot] / rows[pivot][pivot]
            rows[row] = [value - factor * top for value, top in zip(rows[row], rows[pivot], strict=True)]
    solution = [0.0] * size
    for row in reversed(range(size)):
        total = sum(rows[row][column] * solution[column] for column in range(row + 1, size))
        solution[row] = (rows[row][size] - total) / rows[row][row]
    return solution


def _standardize(row: Features, means: Sequence[float], scales: Sequence[float]) -> Features:
    return tuple((value - mean) / scale for value, mean, scale in zip(row, means, scales, strict=True))


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))
