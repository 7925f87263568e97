"""Label short reviews: a decorated function is the classifier, with one call per row.

Run it:  python recipes/classifier.py
Or:      structkit label recipes/data/reviews.csv -o labels.csv --function recipes/classifier.py:label

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import csv
import os
from pathlib import Path
from typing import Literal

import structkit

Sentiment = Literal["positive", "negative"]


@structkit.prompt(
    Sentiment,
    model=os.environ.get("STRUCTKIT_MODEL", "local"),
    instructions="You say whether a review is positive or negative.",
    examples=[
        ("Perfect fit, I am very happy with it.", "positive"),
        ("It stopped working on the second day.", "negative"),
    ],
    max_tokens=60,
)
def label(text: str) -> str:
    return text


if __name__ == "__main__":
    with (Path(__file__).parent / "data" / "reviews.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            print(row["id"], label(row["text"]), row["text"], sep="\t")
