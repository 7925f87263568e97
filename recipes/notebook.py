# pyright: reportUnusedExpression=false
# %% [markdown]
# # Explore texts in a notebook
#
# Open this file in VS Code, PyCharm or Jupyter (with jupytext): `# %%` begins a cell. Results, clients and reports are
# drawn as tables. Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.

# %%
import csv
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

import structkit

client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"), max_tokens=100)
client

# %% What the type asks of the model, before anything is sent


class Review(BaseModel):
    mood: Literal["positive", "negative"]
    product: str | None = Field(None, description="What the review is about, if it says so.")


print(structkit.ResponseFormat(Review).explain())

# %% One text: the value, and what it took to get it
result = client.run(Review, "The kettle leaked after a week.")
print(result.value, len(result.attempts), result.repairs)
result

# %% Several rows: an error is a result, too
data = Path(__file__).parent / "data" if "__file__" in globals() else Path("recipes/data")
with (data / "reviews.csv").open(encoding="utf-8", newline="") as file:
    rows = [row["text"] for row in csv.DictReader(file)][:3]


@structkit.prompt(Review, client=client)
def read_review(text: str) -> str:
    return text


for text, review in zip(rows, read_review.map(rows, on_error="return"), strict=True):
    print(review.mood if isinstance(review, Review) else f"failed: {review}", text, sep="\t")
