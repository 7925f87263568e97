"""Read an invoice from a PDF, and say on which page, and where on it, each value is.

Run it:  python recipes/pdf_invoice.py [PDF]
Or:      structkit extract recipes/data/invoice.pdf --type recipes/pdf_invoice.py:Invoice --evidence
A table: structkit extract 'invoices/*.pdf' --type recipes/pdf_invoice.py:Invoice -o lines.csv --items lines --evidence
"""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

import structkit


class Line(BaseModel):
    item: str
    quantity: int
    price: Decimal


class Invoice(BaseModel):
    seller: str
    invoice_number: str
    issued: date
    lines: list[Line]
    total: Decimal


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "data" / "invoice.pdf"
    result = structkit.Client().run(Invoice, structkit.Document.open(path), evidence=True)
    print(result.value.model_dump_json(indent=2))
    if (evidence := result.evidence) is not None:
        for name, each in evidence.items():
            for place in evidence.locate(name):
                print(name, repr(each.text), f"page {place.page}", place.box and [round(edge) for edge in place.box])
        print("not in the document:", evidence.missing)
