"""Read an invoice: a text goes in, a validated record comes out.

Run it:  python recipes/invoice.py
Or:      structkit extract recipes/data/invoice.txt --type recipes/invoice.py:Invoice
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

import structkit


class Invoice(BaseModel):
    seller: str
    invoice_number: str
    issued: date
    total: Decimal


if __name__ == "__main__":
    client = structkit.Client("local")
    text = (Path(__file__).parent / "data" / "invoice.txt").read_text(encoding="utf-8")
    invoice = client.extract(Invoice, text)
    print(invoice.model_dump_json(indent=2))
