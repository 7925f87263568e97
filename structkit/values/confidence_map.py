"""`ConfidenceMap`: how sure the model was of each scalar of a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from structkit.values.json import JSON, JSONPath, format_path


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the model was of one scalar.

    Args:
        score: From 0 to 1; not calibrated: among the values with 0.9, more or fewer than 90 % may be right.
        mean_probability: The geometric mean of the probabilities of the tokens that the scalar is written with; None
            without log probabilities.
        token_count: How many tokens these are.
        agreement: The share of the replies that have the same value there; None for a single reply.
        replies: How many valid replies were compared.
    """

    score: float
    mean_probability: float | None = None
    token_count: int = 0
    agreement: float | None = None
    replies: int = 1


class ConfidenceMap(Mapping[JSONPath, float | None]):
    """The confidence of each scalar of a value, from 0 to 1, by its path; None where nothing is known.

    Nothing is known of a scalar that the model did not write: one filled with a default, or made null for want of
    evidence; nor of one that was written in a reply without log probabilities.

    Attributes:
        details: What the number of each path was computed from.
    """

    def __init__(self, details: Mapping[JSONPath, Confidence | None]) -> None:
        """Take what is known of each scalar."""
        self.details = details

    @property
    def lowest(self) -> float | None:
        """The lowest confidence of the value; None if nothing is known."""
        return min((score for score in self.values() if score is not None), default=None)

    def below(self, limit: float) -> tuple[JSONPath, ...]:
        """Return the paths whose confidence is below a limit, the lowest first."""
        scores = [(score, path) for path, score in self.items() if score is not None and score < limit]
        return tuple(path for _, path in sorted(scores, key=lambda each: each[0]))

    def to_list(self) -> list[JSON]:
        """Return the confidence as JSON: an object for each scalar, with its path and its score."""
        return [{"path": format_path(path), "score": score} for path, score in self.items()]

    def __getitem__(self, path: JSONPath) -> float | None:
        """Return the confidence of one scalar."""
        detail = self.details[path]
        return None if detail is None else detail.score

    def __iter__(self) -> Iterator[JSONPath]:
        """Iterate over the paths, in the order of the value."""
        return iter(self.details)

    def __len__(self) -> int:
        """Return the number of scalars."""
        return len(self.details)

    def __repr__(self) -> str:
        """The score of each."""
        return f"ConfidenceMap({dict(self.items())!r})"
