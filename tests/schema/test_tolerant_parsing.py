"""Replies of the kinds that tolerant parsers of other projects are tested with: read where one reading is left."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from structkit import ResponseFormat


class Kind(enum.Enum):
    FRUIT = "FRUIT"
    ROOT_CROP = "ROOT_CROP"


class Plant(BaseModel):
    name: str
    height: int
    tags: list[str] = []


class Bed(BaseModel):
    plants: list[Plant]
    kind: Kind | None = None
    note: str | None = None


class Snippet(BaseModel):
    language: Literal["python"]
    code: str


class Payment(BaseModel):
    text: str
    amount: float


class Sow(BaseModel):
    seed: str
    depth: int


class Water(BaseModel):
    seed: str
    litres: float


class Harvest(BaseModel):
    action: Literal["harvest"]
    kilos: float


class Prune(BaseModel):
    action: Literal["prune"]
    branches: list[str]


class Phone(BaseModel):
    contact: str = Field(pattern=r"^[0-9 ]+$")


class Mail(BaseModel):
    contact: str = Field(pattern=r"^\S+@\S+$")


class Step(BaseModel):
    do: Sow | Water
    then: list[Sow | Water] = []


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


class Site(BaseModel):
    url: str
    is_open: bool


ROSE = Plant(name="rose", height=40)
OAK = Plant(name="oak", height=900, tags=["tree"])
ROSE_JSON = '{"name": "rose", "height": 40}'
WHOLE_ROSE_JSON = '{"name": "rose", "height": 40, "tags": []}'
OAK_JSON = '{"name": "oak", "height": 900, "tags": ["tree"]}'
HELLO = Snippet(language="python", code='print("Hello")')
Color = Literal["red", "dark green"]
Action = Annotated[Harvest | Prune, Field(discriminator="action")]

READ: dict[str, list[tuple[Any, str, Any]]] = {
    "exact": [
        (Plant, ROSE_JSON, ROSE),
        (Plant, ' \n{ "height" : 40 ,\t"name" : "rose" }\n', ROSE),
        (Bed, f'{{"plants": [{ROSE_JSON}, {OAK_JSON}], "kind": "FRUIT"}}', Bed(plants=[ROSE, OAK], kind=Kind.FRUIT)),
        (Bed, '{"plants": []}', Bed(plants=[])),
        (Tree, '{"value": 1, "children": [{"value": 2, "children": []}]}', Tree(value=1, children=[Tree(value=2)])),
        (Snippet, r'{"language": "python", "code": "print(\"Hello\")"}', HELLO),
        (Snippet, r'{"language": "python", "code": "a\nb"}', Snippet(language="python", code="a\nb")),
        (Plant, r'{"name": "{\"name\": 1}", "height": 1}', Plant(name='{"name": 1}', height=1)),
        (Plant, '{"name": "é 中 🌹", "height": 1}', Plant(name="é 中 🌹", height=1)),
        (list[int], "[1, 2, 3]", [1, 2, 3]),
        (list[Plant], f"[{ROSE_JSON}, {OAK_JSON}]", [ROSE, OAK]),
        (dict[str, int], '{"a": 1, "b": 2}', {"a": 1, "b": 2}),
        (dict[str, str], r'{"\"a\"": "\"b\""}', {'"a"': '"b"'}),
        (int, "12111", 12111),
        (float, "12111.25", 12111.25),
        (bool, "true", True),
        (int | None, "null", None),
        (str, '"rose"', "rose"),
        (Kind, '"FRUIT"', Kind.FRUIT),
        (Literal[2, 3], "2", 2),
        (int | str, '"7 cups"', "7 cups"),
    ],
    "text around it": [
        (Plant, f"Here is the plant: {ROSE_JSON}", ROSE),
        (Plant, f"{ROSE_JSON} is the plant you asked for.", ROSE),
        (Plant, f"before {ROSE_JSON} after", ROSE),
        (Plant, f"Sure!\n```json\n{ROSE_JSON}\n```\nAnything else?", ROSE),
        (Plant, f"```\n{ROSE_JSON}\n```", ROSE),
        (Plant, f"```JSON\n{ROSE_JSON}```", ROSE),
        (Plant, f"````{ROSE_JSON}```", ROSE),
        (Plant, f"{ROSE_JSON}```", ROSE),
        (Plant, f"**Note** (of today):\n\n```json\n{ROSE_JSON}\n```", ROSE),
        (Plant, f"For {{name}} and [a list], as asked:\n{ROSE_JSON}", ROSE),
        (Plant, f'```json\n{ROSE_JSON}\n```\n\n```json\n["a", "b"]\n```', ROSE),
        (Plant, f'```json\n{ROSE_JSON}\n```\n```json\n{{"other": {{"key": 1}}}}\n```', ROSE),
        (list[str], '["a", "b"] is the list.', ["a", "b"]),
        (list[str], f'{ROSE_JSON}\n["a", "b"]', ["a", "b"]),
        (dict[str, str], '{"a": "b"} is the map.', {"a": "b"}),
        (Plant, f"<think>The {{rose}}...</think>\n{ROSE_JSON}", ROSE),
        (Plant, f"{{rose}} is short.\n</think>\n{ROSE_JSON}", ROSE),
        (Plant, f'{{"result": {ROSE_JSON}}}', ROSE),
        (Plant, f'{{"plant": {ROSE_JSON}}}', ROSE),
        (Plant, f'{{"name": "plant", "arguments": {ROSE_JSON}}}', ROSE),
        (Plant, f"\ufeff{ROSE_JSON}", ROSE),
        (Plant, f"[{ROSE_JSON}]", ROSE),
        (Plant, '"{\\"name\\": \\"rose\\", \\"height\\": 40}"', ROSE),
    ],
    "syntax": [
        (Plant, '{"name": "rose", "height": 40,}', ROSE),
        (list[int], "[1, 2, 3,]", [1, 2, 3]),
        (list[str], "[1, 2,]", ["1", "2"]),
        (Plant, "{'name': 'rose', 'height': 40}", ROSE),
        (Plant, '{name: "rose", height: 40}', ROSE),
        (Plant, "{name: 'rose', 'height': 40, \"tags\": []}", ROSE),
        (dict[str, str], '{5: "b", null: "n"}', {"5": "b", "null": "n"}),
        (Plant, "{“name”: “rose”, “height”: 40}", ROSE),
        (Plant, '{"name": `rose`, "height": 40}', ROSE),
        (Plant, '{"name": "rose", // the flower\n "height": 40 /* cm */}', ROSE),
        (Plant, '{"name": "rose", # the flower\n "height": 40}', ROSE),
        (Plant, "{\n// The name (with a \", \")\nname: 'rose',\n// In cm\nheight: 40,\n}", ROSE),
        (Site, '{"url": "a", "is_open": True}', Site(url="a", is_open=True)),
        (Site, '{"url": "a", "is_open": TRUE}', Site(url="a", is_open=True)),
        (Bed, '{"plants": [], "kind": None, "note": Null}', Bed(plants=[])),
        (Plant, '{"name":\u00a0"rose",\u200b "height": 40}', ROSE),
        (Plant, '{"name": "two\nlines", "height": 1}', Plant(name="two\nlines", height=1)),
        (Plant, '{"name\n": "rose", "height": 40}', ROSE),
        (Snippet, '{"language": "python", "code": \'print("Hello")\'}', HELLO),
        (Snippet, '{"language": "python", "code": `print("Hello")`}', HELLO),
        (Snippet, '{"language": "python", "code": """print("Hello")"""}', HELLO),
        (Snippet, '{"language": "python", "code": "print("Hello")"}', HELLO),
        (Snippet, '{"language": "python", "code": `a\nb`}', Snippet(language="python", code="a\nb")),
        (Snippet, "{'language': 'python', 'code': 'it's'}", Snippet(language="python", code="it's")),
        (Snippet, '{"language": "python", "code": "```\nx\n```"}', Snippet(language="python", code="```\nx\n```")),
        (Plant, '{"name": "the "best" rose", "height": 40}', Plant(name='the "best" rose', height=40)),
        (Plant, '{"name": "<b id="x">rose</b>", "height": 1}', Plant(name='<b id="x">rose</b>', height=1)),
        (Plant, '{"name": "[rose]("http://a.b/")", "height": 1}', Plant(name='[rose]("http://a.b/")', height=1)),
        (Plant, r'{"name": "C:\dir", "height": 1}', Plant(name=r"C:\dir", height=1)),
        (Plant, r'{"name": "it\'s", "height": 1}', Plant(name="it's", height=1)),
        (Plant, r'{"name": "\x72ose", "height": 40}', ROSE),
        (list[Payment], '[{"text": "in", "amount": -2,000.00}]', [Payment(text="in", amount=-2000)]),
        (Payment, '{"text": "in", "amount": 1,234}', Payment(text="in", amount=1234)),
        (Payment, '{"text": "in", "amount": 1,234,567.5}', Payment(text="in", amount=1234567.5)),
    ],
    "bare scalars": [
        (bool, "True", True),
        (bool, "False", False),
        (bool, " TRUE\n", True),
        (int, "12,111", 12111),
        (int, "-2,000.00", -2000),
        (float, "12,111.25", 12111.25),
        (float, "12.111,25", 12111.25),
        (float, "$1,234.50", 1234.5),
        (int, "**42**", 42),
        (int | None, "None", None),
        (int | None, "Null", None),
        (Kind, "FRUIT", Kind.FRUIT),
        (Kind, "fruit", Kind.FRUIT),
        (Kind, "'FRUIT'", Kind.FRUIT),
        (Kind, "```\nFRUIT\n```", Kind.FRUIT),
        (Literal["TWO"], "Two", "TWO"),
        (Color, "Dark Green.", "dark green"),
        (Literal["São Paulo", "Paris"], "São Paulo", "São Paulo"),
        (Literal["señor", "doctor"], "senor", "señor"),
        (Literal["北京", "Paris"], "北京", "北京"),
    ],
    "choices and keys": [
        (Kind, '"  FRUIT  "', Kind.FRUIT),
        (Kind, '"root crop"', Kind.ROOT_CROP),
        (Kind, '["FRUIT"]', Kind.FRUIT),
        (list[Kind], '["fruit", "Root-Crop"]', [Kind.FRUIT, Kind.ROOT_CROP]),
        (Literal["THREE", 1], '{"value": "\\"THREE\\""}', "THREE"),
        (Literal["THREE", 1], '{"value": "1"}', 1),
        (dict[Kind, str], '{"FRUIT": "one"}', {Kind.FRUIT: "one"}),
        (Plant, '{" name ": "rose", " height ": 40}', ROSE),
        (Plant, '{"Name": "rose", "HEIGHT": 40}', ROSE),
        (Site, '{"url": "a", "isOpen": true}', Site(url="a", is_open=True)),
    ],
    "values for another type": [
        (Plant, '{"name": "rose", "height": "40"}', ROSE),
        (Plant, '{"name": "rose", "height": "40 cm"}', ROSE),
        (Plant, '{"name": 12345, "height": 40}', Plant(name="12345", height=40)),
        (Site, '{"url": "a", "is_open": "yes"}', Site(url="a", is_open=True)),
        (list[str], "[1, 2]", ["1", "2"]),
        (Plant, '{"name": "oak", "height": 900, "tags": "tree"}', OAK),
        (Plant, '{"name": "oak", "height": 900, "tags": "[\\"tree\\"]"}', OAK),
        (Bed, f'{{"plants": {WHOLE_ROSE_JSON}}}', Bed(plants=[ROSE])),
        (list[Plant], WHOLE_ROSE_JSON, [ROSE]),
        (list[Plant], f"{ROSE_JSON}\n{OAK_JSON}", [ROSE, OAK]),
        (list[Plant], f"{ROSE_JSON}, {OAK_JSON}", [ROSE, OAK]),
        (int, "[7]", 7),
    ],
    "unions": [
        (Sow | Water, '{"seed": "pea", "depth": 3}', Sow(seed="pea", depth=3)),
        (Sow | Water, '{"seed": "pea", "litres": 3}', Water(seed="pea", litres=3)),
        (Sow | list[Water], '{"seed": "pea", "depth": 3}', Sow(seed="pea", depth=3)),
        (Step, '{"do": {"seed": "pea", "litres": 1.5}}', Step(do=Water(seed="pea", litres=1.5))),
        (
            Step,
            "{do: {seed: 'pea', depth: 2}, then: [{seed: 'pea', litres: 1},]}",
            Step(do=Sow(seed="pea", depth=2), then=[Water(seed="pea", litres=1)]),
        ),
        (Harvest | Prune, '{"action": "prune", "branches": ["a"]}', Prune(action="prune", branches=["a"])),
        (Action, '{"branches": ["a"]}', Prune(action="prune", branches=["a"])),
        (Action, '{"action": "Harvest", "kilos": "3 kg"}', Harvest(action="harvest", kilos=3)),
        (Phone | Mail, '{"contact": "030 123"}', Phone(contact="030 123")),
        (Phone | Mail, '{"contact": "a@example.org"}', Mail(contact="a@example.org")),
        (Sow | dict[str, int], '{"a": 1}', {"a": 1}),
        (list[Sow | Water], '[{"seed": "pea", "depth": 3}]', [Sow(seed="pea", depth=3)]),
    ],
}
"""By kind: the type, the reply, and the value that it can only mean."""

NOT_READ: dict[str, list[tuple[Any, str, Any]]] = {
    "truncated: the rest is unknown": [
        (list[int], "[1, 2, 3", [1, 2, 3]),
        (Plant, '{"name": "rose", "height": 40', ROSE),
        (dict[str, str], '{"a": "b', {"a": "b"}),
        (Bed, '{"plants": [{"name": "rose", "height": 40}, {"name": "oa', Bed(plants=[ROSE])),
        (Plant, '{"name": "rose", "height": 40, "tags": [', ROSE),
    ],
    "a word in a sentence, which may deny it": [
        (Kind, "The answer is FRUIT", Kind.FRUIT),
        (Kind, "FRUIT is the answer", Kind.FRUIT),
        (Kind, '"FRUIT: what has seeds"', Kind.FRUIT),
        (Literal["TWO"], 'It is "TWO"', "TWO"),
        (Kind, "I would say:\n\n- **FRUIT**", Kind.FRUIT),
        (bool, "The answer is true", True),
    ],
    "text without quotes, which may be a placeholder or a refusal": [
        (str, "hello", "hello"),
        (Plant, "{name: rose, height: 40}", ROSE),
        (list[str], "[a, b]", ["a", "b"]),
        (dict[str, str], "{a: b}", {"a": "b"}),
    ],
    "a missing comma, colon, quote or bracket, which may be missing elsewhere": [
        (Plant, '{"name": "rose" "height": 40}', ROSE),
        (Plant, '{"name": "rose", "height": 40, "tags": ["a" "b"]}', Plant(name="rose", height=40, tags=["a", "b"])),
        (Plant, '{"name": "rose, "height": 40}', ROSE),
        (Plant, '{"name" "rose", "height": 40}', ROSE),
        (list[Plant], f"[{ROSE_JSON}}}, {OAK_JSON}]", [ROSE, OAK]),
    ],
    "a value that has to be computed or chosen": [
        (float, "1/5", 0.2),
        (float, "1,5", 1.5),
        (Kind, '["FRUIT", "NUT"]', Kind.FRUIT),
    ],
}
"""By reason: the type, the reply, and what a parser that guesses reads; another value must not be read either."""


def cases(table: dict[str, list[tuple[Any, str, Any]]]) -> list[Any]:
    return [
        pytest.param(*case, id=f"{kind} {number}") for kind, rows in table.items() for number, case in enumerate(rows)
    ]


@pytest.mark.parametrize(("output_type", "text", "value"), cases(READ))
def test_a_reply_with_one_reading_is_read(output_type: Any, text: str, value: Any) -> None:
    answer = ResponseFormat(output_type).read(text, repairs=True)
    assert [str(issue) for issue in answer.issues] == []
    assert (type(answer.value), answer.value) == (type(value), value)


@pytest.mark.parametrize(("output_type", "text", "value"), cases(NOT_READ))
def test_a_reply_with_several_readings_is_not_read(output_type: Any, text: str, value: Any) -> None:
    ResponseFormat(output_type).dump(value)  # the case itself is right
    assert not ResponseFormat(output_type).read(text, repairs=True).valid


@pytest.mark.parametrize(("output_type", "text", "value"), [*cases(READ), *cases(NOT_READ)])
def test_exact_json_is_the_only_reading_without_repairs(output_type: Any, text: str, value: Any) -> None:
    answer = ResponseFormat(output_type).read(text)
    assert not answer.valid or answer.value == value


def test_most_replies_that_tolerant_parsers_read_are_read() -> None:
    assert len(cases(READ)) + len(cases(NOT_READ)) >= 155
    assert len(cases(READ)) >= 130
