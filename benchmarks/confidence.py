"""What confidence and evidence tell of the values of a real small model, per field: which are right, and how surely.

Run it:  python benchmarks/confidence.py [--texts N] [--plot FILE]
It needs the extra `local`. The texts, types and gold values are those of `right.py`.

*AUROC* is the chance that a right value of the field has a higher number than a wrong one: for the log probabilities
alone, for evidence alone (the value is in the text, or not), and for the chance that `Calibration` makes of both, on
values that its fit had not seen. *error* is the mean distance between that chance and the share that is right. The last
table orders the values of all fields by their chances, and shows how many of the surest are right.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from peers.right_types import TYPES
from right_texts import Text, read_texts

from structkit import Client, StructkitError
from structkit.confidence.logistic import rank_quality
from structkit.evaluation import Calibration
from structkit.evaluation.calibration import LabelledConfidence
from structkit.evaluation.judgments import RIGHT
from structkit.evaluation.scoring import verdicts
from structkit.values import Result

CHOICES = {"Invoice.currency", "Review.recommended"}
"""The fields that are chosen rather than copied."""

SHARES = (1.0, 0.75, 0.5, 0.25)


def label_values(texts: list[Text], client: Client) -> Iterator[LabelledConfidence]:
    """Yield each value that the model gave, with its confidence, and whether it is right."""
    for text in texts:
        output_type = TYPES[text.kind]
        try:
            result = client.run(output_type, text.text, confidence="logprobs", evidence=True, max_tokens=300)
        except StructkitError:
            continue
        yield from label_result(text, result)


def label_result(text: Text, result: Result) -> Iterator[LabelledConfidence]:
    gold = TYPES[text.kind].model_validate(text.gold)
    for each in verdicts(result.value, gold):  # the result is in the place of gold, so that the paths are its own
        score, evidence = result.confidence.get(each.path), result.evidence.get(each.path)
        if score is not None:
            is_missing = None if evidence is None else evidence.is_missing
            yield LabelledConfidence(f"{text.kind}.{each.field}", score, is_missing, each.code == RIGHT)


def print_fields(values: list[LabelledConfidence], calibration: Calibration) -> None:
    print("| field | values | right | AUROC, log probabilities | AUROC, evidence | AUROC, chance | error |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    figures: dict[bool, list[float]] = {True: [], False: []}
    for name, field in calibration.fields.items():
        members = [each for each in values if each.field == name]
        labels = [each.is_right for each in members]
        raw = rank_quality([each.score for each in members], labels)
        presence = rank_quality([float(not each.is_missing) for each in members], labels)
        shares = " | ".join(map(share, (raw, presence if field.uses_evidence else None, field.ranking, field.error)))
        print(f"| {name} | {field.labels} | {field.right / field.labels:.2f} | {shares} |")
        if field.ranking is not None:
            figures[name in CHOICES].append(field.ranking)
    for is_choice, rankings in figures.items():
        print(f"\n{'Judged' if is_choice else 'Extracted'} fields: mean AUROC of the chance {share_mean(rankings)}.")
    errors = [each.error for each in calibration.fields.values() if each.error is not None]
    print(f"Mean error of the chance: {share_mean(errors)}.\n")


def share(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def share_mean(numbers: list[float]) -> str:
    return f"{mean(numbers):.3f} ({len(numbers)} fields)" if numbers else "unknown"


def print_coverage(calibration: Calibration) -> None:
    """Print how many of the surest values are right, by chances of values that the fit had not seen."""
    bins = sorted((each for field in calibration.fields.values() for each in field.bins), reverse=True)
    total = sum(each.size for each in bins)
    if not total:
        print("No field has enough values for chances.")
        return
    print("| the surest | right |\n|--:|--:|")
    for part in SHARES:
        size, right, left = part * total, 0.0, part * total
        for each in bins:
            count = min(left, each.size)
            right, left = right + count * each.accuracy, left - count
        print(f"| {part:.0%} | {right / size:.0%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--texts", type=int, default=216, help="only the first N texts")
    parser.add_argument("--plot", type=Path, help="the HTML file that the reliability plot is written to")
    options = parser.parse_args()
    os.environ["STRUCTKIT_ROUTES"] = "off"
    texts = read_texts()[: options.texts]
    values = [*label_values(texts, Client("local"))]
    calibration = Calibration.fit_values(values)
    print(f"{len(texts)} texts, {len(values)} values.\n")
    print_fields(values, calibration)
    print_coverage(calibration)
    if options.plot:
        options.plot.write_text(calibration.to_html(), encoding="utf-8")


if __name__ == "__main__":
    main()
