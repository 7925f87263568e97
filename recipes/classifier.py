"""Label short reviews: a decorated function is the classifier, one call a row.

Run it:  python recipes/classifier.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import csv
import os
from pathlib import Path
from typing import Literal

import structkit

Label = Literal["positive", "negative"]

EXAMPLES: list[tuple[str, Label]] = [
    ("Review: Perfect fit, I am very happy with it.", "positive"),
    ("Review: It stopped working on the second day.", "negative"),
]


@structkit.prompt(Label, model=os.environ.get("STRUCTKIT_MODEL", "local"), examples=EXAMPLES, max_tokens=20)
def label(text: str) -> str:
    return f"Review: {text}"


if __name__ == "__main__":
    with (Path(__file__).parent / "data" / "reviews.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            print(row["id"], label(row["text"]), row["text"], sep="\t")
