"""The texts of `right.py` with their gold values: made from the parts in data/right.txt, the same ones every time."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from peers.right_types import TYPES

PARTS = Path(__file__).parent / "data" / "right.txt"
TEXTS_PER_TEMPLATE = 3
HELD_OUT = 2
"""The number of the text of each template that is held out."""

SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")
POOLS = {
    "name": "names",
    "author": "names",
    "guest": "names",
    "speakers": "names",
    "city": "cities",
    "employer": "employers",
    "seller": "employers",
    "customer": "employers",
    "product": "products",
    "hotel": "hotels",
    "number": "numbers",
    "reference": "references",
}
AMOUNTS = {"total": 250_000, "rate": 25_000}
"""The largest amounts, in cents."""

NUMBERS = {"age": (19, 83), "stars": (1, 5), "nights": (2, 9), "room": (101, 460)}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
DATES = {"en": "{day} {month} {year}", "de": "{day}. {month} {year}", "es": "{day} de {month} de {year}"}
AND = {"en": "and", "de": "und", "es": "y"}


@dataclass(frozen=True)
class Text:
    """A text, and the value that a person reads in it.

    Args:
        kind: The name of its type.
        language: `en`, `de` or `es`.
        text: The text.
        gold: The value as JSON.
        is_held_out: Whether it is left for the end.
    """

    kind: str
    language: str
    text: str
    gold: dict[str, Any]
    is_held_out: bool


def read_texts() -> list[Text]:
    """Return all texts, so that the first ones are of all kinds and languages."""
    sections = _sections()
    texts = [
        (number, template_number, _make(kind, language, template, number, sections))
        for kind in TYPES
        for language in MONTHS
        for template_number, template in enumerate(sections[f"{kind} {language}"])
        for number in range(TEXTS_PER_TEMPLATE)
    ]
    return [text for *_, text in sorted(texts, key=lambda each: each[:2])]


def _sections() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for line in filter(None, PARTS.read_text(encoding="utf-8").splitlines()):
        if line.startswith("["):
            current = sections[line.strip("[]")] = []
        else:
            current.append(line)
    return sections


def _make(kind: str, language: str, template: str, number: int, sections: dict[str, list[str]]) -> Text:
    maker = _Maker(random.Random(f"{template} {number}"), language, sections)
    absent: dict[str, Any] = dict.fromkeys(TYPES[kind].model_fields) | (
        {"speakers": []} if kind == "Event" else {"lines": []} if kind == "Order" else {}
    )
    text = SLOT.sub(lambda slot: maker.fill(slot[1], slot[2] or ""), template).replace("\\n", "\n")
    return Text(kind, language, text, absent | maker.gold, number == HELD_OUT)


class _Maker:
    """Fills the slots of one template."""

    def __init__(self, rng: random.Random, language: str, sections: dict[str, list[str]]) -> None:
        self.gold: dict[str, Any] = {}
        self._rng, self._language, self._sections = rng, language, sections
        self._used: set[str] = set()

    def fill(self, field: str, option: str) -> str:
        """Return the surface form of a new value, which becomes the gold value of its field."""
        if field == "recommended":
            self.gold[field] = self._rng.random() < 0.5
            return option.split("|")[not self.gold[field]]
        if field in AMOUNTS:
            self.gold[field] = self._rng.randrange(4_500, AMOUNTS[field]) / 100
            return self._amount(self.gold[field])
        if field in ("due", "day", "deliver_by"):
            return self._date(field, is_iso=option == "iso")
        if field == "speakers":
            self.gold[field] = [self._pick("names") for _ in range(int(option))]
            return self._list(self.gold[field])
        return self._lines(int(option)) if field == "lines" else self._plain(field)

    def _plain(self, field: str) -> str:
        """Return a value that stands in the text as it is."""
        if field in NUMBERS:
            self.gold[field] = self._rng.randint(*NUMBERS[field])
        elif field == "currency":
            self.gold[field] = self._rng.choice(("EUR", "USD", "GBP"))
        else:
            self.gold[field] = self._pick(POOLS.get(field, f"{field}s {self._language}"))
        return str(self.gold[field])

    def _pick(self, pool: str) -> str:
        values = [value for line in self._sections[pool] for value in line.split("; ") if value not in self._used]
        self._used.add(value := self._rng.choice(values))
        return value

    def _amount(self, value: float) -> str:
        text = f"{value:,.2f}"
        return text if self._language == "en" else text.translate(str.maketrans(",.", ".,"))

    def _date(self, field: str, *, is_iso: bool) -> str:
        day = date(2026, 1, 1) + timedelta(self._rng.randrange(364))
        self.gold[field] = day.isoformat()
        month = MONTHS[self._language].split()[day.month - 1]
        return day.isoformat() if is_iso else DATES[self._language].format(day=day.day, month=month, year=day.year)

    def _lines(self, count: int) -> str:
        pairs = [(self._pick(f"items {self._language}"), self._rng.randint(2, 40)) for _ in range(count)]
        self.gold["lines"] = [{"item": item, "quantity": quantity} for item, quantity in pairs]
        return self._list([f"{quantity} {item}" for item, quantity in pairs])

    def _list(self, items: list[str]) -> str:
        return f"{', '.join(items[:-1])} {AND[self._language]} {items[-1]}"


def right_fields(value: dict[str, Any], gold: dict[str, Any]) -> list[str]:
    """Return the names of the fields that are right: texts without regard to case and to spaces around them."""
    return [name for name, expected in gold.items() if _folded(value.get(name)) == _folded(expected)]


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().rstrip(".").casefold()
    if isinstance(value, list):
        return [_folded(item) for item in value]
    return {name: _folded(item) for name, item in value.items()} if isinstance(value, dict) else value


def gold_problems(texts: list[Text]) -> Iterator[str]:
    """Yield each gold value that its type does not accept."""
    for text in texts:
        try:
            value = TYPES[text.kind].model_validate_json(TYPES[text.kind].model_validate(text.gold).model_dump_json())
        except ValueError as error:
            yield f"{text.text}: {error}"
            continue
        if len(right_fields(value.model_dump(mode="json"), text.gold)) < len(text.gold):
            yield text.text
