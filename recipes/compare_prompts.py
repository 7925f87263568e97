"""Is the new prompt better? Label with two prompts, compare both with gold, and compare them with each other.

Run it:  python recipes/compare_prompts.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL. docs/review.md does the
same in a shell, with the gold that a person saves on a page.
"""

import csv
import os
from pathlib import Path
from typing import Literal

import structkit

Sentiment = Literal["positive", "negative"]
DATA = Path(__file__).parent / "data"


@structkit.prompt(Sentiment, model=os.environ.get("STRUCTKIT_MODEL", "local"), max_tokens=60)
def read_review(text: str) -> str:
    return f"Is this review positive or negative? {text}"


EXAMPLES = [
    ("Perfect fit, I am very happy with it.", "positive"),
    ("It stopped working on the second day.", "negative"),
]


def read_table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


if __name__ == "__main__":
    values = {row["id"]: row["value"] for row in read_table("reviews_gold.csv")}
    gold = [(row["text"], values[row["id"]]) for row in read_table("reviews.csv")]

    before = structkit.evaluate(gold, read_review)
    after = structkit.evaluate(gold, read_review.with_options(examples=EXAMPLES))
    print(before.table(), after.table(), structkit.compare(before, after).to_markdown(), sep="\n\n")
