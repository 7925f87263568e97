"""Constants, defaults and classes of the caller's that Python or pydantic takes for others: each is written as itself."""

import enum
import json
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, Tag
from pydantic_core import core_schema

from structkit import ResponseFormat
from structkit.errors import SchemaError


class Big(BaseModel):
    size: int
    name: str


class Small(BaseModel):
    size: int


class Bytes(bytes, enum.Enum):
    TEXT = b"a"
    OTHER = b"\xff"


class Grouped(enum.Enum):
    FIRST = (1, 2)
    SECOND = object()


class Aliased(enum.Enum):
    ONE = 1
    FIRST = 1  # noqa: PIE796 (an alias is what is tested)
    TWO = 2


class Money:
    """An amount in cents, written as a text."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and self.cents == other.cents

    def __hash__(self) -> int:
        return hash(self.cents)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        serialization = core_schema.plain_serializer_function_ser_schema(lambda money: f"${money.cents / 100:.2f}")
        return core_schema.no_info_after_validator_function(
            lambda text: cls(round(float(text[1:]) * 100)),
            core_schema.str_schema(pattern=r"^\$\d+\.\d\d$"),
            serialization=serialization,
        )


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Union[Literal[True], int], 1),
        (Union[Literal[True], int], True),
        (Union[Literal[False], float], 0.0),
        (Union[Literal[False], str, int], 0),
        (list[Union[Literal[True, "x"], int]], [1, True, "x"]),
        (dict[str, Union[Literal[False], int]], {"a": 0, "b": False}),
    ],
    ids=str,
)
def test_a_number_is_not_read_as_the_boolean_constant_that_equals_it(output_type: Any, value: Any) -> None:
    form = ResponseFormat(output_type)
    assert repr(form.load(form.dump(value))) == repr(value)


@pytest.mark.parametrize("output_type", [Union[bool, int], Union[int, Literal[True]], Union[bool, str, int]], ids=str)
def test_a_whole_number_with_a_fraction_is_not_a_boolean_where_it_may_be_an_integer(output_type: Any) -> None:
    value = ResponseFormat(output_type).parse('{"value": 1.0}')
    assert (type(value), value) == (int, 1)


def test_a_boolean_alone_is_read_as_before() -> None:
    assert ResponseFormat(bool).parse('{"value": 1}') is True
    assert ResponseFormat(bool).parse('{"value": 1.0}') is True


def test_a_constant_may_have_a_default_that_it_rejects() -> None:
    class Ticket(BaseModel):
        kind: Literal["bug"] = "task"  # type: ignore[assignment]
        level: Literal[1] = None  # type: ignore[assignment]
        state: Literal["open"] = "open"

    form = ResponseFormat(Ticket)
    assert form.dump(Ticket()) == {"kind": None, "level": None, "state": "open"}
    assert form.load(form.dump(Ticket())) == Ticket()


def test_a_constant_of_a_json_schema_may_have_a_default_that_it_rejects() -> None:
    form = ResponseFormat({"type": "object", "properties": {"kind": {"const": "bug", "default": "task"}}})
    assert form.load(form.dump({})) == {}
    assert form.load(form.dump({"kind": "bug"})) == {"kind": "bug"}


def test_a_plain_validator_of_an_optional_type_needs_no_serializer() -> None:
    def read(value: Any) -> Decimal | None:
        return None if value in {None, ""} else Decimal(str(value))

    class Price(BaseModel):
        amount: Annotated[Optional[Decimal], PlainValidator(read)] = None

    form = ResponseFormat(Price)
    assert form.load(form.dump(Price(amount="1.50"))) == Price(amount="1.50")  # type: ignore[arg-type]


def test_a_value_that_a_discriminator_reads_as_another_one_is_not_written() -> None:
    def tag(value: Any) -> str:
        if isinstance(value, dict):
            return "big" if value.get("size", 0) > 10 else "small"
        return type(value).__name__.lower()

    union = Annotated[
        Union[Annotated[Big, Tag("big")], Annotated[Small, Tag("small")]],
        Discriminator(tag),
    ]
    form: ResponseFormat[Any] = ResponseFormat(union)
    for value in (Big(size=11, name="x"), Small(size=3)):
        assert form.load(form.dump(value)) == value
    with pytest.raises(SchemaError, match="as another value"):
        form.dump(Big(size=3, name="x"))


def test_an_enum_of_bytes_that_are_no_text_is_read_with_repairs() -> None:
    answer = ResponseFormat(Bytes).read('{"value": "other"}', repairs=True)
    assert answer.value is Bytes.OTHER
    assert ResponseFormat(Bytes).read('{"value": 1}', repairs=True).issues


def test_no_address_in_memory_reaches_the_schema() -> None:
    assert "0x" not in json.dumps(ResponseFormat(Grouped).payload)


def test_a_default_of_an_enum_is_described_as_the_member_is_written() -> None:
    class Plan(BaseModel):
        group: Grouped = Grouped.FIRST

    form = ResponseFormat(Plan)
    assert 'Null for the default, "FIRST".' in form.schema["properties"]["group"]["description"]
    assert form.dump(Plan()) == {"group": "FIRST"}


def test_an_alias_of_a_member_is_not_listed_twice() -> None:
    [issue] = ResponseFormat(Aliased).read('{"value": 3}').issues
    assert issue.message == "Input should be 1 or 2"
    assert ResponseFormat(Aliased).parse('{"value": 1}') is Aliased.ONE


def test_a_duplicate_item_is_named_as_it_is_written() -> None:
    [issue] = ResponseFormat(set[Money]).read('{"value": ["$1.00", "$1.00"]}').issues
    assert issue.message == 'write the item "$1.00" only once'


def test_an_issue_has_its_place_where_locations_have_the_names_of_fields() -> None:
    class Node(BaseModel):
        model_config = ConfigDict(loc_by_alias=False)

        number: int = Field(alias="No.")
        inner: dict[str, "Node"] = Field({}, alias="Inner")

    reply = {"No.": 1, "Inner": [{"key": "k", "value": {"No.": "x", "Inner": []}}]}
    [issue] = ResponseFormat(Node).read(json.dumps(reply)).issues
    assert issue.path == ("Inner", "k", "No.")
