"""What a model reads about the values of an enum: their meanings, and all of them, however many there are."""

import enum
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, Self

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field
from typing_extensions import Doc

from structkit import ResponseFormat
from structkit.dialects import CORE, DIALECTS, OPENAI, Dialect, Size
from structkit.errors import InvalidOutput, SchemaError
from structkit.prompts import skeleton
from structkit.schema.strict.size import measure
from structkit.values import JSON


class Mood(enum.Enum):
    """How the writer feels."""

    GLAD = "glad"
    """Pleased with
    the product."""
    SAD = "sad"
    """Wants money back."""
    NEUTRAL = "neutral"


class Priority(enum.Enum):
    """Has texts that are set when a member is made."""

    def __new__(cls, value: int, description: str) -> Self:
        member = object.__new__(cls)
        member._value_ = value
        member.description = description  # type: ignore[attr-defined]
        return member

    LOW = 1, "can wait."
    HIGH = 2, "today"


class Channel(enum.StrEnum):
    MAIL = "mail"
    PHONE = "phone"

    @property
    def description(self) -> str:
        return f"by {self.value}"


class Size3(enum.Enum):
    SMALL: Annotated[str, Doc("up to 20 cm")] = "small"  # type: ignore[misc]
    LARGE: Annotated[str, Doc("above")] = "large"  # type: ignore[misc]


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Country(enum.Enum):
    GERMANY = "de"
    FRANCE = "fr"


class Version(enum.Enum):
    V1 = 1
    V2 = 2


class Pair(enum.Enum):
    """Two numbers."""

    FIRST = (1, 2)
    """The one before."""
    SECOND = (3, 4)


class Access(enum.Flag, boundary=enum.STRICT):  # the default since Python 3.11.4
    READ = 1
    """Look at it."""
    WRITE = 2


def description_of(output_type: Any, **settings: Any) -> str | None:
    schema = ResponseFormat(output_type, **settings).schema["properties"]["value"]
    texts = [part["description"] for part in (schema, *schema.get("anyOf", ())) if "description" in part]
    return " ".join(texts) or None


@pytest.mark.parametrize(
    ("output_type", "description"),
    [
        (Mood, "How the writer feels. glad: Pleased with the product; sad: Wants money back."),
        (Priority, "Has texts that are set when a member is made. 1: can wait; 2: today."),
        (Channel, "mail: by mail; phone: by phone."),
        (Size3, "small: up to 20 cm; large: above."),
        (Level, "1: LOW; 2: HIGH."),
        (Country, "de: GERMANY; fr: FRANCE."),
        (Version, None),
        (Pair, "Two numbers. FIRST: The one before; SECOND: [3, 4]."),
        (Access, "A sum of flags: READ 1 (Look at it), WRITE 2."),
        (Literal[Mood.GLAD, Mood.NEUTRAL, "unknown"], "glad: Pleased with the product."),
        (Literal[Level.LOW, Level.HIGH], "1: LOW; 2: HIGH."),
        (Literal[Pair.FIRST, Pair.SECOND], "FIRST: The one before; SECOND: [3, 4]."),
        (Literal[Mood.GLAD], None),
        (Mood | None, "How the writer feels. glad: Pleased with the product; sad: Wants money back."),
        (enum.Enum("Made", {"A": "a", "B": "b"}), None),
    ],
)
def test_what_the_members_of_an_enum_mean_is_described(output_type: Any, description: str | None):
    assert description_of(output_type) == description


def test_the_meanings_are_described_once_for_all_places_of_an_enum():
    class Feedback(BaseModel):
        first: Mood = Field(description="At first")
        then: list[Mood]
        by_name: dict[Mood, int]

    schema = ResponseFormat(Feedback).schema
    assert schema["properties"]["first"] == {"anyOf": [{"$ref": "#/$defs/Mood"}], "description": "At first"}
    assert schema["$defs"]["Mood"]["description"].startswith("How the writer feels. glad: Pleased")
    assert json.dumps(schema["properties"]["by_name"]).count("Pleased") == 1


def module_from(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a module from a file with this source."""
    (folder / "described_enums.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "described_enums", raising=False)
    return __import__("described_enums")


SOURCE = '''\
from enum import Enum


class First:
    class Kind(Enum):
        A = "a"
        """The first one."""


class Second:
    class Kind(
        str,
        Enum,
    ):
        """Kinds."""
        B = "b"
        """The second one."""
        C = "c"


class Broken(Enum):
    TEXT = """
not indented"""
    """About the text."""
    OTHER = "other"

HEAD = """
class Broken(Enum):
"""
'''


def test_docstrings_are_those_of_the_enum_itself_and_not_of_one_with_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    module = module_from(SOURCE, tmp_path, monkeypatch)
    assert description_of(Literal[module.First.Kind.A, "x"]) == "a: The first one."
    assert description_of(module.Second.Kind) == "Kinds. b: The second one."
    assert description_of(module.Broken) == '"\\nnot indented": About the text.'


def test_an_enum_whose_source_is_missing_is_described_without_docstrings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    module = module_from(SOURCE.replace("class Kind", "class Sort"), tmp_path, monkeypatch)
    (tmp_path / "described_enums.py").unlink()
    monkeypatch.setattr(module, "__file__", str(tmp_path / "missing.py"))
    assert description_of(module.Second.Sort) == "Kinds."


@pytest.mark.parametrize(
    ("keywords", "description"),
    [
        ({"enumDescriptions": ["Slow.", "Fast."]}, "1: Slow; 2: Fast."),
        ({"x-enum-varnames": ["LOW", "HIGH"]}, "1: LOW; 2: HIGH."),
        ({"x-enumNames": ["LOW", "HIGH"], "x-enum-descriptions": ["", "today"]}, "1: LOW; 2: today."),
        ({"x-enumDescriptions": {"2": "today"}}, "2: today."),
        ({"x-enumNames": ["LOW"]}, None),
        ({"x-enum-varnames": ["_1", "_2"]}, None),
        ({"x-enumNames": "LOW"}, None),
        ({"nullable": True, "x-enumNames": ["LOW", "HIGH"]}, "1: LOW; 2: HIGH."),
    ],
)
def test_what_a_json_schema_says_about_the_values_of_an_enum_is_described(keywords: JSON, description: str | None):
    properties = {"value": {"type": "integer", "enum": [1, 2], **keywords}}
    schema = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    assert description_of(schema) == description


def test_constants_with_titles_and_descriptions_keep_them():
    constants = [{"const": 1, "title": "Low"}, {"const": 2, "title": "High", "description": "Today."}]
    properties = {"value": {"oneOf": constants}}
    schema = {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}
    assert ResponseFormat(schema).schema["properties"]["value"] == snapshot(
        {
            "anyOf": [
                {"type": "integer", "const": 1, "description": "Low."},
                {"type": "integer", "const": 2, "description": "High. Today."},
            ]
        }
    )


CODES = tuple(f"code-{number}" for number in range(1_200))
LABELS = tuple(f"a label of {number} with many words in it, so that it is long" for number in range(300))


class Codes(BaseModel):
    """Equal enums in many places, each with its own description."""

    first: Literal[CODES]  # type: ignore[valid-type]
    second: Literal[CODES] = Field(description="The second")  # type: ignore[valid-type]
    further: list[Literal[CODES]] = Field(description="The others")  # type: ignore[valid-type]
    latest: Literal[CODES] | None = Field(None, description="The last")  # type: ignore[valid-type]
    counts: dict[Literal[CODES], int]  # type: ignore[valid-type]


@pytest.mark.parametrize("dialect", [OPENAI, DIALECTS["azure"], CORE], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("output_type", "values"),
    [
        pytest.param(Literal[CODES], CODES, id="many values"),
        pytest.param(Literal[LABELS], LABELS, id="long values"),
        pytest.param(list[Literal[CODES]], CODES, id="list"),
        pytest.param(enum.Enum("Code", {f"C{n}": code for n, code in enumerate(CODES)}), CODES, id="enum"),
        pytest.param(Literal[tuple(range(1_500))], range(1_500), id="numbers"),
        pytest.param({"enum": [[n, n] for n in range(1_500)]}, [[n, n] for n in range(1_500)], id="structures"),
        pytest.param(Literal[tuple(f"{n}{'x' * 600}" for n in range(240))], ["0" + "x" * 600], id="very long values"),
        pytest.param(Codes, CODES, id="many places"),
    ],
)
def test_every_value_of_an_enum_that_is_too_long_to_be_sent_is_in_the_description_once(
    output_type: Any, values: Any, dialect: Dialect
):
    response_format = ResponseFormat(output_type, dialect=dialect)
    text = json.dumps(response_format.schema)
    texts = [json.dumps(value).strip('"') for value in values]
    assert [value for value in texts if value not in text] == []
    assert text.count("One of: ") == 1
    assert measure(response_format.schema).excess(dialect.max_size) == ""
    assert "too long to be sent: listed in the description" in str(response_format.explain())
    assert texts[0] in skeleton(response_format.schema).replace('\\"', '"')


def test_a_value_outside_of_a_described_enum_is_rejected():
    code: Any = Literal[CODES]
    codes: ResponseFormat[str] = ResponseFormat(code)
    assert codes.parse('{"value": "code-1199"}') == "code-1199"
    with pytest.raises(InvalidOutput):
        codes.parse('{"value": "code-1200"}')
    pairs = ResponseFormat({"enum": [[number, number] for number in range(1_500)]})
    assert pairs.load(pairs.dump([7, 7])) == [7, 7]
    with pytest.raises(InvalidOutput):
        pairs.parse('{"value": "[7, 8]"}')


def test_equal_enums_are_sent_once_where_that_is_enough_for_the_limit():
    class Answer(BaseModel):
        first: Literal[CODES[:500]] = Field(description="The first")  # type: ignore[valid-type]
        second: Literal[CODES[:500]] = Field(description="The second")  # type: ignore[valid-type]
        further: list[Literal[CODES[:500]]] = Field(description="The others")  # type: ignore[valid-type]
        latest: Literal[CODES[:500]] | None = Field(None, description="The last")  # type: ignore[valid-type]

    response_format = ResponseFormat(Answer)
    assert measure(response_format.schema).enum_values == 500
    assert "too long" not in str(response_format.explain())


def test_only_as_many_enums_are_described_as_the_limit_requires():
    names = "abcde"
    enums = {name: {"enum": [f"{name}{number}" for number in range(300)]} for name in names}
    response_format = ResponseFormat({"type": "object", "properties": enums, "required": [*names]})
    properties = response_format.schema["properties"]
    assert ["enum" in properties[name] for name in names].count(True) == 3


def test_meanings_are_in_the_list_of_a_described_enum():
    tiny = Dialect("tiny", max_size=Size(100, 2, 1_000, 0, 9))
    assert description_of(Mood, dialect=tiny) == snapshot(
        "How the writer feels. One of: glad (Pleased with the product), sad (Wants money back), neutral."
    )


def test_an_enum_that_no_model_reads_is_an_error_that_names_its_place():
    labels = [f"label number {number}" for number in range(60_000)]
    schema = {"type": "object", "properties": {"label": {"enum": labels}}, "required": ["label"]}
    with pytest.raises(SchemaError, match=r"label.*60,000 values.*divide the values into groups"):
        ResponseFormat(schema)
    assert len(ResponseFormat(schema, dialect=DIALECTS["vllm"]).schema["properties"]["label"]["enum"]) == 60_000


def test_the_form_in_a_prompt_has_what_is_described_inside_of_lists_unions_and_definitions():
    class Cat(BaseModel):
        """A cat"""

        kind: Literal["cat"]
        lives: int = Field(description="Lives left")

    class Dog(BaseModel):
        """A dog"""

        kind: Literal["dog"]

    class Shop(BaseModel):
        """What is in the shop"""

        pets: list[Cat | Dog]
        first: Cat
        prices: list[Annotated[float, Field(description="In EUR")]]
        moods: list[Mood]
        mood: Mood = Field(description="At the end")

    assert skeleton(ResponseFormat(Shop).schema) == snapshot("""\
{  // What is in the shop
  "pets": [Cat or {  // A dog
    "kind": "dog"
  }, ...],
  "first": Cat,
  "prices": [number, ...],  // each: In EUR
  "moods": [Mood, ...],
  "mood": Mood  // At the end
}
where Cat is {  // A cat
  "kind": "cat",
  "lives": integer  // Lives left
}
where Mood is "glad" or "sad" or "neutral"  // How the writer feels. glad: Pleased with the product; sad: Wants money back.\
""")


@pytest.mark.parametrize("output_type", [Access, Access | None, list[Access]])
def test_the_issue_for_a_value_of_flags_says_that_a_sum_is_valid(output_type):
    response_format = ResponseFormat(output_type)
    wrong, both = ([9], [3]) if output_type == list[Access] else (9, 3)
    [issue] = response_format.read(json.dumps({"value": wrong})).issues
    assert issue.message == "Input should be 1, 2 or a sum of them"
    assert response_format.read(json.dumps({"value": both})).valid


def test_the_issue_for_a_value_of_many_flags_lists_some_and_says_how_many_there_are():
    letters = enum.Flag("letters", [*"abcdefghijklmnopqrstuvwxyz"])
    [issue] = ResponseFormat(letters).read('{"value": "a"}').issues
    assert issue.message.endswith("524288 or a sum of these and 6 others")
