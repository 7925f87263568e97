"""Read a photo of a receipt: an image is a part of the prompt, beside a text.

Run it:  STRUCTKIT_MODEL=gpt-4o python recipes/photo.py [PHOTO]
Or:      structkit extract recipes/data/receipt.png --type recipes/photo.py:Receipt

Needs a model that reads images, at OPENAI_BASE_URL; the embedded model reads text only.
"""

import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

import structkit


class Line(BaseModel):
    item: str
    amount: Decimal


class Receipt(BaseModel):
    shop: str
    time: datetime
    lines: list[Line]
    total: Decimal


def check_total(receipt: Receipt) -> str | None:
    """Return what is wrong with a receipt; the model reads it, and looks again."""
    total = sum(line.amount for line in receipt.lines)
    return None if total == receipt.total else f"the lines add up to {total}, not to {receipt.total}"


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data" / "receipt.png"
    photo = structkit.File(path, detail="high")
    receipt = structkit.Client().extract(Receipt, ["A receipt, as it is printed.", photo], checks=[check_total])
    print(receipt.model_dump_json(indent=2))
