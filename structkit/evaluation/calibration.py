"""`Calibration`: from how sure a model was to the chance that a value is right, learnt per field from gold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from structkit.confidence.logistic import (
    Features,
    LogisticModel,
    ReliabilityBin,
    calibration_error,
    fit_logistic,
    predict_by_folds,
    rank_quality,
    reliability,
)
from structkit.errors import ConfigError
from structkit.evaluation.comparators import Comparator
from structkit.evaluation.judgments import RIGHT
from structkit.evaluation.reliability_plot import Reliability, reliability_svg
from structkit.evaluation.score_report import format_share, html_document, html_table, markdown_table
from structkit.evaluation.scoring import verdicts
from structkit.values import JSON, Result
from structkit.values.confidence_map import Confidence, ConfidenceMap

MIN_LABELS = 30
"""Labelled values of a field below which nothing is learnt from them."""

MIN_RANKED = 5
"""Right values of a field, and wrong ones, below which it is not said how well its chances rank them."""

MAX_LOGIT = 14.0
"""Confidences nearer to 0 or 1 than a millionth say no more."""

VERSION = 1
"""The form of the file."""


class LabelledConfidence(NamedTuple):
    """A value with a confidence that is known to be right or wrong.

    Args:
        field: The name of its field, such as `lines[].price`.
        score: Its confidence.
        is_missing: Whether it is not in the text; None if that was not looked for.
        is_right: Whether gold has the same value.
    """

    field: str
    score: float
    is_missing: bool | None
    is_right: bool


@dataclass(frozen=True, slots=True)
class FieldCalibration:
    """What was learnt about one field.

    Args:
        name: The field.
        labels: The number of its values that had a confidence and a gold value.
        right: How many of them were right.
        model: What gives the chance; None if there were too few.
        uses_evidence: Whether the chance depends on the value being in the text.
        bins: Chances against the share that is right; of values that the model had not seen, as are the next two.
        error: The mean distance between these.
        ranking: The chance that a right value has a higher number than a wrong one (AUROC); None with fewer than
            five of each.
    """

    name: str
    labels: int
    right: int
    model: LogisticModel | None = None
    uses_evidence: bool = False
    bins: tuple[ReliabilityBin, ...] = ()
    error: float | None = None
    ranking: float | None = None

    @property
    def reason(self) -> str:
        """Why the field has no chances; empty if it has."""
        return "" if self.model else f"{self.labels} labelled values: at least {MIN_LABELS} are needed"

    def chance(self, score: float, *, is_missing: bool | None) -> float | None:
        """Return the chance that a value is right; None if that is not known."""
        if self.model is None or (self.uses_evidence and is_missing is None):
            return None
        return self.model.predict(_features(score, is_missing, uses_evidence=self.uses_evidence))

    @classmethod
    def fit(cls, name: str, values: Sequence[LabelledConfidence]) -> FieldCalibration:
        """Return what some values of a field teach."""
        labels = [each.is_right for each in values]
        if len(values) < MIN_LABELS:
            return cls(name, len(values), sum(labels))
        uses_evidence = len({each.is_missing for each in values}) > 1 and all(v.is_missing is not None for v in values)
        rows = [_features(each.score, each.is_missing, uses_evidence=uses_evidence) for each in values]
        if len({*labels}) == 1:
            model = _constant_model(sum(labels), len(labels), len(rows[0]))
            return cls(name, len(values), sum(labels), model, uses_evidence)
        chances = predict_by_folds(rows, labels)
        bins = reliability(chances, labels)
        return cls(
            name,
            len(values),
            sum(labels),
            fit_logistic(rows, labels),
            uses_evidence,
            bins,
            calibration_error(bins),
            rank_quality(chances, labels) if MIN_RANKED <= sum(labels) <= len(labels) - MIN_RANKED else None,
        )


@dataclass(frozen=True)
class Calibration:
    """Chances from confidences, per field: among the values with 0.9, about nine of ten are right.

    Fields are never pooled: the probability of a long text and that of a yes or no are different things.

    Attributes:
        fields: What was learnt about each field, by its name.
    """

    fields: Mapping[str, FieldCalibration]

    @classmethod
    def fit(
        cls,
        gold: Iterable[Any],
        results: Iterable[Any],
        output_type: Any = None,
        *,
        comparators: Mapping[str, Comparator] | None = None,
    ) -> Calibration:
        """Learn from results whose right values are known.

        Args:
            gold: The right values, in the order of the results.
            results: The results of calls with `confidence=`, and with `evidence=` for its use; errors are passed over.
            output_type: The type; by default that of the values.
            comparators: As for `evaluate`.

        Raises:
            ConfigError: There are more of one than of the other, or no result has a confidence.
        """
        gold_values, answers = [*gold], [*results]
        if len(gold_values) != len(answers):
            raise ConfigError(f"gold has {len(gold_values)} values for {len(answers)} results: they belong by position")
        pairs = [pair for pair in zip(gold_values, answers, strict=True) if isinstance(pair[1], Result)]
        if not any(result.confidence for _, result in pairs):
            raise ConfigError("no result has a confidence: pass confidence= to the calls")
        values = [each for expected, result in pairs for each in _labelled(expected, result, output_type, comparators)]
        return cls.fit_values(values)

    @classmethod
    def fit_values(cls, values: Iterable[LabelledConfidence]) -> Calibration:
        """Learn from values that are known to be right or wrong."""
        by_field: dict[str, list[LabelledConfidence]] = {}
        for each in values:
            by_field.setdefault(each.field, []).append(each)
        return cls({name: FieldCalibration.fit(name, labelled) for name, labelled in by_field.items()})

    def apply(self, result: Result[Any]) -> ConfidenceMap:
        """Return the chance that each scalar of a result is right; None where that is not known.

        Raises:
            ConfigError: The result has no confidence.
        """
        if result.confidence is None:
            raise ConfigError("the result has no confidence: pass confidence= to the call")
        names = {each.path: each.field for each in verdicts(result.value, result.value)}
        details: dict[Any, Confidence | None] = {}
        for path, detail in result.confidence.details.items():
            field = self.fields.get(names.get(path, ""))
            chance = field.chance(detail.score, is_missing=_is_missing(result, path)) if field and detail else None
            details[path] = None if detail is None or chance is None else replace(detail, score=chance)
        return ConfidenceMap(details)

    def table(self) -> str:
        """Return the fields as a table: labels, how many were right, and how good the chances are on unseen values."""
        return markdown_table(self._rows())

    def _rows(self) -> list[tuple[str, ...]]:
        head = ("field", "labels", "right", "AUROC", "error", "")
        rows = [
            (
                each.name,
                str(each.labels),
                format_share(each.right / each.labels),
                format_share(each.ranking),
                format_share(each.error),
                each.reason,
            )
            for each in self.fields.values()
        ]
        return [head, *rows]

    def __repr__(self) -> str:
        """The table."""
        return self.table()

    def to_svg(self) -> str:
        """Return the reliability plot, on values that the fit had not seen: a square for each field with chances."""
        return reliability_svg(Reliability(each.name, each.bins, each.error) for each in self.fields.values())

    def to_html(self) -> str:
        """Return plot and table as one HTML file."""
        return html_document("Calibration", self._repr_html_())

    def _repr_html_(self) -> str:
        """The plot and the table for notebooks."""
        return self.to_svg() + html_table(self._rows())

    def save(self, path: str | Path) -> None:
        """Write it to a JSON file.

        Raises:
            OSError: The file cannot be written.
        """
        fields = [
            {
                "name": each.name,
                "labels": each.labels,
                "right": each.right,
                "uses_evidence": each.uses_evidence,
                "model": each.model and each.model._asdict(),
                "bins": [bin_._asdict() for bin_ in each.bins],
                "error": each.error,
                "ranking": each.ranking,
            }
            for each in self.fields.values()
        ]
        Path(path).write_text(json.dumps({"version": VERSION, "fields": fields}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Read it from a file.

        Raises:
            OSError: The file cannot be read.
            ConfigError: It is no calibration.
        """
        try:
            body = json.loads(Path(path).read_text(encoding="utf-8"))
            if body["version"] != VERSION:
                raise ConfigError(f"{path} is a calibration of version {body['version']}, and this one reads {VERSION}")
            fields = [_field_of(each) for each in body["fields"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ConfigError(f"{path} is no calibration: {error}") from None
        return cls({each.name: each for each in fields})


def _field_of(body: JSON) -> FieldCalibration:
    model = body["model"]
    if model is not None:
        numbers = (tuple(map(float, model[name])) for name in ("weights", "means", "scales"))
        model = LogisticModel(float(model["intercept"]), *numbers)
    bins = tuple(ReliabilityBin(**each) for each in body["bins"])
    return FieldCalibration(**{**body, "model": model, "bins": bins})


def _labelled(
    gold: Any, result: Result[Any], output_type: Any, comparators: Mapping[str, Comparator] | None
) -> Iterator[LabelledConfidence]:
    """Yield the scalars of a result that have a confidence."""
    if result.confidence is None:
        return
    # The result is in the place of gold, so that the paths are its own.
    for each in verdicts(result.value, gold, output_type, comparators=comparators):
        score = result.confidence.get(each.path)
        if score is not None:
            yield LabelledConfidence(each.field, score, _is_missing(result, each.path), each.code == RIGHT)


def _is_missing(result: Result[Any], path: Any) -> bool | None:
    evidence = None if result.evidence is None else result.evidence.get(path)
    return None if evidence is None else evidence.is_missing


def _features(score: float, is_missing: bool | None, *, uses_evidence: bool) -> Features:
    limit = 1 / (1 + math.exp(MAX_LOGIT))
    share = min(max(score, limit), 1 - limit)
    logit = math.log(share / (1 - share))
    return (logit, float(not is_missing)) if uses_evidence else (logit,)


def _constant_model(right: int, count: int, size: int) -> LogisticModel:
    """Return the model of labels that are all alike: the next one may be the first exception (Laplace's rule)."""
    chance = (right + 1) / (count + 2)
    return LogisticModel(math.log(chance / (1 - chance)), (0.0,) * size, (0.0,) * size, (1.0,) * size)
