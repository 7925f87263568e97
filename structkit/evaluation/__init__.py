"""How good values are, against gold: verdicts, scores with intervals, and comparisons of two runs."""

from structkit.evaluation.calibration import Calibration
from structkit.evaluation.comparators import Comparator, Compare
from structkit.evaluation.judgments import Judgment, Mistake
from structkit.evaluation.score import FieldScore, Score
from structkit.evaluation.score_comparison import FieldDifference, ScoreComparison, compare
from structkit.evaluation.scoring import evaluate, verdicts
from structkit.evaluation.trust_curve import CurvePoint, TrustCurve, read_row_confidence, trust_curve

__all__ = [
    "Calibration",
    "Comparator",
    "Compare",
    "CurvePoint",
    "FieldDifference",
    "FieldScore",
    "Judgment",
    "Mistake",
    "Score",
    "ScoreComparison",
    "TrustCurve",
    "compare",
    "evaluate",
    "read_row_confidence",
    "trust_curve",
    "verdicts",
]
