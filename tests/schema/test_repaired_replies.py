"""Replies that are read with repairs: what each type leaves to read, and what it does not."""

from __future__ import annotations

import datetime as dt
import enum
import json
import time
from datetime import date
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    Field,
    NaiveDatetime,
    StrictBool,
    StrictInt,
    ValidationError,
    WrapValidator,
    create_model,
)

from structkit import REPAIRS, Policy, ResponseFormat
from structkit.dialects import CORE, DIALECTS, OPENAI, Dialect


class Person(BaseModel):
    name: str
    age: int


class Team(BaseModel):
    members: list[Person]
    note: str = ""


def read(output_type: Any, text: str) -> tuple[Any, list[str]]:
    """Return the value, or None, and the repairs."""
    answer = ResponseFormat(output_type).read(text, repairs=True)
    return answer.value, [*answer.repairs]


# Encoded twice

RECORD = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}

ADA = Person(name="Ada", age=36)
WIRE = {"members": [{"name": "Ada", "age": 36}], "note": "[1]"}


@pytest.mark.parametrize(
    ("wire", "repairs"),
    [
        (json.dumps(WIRE), ["JSON in text at (root)"]),
        ({**WIRE, "members": json.dumps(WIRE["members"])}, ["JSON in text at members"]),
        ({**WIRE, "members": [json.dumps(WIRE["members"][0])]}, ["JSON in text at members[0]"]),
    ],
    ids=["the reply", "a list", "an object"],
)
def test_json_that_was_encoded_twice_is_read(wire: Any, repairs: list[str]) -> None:
    assert read(Team, json.dumps(wire)) == (Team(members=[ADA], note="[1]"), repairs)


@pytest.mark.parametrize("text", [r"a\nb", r"C:\temp", "\\u65e5", r"it's a\nb"])
@pytest.mark.parametrize("form", ["{}", "json.loads({})", "x = {};", "Here it is: {}", "''{}''"])
def test_json_in_a_string_of_a_program_is_not_read_with_its_escapes_doubled(text: str, form: str) -> None:
    literal = "'" + json.dumps({"value": text}).replace("'", r"\'") + "'"
    assert read(RECORD, form.format(literal)) == (None, [])


@pytest.mark.parametrize("text", ["plain", "two\nlines", 'a "b"', r"C:\dir", "\\n \n", "日本", "it's"])
@pytest.mark.parametrize("form", ["'{}'", "curl -d '{}'", "`{}`"])
def test_json_in_quotes_that_has_one_reading_is_read(text: str, form: str) -> None:
    assert read(RECORD, form.format(json.dumps({"value": text})))[0] == {"value": text}


def test_a_root_that_is_no_object_is_read_from_a_text_too() -> None:
    assert read(list[int], '{"value": "[1, 2]"}') == ([1, 2], ["JSON in text at value"])
    assert read(list[int], json.dumps("[1, 2]")) == ([1, 2], ["JSON in text at (root)"])
    assert read(list[int], json.dumps('{"value": [1]}')) == ([1], ["JSON in text at (root)"])


@pytest.mark.parametrize("output_type", [str, list[str] | str, Any])
def test_json_in_a_text_stays_where_text_is_allowed(output_type: Any) -> None:
    assert read(output_type, json.dumps({"value": "[1]"})) == ("[1]", [])


# Wrappers


class Remark(BaseModel):
    name: str


@pytest.mark.parametrize("text", ['[{"name": "J"}]', 'Here: [{"name": "J"}]', '{"value": [{"name": "J"}]}'])
@pytest.mark.parametrize(
    "output_type", [list[Person] | dict[str, Any], list[Person] | Remark, tuple[Person, ...] | dict[str, str]]
)
def test_an_invalid_list_is_not_a_wrapper_of_a_value_for_another_branch(output_type: Any, text: str) -> None:
    assert read(output_type, text)[0] is None


def test_an_invalid_map_is_not_a_wrapper_of_a_value_for_another_branch() -> None:
    assert read(dict[str, int] | list[str], '{"data": ["a"]}')[0] is None
    assert read(dict[str, int] | None, '{"data": null}')[0] is None


def test_a_key_of_a_branch_is_not_a_wrapper() -> None:
    class Box(BaseModel):
        data: int

    assert read(Box | list[Remark], '{"data": [{"name": "J"}]}')[0] is None


class Numbers(BaseModel):
    data: list[int]


class Sentence(BaseModel):
    answer: str


class Rows(BaseModel):
    items: list[int]


@pytest.mark.parametrize("box", ["%s", '{"value": %s}', "Here: %s"])
@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (Numbers | Remark, '{"data": {"name": "J"}}'),
        (Remark | Numbers | None, '{"data": {"name": "J"}}'),
        (Sentence | Remark, '{"answer": {"name": "J"}}'),
        (Rows | Remark, '{"items": [{"name": "J"}]}'),
    ],
)
def test_a_key_of_a_branch_that_the_model_wrote_without_its_box_is_not_a_wrapper_of_another_branch(
    output_type: Any, text: str, box: str
) -> None:
    assert read(output_type, box % text)[0] is None


def test_a_key_of_no_branch_is_still_a_wrapper() -> None:
    assert read(Numbers | Remark, '{"result": {"name": "J"}}') == (
        Remark(name="J"),
        ["wrapper", "missing tag at (root)"],
    )


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (Person, '[{"name": "Ada", "age": 36}]', ADA),
        (Person, '{"result": {"name": "Ada", "age": 36}}', ADA),
        (list[Person], '{"result": [{"name": "Ada", "age": 36}]}', [ADA]),
        (dict[str, int], '{"result": {"a": 1}}', {"a": 1}),
        (list[int] | Remark, '{"result": [1]}', [1]),
    ],
)
def test_a_wrapper_of_the_only_value_is_removed(output_type: Any, text: str, value: Any) -> None:
    assert read(output_type, text) == (value, ["wrapper"])


ADA_TEXT = '{"name": "Ada", "age": 36}'
CALL = {"name": "Person", "arguments": ADA_TEXT}


@pytest.mark.parametrize(
    "wire",
    [
        CALL,
        {"type": "function", "function": CALL},
        {"tool_calls": [{"id": "c1", "type": "function", "function": CALL}]},
        {"tool_calls": [{"function": CALL}]},
        [{"id": "c1", "index": 0, "type": "function", "function": CALL}],
        {"function_call": CALL},
        {"data": ADA_TEXT},
    ],
)
def test_the_arguments_of_a_call_that_are_written_as_text_are_read(wire: Any) -> None:
    assert read(Person, json.dumps(wire)) == (ADA, ["wrapper", "JSON in text at (root)"])


@pytest.mark.parametrize(
    "wire",
    [
        {"name": "Person", "args": ADA.model_dump()},
        {"tool": "Person", "tool_input": ADA.model_dump()},
        {"action": "person", "action_input": ADA.model_dump()},
        {"recipient_name": "functions.Person", "parameters": ADA.model_dump()},
    ],
)
def test_calls_in_other_forms_are_read(wire: Any) -> None:
    assert read(Person, json.dumps(wire)) == (ADA, ["wrapper"])


@pytest.mark.parametrize(
    "wire",
    [
        {"name": "other", "arguments": ADA_TEXT},
        {"tool_calls": [{"function": CALL}, {"function": CALL}]},
        {"id": 1, "data": ADA_TEXT},
        {"tool_input": ADA.model_dump()},
        {"data": "Ada"},
    ],
)
def test_another_call_or_several_are_not_read(wire: Any) -> None:
    assert read(Person, json.dumps(wire))[0] is None


@pytest.mark.parametrize("key", ["items", "list", "values", "array", "results"])
def test_a_list_is_taken_out_of_a_key_that_only_says_so(key: str) -> None:
    assert read(list[Person], json.dumps({key: [ADA.model_dump()]})) == ([ADA], ["wrapper"])
    assert read(dict[str, list[int]], json.dumps({key: [1]})) == ({key: [1]}, [])


def test_a_list_that_may_be_a_row_or_several_is_not_read() -> None:
    assert read(list[list[int]], '{"value": [1, 2]}') == (None, [])
    assert read(list[list[int]], '{"value": [1]}') == ([[1]], ["item for list at value[0]"])
    assert read(list[list[int]], '{"value": [[1], 2]}') == ([[1], [2]], ["item for list at value[1]"])


class Stock(BaseModel):
    units: dict[str, int]
    place: tuple[str, int] = ("A", 1)


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (Stock | None, Stock(units={"a": 1})),
        (Stock | int, Stock(units={"a": 1}, place=("B", 2))),
        (Stock | Person, Stock(units={"a": 1})),
        (tuple[int, str], (1, "a")),
        (Any, {"a": [1]}),
        (Any, [1]),
    ],
    ids=["nullable", "union", "look-alikes", "tuple", "any map", "any list"],
)
def test_a_value_without_the_box_around_the_whole_reply_is_read_in_wire_form(output_type: Any, value: Any) -> None:
    response_format = ResponseFormat(output_type)
    assert read(output_type, json.dumps(response_format.dump(value)["value"])) == (value, [])


def test_items_in_a_box_each_are_all_items_of_the_list() -> None:
    boxed = "\n".join(json.dumps({"value": {"name": name, "age": 36}}) for name in ("Ada", "Bob"))
    assert read(list[Person], boxed) == (
        [ADA, Person(name="Bob", age=36)],
        [
            "separate items",
            *(f"wrapped value at value[{index}]" for index in range(2)),
        ],
    )


@pytest.mark.parametrize(
    ("output_type", "value", "expected"),
    [
        (list[str], "a", ["a"]),
        (list[int], 7, [7]),
        (tuple[str, ...], "a", ("a",)),
        (list[Person], [{"name": "Ada", "age": 36}], [ADA]),
        (list[list[int]], [[7]], [[7]]),
    ],
)
def test_an_answer_that_is_written_twice_is_one_answer(output_type: Any, value: Any, expected: Any) -> None:
    document = json.dumps({"value": value})
    for between in ("\n\n", " "):
        answer, repairs = read(output_type, f"{document}{between}{document}")
        assert answer == expected
        assert "other document" in repairs
        assert "separate items" not in repairs


def test_equal_items_without_a_box_are_all_items_of_the_list() -> None:
    item = '{"name": "Ada", "age": 36}'
    assert read(list[Person], f"{item}\n{item}") == ([ADA, ADA], ["separate items"])
    assert read(list[list[int]], "[7]\n[7]") == ([[7], [7]], ["separate items"])


@pytest.mark.parametrize(
    ("output_type", "value"),
    [
        (dict[str, int], {"a": 1}),
        (dict[str, int] | None, {"a": 1}),
        (dict[int, Person], {1: ADA}),
        (list[dict[str, int]], [{"a": 1}]),
    ],
)
def test_a_map_is_read_without_the_box_around_it(output_type: Any, value: Any) -> None:
    wire: Any = ResponseFormat(output_type).dump(value)
    assert read(output_type, json.dumps(wire["value"])) == (value, [])


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.50", "1234.50"),
        ("253.50 EUR", "253.50"),
        ("1.234,50", "1234.50"),
        ("\u22121 234,5", "-1234.5"),
        ("12345678901234567.891 kg", "12345678901234567.891"),
        ("\uff11\uff12\uff0e\uff15", "12.5"),
    ],
)
@pytest.mark.parametrize("output_type", [Decimal, Decimal | None])
def test_a_decimal_is_read_from_a_text_with_all_of_its_digits(output_type: Any, text: str, value: str) -> None:
    decimal, repairs = read(output_type, json.dumps({"value": text}))
    assert (str(decimal), repairs) == (value, ["number in text at value"])


@pytest.mark.parametrize("text", ["about 5", "5 to 6", "1,5", "5k", "(5)", ""])
def test_a_decimal_is_not_read_from_a_text_that_may_mean_another_number(text: str) -> None:
    assert read(Decimal, json.dumps({"value": text}))[0] is None
    assert read(Decimal | str, json.dumps({"value": text}))[0] == text


@pytest.mark.parametrize(
    ("text", "value"), [("+5", 5), ("-.5", -0.5), ("5.", 5), ("+1.5e3", 1500), (".5", 0.5), ("+0", 0)]
)
def test_numbers_in_other_notations_are_read(text: str, value: float) -> None:
    assert read(float, f'{{"value": {text}}}') == (value, ["number notation"])
    assert read(list[float], f"[{text}, 1]") == ([value, 1], ["number notation"])
    assert read(float, f'{{"value": {text}')[0] is None


def test_a_number_with_a_plus_sign_is_an_integer_and_no_text() -> None:
    assert read(int, '{"value": +5}') == (5, ["number notation"])
    assert read(str, '{"value": +4930123456}')[0] is None


@pytest.mark.parametrize("text", ["07", "0x7", "1_000", "++5", "+", ".", "+1234567890123456789", "5n", "+Infinity"])
def test_what_may_be_another_number_is_not_read(text: str) -> None:
    assert read(float, f'{{"value": {text}}}')[0] is None


@pytest.mark.parametrize(
    ("text", "value"), [(r"\u{1F600}", "\U0001f600"), (r"\u{41}", "A"), (r"\u{00e9}", "\xe9"), (r"\x41", "A")]
)
def test_escapes_of_other_languages_are_read(text: str, value: str) -> None:
    assert read(str, f'{{"value": "{text}"}}') == (value, ["string escape"])


@pytest.mark.parametrize("text", [r"\u{}", r"\u{110000}", r"\u{D800}", r"\u{12", r"\N{DASH}"])
def test_a_broken_escape_is_not_read_as_a_text(text: str) -> None:
    assert read(str, f'{{"value": "{text}"}}')[0] is None


# Bare text

Color = Literal["red", "dark green", "Rot"]


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize(
    ("output_type", "text", "value", "repairs"),
    [
        (StrictBool, "True", True, ["unquoted text", "boolean in text at value"]),
        (bool, " FALSE\n", False, ["unquoted text", "boolean in text at value"]),
        (bool, "**No**.", False, ["unquoted text", "boolean in text at value"]),
        (int, "12,111", 12_111, ["unquoted text", "number in text at value"]),
        (bool, "```true```", True, ["code fence", "unquoted text", "boolean in text at value"]),
        (int, "~~~7~~~", 7, ["code fence", "unquoted text", "number in text at value"]),
        (int, "`-2,000.00`", -2_000, ["unquoted text", "number in text at value"]),
        (float, "$1,234.50", 1_234.5, ["unquoted text", "number in text at value"]),
        (float, "<think>Hm.</think>\n12 kg", 12, ["think block", "unquoted text", "number in text at value"]),
        (float, ".5", 0.5, ["unquoted text", "number in text at value"]),
        (float, "-$.99", -0.99, ["unquoted text", "number in text at value"]),
        (int | None, "None", None, ["unquoted text", "null in text at value"]),
        (int | None, "Null", None, ["unquoted text", "null in text at value"]),
        (Color, "red", "red", ["unquoted text"]),
        (Color, "```\nred\n```", "red", ["code fence", "unquoted text"]),
        (Color, "'red'", "red", ["unquoted text"]),
        (Color, "\ufeffDark_Green.", "dark green", ["byte order mark", "unquoted text", "spelling at value"]),
        (Color | int, "7 pages", 7, ["unquoted text", "number in text at value"]),
        (Level, "$2", Level.HIGH, ["unquoted text", "number in text at value"]),
        (int, "7\n```", 7, ["code fence", "unquoted text", "number in text at value"]),
        (bool, "~~~\ntrue", True, ["code fence", "unquoted text", "boolean in text at value"]),
        (str, '```json\n"se\\u00e1n"\n```', "se\u00e1n", ["code fence"]),
        (str, '<think>Hm.</think>"red"\n```', "red", ["think block", "code fence"]),
        (dt.date, "2024-01-05", dt.date(2024, 1, 5), ["unquoted text"]),
        (dt.time | None, "**12:30**", dt.time(12, 30), ["unquoted text"]),
        (Decimal, "$1,234.50", Decimal("1234.50"), ["unquoted text", "number in text at value"]),
        (AnyUrl, "`https://a.b/c`", AnyUrl("https://a.b/c"), ["unquoted text"]),
        ({"type": "string", "format": "uri"}, "https://a.b/c", "https://a.b/c", ["unquoted text"]),
    ],
)
def test_a_bare_word_or_number_is_read_as_a_scalar(output_type: Any, text: str, value: Any, repairs: list[str]) -> None:
    assert read(output_type, text) == (value, repairs)


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        *((bool, text) for text in ("maybe", "I think True", "True or False", "not true", "", ".", "1 2")),
        *((float, text) for text in ("1,5", "1/3", "10-12", "12k", "seven", "0,123", "-", "1 and 2", "..5", "USD.50")),
        *((Color, text) for text in ("The answer is red", "red, Rot", "not red", "reddish", "red: a color", "{red")),
        *((str, text) for text in ("red", "True", "```\nred\n```")),
        *((dt.date, text) for text in ("It is 2024-01-05", "I cannot say", "20240105", "05.01.2024")),
        *((AnyUrl, text) for text in ("Sorry: I cannot say", "Note:", "https://a.b/c.", "See https://a.b", "a: //b")),
        *((int, text) for text in ("- 7", "```\n- 7\n```")),
        *((Color | str, text) for text in ("green", "True")),
        (Level, "3 kg"),
        (Literal["ab", "AB"], "Ab"),
        (list[Color], "red"),
        (Person, "Ada"),
    ],
)
def test_a_bare_text_that_may_mean_anything_else_is_not_read(output_type: Any, text: str) -> None:
    answer = ResponseFormat(output_type).read(text, repairs=True)
    assert not answer.valid
    assert answer.draft is None or isinstance(answer.draft, int | float)


class Topic(str, enum.Enum):
    BUG = "bug"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> Topic:
        return cls.OTHER


def with_default(default: Any) -> WrapValidator:
    def read_or_default(value: Any, read_value: Any) -> Any:
        try:
            return read_value(value)
        except ValidationError:
            return default

    return WrapValidator(read_or_default)


@pytest.mark.parametrize(
    "output_type",
    [
        Topic,
        Annotated[Literal["bug", "other"], with_default("other")],
        Annotated[dt.date | None, with_default(None)],
        Annotated[dt.date | Literal["never"], with_default("never")],
    ],
    ids=["an enum", "a literal", "a date", "a date or a literal"],
)
def test_prose_is_no_value_although_a_validator_would_take_it_for_one(output_type: Any) -> None:
    assert not ResponseFormat(output_type).read("I am sorry, but I cannot help with that.", repairs=True).valid


def test_a_listed_text_is_read_where_a_validator_has_a_value_for_any_other() -> None:
    assert read(Topic, "Bug.") == (Topic.BUG, ["unquoted text", "spelling at value"])


@pytest.mark.parametrize("unit", ["<think>", "</think>", "```\n", "~~~", " \n", '"', '"""', "'", "`", "* "])
def test_a_reply_of_one_repeated_mark_is_read_in_linear_time(unit: str) -> None:
    def seconds(count: int) -> float:
        started = time.process_time()
        ResponseFormat(int).read(unit * count, repairs=True)
        return time.process_time() - started

    seconds(10)
    assert seconds(40_000) < 1


# Spelling


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Code(enum.Enum):
    RED = "r"
    BLUE = "b"


class Swapped(enum.Enum):
    A = "b"
    B = "a"


class Other(enum.IntEnum):
    FIRST = 1
    SECOND = 2


class TwoOfTheSame(BaseModel):
    priority: Priority
    other: Other


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (Priority, "HIGH", Priority.HIGH),
        (Priority, " high", Priority.HIGH),
        (Priority, "Priority.LOW", Priority.LOW),
        (Priority | None, "LOW", Priority.LOW),
        (Code, "RED", Code.RED),
        (Code, "Color.RED", Code.RED),
        (Literal[Priority.LOW, Priority.HIGH], "High", Priority.HIGH),
        ({"enum": [0, 1], "x-enum-varnames": ["Off", "On"]}, "On", 1),
    ],
)
def test_a_member_is_read_by_its_name(output_type: Any, text: str, value: Any) -> None:
    repairs = ["member name at value"]
    assert read(output_type, json.dumps({"value": text})) == (value, repairs)
    assert read(output_type, text.strip()) == (value, ["unquoted text", *repairs])


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (Swapped, '{"value": "B"}'),  # the name of one member, and the value of another one in capitals
        (TwoOfTheSame, '{"priority": "HIGH", "other": 1}'),  # the schema lists the same values for both
        (Priority, '{"value": "HIGHEST"}'),
    ],
)
def test_a_name_that_may_be_of_several_values_is_not_read(output_type: Any, text: str) -> None:
    assert read(output_type, text) == (None, [])


class Booking(BaseModel):
    day: date | None = None
    price: Decimal | None = None
    paid: bool | None = None
    urgency: list[Priority] = []
    colors: list[Literal["red", "blue"]] = []


@pytest.mark.parametrize(
    ("members", "expected", "repairs"),
    [
        ({"day": "null"}, {}, ["null in text at day"]),
        ({"price": "None"}, {}, ["null in text at price"]),
        ({"paid": ["yes"]}, {"paid": True}, ["list for item at paid", "boolean in text at paid"]),
        ({"price": [9.5]}, {"price": Decimal("9.5")}, ["list for item at price"]),
        ({"urgency": "HIGH"}, {"urgency": [Priority.HIGH]}, ["item for list at urgency", "member name at urgency[0]"]),
        ({"colors": "Red"}, {"colors": ["red"]}, ["item for list at colors", "spelling at colors[0]"]),
    ],
)
def test_a_word_is_read_where_no_text_is_a_word(members: Any, expected: Any, repairs: list[str]) -> None:
    assert read(Booking, json.dumps(members)) == (Booking(**expected), repairs)


class Call(BaseModel):
    at: dt.datetime | None = Field(None, description="When it began")
    note: str | None = None
    seconds: int


@pytest.mark.parametrize("dialect", [OPENAI, CORE, DIALECTS["ollama"]], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "output_type",
    [dt.date, dt.datetime, AwareDatetime, NaiveDatetime, dt.time, dt.timedelta, Decimal, UUID, IPv4Address, AnyUrl],
    ids=lambda output_type: output_type.__name__,
)
@pytest.mark.parametrize("word", ["null", "None"])
def test_null_in_text_is_null_where_the_type_has_a_format(dialect: Dialect, output_type: Any, word: str) -> None:
    answer = ResponseFormat(output_type | None, dialect=dialect).read(f'{{"value": "{word}"}}', repairs=True)
    assert (answer.valid, answer.value, answer.repairs) == (True, None, ("null in text at value",))
    assert not ResponseFormat(output_type, dialect=dialect).read(f'{{"value": "{word}"}}', repairs=True).valid


@pytest.mark.parametrize("dialect", [OPENAI, CORE], ids=lambda dialect: dialect.name)
def test_null_in_text_stays_text_where_any_text_is_allowed(dialect: Dialect) -> None:
    text = '{"at": "null", "note": "null", "seconds": "5 s"}'
    answer = ResponseFormat(Call, dialect=dialect).read(text, repairs=True)
    assert answer.draft is not None
    assert (answer.draft.get("at"), answer.draft["note"], answer.draft["seconds"]) == (None, "null", 5)
    assert "null in text at note" not in answer.repairs


@pytest.mark.parametrize(
    "text",
    [
        '{"value": {"name": "Ada", "age": 36}}',
        '{"content": {"name": "Ada", "age": 36}}',
        '{"final_answer": {"name": "Ada", "age": 36}}',
        '{"tool_uses": [{"recipient_name": "functions.person", "parameters": {"name": "Ada", "age": 36}}]}',
        '{"type": "tool_use", "id": "1", "name": "person", "input": {"name": "Ada", "age": 36}}',
    ],
)
def test_a_wrapper_of_an_object_is_removed(text: str) -> None:
    assert read(Person, text) == (ADA, ["wrapper"])


def test_a_wrapped_text_is_read_as_a_text_that_was_encoded_twice() -> None:
    assert read(int, json.dumps('{"value": 7}')) == (7, ["JSON in text at (root)"])


# Values in objects that say no more


class Address(BaseModel):
    city: str


class Contact(BaseModel):
    name: str
    age: int | None = None
    tags: list[str] = []
    address: Address | None = None
    scores: dict[str, int] = {}


@pytest.mark.parametrize(
    ("members", "expected", "paths"),
    [
        ({"name": {"value": "Ada"}}, {}, ["name"]),
        ({"name": {"type": "string", "value": "Ada"}}, {}, ["name"]),
        ({"name": {"name": "Ada"}}, {}, ["name"]),
        ({"age": {"value": 36}}, {"age": 36}, ["age"]),
        ({"age": {"type": "number", "value": 36}}, {"age": 36}, ["age"]),
        ({"age": {"value": None}}, {"age": None}, ["age"]),
        ({"tags": {"items": ["x"]}}, {"tags": ["x"]}, ["tags"]),
        ({"tags": [{"value": "x"}, {"value": "y"}]}, {"tags": ["x", "y"]}, ["tags[0]", "tags[1]"]),
        ({"address": {"address": {"city": "Rome"}}}, {"address": {"city": "Rome"}}, ["address"]),
        ({"address": {"value": {"city": "Rome"}}}, {"address": {"city": "Rome"}}, ["address"]),
    ],
)
def test_a_value_is_taken_out_of_an_object_that_says_no_more(members: Any, expected: Any, paths: list[str]) -> None:
    value, repairs = read(Contact, json.dumps({"name": "Ada", **members}))
    assert value == Contact.model_validate({"name": "Ada", **expected})
    assert repairs == [f"wrapped value at {path}" for path in paths]


@pytest.mark.parametrize(
    "members",
    [
        {"name": {"first": "Ada"}},
        {"name": {"value": 3, "unit": "kg"}},
        {"name": {"value": None}},
        {"name": {"type": "integer", "value": "Ada"}},
        {"name": {"type": "person", "value": "Ada"}},
        {"name": {"error": "not found"}},
        {"tags": [{"tag": "x"}]},
        {"address": {"value": {"street": "Via Appia"}}},
    ],
)
def test_a_value_stays_in_an_object_that_may_say_more(members: Any) -> None:
    assert read(Contact, json.dumps({"name": "Ada", **members})) == (None, [])


class Note(BaseModel):
    text: str


class Branch(BaseModel):
    name: str
    branches: list[Branch] = []


def test_a_value_of_the_only_property_is_unwrapped() -> None:
    assert read(Note, '{"text": {"text": "a"}}') == (Note(text="a"), ["wrapped value at text"])
    assert read(int, '{"answer": 7}') == (7, ["wrapped value at value"])


def test_an_item_without_its_empty_lists_is_an_item() -> None:
    value, repairs = read(Branch, '{"name": "a", "branches": {"name": "b"}}')
    assert (value, repairs) == (Branch(name="a", branches=[Branch(name="b")]), ["item for list at branches"])


class Urgency(enum.Enum):
    LOW = "low"
    HIGH = "high"


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (Urgency, '{"urgency": "high"}', Urgency.HIGH),
        (Urgency, '{"Urgency": "HIGH"}', Urgency.HIGH),
        (Urgency, '{"value": {"urgency": "high"}}', Urgency.HIGH),
        (Urgency, 'It is {"urgency": "high"}.', Urgency.HIGH),
        (int, '{"int": 3}', 3),
        ({"title": "Mood", "enum": ["good", "bad"]}, '{"mood": "bad"}', "bad"),
        (Urgency, '{"error": "high"}', None),
        (Urgency, '{"not": "high"}', None),
        (Urgency, '{"urgency": "high", "urgency_before": "low"}', None),
        (dict[str, str], '{"dict": "high"}', {"dict": "high"}),
    ],
    ids=str,
)
def test_a_scalar_is_taken_out_of_an_object_with_the_name_of_its_type(output_type: Any, text: str, value: Any) -> None:
    assert ResponseFormat(output_type).read(text, repairs=True).value == value


@pytest.mark.parametrize("type_", [[1], {"a": 1}, [], None, 3, "string"], ids=json.dumps)
def test_a_property_called_type_may_have_any_value(type_: Any) -> None:
    inner = create_model("Inner", type=(Any, ...), count=(int, ...))
    record = create_model("Record", part=(inner, ...))
    reply = json.dumps({"part": {"type": type_, "count": "3 pieces"}})
    assert read(record, reply) == (record(part=inner(type=type_, count=3)), ["number in text at part.count"])
    assert ResponseFormat(record).read(json.dumps({"part": {"type": type_}}), repairs=True).issues


@pytest.mark.parametrize("pair", [{"key": "a", "value": "b"}, {"Key": "a", "VALUE": "b"}], ids=json.dumps)
@pytest.mark.parametrize("output_type", [dict[str, str], dict[str, Any]], ids=str)
def test_one_pair_of_a_map_is_not_read_as_a_map_of_these_keys(output_type: Any, pair: Any) -> None:
    answer = ResponseFormat(output_type).read(json.dumps({"value": pair}), repairs=True)
    assert [issue.message for issue in answer.issues] == [
        'a map is a list of pairs: write [{"key": ..., "value": ...}]'
    ]
    assert read(output_type, '{"value": {"key": "a"}}') == ({"key": "a"}, [])
    value = {"key": "a", "value": "b"}
    response_format = ResponseFormat(output_type)
    assert response_format.load(response_format.dump(value)) == value


class Sizes(BaseModel):
    size: dict[str, int]


class Nested(BaseModel):
    sizes: dict[str, dict[str, int]]


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (dict[str, int], '{"key": "7", "value": 1}'),
        (dict[str, int], json.dumps('{"key": "7", "value": 1}')),
        (dict[str, dict[str, int]], '{"a": {"key": "7", "value": 1}}'),
        (dict[str, dict[str, int]], '{"value": {"a": {"key": "7", "value": 1}}}'),
        (Nested, '{"sizes": {"a": {"key": "7", "value": 1}}}'),
        (Sizes | Person, '{"size": {"key": "7", "value": 1}}'),
        (Sizes | Person, '{"Sizes": {"size": {"key": "7", "value": 1}}}'),
        (Sizes | Person, '[{"value": [{"Sizes": {"size": {"key": "7", "value": 1}}}]}]'),
    ],
    ids=str,
)
def test_one_pair_is_not_read_as_a_map_wherever_the_box_or_the_list_around_it_is_missing(
    output_type: Any, text: str
) -> None:
    assert ResponseFormat(output_type).read(text, repairs=True).issues


def test_a_model_with_a_key_and_a_value_is_no_pair_of_a_map() -> None:
    pair = create_model("Pair", key=(str, ...), value=(int, ...))
    assert read(pair | Person, '{"key": "a", "value": 3}')[0] == pair(key="a", value=3)
    assert read(dict[str, pair], '{"a": {"key": "b", "value": 3}}')[0] == {"a": pair(key="b", value=3)}


def test_a_reference_in_brackets_is_not_a_list() -> None:
    assert read(list[str], '{"value": "[1]"}')[0] is None
    assert read(list[str], json.dumps({"value": '["1"]'})) == (["1"], ["JSON in text at value"])
    assert read(list[int], '{"value": "[1]"}') == ([1], ["JSON in text at value"])


def test_the_call_of_a_function_is_not_a_map_of_its_name_and_arguments() -> None:
    call = {"type": "function", "function": {"name": "other", "arguments": '{"a": "b"}'}}
    assert read(dict[str, str], json.dumps(call))[0] is None
    assert read(dict[str, str], json.dumps({"tool_calls": [call]}))[0] is None


@pytest.mark.parametrize(("number", "text"), [("0", "0"), ("-1", "-1"), ("-0", None), ("+0", None), ("-0.0", None)])
def test_a_zero_with_a_sign_is_not_a_text(number: str, text: str | None) -> None:
    record = create_model("Record", floor=(str, ...), since=(str, ...))
    reply = f'{{"floor": {number}, "since": "2024-01-0"}}'
    value = ResponseFormat(record).read(reply, repairs=True).value
    assert value == (None if text is None else record(floor=text, since="2024-01-0"))


def test_a_member_of_a_map_is_not_unwrapped() -> None:
    assert read(Contact, '{"name": "Ada", "scores": {"value": 3}, "age": "36 years"}')[0].scores == {"value": 3}
    assert read(dict[str, int], '{"value": {"value": 3}}') == ({"value": 3}, [])


class Ticket(BaseModel):
    first_name: str
    state: Literal["in_progress", "done", 3]
    note: str = ""


@pytest.mark.parametrize(
    ("wire", "repairs"),
    [
        ({"first_name": "A", "state": "In Progress"}, ["spelling at state"]),
        ({"first_name": "A", "state": " in-progress "}, ["spelling at state"]),
        ({"first_name": "A", "state": '"in_progress"'}, ["spelling at state"]),
        ({"firstName": "A", "State": "in_progress"}, ["spelling at first_name", "spelling at state"]),
        ({" first name ": "A", "state": "in_progress"}, ["spelling at first_name"]),
        ({"first_name": ["A"], "state": ["in_progress"]}, ["list for item at first_name", "list for item at state"]),
    ],
)
def test_names_are_read_in_another_spelling(wire: Any, repairs: list[str]) -> None:
    assert read(Ticket, json.dumps(wire)) == (Ticket(first_name="A", state="in_progress"), repairs)


@pytest.mark.parametrize(
    "wire",
    [
        {"first_name": "A", "state": "progress"},
        {"first_name": "A", "state": "in_progress!"},
        {"first_name": "A", "state": ["in_progress", "done"]},
        {"first_name": "A", "state": []},
        {"First_Name": "A", "FirstName": "B", "state": "done"},
        {"name": "A", "state": "done"},
    ],
)
def test_names_that_differ_in_more_are_not_read(wire: Any) -> None:
    assert read(Ticket, json.dumps(wire))[0] is None


def test_numbers_do_not_differ_in_spelling() -> None:
    assert read(Literal["1", "2"], '{"value": "-1"}')[0] is None
    assert read(Literal["11", "2"], '{"value": "1 1"}')[0] is None
    assert read(Literal["x\u00b2"], '{"value": "x2"}')[0] is None


# Lists and items


@pytest.mark.parametrize(
    ("output_type", "text", "value", "repairs"),
    [
        (Team, '{"members": {"name": "Ada", "age": 36}}', Team(members=[ADA]), ["item for list at members"]),
        (list[Person], '{"name": "Ada", "age": 36}', [ADA], ["item for list at value"]),
        (int, "[7]", 7, ["list for item at value"]),
        (Person | None, '[{"name": "Ada", "age": 36}]', ADA, ["list for item at value"]),
        (Person | None, '{"value": [{"name": "Ada", "age": 36}]}', ADA, ["list for item at value"]),
        (list[Remark], '{"name": "A"}\n{"name": "B"}', [Remark(name="A"), Remark(name="B")], ["separate items"]),
        (
            list[Remark],
            "These:\n```json\n{'name': 'A'},\n{'name': 'B'}\n```",
            [Remark(name="A"), Remark(name="B")],
            ["code fence", "prose", "separate items", "single quotes"],
        ),
        (list[list[int]], "[1, 2]\n[3]", [[1, 2], [3]], ["separate items"]),
        (list[list[str]], '["a", "b"], []', [["a", "b"], []], ["prose", "separate items", "several answers"]),
        (list[tuple[int, str]], '```\n[1, "a"]\n[2, "b"]\n```', [(1, "a"), (2, "b")], ["code fence", "separate items"]),
        (list[list[int] | None], "[1]\n[2]", [[1], [2]], ["separate items"]),
    ],
)
def test_a_list_is_read_from_its_items_and_an_item_from_a_list(
    output_type: Any, text: str, value: Any, repairs: list[str]
) -> None:
    assert read(output_type, text) == (value, repairs)


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (int, "[7, 8]"),
        (int, "[[7]]"),
        (int | list[str], "[7.5]"),
        (list[dict[str, str]], '{"value": {"key": "a", "value": "b"}}'),
        (list[Person], '{"value": {"name": "Ada"}}'),
        (list[Remark], '{"name": "A"} no: {"name": "B"}'),
        (list[Remark], '```\n{"name": "A"}\n```\n```\n{"name": "B"}\n```'),
        (list[Remark], '{"name": "A"} {"name": "B"} {"name": "C'),
        (list[list[int]], "- [1, 2]\n- [3, 4]"),
        (list[list[int]], "First [1, 2], then [3, 4]"),
        (list[list[int]], '{"value": [1]}\n{"value": [2]}'),
        (list[list[int]], '{"value": [1]}\n{"value": [1]}'),
        (list[Person], '{"value": {"name": "Ada", "age": 36}} {"value": {"name": "Ada", "age": 36}}'),
    ],
)
def test_a_list_that_may_be_another_one_is_not_read(output_type: Any, text: str) -> None:
    assert read(output_type, text)[0] is None


def test_each_of_several_lists_of_lists_may_be_the_answer() -> None:
    assert read(list[list[int]], "[[1, 2]]\n[[3, 4]]") == ([[3, 4]], ["several answers"])
    assert read(list[int], "[1]\n[2]") == ([2], ["several answers"])


@pytest.mark.parametrize("text", ['{"value": [1]} {"value": [2]}', '{"items": [1]}\n{"items": [2]}'])
@pytest.mark.parametrize(("output_type", "value"), [(list[int], [2]), (set[int], {2}), (tuple[int, ...], (2,))])
def test_each_of_several_lists_in_a_box_may_be_the_answer(output_type: Any, text: str, value: Any) -> None:
    value_read, repairs = read(output_type, text)
    assert value_read == value
    assert "several answers" in repairs


CITED = "\n\nI may be wrong, see [1]."


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (int, '{"value": 7}', 7),
        (int, '{"answer": 7}', 7),
        (int, '```json\n{"answer": 7}\n```', 7),
        (int | None, '{"answer": null}', None),
        (float, 'Answer: {"answer": 7.5}', 7.5),
        (list[int], '{"value": [7, 8]}', [7, 8]),
        (list[int], "[7, 8]", [7, 8]),
    ],
)
def test_a_reference_in_a_sentence_is_not_the_answer(output_type: Any, text: str, value: Any) -> None:
    answer = ResponseFormat(output_type).read(text + CITED, repairs=True)
    assert answer.valid
    assert answer.value == value
    assert "several answers" not in answer.repairs


@pytest.mark.parametrize(
    "footnotes", ["\n\n[1] https://a.b/c", "\n\nSources:\n[1] Smith, 2020\n[2] Jones", "\n[1]: https://a.b\n[2]: Jones"]
)
@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (list[int], "[7, 8]", [7, 8]),
        (list[str], '["Ada"]', ["Ada"]),
        (list[list[int]], "[[7]]", [[7]]),
        (int, '{"value": 7}', 7),
        (list[int], '{"value": []}', []),
    ],
)
def test_a_footnote_is_not_the_answer(output_type: Any, text: str, value: Any, footnotes: str) -> None:
    answer = ResponseFormat(output_type).read(text + footnotes, repairs=True)
    assert answer.valid
    assert answer.value == value
    assert "several answers" not in answer.repairs


@pytest.mark.parametrize(
    "text",
    [
        "The answer is seven.\n\n[1] Smith, 2020",
        "Ada Lovelace[1] and Charles Babbage[2].\n\n[1]: https://a.b\n[2]: https://c.d",
        "ERROR: [403] Forbidden",
        "It is in London ([1](https://a.b)).",
        "- [7] \u2013 Ada",
    ],
)
@pytest.mark.parametrize(
    "output_type", [int, list[int], list[list[int]], list[str], set[str], list[int] | int, Any], ids=str
)
def test_the_number_of_a_footnote_is_not_a_value(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize(
    "text", ["[7]", "[7].", "[7]  // Ada", "Answer: [7]", "Answer: **[7]** (Ada)", "The answer:\n[7]\nAda"]
)
def test_one_number_in_brackets_is_a_list_where_it_stands_alone(text: str) -> None:
    assert read(list[int], text)[0] == [7]


PROGRAM = """
Here is a function for it:

```python
import re

def find_names(text):
    names = []
    titles = ["Dr", "Mr"]
    ada = {"name": "Ada", "born": 1815}
    for match in re.findall(r"[A-Z]+", text):
        names.append(match)
    return names
```

Its first name is `find_names(text)[0]`, and its last one `names["last"]`.
"""


@pytest.mark.parametrize(
    "text",
    [
        PROGRAM,
        PROGRAM.replace("python", ""),
        "```js\nconst names = [];\nfor (const part of parts) {\n  names.push(part[0]);\n}\nreturn names;\n```",
        "names: list[str] = []",
        "Read it as `row[\"name\"]`, or as `row[['name', 'born']]`.",
        "Ada Lovelace[1, 2]",
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "output_type", [list[str], list[list[str]], list[int], dict[str, int], list[dict[str, Any]], Any], ids=str
)
def test_a_program_has_no_answer_in_it(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize(
    "text",
    [
        '["Ada"]' + PROGRAM,
        '```json\n["Ada"]\n```' + PROGRAM,
        PROGRAM + 'Names: ["Ada"]',
        '```python\nnames = ["Ada"]\n```',
        '```python\nprint(["Ada"])\n```',
        'json["Ada"]',
        '["Ada"] is what `row["name"]` returns.',
    ],
    ids=str,
)
def test_an_answer_beside_a_program_or_in_an_assignment_is_read(text: str) -> None:
    value, repairs = read(list[str], text)
    assert value == ["Ada"]
    assert "several answers" not in repairs


def test_a_program_that_is_the_value_is_read_from_a_fence() -> None:
    program = "import re\n\ndef names(text):\n    return re.findall('[A-Z]+', text)\n"
    assert read(str, f'```python\n{{"value": """{program}"""}}\n```')[0] == program


@pytest.mark.parametrize(
    "text",
    ["Please send the text. If nobody is in it, I will return `[]`.", "Without a text, {} is all that I can return."],
)
@pytest.mark.parametrize("output_type", [list[str], dict[str, int], list[dict[str, Any]], Any], ids=str)
def test_an_empty_value_that_a_sentence_mentions_is_not_the_answer(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize("text", ["7", "I think seven.", '{"value": "seven"}', '{"number": "seven"}', '{"a": [7, 8]}'])
@pytest.mark.parametrize("output_type", [int, int | None, float])
def test_a_reference_in_a_sentence_is_not_a_list_of_one(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text + CITED, repairs=True).valid


@pytest.mark.parametrize(
    "text",
    [
        "As [4] shows, the names are not clear.",
        "Ada Lovelace[1] and Charles Babbage[2]",
        "- Ada\n- Charles [2, 3]",
        "<li>Ada</li><li>[2]</li>",
    ],
)
@pytest.mark.parametrize("output_type", [list[str], set[str], tuple[str, ...]])
def test_a_reference_in_a_sentence_is_not_a_list_of_texts(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] Call Ada\n- [x] Write to Charles",
        "Tasks:\n* [ ] **Call** Ada",
        "1. [ ] Call Ada",
        "[\u00a0] Call Ada",
        "- [] Call Ada",
        "Is it positive? [ ] yes [ ] no",
        "| [ ] | Call Ada |",
    ],
)
@pytest.mark.parametrize("output_type", [list[str], set[int], dict[str, Any] | list[str]])
def test_the_open_box_of_a_task_is_not_an_empty_list(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize("text", ["[ ]", "Answer: [ ].", "```json\n[ ]\n```", "``` [ ] ```", "Result: [] (none fits)"])
def test_an_empty_list_is_read_in_prose_and_fences(text: str) -> None:
    assert read(list[str], text)[0] == []


def test_a_list_of_texts_in_a_sentence_is_read() -> None:
    assert read(list[str], "The names are ['Ada', 'Charles'].")[0] == ["Ada", "Charles"]
    assert read(list[str], "Answer: [1, 2]")[0] == ["1", "2"]


@pytest.mark.parametrize(
    "text", ["The answer is [1, 2].", 'For {"x": 1}, it is [1, 2].', 'See {"x": 1}.\nAnswer: [1, 2]']
)
def test_a_list_in_a_sentence_is_read_where_nothing_else_may_be_the_answer(text: str) -> None:
    assert read(list[int], text)[0] == [1, 2]


def test_a_list_of_one_that_the_text_introduces_is_read() -> None:
    assert read(int, "**Answer:** [7]")[0] == 7


# Several answers


@pytest.mark.parametrize(
    ("text", "value", "repairs"),
    [
        ('{"value": 7} {"value": 8}', 8, ["several answers"]),
        ('First {"value": 7}, no: {"value": 8}.', 8, ["prose", "several answers"]),
        ('```json\n{"value": 7}\n```\n{"value": 8}', 7, ["code fence", "several answers"]),
        ('{"value": 7} {"result": {"value": 8}}', 8, ["wrapper", "several answers"]),
        ('{"value": 7} {"value": "8 kg"}', 8, ["number in text at value", "several answers"]),
        # One answer
        ('{"value": 7} {"value": 7}', 7, ["other document"]),
        ('{"value": 7} or 7.0 {"value": 7.0}', 7, ["prose", "other document"]),
        ('{"value": "x"} {"value": 8}', 8, ["other document"]),
        ('{"value": 7} {"value": "x"}', 7, ["other document"]),
        ('{"value": 7} {"note": 8}', 7, ["other document"]),
        ('<think>{"value": 7}</think>{"value": 8}', 8, ["think block"]),
    ],
)
def test_several_answers_that_differ_are_a_repair_of_their_own(text: str, value: int, repairs: list[str]) -> None:
    assert read(int, text) == (value, repairs)


@pytest.mark.parametrize(
    "text",
    [
        '{"note": "x"}\n{"members": []}',
        '{"members": []}\n{"note": "x"}',
        '```json\n{"members": []}\n```\n```json\n{"note": "x"}\n```',
        '{"members": []}, {"Note": "x"}',
        '{"members": [], "note": "x"} No: {"note": "y"}',
    ],
)
def test_a_value_in_several_objects_is_not_read_without_some_of_them(text: str) -> None:
    answer = ResponseFormat(Team).read(text, repairs=True)
    assert [str(issue) for issue in answer.issues] == [
        "(root): the reply has parts of one value in several objects; write one object"
    ]


@pytest.mark.parametrize(
    "text",
    [
        'So {"note": "y"}. {"members": [], "note": "x"}',
        '{"members": [], "note": "x"} {"note": "x"}',
        '{"members": [], "note": "x"} {"note": null}',
        '{"remark": "y"} {"members": [], "note": "x"}',
    ],
)
def test_an_object_with_nothing_more_than_the_answer_does_not_matter(text: str) -> None:
    value, repairs = read(Team, text)
    assert (value, repairs[-1]) == (Team(members=[], note="x"), "other document")


def test_several_answers_are_rejected_by_a_policy_without_this_repair() -> None:
    repairs = Policy(repairs=REPAIRS - {"several answers"}).repairs
    answer = ResponseFormat(int).read('{"value": 7} {"value": 8}', repairs=repairs)
    assert [str(issue) for issue in answer.issues] == [
        "(root): the reply has several valid answers that differ; write exactly one"
    ]
    assert ResponseFormat(int).read('{"value": 7} {"x": 8}', repairs=repairs).value == 7


@pytest.mark.parametrize("name", sorted(REPAIRS - {"several answers", "reasoning field", "prefill", "repetition"}))
def test_a_policy_rejects_each_repair_by_its_name(name: str) -> None:
    examples = {
        "byte order mark": "\ufeff[7]",
        "think block": "<think></think>[7]",
        "code fence": "```\n[7]\n```",
        "prose": "Answer: [7]",
        "other document": "{} [7]",
        "wrapper": '{"result": [7]}',
        "trailing comma": "[7,]",
        "single quotes": "{'value': [7]}",
        "raw newline": '{"value\n": [7]}',
        "string escape": '{"v\\x61lue": [7]}',
        "invalid escape": '{"\\d": [7]}',
        "python literal": "[True]",
        "comment": "[7 /* */]",
        "unquoted key": "{value: [7]}",
        "number in text": '["7"]',
        "boolean in text": '["true"]',
        "null in text": '["null"]',
        "JSON in text": '"[7]"',
        "triple quotes": '{"""a""": 7}',
        "literal case": "[TRUE]",
        "digit groups": '{"a": 1,000}',
        "number notation": "[+7]",
        "special space": "[7\u00a0]",
        "number for text": "[7]",
        "boolean for text": "true",
        "item for list": '{"value": 7}',
        "missing tag": '{"value": {"name": "Ada"}}',
        "list for item": '{"value": [[7]]}',
        "spelling": '{"value": "RED"}',
        "wrapped value": '{"value": {"value": [7]}}',
        "member name": '{"value": "HIGH"}',
        "full width": "[7\uff3d",
        "doubled braces": '{{"value": [7]}}',
        "unquoted text": "red",
        "separate items": '{"name": "Ada"} {"name": "Bob"}',
        "curly quotes": "{\u201cvalue\u201d: [7]}",
        "backticks": '{"a": `7`}',
        "unescaped quotes": '["the "best" tea"]',
    }
    maps = dict.fromkeys(
        ("raw newline", "invalid escape", "triple quotes", "digit groups", "backticks"), dict[str, Any]
    )
    lists = {
        "number for text": list[str],
        "unescaped quotes": list[str],
        "separate items": list[Remark],
        "number notation": list[float],
    }
    output_types = {
        **maps,
        **lists,
        "missing tag": Person | Remark,
        "member name": Priority,
        "unquoted text": Literal["red"],
        "boolean for text": Literal["true", "false"],
        "spelling": Literal["red"],
    }
    output_type: Any = output_types.get(name, list[StrictInt | StrictBool | None])
    response_format = ResponseFormat(output_type)
    answer = response_format.read(examples[name], repairs={name})
    assert answer.valid
    assert {repair.partition(" at ")[0] for repair in answer.repairs} == {name}
    assert not response_format.read(examples[name], repairs=REPAIRS - {name}).valid


def test_a_policy_rejects_a_name_that_no_repair_has() -> None:
    with pytest.raises(ValueError, match="fences"):
        Policy(repairs={"fences"})
    with pytest.raises(ValueError, match="prose"):
        Policy(repairs="prose")
    assert hash(Policy(repairs=["prose"])) == hash(Policy(repairs={"prose"}))


class Pupil(BaseModel):
    name: str
    class_: str | None = None
    id_: int = 0


@pytest.mark.parametrize(
    ("reply", "repairs"),
    [
        ('{"name": "Ada", "class": "5b", "id": 3}', ("spelling at class_", "spelling at id_")),
        ('{"name": "Ada", "class_": "5b", "_id": 3}', ("spelling at id_",)),
        ('{"name": "Ada", "_class_": "5b", "ID": 3}', ("spelling at class_", "spelling at id_")),
    ],
)
def test_underscores_around_a_key_are_a_matter_of_spelling(reply: str, repairs: tuple[str, ...]) -> None:
    answer = ResponseFormat(Pupil).read(reply, repairs=True)
    assert (answer.value, answer.repairs) == (Pupil(name="Ada", class_="5b", id_=3), repairs)


@pytest.mark.parametrize("reply", ['{"Type": "a", "_type": "b"}', '{"TYPE": "a", "_TYPE": "b"}'])
def test_underscores_distinguish_names_that_have_nothing_else_to_distinguish_them(reply: str) -> None:
    names = {"_type": {"type": "string"}, "type": {"type": "string"}}
    schema = {"type": "object", "properties": names, "required": [*names], "additionalProperties": False}
    assert ResponseFormat(schema).read(reply, repairs=True).value == {"type": "a", "_type": "b"}


def test_a_key_with_underscores_that_may_be_several_is_not_repaired() -> None:
    form = ResponseFormat(create_model("Two", id_=(int, ...), Id=(int, ...)))
    assert not form.read('{"id": 3, "ID": 4}', repairs=True).valid


@pytest.mark.parametrize(
    ("reply", "path", "message"),
    [
        ('{"Members": [{"name": "Ada", "age": "old"}]}', ("members", 0, "age"), "valid integer"),
        ('{"members": [{"name": "Ada", "Age": "old"}]}', ("members", 0, "age"), "valid integer"),
        ('{"members": [{"name": "Ada", "years": 3}]}', ("members", 0, "age"), "missing"),
    ],
    ids=str,
)
def test_a_key_in_another_spelling_does_not_hide_what_is_wrong_with_its_value(
    reply: str, path: tuple[Any, ...], message: str
) -> None:
    (issue,) = ResponseFormat(Team).read(reply, repairs=True).issues
    assert (issue.path, message in issue.message) == (path, True)


# Encoded twice, where any text is allowed


@pytest.mark.parametrize("output_type", [str, bytes, str | int, str | None, Literal["tea", "milk"]])
def test_a_reply_that_was_encoded_twice_is_not_a_text(output_type: Any) -> None:
    response_format = ResponseFormat(output_type)
    expected = response_format.load({"value": "tea"})
    for encoded in (encode_twice := json.dumps('{"value": "tea"}'), json.dumps(encode_twice)):
        for text in (encoded, f"```json\n{encoded}\n```", f"<think>Hm.</think>{encoded}"):
            assert response_format.read(text, repairs=True).value == expected, text
        assert not response_format.read(encoded).valid


@pytest.mark.parametrize(
    "text", ['"tea"', '"{tea}"', r'"{\"name\": \"tea\"}"', r'"{\"value\": 1, \"b\": 2}"', '{"value": "{}"}']
)
def test_a_text_that_looks_like_json_is_a_text(text: str) -> None:
    wire = json.loads(text)
    assert ResponseFormat(str).read(text).value == (wire if isinstance(wire, str) else wire["value"])


@pytest.mark.parametrize(
    "pair", [{"Key": "a", "Value": "b"}, {"key_": "a", "value_": "b"}, {"KEY": "a", " value": "b"}]
)
def test_one_pair_in_another_spelling_is_not_read_as_a_map_of_these_keys(pair: Any) -> None:
    assert not ResponseFormat(dict[str, str]).read(json.dumps({"value": pair}), repairs=True).valid


# A last document that cannot be read


@pytest.mark.parametrize(
    ("output_type", "text"),
    [
        (list[str], r"See [1]." + "\n" + r"[\"tea\", \"milk\"]"),
        (Person, '{"name": "Ada", "age": 36}\nCorrected: {"name": "Ada" "age": 37}'),
        (Person, '{"name": "Ada", "age": 36}\nCorrected:\n[{ name: "Ada" age: 37 }]'),
        (Person, '```json\n{"name": "Ada", "age": 36}\n```\n```json\n{"name": "Ada" "age": 37}\n```'),
    ],
)
def test_an_earlier_document_is_not_read_in_place_of_one_that_cannot_be_read(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize(
    "text",
    [
        'In the form {"name" ... "age"}:\n```json\n{"name": "Ada", "age": 36}\n```',
        '{"name": "Ada", "age": 36}\nIt costs [1, 2%',
        '{"name": "Ada", "age": 36}\nI left out the {"note" "field"} here.',
        '{"name": "Ada", "age": 36}\n\n[Note: the text says "Ada L."]',
        '{"name": "Ada", "age": 36}\n\n[[Ada Lovelace|Ada]]',
        '{"name": "Ada", "age": 36}\n\n{{cite web|title="Ada"}}',
        '{"name": "Ada", "age": 36}\n\n```\n{\n  ...\n}\n```',
    ],
)
def test_a_document_is_read_beside_one_that_is_no_later_answer(text: str) -> None:
    assert ResponseFormat(Person).read(text, repairs=True).value == ADA


@pytest.mark.parametrize("text", ["10.000", "-2.000", " 7.000 "])
@pytest.mark.parametrize(
    ("output_type", "reply"),
    [
        (int, '{{"value": "{}"}}'),
        (int, '"{}"'),
        (int, "**{}**"),
        (int | None, '{{"value": "{}"}}'),
        (list[int], '{{"value": ["{}", true]}}'),
        (create_model("Town", people=(int, ...)), '{{"people": "{}"}}'),
        ({"type": "integer"}, '{{"value": "{}"}}'),
    ],
    ids=str,
)
def test_a_text_with_a_point_before_three_zeros_is_not_an_integer(output_type: Any, reply: str, text: str) -> None:
    assert not ResponseFormat(output_type).read(reply.format(text), repairs=True).valid


@pytest.mark.parametrize(
    ("output_type", "text", "value"),
    [
        (int, "10.00", 10),
        (int, "0.000", 0),
        (int, "1.000.000", 1_000_000),
        (float, "10.000", 10.0),
        (int | str, "10.000", "10.000"),
    ],
)
def test_other_points_and_zeros_are_read(output_type: Any, text: str, value: Any) -> None:
    assert read(output_type, f'{{"value": "{text}"}}')[0] == value


@pytest.mark.parametrize(
    "text", ['{"value": "03:45"}', "03:45", '{"value": " 03:45 "}', "**03:45**", '{"value": ["03:45"]}']
)
@pytest.mark.parametrize("output_type", [dt.timedelta, dt.timedelta | None, list[dt.timedelta]], ids=str)
def test_two_numbers_with_a_colon_are_not_a_duration(output_type: Any, text: str) -> None:
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize("text", ["00:03:45", "PT3M45S"])
def test_a_clock_with_seconds_is_a_duration(text: str) -> None:
    assert read(dt.timedelta, f'{{"value": "{text}"}}') == (dt.timedelta(minutes=3, seconds=45), [])


class Recipe(BaseModel):
    duration_minutes: int = 0
    weight: float | None = Field(None, description="Weight (kg).")
    age: int = 0
    price_eur: Decimal = Decimal(0)
    distances_km: list[float] = []
    budgetCad: float = 0  # noqa: N815
    count: int = 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("duration_minutes", "2 hours"),
        ("weight", "500 g"),
        ("age", "6 months"),
        ("price_eur", "$5"),
        ("distances_km", ["3 miles"]),
        ("distances_km", "3 miles"),
        ("budgetCad", "5 EUR"),
        ("count", ["5 k"]),
    ],
)
def test_a_number_in_another_unit_than_its_place_states_is_re_asked(name: str, text: Any) -> None:
    assert not ResponseFormat(Recipe).read(json.dumps({name: text}), repairs=True).valid


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("duration_minutes", "90 min", 90),
        ("weight", "5 kilograms", 5.0),
        ("age", "36 years", 36),
        ("price_eur", "5.00 \u20ac", Decimal("5.00")),
        ("distances_km", ["3 km"], [3.0]),
        ("budgetCad", "$5", 5.0),
        ("count", "2 hours", 2),
    ],
)
def test_a_number_in_the_unit_of_its_place_is_read(name: str, text: Any, value: Any) -> None:
    assert getattr(read(Recipe, json.dumps({name: text}))[0], name) == value
