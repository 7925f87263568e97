"""What a model reads about a type: the descriptions in its strict schema."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, ConfigDict, Field

from structkit import ResponseFormat
from structkit.values import JSON


def descriptions(output_type: Any, **settings: Any) -> dict[str, str]:
    """Return the descriptions in a strict schema by their places."""
    return dict(_walk("", ResponseFormat(output_type, **settings).schema))


def _walk(place: str, part: JSON) -> Iterator[tuple[str, str]]:
    if "description" in part:
        yield place, part["description"]
    for name, inner in part.get("properties", {}).items():
        yield from _walk(f"{place}.{name}".removeprefix("."), inner)
    for name, inner in part.get("$defs", {}).items():
        yield from _walk(f"#{name}", inner)
    for inner in part.get("anyOf", ()):
        yield from _walk(place, inner)
    if "items" in part:
        yield from _walk(f"{place}[]", part["items"])


def test_sentences_of_different_sources_are_separated():
    class Review(BaseModel):
        """A review"""

        model_config = ConfigDict(use_attribute_docstrings=True)

        rating: int = Field(5, description="rating")
        title: str = Field("", description="The headline!")
        price: float = Field(description="In EUR (gross)", examples=[9.5])
        total: float = Field(title="Total with VAT", description="in cents", ge=0)
        pages: int = 3
        """The number of pages"""
        kind: str = Field("new", description="One of:\n- new\n- used")
        code: str = Field(description="The code", pattern="[a-z]", max_length=200)

    assert descriptions(Review) == snapshot(
        {
            "": "A review",
            "rating": "rating. Null for the default, 5.",
            "title": 'The headline! Null for the default, "".',
            "price": "In EUR (gross). For example 9.5.",
            "total": "Total with VAT. in cents",
            "pages": "The number of pages. Null for the default, 3.",
            "kind": """\
One of:
- new
- used
Null for the default, "new".\
""",
            "code": "The code. Matches the regular expression `[a-z]`. At most 200 characters.",
        }
    )


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("评分", "评分. Null if not given."),
        ("评分。", "评分。 Null if not given."),
        ("a count ", "a count. Null if not given."),
        ("really?", "really? Null if not given."),
        ('say "yes."', 'say "yes." Null if not given.'),
        ("  ", "Null if not given."),
    ],
)
def test_a_text_that_ends_with_punctuation_gets_no_other(text: str, description: str):
    class Shop(BaseModel):
        names: list[str] = Field(default_factory=list, description=text)

    assert descriptions(Shop) == {"names": description}


def test_a_map_is_described_as_one():
    class Stock(BaseModel):
        counts: dict[str, int] = Field(description="Items by their names")
        notes: dict[str, Any]
        shelves: dict[str, dict[str, int]] | None = None
        labels: Annotated[dict[str, int], Field(max_length=3)]

    assert descriptions(Stock) == snapshot(
        {
            "counts": "Items by their names. A map: each key once.",
            "notes": "A map: each key once.",
            "shelves": "A map: each key once.",
            "shelves[].value": "A map: each key once.",
            "labels": "A map: each key once.",
        }
    )


def test_a_tuple_is_described_by_its_positions_or_names():
    class Place(NamedTuple):
        name: str
        height: Annotated[float, Field(description="In metres")] = 0.0

    class Route(BaseModel):
        leg: tuple[str, int] = Field(description="Street and number")
        stop: tuple[Annotated[str, Field(description="The town")], int, bool] | None = None
        place: Place
        point: tuple[float, float]

    assert descriptions(Route) == snapshot(
        {
            "leg": "Street and number. A tuple: one item per position.",
            "stop": "A tuple: one item per position.",
            "stop.item_0": "The town",
            "place.height": "In metres. Null for the default, 0.0.",
        }
    )
