"""`assert_score`: a test that fails if a function is worse than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structkit.evaluation import Score


def assert_score(  # noqa: PLR0913 (one argument a figure)
    got: Any,
    gold: Any,
    output_type: Any = None,
    *,
    key: str | None = None,
    f1: float | None = None,
    precision: float | None = None,
    recall: float | None = None,
    accuracy: float | None = None,
    fields: dict[str, float] | None = None,
) -> Score:
    """Evaluate a decorated function, values or a table against gold, and return the score if it is good enough.

    Args:
        got: A decorated function, which is run over gold; or values, or a table; as for `structkit.evaluate`.
        gold: The values that are trusted: pairs of an input and its value, values, or a table.
        output_type: The type of the values, where it is not known.
        key: The column by which the rows of two tables belong together.
        f1: The least F1 over all fields.
        precision: The least precision over all fields.
        recall: The least recall over all fields.
        accuracy: The least share of rows without a mistake.
        fields: The least F1 of some fields, by their names.

    Raises:
        AssertionError: A figure is below; the message has the table and the first mistakes.
        ConfigError: As by `structkit.evaluate`; or there is no such field.

    >>> assert_score([{"city": "Oslo"}], [{"city": "oslo"}], f1=1.0, fields={"city": 1.0}).accuracy
    1.0
    """
    from structkit.errors import ConfigError
    from structkit.evaluation import evaluate

    score = evaluate(gold, got, output_type, key=key)
    unknown = sorted({*(fields or ())} - {*score.fields})
    if unknown:
        raise ConfigError(f"the score has no field {', '.join(unknown)}; it has {', '.join(score.fields)}")
    minima = {"f1": f1, "precision": precision, "recall": recall, "accuracy": accuracy}
    figures = [(name, getattr(score, name), minimum) for name, minimum in minima.items() if minimum is not None]
    figures += [(f"F1 of {name}", score.fields[name].f1, minimum) for name, minimum in (fields or {}).items()]
    failures = [f"{name} is {value}, below {minimum}" for name, value, minimum in figures if (value or 0) < minimum]
    if failures:
        raise AssertionError("\n".join((*failures, "", score.to_markdown())))
    return score
