"""Numbers of replies: all digits arrive where the type can hold them, and what it cannot hold is an issue."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import pickle
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Interface
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ImportString,
    IPvAnyAddress,
    IPvAnyNetwork,
    StrictBool,
    WithJsonSchema,
    WrapValidator,
    create_model,
)
from stable_ids import stable_id

from structkit import ResponseFormat
from structkit.parsing import read_json
from structkit.partial import ItemReader
from structkit.values.exact_float import ExactFloat, read_float

LONG_INTEGER = "9" * 309


class Invoice(BaseModel):
    total: Decimal
    lines: dict[str, list[Decimal]] = {}


class Tree(BaseModel):
    default: int
    type: Decimal | None = None
    children: list[Tree] = []


@pytest.mark.parametrize(
    ("output_type", "text", "expected"),
    [
        (Decimal, "12345678901234567.89", Decimal("12345678901234567.89")),
        (Decimal, '{"value": 0.10000000000000000000001}', Decimal("0.10000000000000000000001")),
        (Decimal, '{"value": 1.23456789e-320}', Decimal("1.23456789e-320")),
        (Decimal | None, '{"value": 12345678901234567.89}', Decimal("12345678901234567.89")),
        (int, '{"value": 9007199254740993.0}', 9007199254740993),
        (int, '{"value": 9007199254740993e0}', 9007199254740993),
        (list[int], '{"value": [9007199254740993.0, 9007199254740995.0]}', [9007199254740993, 9007199254740995]),
        (int, '{"value": 1.5e3}', 1500),
        (int, LONG_INTEGER, int(LONG_INTEGER)),
    ],
)
def test_a_number_keeps_all_digits_that_its_type_can_hold(output_type: Any, text: str, expected: Any) -> None:
    assert ResponseFormat(output_type).parse(text) == expected


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (int, "12345678901234567.89"),
        (int, "[9007199254740993.5]"),
        (Annotated[int, Field(strict=True)], "9007199254740993.0"),
        (Annotated[int, Field(le=9007199254740992)], "9007199254740993.00"),
        (Annotated[Decimal, Field(max_digits=17)], "12345678901234567.89"),
    ],
)
def test_a_number_that_only_fits_when_it_is_rounded_is_an_issue(output_type: Any, text: str) -> None:
    assert ResponseFormat(output_type).read(text).issues


def test_digits_are_exact_in_nested_fields_of_any_name() -> None:
    text = '{"total": 12345678901234567.89, "lines": {"a": [1.0000000000000000001, 2.5]}}'
    assert ResponseFormat(Invoice).parse(text) == Invoice(
        total=Decimal("12345678901234567.89"), lines={"a": [Decimal("1.0000000000000000001"), Decimal("2.5")]}
    )
    tree = ResponseFormat(Tree).parse(
        '{"default": 1, "type": null, "children": [{"default": 9007199254740993.0, "type": 1.00000000000000000002}]}'
    )
    assert tree.children[0].default == 9007199254740993
    assert tree.children[0].type == Decimal("1.00000000000000000002")


def test_digits_are_exact_in_a_reply_that_needs_a_repair() -> None:
    answer = ResponseFormat(Decimal).read('Here it is: {"value": 12345678901234567.89,}', repairs=True)
    assert answer.value == Decimal("12345678901234567.89")


def test_two_numbers_that_one_float_stands_for_are_an_issue_not_a_guess() -> None:
    answer = ResponseFormat(list[Decimal]).read('{"value": [12345678901234567.89, 12345678901234567.88]}')
    assert not answer.valid
    assert "write it as text" in answer.issues[0].message


@pytest.mark.parametrize("output_type", [float, float | None, list[float] | float])
def test_an_integer_that_is_too_large_for_a_float_is_an_issue_and_no_infinity(output_type: Any) -> None:
    answer = ResponseFormat(output_type).read(f'{{"value": {LONG_INTEGER}}}')
    assert not answer.valid


@pytest.mark.parametrize("output_type", [float, float | int, Any])
def test_a_float_is_the_nearest_one(output_type: Any) -> None:
    value = ResponseFormat(output_type).parse("9007199254740993.0")
    assert type(value) is float
    assert value == 9007199254740992.0


def test_values_of_a_json_schema_are_plain_numbers_and_whole_ones_keep_their_digits() -> None:
    number = ResponseFormat({"type": "array", "items": {"type": "number"}})
    values = number.parse('{"value": [9007199254740993.0, 12345678901234567.89]}')
    assert values == [9007199254740993, 12345678901234567.89]
    assert [type(value) for value in values] == [int, float]
    assert ResponseFormat({"type": "integer"}).parse('{"value": 9007199254740993.0}') == 9007199254740993
    assert ResponseFormat({"type": "integer"}).read('{"value": 9007199254740993.5}').issues


def test_streamed_items_have_exact_digits() -> None:
    items: ItemReader[Decimal] = ItemReader(ResponseFormat(list[Decimal]))
    assert [item.value for item in items.feed('{"value": [12345678901234567.89, "1')] == [
        Decimal("12345678901234567.89")
    ]
    nested: ItemReader[Any] = ItemReader(ResponseFormat(list[Invoice]))
    (item,) = nested.feed('{"value": [{"total": 12345678901234567.89, "lines": []}')
    assert item.value == Invoice(total=Decimal("12345678901234567.89"))


def test_an_exact_float_is_a_float_with_its_text() -> None:
    number = read_json("12345678901234567.89")
    assert isinstance(number, ExactFloat)
    assert number == 12345678901234567.89
    assert json.loads(json.dumps(number)) == number
    assert repr(copy.deepcopy(number)) == repr(pickle.loads(pickle.dumps(number))) == "12345678901234567.89"


@pytest.mark.parametrize(
    "digits", ["0.1", "-1.50", "0.30000000000000004", "1e22", "1E-7", "0.0", "100000000000000000.0"]
)
def test_a_number_that_a_float_represents_is_a_plain_float(digits: str) -> None:
    assert type(read_float(digits)) is float


@pytest.mark.parametrize(
    "output_type",
    [
        Annotated[Decimal, BeforeValidator(lambda value: Decimal(str(value)))],
        Annotated[Decimal | None, BeforeValidator(repr)],
        Annotated[Decimal, BeforeValidator(lambda value: value)],
        Annotated[Decimal, WrapValidator(lambda value, validate: validate(str(value)))],
    ],
    ids=["str", "repr", "unchanged", "wrapped"],
)
def test_a_validator_before_a_decimal_gets_all_digits(output_type: Any) -> None:
    assert ResponseFormat(output_type).parse('{"value": 12345678901234567.89}') == Decimal("12345678901234567.89")


def test_a_validator_before_a_float_gets_a_plain_float() -> None:
    types = list[type]()
    output_type = Annotated[float, BeforeValidator(lambda value: types.append(type(value)) or value)]
    ResponseFormat(output_type).parse('{"value": 12345678901234567.89}')
    assert types == [float]


# Infinities


class Measure(BaseModel):
    x: float
    y: float | None = None


class MeasureByName(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")
    x: float


class MeasureOfAnySize(BaseModel):
    model_config = ConfigDict(allow_inf_nan=True)
    x: float


class Limit(BaseModel):
    model_config = ConfigDict(validate_default=True)
    limit: float = math.inf
    unit: str = "s"


def test_a_key_is_a_text_and_may_be_infinite(check_round_trip: Any) -> None:
    check_round_trip(dict[float, int], {math.inf: 1, -math.inf: 2, 1e300: 3})


@pytest.mark.parametrize("text", ["inf", "-Infinity", "NaN", "1e400"])
@pytest.mark.parametrize("output_type", [float, float | int, list[float], dict[str, float], Measure])
def test_a_text_is_no_infinite_number(output_type: Any, text: str) -> None:
    wire: Any = {
        list[float]: {"value": [text]},
        dict[str, float]: {"value": [{"key": "a", "value": text}]},
        Measure: {"x": 1.0, "y": text},
    }
    answer = ResponseFormat(output_type).read(json.dumps(wire.get(output_type, {"value": text})), repairs=True)
    assert not answer.valid
    assert [issue.message for issue in answer.issues] == ["Input should be a finite number"]


@pytest.mark.parametrize("output_type", [MeasureByName, MeasureOfAnySize])
def test_a_type_that_allows_infinities_reads_them_from_text(output_type: Any) -> None:
    assert ResponseFormat(output_type).parse('{"x": "Infinity"}').x == math.inf


def test_infinities_that_the_caller_makes_are_allowed() -> None:
    unbounded = BeforeValidator(lambda value: math.inf if value is None else value, json_schema_input_type=float | None)
    assert ResponseFormat(Annotated[float, unbounded]).parse('{"value": null}') == math.inf
    assert ResponseFormat(Limit).parse('{"unit": "m"}').limit == math.inf


# Booleans


class Switch(BaseModel):
    level: int
    on: bool
    share: float | None = None
    codes: list[int | str] = []


class Rank(IntEnum):
    LOW = 0
    HIGH = 1


Flag = Enum("Flag", {"YES": True, "OTHER": "other"})


@pytest.mark.parametrize(
    ("output_type", "expected"),
    [
        *((int, "an integer, not"), (int | None, "an integer, not"), (float, "a number, not")),
        *((Decimal, "a decimal number as text"), (Rank, "0 or 1"), (Literal[0, 1], "0 or 1"), (int | str, "")),
        (Annotated[int, Field(ge=0)], "an integer, not"),
        *(({"type": "integer"}, ""), ({"type": "number"}, ""), ({"enum": [0, 1]}, ""), ({"const": 1}, "")),
    ],
    ids=str,
)
@pytest.mark.parametrize("value", ["true", "false"])
def test_a_boolean_is_no_number(output_type: Any, expected: str, value: str) -> None:
    answer = ResponseFormat(output_type).read(f'{{"value": {value}}}', repairs=True)
    assert not answer.valid
    assert expected in answer.issues[0].message
    assert answer.issues[0].got == value


def test_only_the_places_of_numbers_reject_booleans() -> None:
    response_format = ResponseFormat(Switch)
    answer = response_format.read('{"level": true, "on": true, "share": false, "codes": [1, true]}')
    assert [issue.path for issue in answer.issues] == [("level",), ("share",), ("codes", 1)]
    assert [issue.message for issue in answer.issues[:2]] == [
        "Input should be an integer, not true",
        "Input should be a number, not false",
    ]
    value = response_format.parse('{"level": "3", "on": false, "share": 12345678901234567.89, "codes": ["true", 2.0]}')
    assert value == Switch(level=3, on=False, share=12345678901234567.89, codes=["true", 2])


@pytest.mark.parametrize("output_type", [bool | int, bool | float, bool | Rank | None, Any, Flag, Literal[True, 2]])
def test_booleans_stay_booleans_beside_numbers(output_type: Any) -> None:
    response_format = ResponseFormat(output_type)
    wire = response_format.dump(True if output_type is not Flag else Flag.YES)
    value = response_format.parse(json.dumps(wire))
    assert (value.value if isinstance(value, Enum) else value) is True


def test_a_number_that_the_caller_makes_of_a_boolean_is_allowed() -> None:
    counted = Annotated[int, BeforeValidator(lambda value: value == "yes", json_schema_input_type=str | bool)]
    assert ResponseFormat(list[counted]).parse('{"value": ["yes", true]}') == [1, 0]
    declared = Annotated[int, WithJsonSchema({"type": "boolean"})]
    assert ResponseFormat(declared).parse('{"value": true}') == 1


def strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def with_validator(output_type: Any, validator: Any) -> Any:
    return Annotated[output_type, validator]  # pyright: ignore[reportInvalidTypeForm]


STRIPPED = [BeforeValidator(strip), WrapValidator(lambda value, handler: handler(strip(value)))]


@pytest.mark.parametrize("validator", STRIPPED, ids=["before", "wrap"])
@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        *((int, "true"), (int | None, "false"), (float, "true"), (Rank, "true"), (Literal[0, 1], "false")),
        *((float, '" inf "'), (dt.date, "20240105"), (dt.datetime, '"1704412800"'), (IPv4Address, "true")),
    ],
    ids=str,
)
def test_a_validator_that_passes_on_what_it_gets_makes_no_value_of_it(
    output_type: Any, text: str, validator: Any
) -> None:
    record = create_model("Record", value=with_validator(output_type, validator))
    assert not ResponseFormat(record).read(f'{{"value": {text}}}', repairs=True).valid


@pytest.mark.parametrize("validator", STRIPPED, ids=["before", "wrap"])
@pytest.mark.parametrize(
    "value",
    [
        dt.date(2024, 1, 5),
        dt.timedelta(3),
        dt.time(1),
        dt.datetime(2024, 1, 5, tzinfo=dt.UTC),
        UUID(int=1),
        Decimal(1),
        Rank.HIGH,
        b"a",
    ],
    ids=repr,
)
def test_a_strict_type_reads_text_through_a_validator_too(value: Any, validator: Any) -> None:
    settings = ConfigDict(strict=True)
    record = create_model("Record", __config__=settings, value=with_validator(type(value), validator))
    response_format = ResponseFormat(record)
    assert response_format.load(response_format.dump(record(value=value))) == record(value=value)
    assert not response_format.read('{"value": []}').valid


class Leg(BaseModel):
    model_config = ConfigDict(strict=True)
    day: dt.date
    stops: tuple[dt.time, ...] = ()


@pytest.mark.parametrize("validator", STRIPPED, ids=["before", "wrap"])
@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (complex, 1 + 2j),
        (Fraction, Fraction(1, 2)),
        (tuple[int, dt.date], (1, dt.date(2024, 1, 5))),
        (list[dt.date], [dt.date(2024, 1, 5)]),
        (frozenset[UUID], frozenset({UUID(int=1)})),
        (deque[int], deque([1])),
        (dict[str, Decimal], {"a": Decimal("1.50")}),
        (dict[dt.date, int], {dt.date(2024, 1, 5): 1}),
        (Counter[str], Counter("aab")),
        (OrderedDict[str, int], OrderedDict(b=1, a=2)),
        (Leg, Leg(day=dt.date(2024, 1, 5), stops=(dt.time(8, 30),))),
        (list[Leg] | None, [Leg(day=dt.date(2024, 1, 5))]),
    ],
    ids=stable_id,
)
def test_a_strict_type_reads_all_that_is_in_it_through_a_validator(
    output_type: Any, value: Any, validator: Any, check_round_trip: Any
) -> None:
    record = create_model("Record", __config__=ConfigDict(strict=True), value=(Annotated[output_type, validator], ...))
    check_round_trip(record, record(value=value))
    for text in ("true", '"x"', '{"a": []}'):
        assert not ResponseFormat(record).read(f'{{"value": {text}}}').valid


@pytest.mark.parametrize("validator", STRIPPED, ids=["before", "wrap"])
def test_a_validator_that_passes_on_values_of_its_type_reads_them(validator: Any) -> None:
    class Row(BaseModel):
        count: Annotated[int, validator]
        day: Annotated[dt.date, validator]
        paid: bool

    row = ResponseFormat(Row).parse('{"count": " 3 ", "day": "2026-11-29 ", "paid": true}')
    assert row == Row(count=3, day=dt.date(2026, 11, 29), paid=True)


@pytest.mark.parametrize(
    "output_type",
    [IPv4Address, IPv6Address, IPv4Network, IPv6Interface, IPvAnyAddress, IPvAnyNetwork, ImportString, UUID],
    ids=str,
)
@pytest.mark.parametrize("value", ["true", "false", "1", "0", "1.5"])
def test_a_number_is_no_address(output_type: Any, value: str) -> None:
    assert not ResponseFormat(output_type).read(f'{{"value": {value}}}').valid
    assert not ResponseFormat(output_type | None).read(f'{{"value": {value}}}').valid


@pytest.mark.parametrize(("text", "value"), [("1", True), ("0", False)])
def test_one_and_zero_are_booleans_unless_the_type_is_strict(text: str, value: bool) -> None:
    assert ResponseFormat(bool).parse(f'{{"value": {text}}}') is value
    assert not ResponseFormat(StrictBool).read(f'{{"value": {text}}}', repairs=True).valid


# Times


class Day(BaseModel):
    model_config = ConfigDict(strict=True)
    at: dt.datetime


@pytest.mark.parametrize("output_type", [dt.datetime, dt.date, dt.time, dt.timedelta, dt.datetime | None])
@pytest.mark.parametrize(
    "value", [2024, 1704412800, 1.5, "20240105", "1704412800000", "1.7e9", "-1", ".5", "-.5", "+.5e1"]
)
def test_a_number_is_no_time(output_type: Any, value: Any) -> None:
    answer = ResponseFormat(output_type).read(json.dumps({"value": value}), repairs=True)
    assert not answer.valid


@pytest.mark.parametrize("output_type", [dt.datetime, dt.date])
def test_a_number_is_no_time_in_strict_mode_either(output_type: Any) -> None:
    strict = Annotated[output_type, Field(strict=True)]
    day, moment = "2024-01-05", "2024-01-05T00:00:00"
    for value in (
        2024,
        "2024",
        "20240105",
        "1704412800",
        ".5",
        "5.5",
        "-1",
        day if output_type is dt.datetime else moment,
    ):
        for wrapped in (strict, list[strict], create_model("Day", at=(strict, ...), note=(str, ""))):
            wire = (
                {"at": value, "note": None} if isinstance(wrapped, type) and issubclass(wrapped, BaseModel) else value
            )
            wire = {"value": [value] if wrapped == list[strict] else value} if wire is value else wire
            assert not ResponseFormat(wrapped).read(json.dumps(wire)).valid
    text = moment if output_type is dt.datetime else day
    assert ResponseFormat(strict).parse(json.dumps({"value": text})) == output_type.fromisoformat(text)


class StrictStay(BaseModel):
    model_config = ConfigDict(strict=True)
    at: dt.datetime
    rooms: tuple[int, str]
    before: Annotated["StrictStay | None", BeforeValidator(lambda value: value)] = None


class Stays(BaseModel):
    stay: StrictStay
    stays: list[StrictStay] = []


class SeveralStays(BaseModel):
    plain: Stays
    with_validator: Annotated[Stays, BeforeValidator(lambda value: value)]
    list_with_validator: Annotated[list[Stays], BeforeValidator(lambda value: value)]


def test_a_strict_model_is_read_alike_behind_a_validator_and_beside_it() -> None:
    response_format = ResponseFormat(SeveralStays)
    stay = StrictStay(at=dt.datetime(2024, 1, 5), rooms=(1, "x"))  # noqa: DTZ001
    stays = Stays(stay=stay, stays=[stay.model_copy(update={"before": stay})])
    wire: Any = response_format.dump(SeveralStays(plain=stays, with_validator=stays, list_with_validator=[stays]))
    assert response_format.load(wire) == SeveralStays(plain=stays, with_validator=stays, list_with_validator=[stays])
    places = [
        wire["plain"]["stay"],
        wire["with_validator"]["stays"][0]["before"],
        wire["list_with_validator"][0]["stay"],
    ]
    for place in places:
        place["at"] = "2024"
    issues = response_format.read(json.dumps(wire)).issues
    assert [(issue.path[0], issue.path[-1]) for issue in issues] == [
        ("plain", "at"),
        ("with_validator", "at"),
        ("list_with_validator", "at"),
    ]


def test_a_type_that_declares_numbers_for_a_time_reads_them() -> None:
    moment = dt.datetime(2024, 1, 5, tzinfo=dt.UTC)
    timestamp = Annotated[dt.datetime, WithJsonSchema({"type": "integer"})]
    converted = Annotated[dt.datetime, BeforeValidator(lambda value: value / 1000, json_schema_input_type=int)]
    assert ResponseFormat(timestamp).parse('{"value": 1704412800}') == moment
    assert ResponseFormat(converted).parse('{"value": 1704412800000}') == moment
    assert ResponseFormat(Day).parse('{"at": "2024-01-05T00:00:00Z"}').at == moment
