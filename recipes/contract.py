"""Read the terms of a contract, and say on which page each of them is.

Run it:  python recipes/contract.py [PDF]
Or:      structkit extract recipes/data/contract.pdf --type recipes/contract.py:Contract --evidence

Needs `pip install 'structkit-llm[documents]'`, and a model that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field

import structkit


class Contract(BaseModel):
    supplier: str
    customer: str
    starts: date
    monthly_fee: Decimal
    notice_days: int = Field(description="Days of notice to end the contract")
    liability_limit: Decimal
    governing_law: str | None = Field(description="Null if the contract does not say which law governs it")


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data" / "contract.pdf"
    result = structkit.Client().run(Contract, structkit.Document.open(path), evidence=True)
    if (evidence := result.evidence) is not None:
        for name, value in result.value:
            places = evidence[name,]
            pages = ", ".join(str(place.page) for place in evidence.locate((name,)))
            location = f"page {pages}" if pages else places.how or "not in the contract"
            print(name, value, location, "one of several places" if places.is_ambiguous else "", sep="\t")
