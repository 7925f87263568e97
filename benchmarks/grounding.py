"""What a small model states although it is not in the text, without evidence, and with `"null"` and `"require"`.

Run it:  python benchmarks/grounding.py [--model local]
"""

import argparse
from typing import Any

from pydantic import BaseModel

from structkit import Client, ExtractionError


class Person(BaseModel):
    name: str | None
    city: str | None
    age: int | None
    employer: str | None


GOLD = (
    ("Maria Lopez moved to Seville last year and works for Iberia Foods.", "Maria Lopez|Seville||Iberia Foods"),
    ("Yesterday Tom Becker, 42, won the regional chess cup.", "Tom Becker||42|"),
    ("The new head of Northwind Traders is Ann Lee.", "Ann Lee|||Northwind Traders"),
    ("Call me when you are in Oslo! Best, Henrik Dahl", "Henrik Dahl|Oslo||"),
    ("Dr. Priya Nair (35) joined St. Mary's Hospital in Leeds.", "Priya Nair|Leeds|35|St. Mary's Hospital"),
    ("A man was seen near the station.", "|||"),
    ("At 67, Jean Moreau still bakes bread in Lyon every morning.", "Jean Moreau|Lyon|67|"),
    ("Our accountant Sofia Rossi retires from Delta Bank in May.", "Sofia Rossi|||Delta Bank"),
    ("Kiel was rainy all week.", "|Kiel||"),
    ("Ken Sato wrote the manual.", "Ken Sato|||"),
    ("Lena Fischer, aged 29, of Graz, sells flowers.", "Lena Fischer|Graz|29|"),
    ("Please forward this to Omar Haddad at Cedar Lines, Beirut.", "Omar Haddad|Beirut||Cedar Lines"),
)
"""Texts, and the name, city, age and employer that they have."""


def is_right(value: Any, gold: str) -> bool:
    """Return whether a value is the one in the text, with or without a title."""
    text = "" if value is None else str(value).lower()
    return text == gold.lower() or bool(gold and text.endswith(f" {gold.lower()}") and len(text) < len(gold) + 5)


def measure(client: Client, evidence: Any) -> tuple[int, int, int]:
    """Return how many fields are right, how many state another value, and how many replies that took."""
    right, stated, replies = 0, 0, 0
    for text, gold in GOLD:
        try:
            result = client.run(Person, text, evidence=evidence, temperature=0, max_tokens=200)
        except ExtractionError as error:
            replies += len(error.attempts)
            continue
        replies += len(result.attempts)
        for value, expected in zip(result.value.model_dump().values(), gold.split("|"), strict=True):
            right += is_right(value, expected)
            stated += value is not None and not is_right(value, expected)
    return right, stated, replies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="local")
    arguments = parser.parse_args()
    print(f"{len(GOLD)} texts, {4 * len(GOLD)} fields that may be null.\n")
    print("| `evidence` | fields right | a value that is wrong | replies |\n|---|--:|--:|--:|")
    with Client(arguments.model) as client:
        for evidence in (True, "null", "require"):
            right, stated, replies = measure(client, evidence)
            print(f"| `{evidence!r}` | {right} | {stated} | {replies} |", flush=True)


if __name__ == "__main__":
    main()
