"""The feedback on every kind of issue, as the model reads it: where, what to write, and no name of a function."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import json
import re
import typing
import uuid
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, Union

import pytest
from pydantic import (
    UUID4,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FutureDate,
    FutureDatetime,
    HttpUrl,
    Json,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    StrictBool,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType
from typing_extensions import TypedDict

from structkit import ResponseFormat
from structkit.extraction.correction import correction_messages


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Person(BaseModel):
    name: str
    age: int


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


class Dog(BaseModel):
    name: str
    breed: str


class Car(BaseModel):
    name: str
    wheels: int


class Cat(BaseModel):
    kind: Literal["cat"]
    age: int


class Cow(BaseModel):
    kind: Literal["cow"] = "cow"
    milk: int


class Owner(BaseModel):
    pet: Dog | Car


class Point(NamedTuple):
    x: int
    y: int


class Size(TypedDict):
    width: int


@dataclass
class Box:
    width: int


class Team(BaseModel):
    people: list[Person]
    by_name: dict[str, Person] = {}


class Leaf(BaseModel):
    text: str


class Nested(BaseModel):
    inner: Nested | Leaf


class Raw(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")

    data: bytes


class Span(BaseModel):
    start: int
    end: int

    @model_validator(mode="after")
    def check_order(self) -> Span:
        if self.end < self.start:
            raise ValueError("end must not be before start")
        return self


def fail(value: Any) -> Any:
    return {}["internal_key"]


def reject(value: Any) -> Any:
    raise ValueError("must be a code of our catalogue")


def reject_without_a_word(value: Any) -> Any:
    raise AssertionError


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


FEEDBACK: list[tuple[Any, str, str]] = [
    (
        int,
        '{"value": "old"}',
        'value: Input should be a valid integer, unable to parse string as an integer (got "old")',
    ),
    (
        list[int | bool] | dict[str, int | bool],
        '{"value": {"array": [1, "x"]}}',
        'value.array[1]: Input should be an integer or true or false (got "x")',
    ),
    (int, '{"value": 1.5}', "value: Input should be a valid integer, got a number with a fractional part (got 1.5)"),
    (int, '{"value": null}', "value: Input should be a valid integer (got null)"),
    (int, '{"value": {"a": 1}}', 'value: Input should be a valid integer (got {"a": 1})'),
    (float, '{"value": "x"}', 'value: Input should be a valid number, unable to parse string as a number (got "x")'),
    (float, '{"value": null}', "value: Input should be a valid number (got null)"),
    (
        Annotated[float, Field(allow_inf_nan=False)],
        '{"value": "inf"}',
        'value: Input should be a finite number (got "inf")',
    ),
    (bool, '{"value": "maybe"}', 'value: Input should be true or false (got "maybe")'),
    (StrictBool, '{"value": 1}', "value: Input should be true or false (got 1)"),
    (str, '{"value": {"a": 1}}', 'value: Input should be a valid string (got {"a": 1})'),
    (str, '{"value": true}', "value: Input should be a valid string (got true)"),
    (None, '{"value": 3}', "value: Input should be null (got 3)"),
    (
        Annotated[str, Field(min_length=3)],
        '{"value": "a"}',
        'value: String should have at least 3 characters (got "a")',
    ),
    (
        Annotated[str, Field(max_length=3)],
        '{"value": "abcd"}',
        'value: String should have at most 3 characters (got "abcd")',
    ),
    (
        Annotated[str, Field(pattern="^[A-Z]{2}$")],
        '{"value": "abc"}',
        "value: String should match pattern '^[A-Z]{2}$' (got \"abc\")",
    ),
    (
        Annotated[str, StringConstraints(ascii_only=True)],
        '{"value": "é"}',
        'value: String should contain only ASCII characters (got "é")',
    ),
    (Annotated[int, Field(gt=3)], '{"value": 3}', "value: Input should be greater than 3 (got 3)"),
    (Annotated[int, Field(ge=3)], '{"value": 2}', "value: Input should be greater than or equal to 3 (got 2)"),
    (Annotated[int, Field(lt=3)], '{"value": 3}', "value: Input should be less than 3 (got 3)"),
    (Annotated[float, Field(le=9.5)], '{"value": 10}', "value: Input should be less than or equal to 9.5 (got 10)"),
    (Annotated[int, Field(multiple_of=5)], '{"value": 3}', "value: Input should be a multiple of 5 (got 3)"),
    (Color, '{"value": "blue"}', 'value: Input should be "red" or "green" (got "blue")'),
    (Literal["a", "b"], '{"value": "c"}', 'value: Input should be "a" or "b" (got "c")'),
    (Literal["a", 1] | None, '{"value": "c"}', 'value: Input should be "a" or 1 (got "c")'),
    (list[int], '{"value": "7, 8"}', 'value: Input should be [an integer, ...] (got "7, 8")'),
    (
        list[int],
        '{"value": ["a", 2]}',
        'value[0]: Input should be a valid integer, unable to parse string as an integer (got "a")',
    ),
    (
        list[Person],
        '{"value": [{"name": "Ada"}, 3]}',
        'value[0].age: required, but missing\nvalue[1]: Input should be {"name": ..., "age": ...} (got 3)',
    ),
    (
        Annotated[list[int], Field(max_length=1)],
        '{"value": [1, 2]}',
        "value: Input should have at most 1 item, not 2 (got [1, 2])",
    ),
    (
        Annotated[list[int], Field(min_length=3)],
        '{"value": [1, 2]}',
        "value: Input should have at least 3 items, not 2 (got [1, 2])",
    ),
    (deque[int], '{"value": "7, 8"}', 'value: Input should be [an integer, ...] (got "7, 8")'),
    (set[int], '{"value": [1, 1]}', "value: write the item 1 only once (got [1, 1])"),
    (set[Any], '{"value": [[1], [2]]}', "value: Input should have no list and no object as an item (got [[1], [2]])"),
    (frozenset[str], '{"value": "a, b"}', 'value: Input should be [a string, ...] (got "a, b")'),
    (
        tuple[int, str],
        '{"value": {"item_0": "x", "item_1": "y"}}',
        'value.item_0: Input should be a valid integer, unable to parse string as an integer (got "x")',
    ),
    (tuple[int, str], '{"value": {"item_0": 1}}', "value.item_1: required, but missing"),
    (tuple[int, str], '{"value": [1, "a", 3]}', 'value: Input should have at most 2 items, not 3 (got [1, "a", 3])'),
    (tuple[int, str], '{"value": 5}', 'value: Input should be {"item_0": ..., "item_1": ...} (got 5)'),
    (tuple[int, ...], '{"value": "7, 8"}', 'value: Input should be [an integer, ...] (got "7, 8")'),
    (Point, '{"value": {"x": 1}}', "value.y: required, but missing"),
    (Point, '{"value": {"x": 1, "y": 2, "z": 3}}', 'value.z: the key "z" is not allowed here; leave it out (got 3)'),
    (Point, '{"value": 5}', 'value: Input should be {"x": ..., "y": ...} (got 5)'),
    (
        dict[str, int],
        '{"value": [{"key": "a", "value": 1}, {"key": "b", "value": "x"}]}',
        'value[1].value: Input should be a valid integer, unable to parse string as an integer (got "x")',
    ),
    (dict[str, int], '{"value": [{"key": "a", "value": 1}, {"key": "a", "value": 2}]}', 'value: duplicate key "a"'),
    (dict[str, int], '{"value": 5}', 'value: Input should be [{"key": ..., "value": ...}, ...] (got 5)'),
    (
        dict[str, int],
        '{"value": [{"k": "a"}]}',
        'value: Input should be [{"key": ..., "value": ...}, ...] (got [{"k": "a"}])',
    ),
    (
        dict[int, str],
        '{"value": [{"key": "a", "value": "x"}]}',
        'value: key "a": Input should be a valid integer, unable to parse string as an integer (got "a")',
    ),
    (
        dict[int, str],
        '{"value": [{"key": "1", "value": "x"}, {"key": "01", "value": "y"}]}',
        'value: write the key 1 only once (got {"1": "x", "01": "y"})',
    ),
    (
        dict[Color, int],
        '{"value": [{"key": "blue", "value": 1}]}',
        'value: key "blue": Input should be "red" or "green" (got "blue")',
    ),
    (
        Annotated[dict[str, int], Field(min_length=1)],
        '{"value": []}',
        "value: Input should have at least 1 item, not 0 (got {})",
    ),
    (OrderedDict[str, int], '{"value": 5}', 'value: Input should be [{"key": ..., "value": ...}, ...] (got 5)'),
    (Counter[str], '{"value": 5}', 'value: Input should be [{"key": ..., "value": ...}, ...] (got 5)'),
    (dict[str, Any], '{"value": 5}', 'value: Input should be [{"key": ..., "value": ...}, ...] (got 5)'),
    (
        dt.date,
        '{"value": "tomorrow"}',
        'value: Input should be a date, as "2026-11-29": input is too short (got "tomorrow")',
    ),
    (
        dt.date,
        '{"value": "2024-02-30"}',
        'value: Input should be a date, as "2026-11-29": day value is outside expected range (got "2024-02-30")',
    ),
    (
        dt.date,
        '{"value": "2024-01-01T10:00"}',
        'value: Input should be a date without a time, as "2026-11-29" (got "2024-01-01T10:00")',
    ),
    (dt.date, '{"value": true}', 'value: Input should be a date, as "2026-11-29" (got true)'),
    (
        dt.datetime,
        '{"value": "noon"}',
        'value: Input should be a date and time, as "2026-11-29T10:30:00": input is too short (got "noon")',
    ),
    (dt.datetime, '{"value": 1e20}', 'value: Input should be a date and time, as "2026-11-29T10:30:00" (got 1e+20)'),
    (
        Annotated[dt.datetime, WithJsonSchema({"type": "integer"})],
        '{"value": 1e20}',
        'value: Input should be a date and time, as "2026-11-29T10:30:00": dates after 9999 are not supported as unix timestamps (got 1e+20)',
    ),
    (dt.datetime, '{"value": true}', 'value: Input should be a date and time, as "2026-11-29T10:30:00" (got true)'),
    (dt.time, '{"value": true}', 'value: Input should be a time, as "10:30:00" (got true)'),
    (dt.timedelta, '{"value": true}', 'value: Input should be a duration, as "P1DT2H30M" (got true)'),
    (Decimal, '{"value": true}', 'value: Input should be a decimal number as text, as "12.50" (got true)'),
    (Fraction, '{"value": true}', 'value: Input should be a fraction as text, as "1/3" (got true)'),
    (complex, '{"value": true}', 'value: Input should be a complex number as text, as "1+2j" (got true)'),
    (
        uuid.UUID,
        '{"value": true}',
        'value: Input should be a UUID, as "123e4567-e89b-12d3-a456-426614174000" (got true)',
    ),
    (HttpUrl, '{"value": true}', 'value: Input should be a URL, as "https://example.org/" (got true)'),
    (dt.time, '{"value": "noon"}', 'value: Input should be a time, as "10:30:00": input is too short (got "noon")'),
    (
        dt.timedelta,
        '{"value": "long"}',
        'value: Input should be a duration, as "P1DT2H30M": invalid digit in duration (got "long")',
    ),
    (PastDate, '{"value": "2999-01-01"}', 'value: Date should be in the past (got "2999-01-01")'),
    (FutureDate, '{"value": "1999-01-01"}', 'value: Date should be in the future (got "1999-01-01")'),
    (
        PastDatetime,
        '{"value": "2999-01-01T00:00:00Z"}',
        'value: Input should be in the past (got "2999-01-01T00:00:00Z")',
    ),
    (
        FutureDatetime,
        '{"value": "1999-01-01T00:00:00Z"}',
        'value: Input should be in the future (got "1999-01-01T00:00:00Z")',
    ),
    (
        AwareDatetime,
        '{"value": "2024-01-01T00:00:00"}',
        'value: Input should have a UTC offset, as in "2026-11-29T10:30:00Z" (got "2024-01-01T00:00:00")',
    ),
    (
        NaiveDatetime,
        '{"value": "2024-01-01T00:00:00Z"}',
        'value: Input should have no UTC offset, as in "2026-11-29T10:30:00" (got "2024-01-01T00:00:00Z")',
    ),
    (Decimal, '{"value": "x"}', 'value: Input should be a decimal number as text, as "12.50" (got "x")'),
    (
        Annotated[Decimal, Field(max_digits=3)],
        '{"value": "12345"}',
        'value: Decimal input should have no more than 3 digits in total (got "12345")',
    ),
    (
        Annotated[Decimal, Field(decimal_places=2)],
        '{"value": "1.234"}',
        'value: Decimal input should have no more than 2 decimal places (got "1.234")',
    ),
    (
        Annotated[Decimal, Field(max_digits=4, decimal_places=2)],
        '{"value": "123.1"}',
        'value: Decimal input should have no more than 2 digits before the decimal point (got "123.1")',
    ),
    (Fraction, '{"value": "x"}', 'value: Input should be a fraction as text, as "1/3" (got "x")'),
    (complex, '{"value": "x"}', 'value: Input should be a complex number as text, as "1+2j" (got "x")'),
    (
        uuid.UUID,
        '{"value": "x"}',
        'value: Input should be a UUID, as "123e4567-e89b-12d3-a456-426614174000": invalid character: found `x` at 0 (got "x")',
    ),
    (
        UUID4,
        '{"value": "a6cc5730-2261-11ee-9c43-2eb5a363657c"}',
        'value: UUID version 4 expected (got "a6cc5730-2261-11ee-9c43-2eb5a363657c")',
    ),
    (
        HttpUrl,
        '{"value": "x"}',
        'value: Input should be a URL, as "https://example.org/": relative URL without a base (got "x")',
    ),
    (
        HttpUrl,
        '{"value": "ftp://example.org/"}',
        "value: URL scheme should be 'http' or 'https' (got \"ftp://example.org/\")",
    ),
    (ipaddress.IPv4Address, '{"value": "x"}', 'value: Input is not a valid IPv4 address (got "x")'),
    (bytes, '{"value": "data:;base64,%"}', 'value: Input should be Base64 after data:;base64, (got "data:;base64,%")'),
    (Annotated[bytes, Field(max_length=2)], '{"value": "abc"}', 'value: Data should have at most 2 bytes (got "abc")'),
    (Annotated[bytes, Field(min_length=5)], '{"value": "abc"}', 'value: Data should have at least 5 bytes (got "abc")'),
    (Raw, '{"data": "%"}', 'data: Data should be valid base64: Invalid symbol 37, offset 0. (got "%")'),
    (
        Json[list[int]],
        '{"value": "[1"}',
        'value: Input should be a text that is valid JSON: EOF while parsing a list at line 1 column 2 (got "[1")',
    ),
    (Json[list[int]], '{"value": 3}', "value: Input should be a text that is JSON (got 3)"),
    (Person, '{"name": "Ada"}', "age: required, but missing"),
    (
        Person,
        '{"name": "Ada", "age": "old"}',
        'age: Input should be a valid integer, unable to parse string as an integer (got "old")',
    ),
    (Person, '{"name": "Ada", "years": 36}', "age: required, but missing"),
    (
        Person,
        '{"first": "Ada"}',
        "name: required, but missing\nage: required, but missing\n(root): it has none of the expected keys: name, age",
    ),
    (Person, '{"data": {"name": "Ada"}}', "age: required, but missing"),
    (Person, "[1]", '(root): Input should be {"name": ..., "age": ...} (got [1])'),
    (Closed, '{"name": "Ada", "age": 36}', 'age: the key "age" is not allowed here; leave it out (got 36)'),
    (Size, '{"height": 1}', "width: required, but missing\n(root): it has none of the expected keys: width"),
    ({"type": "object", "properties": {}}, '{"a": 1}', '(root): no keys are expected; write {"nothing": null}'),
    (Box, "{}", "width: required, but missing"),
    (Box, '"5"', '(root): Input should be {"width": ...} (got "5")'),
    (
        Dog | Car,
        '{"value": {"name": "Rex"}}',
        'value: Input should be {"Dog": {"name": ..., "breed": ...}} or {"Car": {"name": ..., "wheels": ...}} (got {"name": "Rex"})',
    ),
    (
        Dog | Car,
        '{"value": {"name": "Rex", "breed": "Lab", "wheels": 4}}',
        'value: Input should be {"Dog": {"name": ..., "breed": ...}} or {"Car": {"name": ..., "wheels": ...}} (got {"name": "Rex", "breed": "Lab", "wheels": 4})',
    ),
    (Dog | Car, '{"value": {"Dog": {"name": "Rex"}}}', "value.Dog.breed: required, but missing"),
    (
        Dog | Car,
        '{"value": {"Cow": {"name": "Rex"}}}',
        'value: Input should be {"Dog": {"name": ..., "breed": ...}} or {"Car": {"name": ..., "wheels": ...}} (got {"Cow": {"name": "Rex"}})',
    ),
    (
        Dog | Car,
        '{"value": "Rex"}',
        'value: Input should be {"Dog": {"name": ..., "breed": ...}} or {"Car": {"name": ..., "wheels": ...}} (got "Rex")',
    ),
    (
        Owner,
        '{"pet": {"name": "Rex"}}',
        'pet: Input should be {"Dog": {"name": ..., "breed": ...}} or {"Car": {"name": ..., "wheels": ...}} (got {"name": "Rex"})',
    ),
    (
        Owner,
        '{"pet": {"Car": {"name": "KITT", "wheels": "x"}}}',
        'pet.Car.wheels: Input should be a valid integer, unable to parse string as an integer (got "x")',
    ),
    (
        list[Dog | Car],
        '{"value": [{"Dog": {"name": "a", "breed": "b"}}, {"Dog": {"name": "c"}}]}',
        "value[1].Dog.breed: required, but missing",
    ),
    (Cat | Cow, '{"value": {"x": 1}}', 'value.kind: required, but missing: write "cat" or "cow"'),
    (Cat | Cow, '{"value": {"kind": "cat"}}', "value.age: required, but missing"),
    (
        Annotated[Cat | Cow, Field(discriminator="kind")],
        '{"value": {"kind": "dog"}}',
        'value: Input should be {"kind": "cat", "age": ...} or {"kind": "cow", "milk": ...} (got {"kind": "dog"})',
    ),
    (
        Annotated[Cat | Cow, Field(discriminator="kind")],
        '{"value": {"age": 1, "milk": 2}}',
        'value.kind: required, but missing: write "cat" or "cow"',
    ),
    (
        Annotated[Cat | Cow, Field(discriminator="kind")],
        '{"value": 3}',
        'value: Input should be {"kind": "cat", "age": ...} or {"kind": "cow", "milk": ...} (got 3)',
    ),
    (Cat, '{"age": 3}', 'kind: required, but missing: write "cat"'),
    (int | list[str], '{"value": {"a": 1}}', 'value: Input should be an integer or [a string, ...] (got {"a": 1})'),
    (int | list[Person], '{"value": [{"name": "Ada"}]}', "value[0].age: required, but missing"),
    (
        int | None,
        '{"value": "x"}',
        'value: Input should be a valid integer, unable to parse string as an integer (got "x")',
    ),
    (dt.date | int, '{"value": "x"}', 'value: Input should be a date, as "2026-11-29": input is too short (got "x")'),
    (
        dt.date | dt.datetime,
        '{"value": "2024-01-01"}',
        'value: Input should be {"date": a date, as "2026-11-29"} or {"datetime": a string (ISO 8601 date and time)} (got "2024-01-01")',
    ),
    (Dog | str | None, '{"value": 5}', 'value: Input should be {"name": ..., "breed": ...}, a string or null (got 5)'),
    (
        Team,
        '{"people": [{"name": "a"}, {"name": "b", "age": "x"}], "by_name": [{"key": "k", "value": {"name": "x", "age": "y"}}]}',
        'people[0].age: required, but missing\npeople[1].age: Input should be a valid integer, unable to parse string as an integer (got "x")\nby_name[0].value.age: Input should be a valid integer, unable to parse string as an integer (got "y")',
    ),
    (
        Annotated[int, AfterValidator(fail)],
        '{"value": 1}',
        "value: a rule could not be applied to the values here; write other values",
    ),
    (
        Annotated[int, AfterValidator(reject)],
        '{"value": 1}',
        "value: Value error, must be a code of our catalogue (got 1)",
    ),
    (
        Annotated[int, AfterValidator(reject_without_a_word)],
        '{"value": 1}',
        "value: this value is not accepted (got 1)",
    ),
    (Span, '{"start": 3, "end": 1}', '(root): Value error, end must not be before start (got {"start": 3, "end": 1})'),
    (
        list[Span],
        '{"value": [{"start": 3, "end": 1}]}',
        'value[0]: Value error, end must not be before start (got {"start": 3, "end": 1})',
    ),
    (
        Person,
        "",
        'Your last reply was not a JSON object: not valid JSON: the text is empty. Reply with the JSON object that was asked for, {"name": ..., "age": ...}, and nothing else.',
    ),
    (
        Person,
        "Sure! I can help.",
        'Your last reply was not a JSON object: not valid JSON: the text does not start with a JSON value. Reply with the JSON object that was asked for, {"name": ..., "age": ...}, and nothing else.',
    ),
    (
        Person,
        "null",
        'Your last reply was not a JSON object: Input should be {"name": ..., "age": ...}. Reply with the JSON object that was asked for, {"name": ..., "age": ...}, and nothing else.',
    ),
    (
        Person,
        '{"name": "Ada", "age": 3',
        '(root): not valid JSON: the text ends before the JSON does; write all of it (got "{\\"name\\": \\"Ada\\", \\"age\\": 3")',
    ),
    (
        Person,
        '{"name": "Ada',
        '(root): not valid JSON: the text ends before the JSON does; write all of it (got "{\\"name\\": \\"Ada")',
    ),
    (
        Person,
        '{"name": "Ada", "age": 3, "age": 4}',
        '(root): duplicate key "age" in one object (got "{\\"name\\": \\"Ada\\", \\"age\\": 3, \\"age\\": 4}")',
    ),
    (
        Person,
        '{"name": "Ada", "age": NaN}',
        '(root): not valid JSON: NaN is not a JSON number (got "{\\"name\\": \\"Ada\\", \\"age\\": NaN}")',
    ),
    (
        Person,
        '{"name": "Ada", "age": 1e999}',
        '(root): the number 1e999 is too large (got "{\\"name\\": \\"Ada\\", \\"age\\": 1e999}")',
    ),
    (
        Person,
        '{"name": "Ada" "age": 3}',
        '(root): not valid JSON: Expecting \',\' delimiter at line 1 column 16 (got "{\\"name\\": \\"Ada\\" \\"age\\": 3}")',
    ),
    (
        Person,
        '{"name": "\\ud83d", "age": 3}',
        '(root): not valid JSON: half of a surrogate pair without the other half (got "{\\"name\\": \\"\\\\ud83d\\", \\"age\\": 3}")',
    ),
    (
        Person,
        '{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}',
        '(root): this is the schema; write a value: {"name": ..., "age": ...}',
    ),
    (
        int,
        "seven",
        'Your last reply was not a JSON object: not valid JSON: the text does not start with a JSON value. Reply with the JSON object that was asked for, {"value": an integer}, and nothing else.',
    ),
    (
        Color,
        "blue",
        'Your last reply was not a JSON object: not valid JSON: the text does not start with a JSON value. Reply with the JSON object that was asked for, {"value": "red" or "green"}, and nothing else.',
    ),
    (
        list[Person],
        "They are Ada and Bob.",
        'Your last reply was not a JSON object: not valid JSON: the text does not start with a JSON value. Reply with the JSON object that was asked for, {"value": [{"name": ..., "age": ...}, ...]}, and nothing else.',
    ),
    (obj(a=NUMBER), '{"a": "x"}', 'a: Input should be an integer (got "x")'),
    (obj(a=NUMBER), "{}", "a: required, but missing"),
    (obj(a=NUMBER), '{"a": 1, "b": 2}', 'b: the key "b" is not allowed here; leave it out (got 2)'),
    (obj(a=NUMBER), "[1]", '(root): Input should be {"a": ...} (got [1])'),
    (obj(a={"type": ["integer", "null"]}), '{"a": "x"}', 'a: Input should be an integer or null (got "x")'),
    (obj(a={"enum": ["x", "y"]}), '{"a": "z"}', 'a: Input should be "x" or "y" (got "z")'),
    (obj(a={"const": 3}), '{"a": 4}', "a: Input should be 3 (got 4)"),
    (obj(a={"type": "number", "minimum": 3}), '{"a": 1}', "a: Input should be greater than or equal to 3 (got 1)"),
    (obj(a={"type": "number", "maximum": 3}), '{"a": 9}', "a: Input should be less than or equal to 3 (got 9)"),
    (obj(a={"type": "number", "exclusiveMinimum": 3}), '{"a": 3}', "a: Input should be greater than 3 (got 3)"),
    (obj(a={"type": "number", "exclusiveMaximum": 3}), '{"a": 3}', "a: Input should be less than 3 (got 3)"),
    (obj(a={"type": "number", "multipleOf": 5}), '{"a": 3}', "a: Input should be a multiple of 5 (got 3)"),
    (
        {
            **obj(a={"type": "number", "minimum": 3, "exclusiveMinimum": True}),
            "$schema": "http://json-schema.org/draft-04/schema#",
        },
        '{"a": 3}',
        "a: Input should be greater than 3 (got 3)",
    ),
    (obj(a={"type": "string", "minLength": 3}), '{"a": "x"}', 'a: String should have at least 3 characters (got "x")'),
    (
        obj(a={"type": "string", "maxLength": 1}),
        '{"a": "xyz"}',
        'a: String should have at most 1 character (got "xyz")',
    ),
    (
        obj(a={"type": "string", "pattern": "^[A-Z]+$"}),
        '{"a": "x"}',
        'a: String should match pattern "^[A-Z]+$" (got "x")',
    ),
    (
        obj(a={"type": "string", "format": "date"}),
        '{"a": "nope"}',
        'a: Input should be a date, as "2026-11-29" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "date-time"}),
        '{"a": "nope"}',
        'a: Input should be a date and time with a UTC offset, as "2026-11-29T10:30:00Z" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "time"}),
        '{"a": "nope"}',
        'a: Input should be a time with a UTC offset, as "10:30:00Z" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "duration"}),
        '{"a": "nope"}',
        'a: Input should be a duration, as "P1DT2H30M" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "email"}),
        '{"a": "nope"}',
        'a: Input should be an email address, as "ada@example.org" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "uri"}),
        '{"a": "nope"}',
        'a: Input should be a URL, as "https://example.org/" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "uuid"}),
        '{"a": "nope"}',
        'a: Input should be a UUID, as "123e4567-e89b-12d3-a456-426614174000" (got "nope")',
    ),
    (
        obj(a={"type": "string", "format": "ipv4"}),
        '{"a": "nope"}',
        'a: Input should be an IPv4 address, as "192.0.2.1" (got "nope")',
    ),
    (obj(a={"type": "array", "items": NUMBER}), '{"a": [1, "x"]}', 'a[1]: Input should be an integer (got "x")'),
    (obj(a={"type": "array", "items": NUMBER}), '{"a": "1, 2"}', 'a: Input should be [an integer, ...] (got "1, 2")'),
    (
        obj(a={"type": "array", "items": NUMBER, "minItems": 2}),
        '{"a": [1]}',
        "a: Input should have at least 2 items (got [1])",
    ),
    (
        obj(a={"type": "array", "items": NUMBER, "maxItems": 1}),
        '{"a": [1, 2]}',
        "a: Input should have at most 1 item (got [1, 2])",
    ),
    (
        obj(a={"type": "array", "items": NUMBER, "uniqueItems": True}),
        '{"a": [1, 1]}',
        "a: write the item 1 only once (got [1, 1])",
    ),
    (
        obj(a={"type": "array", "items": NUMBER, "contains": {"const": 3}}),
        '{"a": [1, 1]}',
        'a: Input should have an item matching {"const": 3} (got [1, 1])',
    ),
    (
        obj(a={"type": "array", "items": NUMBER, "contains": {"const": 3}, "minContains": 2}),
        '{"a": [3, 1]}',
        'a: Input should have at least 2 items matching {"const": 3} (got [3, 1])',
    ),
    (
        obj(a={"type": "array", "items": NUMBER, "contains": {"const": 3}, "maxContains": 1}),
        '{"a": [3, 3]}',
        'a: Input should have at most 1 item matching {"const": 3} (got [3, 3])',
    ),
    (
        obj(a={"type": "array", "prefixItems": [NUMBER, TEXT], "items": False}),
        '{"a": [1, "x", 3]}',
        'a: not allowed here; leave out 3 (got [1, "x", 3])',
    ),
    (
        obj(a={"type": "array", "prefixItems": [NUMBER], "unevaluatedItems": False}),
        '{"a": [1, 2]}',
        "a: not allowed here; leave out 2 (got [1, 2])",
    ),
    (
        obj(a={"type": "object", "additionalProperties": NUMBER}),
        '{"a": [{"key": "k", "value": "x"}]}',
        'a[0].value: Input should be an integer (got "x")',
    ),
    (
        obj(a={"type": "object", "additionalProperties": NUMBER}),
        '{"a": 3}',
        'a: Input should be [{"key": ..., "value": ...}, ...] (got 3)',
    ),
    (
        obj(a={"type": "object", "additionalProperties": NUMBER, "minProperties": 1}),
        '{"a": []}',
        "a: Input should have at least 1 key (got {})",
    ),
    (
        obj(a={"type": "object", "additionalProperties": NUMBER, "maxProperties": 1}),
        '{"a": [{"key": "k", "value": 1}, {"key": "l", "value": 1}]}',
        'a: Input should have at most 1 key (got {"k": 1, "l": 1})',
    ),
    (
        obj(a={"type": "object", "additionalProperties": NUMBER, "propertyNames": {"pattern": "^[a-z]+$"}}),
        '{"a": [{"key": "K", "value": 1}]}',
        'a: key "K": String should match pattern "^[a-z]+$"',
    ),
    (
        obj(a={"type": "object", "patternProperties": {"^x": NUMBER}, "additionalProperties": False}),
        '{"a": [{"key": "k", "value": 1}]}',
        'a[0].value: the key "k" is not allowed here; leave it out (got 1)',
    ),
    (
        {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, "dependentRequired": {"a": ["b"]}},
        '{"a": 1}',
        'b: required, because "a" is there',
    ),
    (
        {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}, "dependentSchemas": {"a": {"required": ["b"]}}},
        '{"a": 1}',
        "b: required, but missing",
    ),
    (
        {
            "type": "object",
            "properties": {"a": NUMBER, "b": NUMBER},
            "dependencies": {"a": ["b"]},
            "$schema": "http://json-schema.org/draft-07/schema#",
        },
        '{"a": 1}',
        'b: required, because "a" is there',
    ),
    (
        {
            "type": "object",
            "properties": {"a": NUMBER, "b": NUMBER},
            "if": {"properties": {"a": {"const": 1}}},
            "then": {"required": ["b"]},
        },
        '{"a": 1}',
        "b: required, but missing",
    ),
    (
        {"type": "object", "properties": {"a": NUMBER}, "unevaluatedProperties": False},
        '{"a": 1, "b": 2}',
        'b: the key "b" is not allowed here; leave it out (got 2)',
    ),
    (obj(a={"type": "integer", "not": {"const": 3}}), '{"a": 3}', 'a: Input should not match {"const": 3} (got 3)'),
    (
        obj(a={"type": "integer", "allOf": [{"minimum": 3}, {"multipleOf": 2}]}),
        '{"a": 1}',
        "a: Input should be greater than or equal to 3 (got 1)\na: Input should be a multiple of 2 (got 1)",
    ),
    (obj(a={"anyOf": [TEXT, NUMBER]}), '{"a": {"x": 1}}', 'a: Input should be a string or an integer (got {"x": 1})'),
    (obj(a={"anyOf": [obj(x=NUMBER), obj(y=TEXT)]}), '{"a": {"x": "q"}}', 'a.x: Input should be an integer (got "q")'),
    (
        obj(a={"anyOf": [obj(x=NUMBER), obj(y=TEXT)]}),
        '{"a": {"z": "q"}}',
        'a: Input should be {"x": ...} or {"y": ...} (got {"z": "q"})',
    ),
    (
        obj(a={"anyOf": [obj(n=TEXT, x=NUMBER), obj(n=TEXT, y=TEXT)]}),
        '{"a": {"n": "q"}}',
        'a: Input should be {"object": {"n": ..., "x": ...}} or {"object_2": {"n": ..., "y": ...}} (got {"n": "q"})',
    ),
    (
        obj(a={"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": 5}]}),
        '{"a": 3}',
        "a: Input should match only one of the forms that are allowed here, and matches several (got 3)",
    ),
    (
        obj(a={"oneOf": [obj(kind={"const": "cat"}, age=NUMBER), obj(kind={"const": "cow"}, milk=NUMBER)]}),
        '{"a": {"kind": "cat", "milk": 1}}',
        'a.age: required, but missing\na.milk: the key "milk" is not allowed here; leave it out (got 1)',
    ),
]
"""The type, the reply, and the feedback."""

PREFIX = "Your reply does not fit the schema:\n"
SUFFIX = "\nReply again with the whole corrected JSON and nothing else."


def feedback_on(output_type: Any, reply: str) -> str:
    """Return what the model is sent after a reply, without the sentences around the issues."""
    response_format = ResponseFormat(output_type)
    answer = response_format.read(reply, repairs=True)
    return correction_messages(response_format, answer, None)[-1].content.removeprefix(PREFIX).removesuffix(SUFFIX)


@pytest.mark.parametrize(("output_type", "reply", "feedback"), FEEDBACK, ids=range(len(FEEDBACK)))
def test_the_feedback_says_where_and_what_to_write(output_type: Any, reply: str, feedback: str) -> None:
    assert feedback_on(output_type, reply) == feedback


INTERNALS = re.compile(
    r"discriminator|branch\(|function|validator|isinstance|instance|\bdict|tuple|mapping|hashable|attribute|schemas"
    r"|\bNone\b|\bTrue\b|\bFalse\b|Error\b(?<!Value error)|internal_key|x-structkit|docs\.python"
)
"""Words of Python and of this package, which mean nothing to a model."""


@pytest.mark.parametrize(("output_type", "reply", "feedback"), FEEDBACK, ids=range(len(FEEDBACK)))
def test_the_feedback_names_nothing_internal(output_type: Any, reply: str, feedback: str) -> None:
    assert not INTERNALS.search(feedback_on(output_type, reply))


def error_types(output_type: Any, reply: str) -> set[str]:
    """Return pydantic's error types of a reply, whatever becomes of them."""
    try:
        response_format = ResponseFormat(output_type)
        natural = response_format.load_partial(json.loads(reply))
        response_format._natural._validator._validator.validate_json(json.dumps(natural), by_alias=True)  # type: ignore[attr-defined]
    except ValidationError as error:
        return {each["type"] for each in error.errors()}
    except (ValueError, KeyError):
        return set()
    return set()


NOT_OF_JSON = {
    *("no_such_attribute", "get_attribute_error", "model_attributes_type", "mapping_type", "needs_python_object"),
    *("frozen_field", "frozen_instance", "dataclass_exact_type", "is_instance_of", "is_subclass_of", "callable_type"),
    *("recursion_loop", "recursion_depth_exceeded", "invalid_key", "iteration_error", "multiple_argument_values"),
    *("string_unicode", "bytes_type", "datetime_object_invalid", "default_factory_not_called", "timezone_offset"),
    *("iterable_type", "set_type", "frozen_set_type", "set_item_not_hashable", "date_parsing", "url_syntax_violation"),
    *("arguments_type", "missing_argument", "missing_keyword_only_argument", "missing_positional_only_argument"),
    *("unexpected_keyword_argument", "unexpected_positional_argument"),
    *("ellipsis_error", "missing_sentinel_error", "int_parsing_size", "url_too_long", "frozen_dict_type"),
}
"""Error types of Python objects, of another input than JSON, or of a size that no reply has."""


def test_every_error_type_of_pydantic_is_among_the_examples() -> None:
    examples = [(output_type, reply) for output_type, reply, _ in FEEDBACK if not isinstance(output_type, dict)]
    kinds = set[str]().union(*(error_types(*example) for example in examples))
    assert {*typing.get_args(ErrorType)} - NOT_OF_JSON <= kinds


WITHOUT_ERRORS_OF_THEIR_OWN = {
    *("$ref", "$dynamicRef", "allOf", "properties", "items", "additionalProperties", "patternProperties"),
    *("prefixItems", "propertyNames", "dependentSchemas", "if"),
}
"""Keywords whose errors are those of other keywords, or of a key that is not allowed."""


def test_every_keyword_of_json_schema_is_among_the_examples() -> None:
    from jsonschema import Draft202012Validator

    schemas = json.dumps([output_type for output_type, *_ in FEEDBACK if isinstance(output_type, dict)])
    keywords = {*Draft202012Validator.VALIDATORS} - WITHOUT_ERRORS_OF_THEIR_OWN
    assert [keyword for keyword in sorted(keywords) if f'"{keyword}"' not in schemas] == []


# What no feedback may do


@pytest.mark.parametrize(
    "kind", ["value_error", "too_short", "too_long", "literal_error", "enum", "json_invalid", "extra_forbidden"]
)
def test_a_custom_error_with_the_name_of_one_of_pydantics_keeps_its_text(kind: str) -> None:
    def reject_all(_value: int) -> int:
        raise PydanticCustomError(kind, "not a code of our catalogue")

    [issue] = ResponseFormat(Annotated[int, AfterValidator(reject_all)]).read('{"value": 1}').issues
    assert (issue.message, issue.path) == ("not a code of our catalogue", ())


@pytest.mark.parametrize("reply", ['{"name": "\ud83d", "age": 3}', '{"\udc00": 1}', "hello \udc00"])
def test_an_issue_that_quotes_half_a_surrogate_pair_can_be_encoded(reply: str) -> None:
    assert b"\\ud" in "".join(map(str, ResponseFormat(Person).read(reply, repairs=True).issues)).encode()


def test_an_exception_of_a_validator_is_for_the_caller_only() -> None:
    answer = ResponseFormat(Annotated[int, AfterValidator(fail)]).read('{"value": 1}')
    assert [issue.cause for issue in answer.issues] == ["KeyError: 'internal_key'"]
    assert "internal_key" in str(answer.issues[0])


def test_a_form_of_many_keys_or_branches_is_short() -> None:
    large = create_model("Large", **{f"property_{number}": (int, ...) for number in range(300)})
    union = Union[tuple(create_model(f"Branch{number}", x=(int, ...), y=(str, ...)) for number in range(60))]
    for output_type in (large, union, list[union], dict[str, large]):
        assert len(feedback_on(output_type, "[3]")) < 600
        assert len(feedback_on(output_type, "Sure!")) < 700


def test_a_union_that_contains_itself_has_a_form() -> None:
    assert feedback_on(Nested, '{"inner": 3}') == (
        'inner: Input should be {"Nested": {"inner": ...}} or {"Leaf": {"text": ...}} (got 3)'
    )


def test_an_invalid_branch_of_a_recursive_json_schema_costs_linear_time() -> None:
    node = {"anyOf": [obj(left={"$ref": "#/$defs/node"}, right={"$ref": "#/$defs/node"}), obj(leaf=NUMBER)]}
    schema = {**obj(root={"$ref": "#/$defs/node"}), "$defs": {"node": node}}
    value: Any = {"leaf": "x"}
    for _ in range(25):
        value = {"left": {"leaf": 1}, "right": value}
    assert feedback_on(schema, json.dumps({"root": value})).endswith('.leaf: Input should be an integer (got "x")')


@pytest.mark.parametrize("text", ["N/A", "", "-", "unknown", "Not specified.", "(none)", "TBD", "n. a."])
def test_a_model_that_has_no_value_learns_where_null_is_allowed(text: str) -> None:
    record = create_model(
        "Record", size=(int | None, ...), day=(dt.date | None, ...), tags=(list[int | None], ...), count=(int, ...)
    )
    reply = json.dumps({"size": text, "day": text, "tags": [text], "count": text})
    lines = feedback_on(record, reply).splitlines()
    assert [line.partition(":")[0] for line in lines if "; null is allowed (got" in line] == ["size", "day", "tags[0]"]
    assert len(lines) == 4
    assert "null" not in feedback_on(record, reply.replace(text or '""', "a few" if text else '"a few"'))


@pytest.mark.parametrize(
    ("output_type", "forms"),
    [
        (Literal["a", "b"] | create_model("Pair", left=(int, ...)), '"a" or "b" or {"left": ...}'),
        (Literal["a"] | int, '"a" or an integer'),
        (Literal["a"] | list[int] | None, '"a", [an integer, ...] or null'),
    ],
    ids=["model", "number", "list"],
)
def test_of_a_text_that_is_not_listed_the_other_branches_are_told_too(output_type: Any, forms: str) -> None:
    assert feedback_on(output_type, '{"value": "c"}') == f'value: Input should be {forms} (got "c")'
