"""Ask a small model first, and a large one where the small one fails.

Run it:  OPENAI_API_KEY=... python recipes/fallback.py gpt-4o-mini gpt-4o
"""

import sys
from typing import Literal

from pydantic import BaseModel, Field

import structkit


class Ticket(BaseModel):
    team: Literal["billing", "delivery", "returns"]
    urgency: int = Field(ge=1, le=5)


TICKETS = ["My parcel has not arrived, and the party is tomorrow!", "Please send the invoice for order 4711 once more."]

if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit("name the models, the smallest first: python recipes/fallback.py gpt-4o-mini gpt-4o")
    small, *larger = sys.argv[1:]
    # The next model is asked after a refusal, after invalid replies, and if the endpoint fails after its retries.
    client = structkit.Client(small, fallback=larger, policy=structkit.Policy(attempts=2))
    for text in TICKETS:
        result = client.run(Ticket, text)
        print(
            result.value.team, result.value.urgency, f"by {result.model} in {len(result.attempts)} attempts", sep="\t"
        )
