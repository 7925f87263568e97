"""What a model reads about a type: the descriptions in its strict schema."""

import dataclasses
import datetime as dt
import ipaddress
import json
import re
import uuid
import zoneinfo
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

import pytest
from annotated_types import IsFinite, Len, LowerCase, MultipleOf, Not, Predicate
from inline_snapshot import snapshot
from pydantic import (
    UUID4,
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    Base64Str,
    Base64UrlBytes,
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    FutureDate,
    FutureDatetime,
    HttpUrl,
    IPvAnyAddress,
    Json,
    NaiveDatetime,
    NewPath,
    PastDate,
    PastDatetime,
    PostgresDsn,
    Secret,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
    conbytes,
)
from typing_extensions import Doc, NotRequired, TypedDict

from structkit import ResponseFormat
from structkit.dialects import CORE
from structkit.values import JSON


def descriptions(output_type: Any, **settings: Any) -> dict[str, str]:
    """Return the descriptions in a strict schema by their places."""
    texts: dict[str, str] = {}
    for place, text in _walk("", ResponseFormat(output_type, **settings).schema):
        texts[place] = f"{texts[place]} | {text}" if place in texts else text
    return texts


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
        names: list[str] = Field(default_factory=lambda: ["unknown"], description=text)

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


UTC = dt.timezone.utc
NEW_YEAR = dt.date(2020, 1, 1)
OPENING, CLOSING = dt.time(8), dt.time(18, 30)


def is_even(number: int) -> bool:
    """A multiple of two.

    >>> is_even(4)
    True
    """
    return number % 2 == 0


def is_known(name: str) -> bool:
    return bool(name)


def test_bounds_of_dates_and_times_are_described():
    class Booking(BaseModel):
        day: dt.date = Field(ge=NEW_YEAR, lt=dt.date(2030, 1, 1), description="The first day")
        at: dt.datetime = Field(gt=dt.datetime(2020, 1, 1, tzinfo=UTC))
        opens: dt.time = Field(ge=OPENING, le=CLOSING)
        lasts: dt.timedelta = Field(ge=dt.timedelta(minutes=30), lt=dt.timedelta(days=7))
        slot: Annotated[dt.timedelta, MultipleOf(dt.timedelta(minutes=15))]
        born: PastDate
        due: FutureDate | None = None
        visits: list[PastDatetime]
        next: FutureDatetime
        logged: AwareDatetime
        local: NaiveDatetime
        shift: Annotated[NaiveDatetime, Field(ge=dt.datetime(2020, 1, 1))]  # noqa: DTZ001 (naive is meant)
        sealed: Secret[Annotated[dt.date, Field(ge=NEW_YEAR)]]
        checked: Annotated[dt.date, AfterValidator(lambda day: day), Field(ge=NEW_YEAR)]
        by_day: dict[Annotated[dt.date, Field(ge=NEW_YEAR)], int]
        text: Json[Annotated[dt.date, Field(ge=NEW_YEAR)]]

    assert descriptions(Booking) == snapshot(
        {
            "day": "The first day. Not before 2020-01-01. Before 2030-01-01.",
            "at": "ISO 8601 date and time. After 2020-01-01T00:00:00Z.",
            "opens": "ISO 8601 time. Not before 08:00:00. Not after 18:30:00.",
            "lasts": "ISO 8601 duration. At least PT30M. Less than P7D.",
            "slot": "ISO 8601 duration. A multiple of PT15M.",
            "born": "In the past.",
            "due": "In the future.",
            "visits[]": "ISO 8601 date and time. In the past.",
            "next": "ISO 8601 date and time. In the future.",
            "local": "ISO 8601 date and time without a UTC offset.",
            "shift": "ISO 8601 date and time without a UTC offset. Not before 2020-01-01T00:00:00.",
            "sealed": "Not before 2020-01-01.",
            "checked": "Not before 2020-01-01.",
            "by_day": "A map: each key once.",
            "by_day[].key": "Not before 2020-01-01.",
            "text": 'JSON text: {"type": "string", "format": "date", "description": "Not before 2020-01-01."}',
        }
    )
    assert str(ResponseFormat(Booking).explain()) == snapshot("""\
day       checked locally  not before 2020-01-01: stated in the description
day       checked locally  before 2030-01-01: stated in the description
at        checked locally  format "iso-date-time": stated in the description
at        checked locally  after 2020-01-01T00:00:00Z: stated in the description
opens     checked locally  format "iso-time": stated in the description
opens     checked locally  not before 08:00:00: stated in the description
opens     checked locally  not after 18:30:00: stated in the description
lasts     checked locally  format "duration": stated in the description
lasts     checked locally  minimum PT30M: stated in the description
lasts     checked locally  exclusiveMaximum P7D: stated in the description
slot      checked locally  format "duration": stated in the description
slot      checked locally  multipleOf PT15M: stated in the description
born      checked locally  in the past: stated in the description
due       checked locally  in the future: stated in the description
due       rewritten        may be absent: null on the wire
visits[]  checked locally  format "iso-date-time": stated in the description
visits[]  checked locally  in the past: stated in the description
next      checked locally  format "iso-date-time": stated in the description
next      checked locally  in the future: stated in the description
local     checked locally  format "date-time-local": stated in the description
shift     checked locally  format "date-time-local": stated in the description
shift     checked locally  not before 2020-01-01T00:00:00: stated in the description
sealed    checked locally  not before 2020-01-01: stated in the description
checked   checked locally  not before 2020-01-01: stated in the description
checked   checked locally  validator <lambda>
by_day    rewritten        map: an array of key and value
by_day    checked locally  not before 2020-01-01: stated in the description
text      checked locally  JSON text: stated in the description\
""")


def test_a_time_that_must_have_an_offset_is_sent_as_the_format_that_requires_one():
    schema = ResponseFormat(AwareDatetime).schema["properties"]["value"]
    assert schema == {"type": "string", "format": "date-time"}
    assert descriptions(AwareDatetime, dialect=CORE) == {"value": "ISO 8601 date and time with a UTC offset."}
    assert descriptions(dt.datetime, dialect=CORE) == {"value": "ISO 8601 date and time."}


def test_formats_of_a_json_schema_are_sent_as_they_are_validated():
    names = ("date-time", "time", "date", "date-time-local", "duration")
    properties = {name: {"type": "string", "format": name} for name in names}
    schema = {"type": "object", "properties": properties, "required": [*names], "additionalProperties": False}
    sent = {name: part.get("format") for name, part in ResponseFormat(schema).schema["properties"].items()}
    assert [name for name in sent if sent[name]] == ["date-time", "time", "date"]
    assert descriptions(schema, dialect=CORE) == snapshot(
        {
            "date-time": "ISO 8601 date and time with a UTC offset.",
            "time": "ISO 8601 time with a UTC offset.",
            "date": "A date, YYYY-MM-DD.",
            "date-time-local": "ISO 8601 date and time without a UTC offset.",
            "duration": "ISO 8601 duration.",
        }
    )


def test_predicates_are_described_by_name():
    class Codes(BaseModel):
        lower: LowerCase[str]
        mixed: Annotated[str, Not(str.isupper)]
        even: Annotated[int, Predicate(is_even)] = Field(description="Seats")
        name: Annotated[str, Predicate(is_known)]
        real: IsFinite[float]
        large: Annotated[int, Predicate(lambda number: number > 1_000)]

    assert descriptions(Codes) == snapshot(
        {
            "lower": "In lower case.",
            "mixed": "Not: in upper case.",
            "even": "Seats. Must satisfy is_even: A multiple of two.",
            "name": "Must satisfy is_known.",
        }
    )
    assert str(ResponseFormat(Codes).explain()) == snapshot("""\
lower  checked locally  predicate islower: stated in the description
mixed  checked locally  predicate not isupper: stated in the description
even   checked locally  predicate is_even: stated in the description
name   checked locally  predicate is_known: stated in the description
real   checked locally  validator isfinite
large  checked locally  validator <lambda>\
""")


def test_bounds_that_pydantic_checks_by_functions_are_described():
    class Loose(BaseModel):
        number: int | float = Field(ge=3)
        size: Annotated[int, AfterValidator(abs), Field(le=9)]
        price: Annotated[Decimal, AfterValidator(abs), Field(gt=0, max_digits=4)]
        length: Annotated[str, AfterValidator(len), Field(ge=3)]
        code: Annotated[str, AfterValidator(str), Field(pattern="^[a-z]+$")]

    class Sized(BaseModel):
        items: Annotated[set[int], AfterValidator(set), Len(1, 3)]
        names: Annotated[dict[str, int], AfterValidator(dict), Len(1, 3)]

    assert descriptions(Loose) == snapshot(
        {
            "number": "At least 3.",
            "size": "At most 9.",
            "price": "A decimal number. More than 0. At most 4 digits.",
            "length": "Once converted: At least 3.",
            "code": "Matches the regular expression `^[a-z]+$`.",
        }
    )
    bounds = [(part["minItems"], part["maxItems"]) for part in ResponseFormat(Sized).schema["properties"].values()]
    assert bounds == [(1, 3), (1, 3)]


@pytest.mark.parametrize(
    ("output_type", "description"),
    [
        (UUID4, "A UUID of version 4."),
        (Base64Str, "Base64."),
        (Base64UrlBytes, "URL-safe Base64."),
        (FilePath, "A path of an existing file."),
        (DirectoryPath, "A path of an existing directory."),
        (NewPath, "A file path. Nothing exists there yet."),
        (ipaddress.IPv6Network, "An IPv6 network."),
        (IPvAnyAddress, "An IPv4 or IPv6 address."),
        (zoneinfo.ZoneInfo, "An IANA time zone."),
        (re.Pattern[str], "A regular expression."),
        (complex, "A complex number, as 1+2j."),
        (AnyUrl, "A URL."),
        (HttpUrl, "A URL. At most 2083 characters. Scheme: http, https."),
        (Annotated[AnyUrl, UrlConstraints(allowed_schemes=["ftp"])], "A URL. Scheme: ftp."),
        (conbytes(min_length=2, max_length=5), "At least 2 bytes. At most 5 bytes."),
        (Annotated[SecretStr, Field(max_length=200)], "At most 200 characters."),
        (Annotated[str, StringConstraints(ascii_only=True)], "ASCII only."),
        (Annotated[str, Field(pattern=re.compile("^a", re.IGNORECASE))], "Matches the regular expression `(?i)^a`."),
    ],
)
def test_a_type_whose_text_has_a_form_is_described(output_type: Any, description: str):
    assert descriptions(output_type) == {"value": description}


def test_branches_of_a_type_with_two_forms_are_described():
    assert descriptions(Annotated[Fraction, Field(ge=1)]) == {"value": "At least 1. | A fraction, as 1/3."}
    assert "postgresql+asyncpg" in descriptions(PostgresDsn)["value"]


@pytest.mark.parametrize("output_type", [dt.date, uuid.UUID, ipaddress.IPv4Address])
def test_a_format_that_the_vendor_does_not_accept_is_described_in_words(output_type: Any):
    assert descriptions(output_type, dialect=CORE)["value"].startswith(("A ", "An "))


def test_an_explanation_is_the_same_in_every_process():
    explanation = str(ResponseFormat(Annotated[SecretStr, Field(min_length=3)]).explain())
    assert " at 0x" not in explanation
    assert "validator" not in str(ResponseFormat(ipaddress.IPv4Address).explain())


def test_texts_in_annotations_are_descriptions():
    class Stock(TypedDict):
        """What is there."""

        size: NotRequired[Annotated[int, Doc("How many")]]

    @dataclasses.dataclass
    class Shelf:
        """Where it is."""

        row: Annotated[int, Doc("Counted from the door")]
        name: str = "A"

    class Point(NamedTuple):
        """On the map."""

        x: Annotated[float, Doc("To the east")]
        y: float

    class Item(BaseModel):
        title: Annotated[str, Doc("From the header")]
        pages: Annotated[int, Doc("Not read"), Field(description="How many pages", alias="pageCount")]
        code: Annotated[str, Doc("On the back")] = Field("x", alias="itemCode")
        stock: Annotated[Stock, Doc("In the warehouse")]
        shelf: Shelf
        point: Point

    assert descriptions(Item) == snapshot(
        {
            "title": "From the header",
            "pageCount": "How many pages",
            "itemCode": 'On the back. Null for the default, "x".',
            "stock": "In the warehouse. What is there.",
            "stock.size": "How many. Null if not given.",
            "shelf": "Where it is.",
            "shelf.row": "Counted from the door",
            "shelf.name": 'Null for the default, "A".',
            "point": "On the map.",
            "point.x": "To the east",
        }
    )


def test_examples_are_in_the_form_of_the_wire_and_complete():
    class Person(BaseModel):
        name: str
        age: int | None = None

    class Sheet(BaseModel):
        model_config = ConfigDict(json_schema_extra={"description": "A sheet", "example": {"price": 3}})

        price: int = Field(json_schema_extra={"description": "In cents", "examples": [199]})
        size: int = Field(json_schema_extra={"example": 7})
        width: int = Field(json_schema_extra={"examples": {"small": {"value": 1}, "large": {"value": 9}}})
        counts: dict[str, int] = Field(examples=[{"lamps": 3}])
        pair: tuple[str, int] = Field(examples=[("a", 1)])
        person: Person = Field(examples=[{"name": "Ada"}, {"nothing": "fits"}])
        essay: str = Field(examples=["short", "long " * 200])

    assert descriptions(Sheet) == snapshot(
        {
            "": 'A sheet. For example {"price": 3}.',
            "price": "In cents. For example 199.",
            "size": "For example 7.",
            "width": "For example 9, 1.",
            "counts": 'For example [{"key": "lamps", "value": 3}]. A map: each key once.',
            "pair": 'For example {"item_0": "a", "item_1": 1}. A tuple: one item per position.',
            "person": 'For example {"name": "Ada", "age": null}, {"nothing": "fits"}.',
            "essay": 'For example "short".',
        }
    )
    assert "essay" in str(ResponseFormat(Sheet).explain())


@pytest.mark.parametrize(
    ("keywords", "description"),
    [
        ({"contentEncoding": "base64"}, "Base64."),
        ({"contentEncoding": "quoted-printable"}, "Encoded as quoted-printable."),
        ({"contentMediaType": "image/png", "contentEncoding": "base64"}, "Base64. Media type: image/png."),
        ({"contentMediaType": "application/json"}, "JSON text."),
        (
            {"contentMediaType": "application/json", "contentSchema": {"type": "array"}},
            'JSON text. It matches {"type": "array"}.',
        ),
        ({"contentMediaType": "application/json", "contentSchema": {"$ref": "#/$defs/a"}}, "JSON text."),
        (TypeAdapter(Json[Any]).json_schema(), "JSON text."),
    ],
    ids=str,
)
def test_what_a_text_contains_is_described_and_explained_as_unchecked(keywords: dict[str, Any], description: str):
    response_format = ResponseFormat({"type": "string", **keywords})
    assert response_format.schema["properties"]["value"]["description"] == description
    explanation = str(response_format.explain())
    assert all(f"{word} {json.dumps(value)}: " in explanation for word, value in keywords.items() if word != "type")
    assert "not validated" in explanation


def test_annotations_of_a_json_schema_are_described():
    properties = {
        "old": {"type": "integer", "deprecated": True, "description": "The former number"},
        "id": {"type": "string", "readOnly": True, "examples": ["a1"]},
        "kind": {"const": "person", "description": "Always the same"},
        "new": {"type": "integer", "deprecated": False},
    }
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    assert descriptions(schema) == snapshot(
        {
            "kind": "Always the same",
            "old": "The former number. Deprecated.",
            "id": 'Read-only. For example "a1".',
        }
    )


class Pea(BaseModel):
    size: int


class Bean(BaseModel):
    size: int
    color: str = ""


@pytest.mark.parametrize(
    ("output_type", "place"),
    [
        (Annotated[Pea | Bean, Field(description="What grows.")], "value"),
        (Annotated[dt.date | str, Field(description="What grows.")], "value"),
        (list[Annotated[dt.date | str, Field(description="What grows.")]], "value[]"),
        (dict[str, Annotated[Pea | Bean, Field(description="What grows.")]], "value[].value"),
    ],
    ids=str,
)
def test_a_union_of_branches_in_boxes_has_its_description(output_type, place):
    assert descriptions(output_type)[place].startswith("What grows.")


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"format": "date"}, "If it is a string: A date, YYYY-MM-DD."),
        ({"minimum": 0, "maximum": 1, "description": "A share."}, "A share. If it is a number: At least 0. At most 1."),
        ({"format": "binary"}, None),
    ],
)
def test_rules_for_one_type_are_stated_where_every_type_is_allowed(rules, text):
    schema = {"type": "object", "properties": {"part": rules}, "required": ["part"]}
    assert descriptions(schema).get("part") == text
