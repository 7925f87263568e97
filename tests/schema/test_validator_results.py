"""Values that JSON does not fully describe: each is read back, or its error says why it cannot be written."""

import datetime as dt
import enum
import json
import math
import re
import uuid
from collections import Counter
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from annotated_types import Not, Predicate
from pydantic import (
    AfterValidator,
    AliasPath,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ImportString,
    Json,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from structkit import ResponseFormat
from structkit.dialects import DIALECTS
from structkit.errors import InvalidOutput, SchemaError

UUID = uuid.UUID(int=7)
T = TypeVar("T")


class Site(BaseModel):
    url: Annotated[HttpUrl, AfterValidator(str)]
    day: Annotated[dt.datetime, AfterValidator(dt.datetime.date)] = dt.date(2024, 2, 29)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("output_type", "value", "wire"),
    [
        (Annotated[AnyUrl, AfterValidator(str)], "http://a.b/", "http://a.b/"),
        (list[Annotated[HttpUrl, AfterValidator(str)]] | None, ["http://a.b/"], ["http://a.b/"]),
        (Annotated[uuid.UUID, AfterValidator(str)], str(UUID), str(UUID)),
        (Annotated[HttpUrl, AfterValidator(str)] | int, "http://a.b/", "http://a.b/"),
        (set[Annotated[HttpUrl, AfterValidator(str)]], {"http://a.b/"}, ["http://a.b/"]),
        (dict[Annotated[HttpUrl, AfterValidator(str)], int], {"http://a.b/": 1}, [{"key": "http://a.b/", "value": 1}]),
        (Annotated[str, AfterValidator(int)], 5, "5"),
        (Annotated[list[int], AfterValidator(tuple)], (1, 2), [1, 2]),
        (Annotated[set[int], AfterValidator(sorted)], [1, 2], [1, 2]),
        (Annotated[dt.datetime, AfterValidator(dt.datetime.date)], dt.date(2024, 2, 29), "2024-02-29T00:00:00"),
        (Annotated[Decimal, AfterValidator(float)], 1.5, "1.5"),
        (Annotated[float, AfterValidator(Decimal)], Decimal("1.5"), 1.5),
        (Annotated[str, WrapValidator(lambda text, read: int(read(text)))], 7, "7"),
    ],
)
def test_what_a_validator_returns_is_written_as_the_type_reads_it(output_type: Any, value: Any, wire: Any) -> None:
    response_format = ResponseFormat(output_type)
    assert response_format.dump(value) == {"value": wire}
    assert response_format.load({"value": wire}) == value


def test_what_the_validator_of_a_field_returns_is_written(check_round_trip: Any) -> None:
    check_round_trip(Site, Site(url="http://a.b/", day="2024-03-01T00:00:00"))  # type: ignore[arg-type]
    check_round_trip(dict[str, Site], {"a": Site(url="http://a.b/")})  # type: ignore[arg-type]


class Item(BaseModel, Generic[T]):
    value: T


def test_the_branch_of_a_union_writes_what_its_validators_return(check_round_trip: Any) -> None:
    link = Item[Annotated[HttpUrl, AfterValidator(str)]]
    check_round_trip(link | Item[int], link(value="http://a.b/"), Item[int](value=1))


def test_a_value_that_its_validator_does_not_read_back_needs_a_serializer() -> None:
    response_format = ResponseFormat(Annotated[str, AfterValidator(lambda text: text.split(","))])
    with pytest.raises(SchemaError, match="a validator that returns an instance of list does not read it back"):
        response_format.dump(["a", "b"])  # type: ignore[arg-type]


@dataclass
class Order:
    price: int
    rate: InitVar[int] = 2
    total: int = field(init=False, default=0)

    def __post_init__(self, rate: int) -> None:
        self.total = self.price * rate


def test_an_instance_that_depends_on_an_init_only_argument_is_not_read_as_another(check_round_trip: Any) -> None:
    check_round_trip(Order, Order(3))
    with pytest.raises(SchemaError, match=r"depends on its InitVar \(rate\)"):
        ResponseFormat(Order).dump(Order(3, 5))
    with pytest.raises(SchemaError, match=r"depends on its InitVar \(rate\)"):
        ResponseFormat(list[Order] | dict[str, Order]).dump([Order(3, 5)])


class Nested(BaseModel):
    model_config = ConfigDict(extra="allow")

    city: str = Field(validation_alias=AliasPath("address", "city"))


def test_an_undeclared_key_with_the_name_of_a_field_is_not_read_as_the_field(check_round_trip: Any) -> None:
    address = {"address": {"city": "Bern"}}
    check_round_trip(Nested, Nested.model_validate(address), Nested.model_validate({**address, "zip": 3000}))
    with pytest.raises(SchemaError, match='an undeclared key "city", which is the name of a field in JSON'):
        ResponseFormat(Nested).dump(Nested.model_validate({**address, "city": "Rome"}))


class Long(enum.IntEnum):
    SHORT = 1
    LONG = 2**70


class Raw(bytes, enum.Enum):
    TEXT = b"a"
    BYTES = b"\xff"


class Parts(enum.Enum):
    PAIR = (b"\xfe", 1)


@pytest.mark.parametrize(
    ("output_type", "values"),
    [
        (Long, [*Long]),
        (dict[Long, int], [{Long.LONG: 1, Long.SHORT: 2}]),
        (Long | int, [Long.LONG, 3]),
        (Literal[2**64, 1, "a", True] | None, [2**64, 1, "a", None, True]),
        (Raw, [*Raw]),
        (Parts | str, [Parts.PAIR, "PAIR"]),
    ],
)
def test_constants_of_any_length_are_read_back(output_type: Any, values: list[Any], check_round_trip: Any) -> None:
    check_round_trip(output_type, *values)


def test_a_long_integer_that_is_no_constant_has_feedback_with_the_constants() -> None:
    [issue] = ResponseFormat(Long).read(f'{{"value": {2**80}}}').issues
    assert issue.message == f"Input should be 1 or {2**70}"


@pytest.mark.parametrize("pattern", [re.compile("a+"), re.compile("(?i)a"), re.compile(b"b+"), re.compile(b"\xff")])
def test_a_compiled_pattern_is_read_back(pattern: re.Pattern[Any]) -> None:
    response_format = ResponseFormat(re.Pattern[type(pattern.pattern)])  # type: ignore[misc]
    assert response_format.load(response_format.dump(pattern)) == pattern


@pytest.mark.parametrize("output_type", [re.Pattern[str], re.Pattern], ids=["of text", "of any"])
def test_a_compiled_pattern_with_flags_outside_its_text_is_not_read_as_another(output_type: Any) -> None:
    with pytest.raises(SchemaError, match="the flags of a pattern are not in its text"):
        ResponseFormat(output_type).dump(re.compile("a", re.IGNORECASE))


def test_a_pattern_of_bytes_needs_a_type_of_its_own() -> None:
    with pytest.raises(SchemaError, match=r"would be read as one of text; declare re\.Pattern\[bytes\]"):
        ResponseFormat(re.Pattern).dump(re.compile(b"a"))


@pytest.mark.parametrize("reply", ['{"a": 1}', "[1]", "null", "1", "true"])
def test_an_imported_object_is_written_as_a_text(reply: str) -> None:
    assert ResponseFormat(ImportString).parse('{"value": "math.cos"}') is math.cos
    with pytest.raises(InvalidOutput, match="Input should be a valid string"):
        ResponseFormat(ImportString).parse(f'{{"value": {reply}}}')


def test_a_union_with_an_imported_object_reads_each_branch(check_round_trip: Any) -> None:
    check_round_trip(ImportString | Counter[str], Counter({"a": 5}))


class Place(BaseModel):
    lat: float
    lon: float

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, data: Any) -> Any:
        return dict(zip(("lat", "lon"), map(float, data.split(",")), strict=True)) if isinstance(data, str) else data


def test_a_text_that_a_model_of_the_union_reads_is_not_read_as_the_model(check_round_trip: Any) -> None:
    check_round_trip(Place | str, Place(lat=1, lon=2), "north")
    check_round_trip(Place | list[Place] | None, Place(lat=1, lon=2), [Place(lat=1, lon=2)], None)
    with pytest.raises(SchemaError, match='the union reads "1,2" as another value'):
        ResponseFormat(Place | str).dump("1,2")


class Hiding(BaseModel):
    count: int | SkipJsonSchema[None] = None
    name: str | SkipJsonSchema[None] = "x"


@pytest.mark.parametrize(("dialect", "wire"), [("openai", {"count": None, "name": "x"}), ("anthropic", {"name": "x"})])
def test_a_null_that_is_hidden_from_the_model_is_absent_in_every_dialect(dialect: str, wire: Any) -> None:
    response_format = ResponseFormat(Hiding, dialect=DIALECTS[dialect])
    assert response_format.dump(Hiding()) == wire
    assert response_format.load(wire) == Hiding()


def is_even(number: int) -> bool:
    return number % 2 == 0


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (Predicate(lambda number: number > 3), 1, "Input should be another value: it breaks a rule of the type"),
        (Predicate(is_even), 1, "Input must satisfy is_even"),
        (Not(is_even), 2, "Input must not satisfy is_even"),
        (Predicate(str.islower), "A", "Input should be: in lower case"),
    ],
)
def test_the_issue_of_a_predicate_says_what_is_required(rule: Any, value: Any, message: str) -> None:
    [issue] = ResponseFormat(Annotated[type(value), rule]).read(json.dumps({"value": value})).issues  # type: ignore[misc]
    assert issue.message == message


def test_the_issue_of_a_json_text_quotes_the_text_and_its_description() -> None:
    response_format = ResponseFormat(list[Json[list[int]]])
    assert "[]  " in str(response_format.explain())
    [issue] = response_format.read('{"value": ["[1]", "1"]}').issues
    text = '{"type": "array", "items": {"type": "integer"}}'
    assert (issue.path, issue.message, issue.got) == ((1,), f"Input should be another text: JSON text: {text}", '"1"')
