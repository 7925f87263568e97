"""Replies that are not exact JSON: what is repaired, what is rejected, and what no repair may do."""

from __future__ import annotations

import gc
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from structkit.parsing import Candidate, exact, read_candidates, read_prefix, repair_values
from structkit.values import Repair

EXPECTED = {"a": 1, "b": ["x", None]}
EXACT = json.dumps(EXPECTED)


def first(text: str, **options: Any) -> Candidate | None:
    return next(read_candidates(text, **options), None)


def values(text: str, **options: Any) -> list[Any]:
    return [candidate.value for candidate in read_candidates(text, **options)]


# Repairs


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (EXACT, ()),
        (f" \n{EXACT}\r\n\t", ()),
        ("\ufeff" + EXACT, ("byte order mark",)),
        # Thinking
        (f"<think>First.</think>{EXACT}", ("think block",)),
        (f'<think>\nDraft: {{"a": 9}}\n</think>\n\n{EXACT}', ("think block",)),
        (f"<think></think>\n{EXACT}", ("think block",)),
        (f"<thinking>Hm.</thinking>{EXACT}", ("think block",)),
        (f'So it is {{"a": 9}}.\n</think>\n{EXACT}', ("think block",)),
        (f"It's an array [\"a\", 'b', ... and {{\n</think>\n{EXACT}", ("think block",)),
        (f"The string opens ['\n</think>\n\n{EXACT}", ("think block",)),
        (f'The string opens ["\n</think>\n\n{EXACT}', ("think block",)),
        (f'Broken: {{"a": oops, "b": [</think>\n{EXACT}', ("think block",)),
        (f"<think>one</think> <think>two</think>{EXACT}", ("think block",)),
        (f"<think>outer <think>inner</think> outer</think>{EXACT}", ("think block",)),
        (f"{EXACT}\n<think>Was that right?</think>", ("think block",)),
        (f"<think>Hm.</think>\n```json\n{EXACT}\n```", ("think block", "code fence")),
        (f"<think>Hm.</think>\nHere:\n```json\n{EXACT}\n```", ("think block", "code fence", "prose")),
        (f'<thought>\nDraft: {{"a": 9}}\n</thought>\n{EXACT}', ("think block",)),  # Gemini
        (f'<reasoning time="2 s">{{"a": 9}}</reasoning>{EXACT}', ("think block",)),
        (f'<seed:think>{{"a": 9}}</seed:think>{EXACT}', ("think block",)),  # Seed-OSS
        (f'[THINK]{{"a": 9}}[/THINK]{EXACT}', ("think block",)),  # Magistral
        (f'\u25c1think\u25b7{{"a": 9}}\u25c1/think\u25b7{EXACT}', ("think block",)),  # Kimi
        (f'<|START_THINKING|>{{"a": 9}}<|END_THINKING|>{EXACT}', ("think block",)),  # Command A
        (f'<unused94>thought\n{{"a": 9}}<unused95>{EXACT}', ("think block",)),  # MedGemma
        (
            f'<|channel|>analysis<|message|>{{"a": 9}}<|end|><|start|>assistant<|channel|>final<|message|>{EXACT}',
            ("think block", "prose"),
        ),  # gpt-oss
        (f'analysisHm, {{"a": 9}}.assistantfinal{EXACT}', ("think block",)),  # gpt-oss without its special tokens
        # Fences
        (f"```json\n{EXACT}\n```", ("code fence",)),
        (f"```\n{EXACT}\n```", ("code fence",)),
        (f"```{EXACT}```", ("code fence",)),
        (f'``` JSON5 title="x"\n{EXACT}\n```', ("code fence",)),
        (f"~~~json\n{EXACT}\n~~~", ("code fence",)),
        (f"````json\n{EXACT}\n````", ("code fence",)),
        (f"```json\n{EXACT}", ("code fence",)),
        (f"{EXACT}\n```", ("code fence",)),
        (f"{EXACT}```", ("code fence",)),
        (f"{EXACT}\n~~~", ("code fence",)),
        (f"```\n```\n{EXACT}", ("code fence",)),
        ('{"a": 1, "b": ["x", null],}\n```', ("code fence", "trailing comma")),
        (f"\ufeff```json\n{EXACT}\n```", ("byte order mark", "code fence")),
        (f"Sure!\n```json\n{EXACT}\n```\nAnything else?", ("code fence", "prose")),
        (f"```python\nprint('hi')\n```\nand\n```json\n{EXACT}\n```", ("code fence", "prose")),
        (f"```json\n{{broken 1}}\n```\n```json\n{EXACT}\n```", ("code fence", "prose")),
        (f'```json\n{{"a": oops}}\n```\nAgain:\n```json\n{EXACT}\n```', ("code fence", "prose")),
        # Prose
        (f"Here you are: {EXACT}", ("prose",)),
        (f"{EXACT}\n\nI hope that helps!", ("prose",)),
        (f"As [the note] says, it's {{name}} or {{{{name}}}} [don't]: {EXACT}", ("prose",)),
        (f"[1, p. 3] {EXACT}", ("prose",)),
        (f"{EXACT} It lies in [1, 2).", ("prose",)),
        (f"{EXACT} It lies in [0, 1[.", ("prose",)),
        (f"{EXACT} It lies in ]0, 1[.", ("prose",)),
        (f"{EXACT} It costs [1, 2%", ("prose",)),
        (f"It lies in [1, 2). {EXACT}", ("prose",)),
        (f"It lies in [0, \u221e) {EXACT}", ("prose",)),
        (f"It lies in [0, 1[. {EXACT}", ("prose",)),
        (f"It lies in ]0, 1[: {EXACT}", ("prose",)),
        (f"[2020-01-01, 2020-12-31)\n{EXACT}", ("prose",)),
        (f"From [0 %, 5 %), which holds: {EXACT} in [0, 1).", ("prose",)),
        (f"It lies in [1, 2).\n```json\n{EXACT}\n```", ("code fence", "prose")),
        (f"It costs [1, 2%. {EXACT}", ("prose",)),
        (f"See [note 2.\n\n{EXACT}", ("prose",)),
        (f"`{EXACT}`", ("prose",)),
        # Syntax
        ('{"a": 1, "b": ["x", null,],}', ("trailing comma",)),
        ("{'a': 1, 'b': ['x', null]}", ("single quotes",)),
        ('{"a": 1, "b": ["x", None]}', ("python literal",)),
        ("{'a': 1, 'b': ['x', None]}", ("single quotes", "python literal")),
        ('{a: 1, b: ["x", null]}', ("unquoted key",)),
        ('{"a": 1, // one\n "b": ["x", null]}', ("comment",)),
        ('{"a": /* one */ 1, "b": ["x", null]}', ("comment",)),
        ('{"a": 1, # one, "c"\n "b": ["x", null]}', ("comment",)),
        ('{"a": 1, // see "page ..." below\n "b": ["x", null]}', ("comment",)),
        ('{ // the values\u2026\n"a": 1, "b": ["x", null]}', ("comment",)),
        ('{"a": 1 /* one more is the rest. */, "b": ["x", /* none, etc. */ null /* last */]}', ("comment",)),
        ('{"a": 1, "b": ["\\x78", null]}', ("string escape",)),
        ('{"a"\uff1a1\uff0c"b"\uff1a["x"\uff0cnull]}', ("full width",)),
        ('\uff5b"a"\uff1a\uff11\uff0c "b"\uff1a\uff3b"x"\uff0cnull\uff3d\uff5d', ("full width",)),
        ('\u6ce8\uff3b\u89c1\uff3d\uff1a\uff5b"a":1,"b":["x",null]\uff5d', ("prose", "full width")),
        *(
            (f"{{{left}a{right}: 1, {left}b{right}: [{left}x{right}, null]}}", ("curly quotes",))
            for left, right in (
                "\u201c\u201d",
                "\u201e\u201c",
                "\u201e\u201d",
                '\u201e"',
                "\u00ab\u00bb",
                "\u00bb\u00ab",
            )
        ),
        *(
            (f"{{{left}a{right}: 1, {left}b{right}: [{left}x{right}, null]}}", ("curly quotes",))
            for left, right in ("\u2018\u2019", "\u300c\u300d", "\u300e\u300f", "\uff02\uff02")
        ),
        (
            "\uff5b\u300ea\u300f\uff1a1\uff0c\u300eb\u300f\uff1a[\u300ex\u300f\uff0cnull]\uff5d",
            ("full width", "curly quotes"),
        ),
        ('\uff3b\u300c\u898b\u300d\u53c2\u7167\uff3d {"a": 1, "b": ["x", null]}', ("prose",)),
        ('{{"a": 1, "b": ["x", null]}}', ("doubled braces",)),
        ('\\boxed{{"a": 1, "b": ["x", null]}}', ("prose", "doubled braces")),
        ('For {{name}}: {{"a": 1, "b": ["x", null]}}', ("prose", "doubled braces")),
        # All at once
        (
            "\ufeff<think>Hm.</think>Sure:\n```js\n{a: 1, /* two */ 'b': ['x', None,],}\n```",
            (
                *("byte order mark", "think block", "code fence", "prose"),
                *("unquoted key", "comment", "single quotes", "python literal", "trailing comma"),
            ),
        ),
    ],
)
def test_a_reply_is_repaired_and_the_repairs_are_listed(text: str, repairs: tuple[Repair, ...]) -> None:
    assert first(text, properties=["a", "b"]) == Candidate(EXPECTED, repairs)
    assert set(repairs) <= set(get_args(Repair))


@pytest.mark.parametrize(
    ("text", "value", "repairs"),
    [
        ('{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}, ("raw newline",)),
        ("{'it\\'s': \"it's\"}", {"it's": "it's"}, ("single quotes",)),
        ('{"a": "it\\\'s"}', {"a": "it's"}, ("string escape",)),
        ("['say \"hi\"', 'a\\nb\\u00e9\\\\']", ['say "hi"', "a\nbé\\"], ("single quotes",)),
        ('{"a": "\\ud83d\\ude00",}', {"a": "\U0001f600"}, ("trailing comma",)),
        ("['\\U0001f600', '\\xe9']", ["\U0001f600", "é"], ("single quotes", "string escape")),
        (
            '{"a": "// no # comment /* at all */, }",}',
            {"a": "// no # comment /* at all */, }"},
            ("trailing comma",),
        ),
        ('{"a": "```json\\n[1]\\n```",}', {"a": "```json\n[1]\n```"}, ("trailing comma",)),
        ('{"a": "<think>[1]</think>",}', {"a": "<think>[1]</think>"}, ("trailing comma",)),
        (
            "{a-b: True, $c: -1.5e3, 3: False}",
            {"a-b": True, "$c": -1500.0, "3": False},
            ("unquoted key", "python literal"),
        ),
        ("{x: 'True, }', y: []}", {"x": "True, }", "y": []}, ("unquoted key", "single quotes")),
        ('{"a": """say "hi"\nor ""hi\n"""}', {"a": 'say "hi"\nor ""hi\n'}, ("triple quotes",)),
        ("{'a': '''it's'''}", {"a": "it's"}, ("single quotes", "triple quotes")),
        ('{"a": """""", "b": ""}', {"a": "", "b": ""}, ("triple quotes",)),
        ('{"a": TRUE, "b": [FALSE, Null, NULL]}', {"a": True, "b": [False, None, None]}, ("literal case",)),
        ('{"a": 1,234: 5}', {"a": 1, "234": 5}, ("unquoted key",)),
        ('{"a": -2,000.00, "b": 1,234,567}', {"a": -2000.0, "b": 1234567}, ("digit groups",)),
        ('{\u00a0"a":\u200b1\u200b,\u3000"b": 2}', {"a": 1, "b": 2}, ("special space",)),
        ('{"a":\u00a0/* one */\u00a01}', {"a": 1}, ("special space", "comment")),
        (r'{"a": "C:\dir"}', {"a": r"C:\dir"}, ("invalid escape",)),
        (r'{"a": "C:\Users\users"}', {"a": r"C:\Users\users"}, ("invalid escape",)),
        (r'{"a": "\d+\.\w\1"}', {"a": r"\d+\.\w\1"}, ("invalid escape",)),
        (r'{"a": "\alpha\{x\}"}', {"a": r"\alpha\{x\}"}, ("invalid escape",)),
        (r'{"a": "\d is a \"digit\""}', {"a": r'\d is a "digit"'}, ("invalid escape",)),
        (r"{'a': '\d'}", {"a": r"\d"}, ("single quotes", "invalid escape")),
    ],
)
def test_strings_keep_their_exact_text(text: str, value: Any, repairs: tuple[Repair, ...]) -> None:
    assert first(text) == Candidate(value, repairs)


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ('First {"a": 1}, then {"a": 2}.', [{"a": 2}, {"a": 1}]),
        ('```json\n{"a": 1}\n```\nNot {"a": 2}.', [{"a": 1}, {"a": 2}]),
        ('{"a": 1, "b": 2} because {"a": 1} and [3]', [{"a": 1, "b": 2}, {"a": 1}]),
        ('See {"x": [{"a": 1, "b": 2}]}: {"a": 3}', [{"a": 3}, {"x": [{"a": 1, "b": 2}]}]),
        ('{"a": 1} {"a": 1} {"a": 1.0} {"a": true}', [{"a": True}, {"a": 1.0}, {"a": 1}]),
        ('Not {"z": 1}, but {"Invoice": {"a": 1}} or {"y": 1}', [{"Invoice": {"a": 1}}, {"a": 1}, {"y": 1}, {"z": 1}]),
    ],
    ids=["the last", "the fenced", "most expected properties", "no nested ones", "no duplicates", "wrapped ones count"],
)
def test_of_several_documents_the_most_likely_comes_first(text: str, ordered: list[Any]) -> None:
    assert list(map(json.dumps, values(text, name="Invoice", properties=["a", "b"]))) == list(map(json.dumps, ordered))


@pytest.mark.parametrize(
    ("value", "wrapped"),
    [
        ({"Invoice_Line": {"a": 1}}, [{"a": 1}]),
        ({"invoiceline": {"a": 1}}, [{"a": 1}]),
        ({"result": {"a": 1}}, [{"a": 1}]),
        ({"Response": {"invoice_line": {"a": 1}}}, [{"invoice_line": {"a": 1}}, {"a": 1}]),
        ([{"a": 1}], [{"a": 1}]),
        ({"data": [{"a": 1}]}, [[{"a": 1}], {"a": 1}]),
        ({"properties": {"a": 1}}, [{"a": 1}]),
        ({"type": "object", "title": "InvoiceLine", "properties": {"a": 1}}, [{"a": 1}]),
        ({"parameters": {"type": "object", "properties": {"a": 1}}}, [{"a": 1}]),
        ({"name": "InvoiceLine", "arguments": {"a": 1}}, [{"a": 1}]),
        ({"function": "invoice_line", "parameters": {"a": 1}}, [{"a": 1}]),
        ({"name": "InvoiceLine", "arguments": {"a": 1}, "id": "abc123456"}, [{"a": 1}]),
        ({"Final Answer": {"a": 1}}, [{"a": 1}]),
        ({"finalAnswer": {"a": 1}}, [{"a": 1}]),
        ({"type": "object", "value": {"a": 1}}, [{"a": 1}]),
        # Not certainly a wrapper
        ({"type": "array", "value": {"a": 1}}, []),
        ({"type": "invoice", "value": {"a": 1}}, []),
        ({"id": "abc123456", "value": {"a": 1}}, []),
        ({"name": "Other", "arguments": {"a": 1}, "id": "abc123456"}, []),
        ({"a": 1}, []),
        ({"b": {"a": 1}}, []),
        ({"other": {"a": 1}}, []),
        ({"result": {"a": 1}, "b": 2}, []),
        ({"result": "a"}, []),
        ({"name": "Other", "arguments": {"a": 1}}, []),
        ([{"a": 1}, {"a": 2}], []),
        ([["a"]], []),
        ({"other": 1, "properties": {"a": 1}}, []),
        # A schema is not a value
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, []),
        ({"properties": {"a": {"$ref": "#/$defs/A"}, "b": {"type": ["string", "null"]}}}, []),
        ({"InvoiceLine": {"type": "object", "properties": {"a": {"type": "integer"}}}}, []),
        ({"properties": {}}, []),
    ],
)
def test_a_wrapped_value_follows_its_wrapper(value: Any, wrapped: list[Any]) -> None:
    candidates = list(read_candidates(json.dumps(value), name="InvoiceLine", properties=["a", "b"]))
    assert candidates == [Candidate(value), *(Candidate(item, ("wrapper",)) for item in wrapped)]


def test_an_expected_property_is_never_a_wrapper() -> None:
    assert values('{"result": {"a": 1}}', properties=["result"]) == [{"result": {"a": 1}}]
    assert values('{"node": {"node": null}}', name="Node", properties=["node"]) == [{"node": {"node": None}}]
    assert values('{"properties": {"a": 1}}', properties=["properties"]) == [{"properties": {"a": 1}}]
    assert values('{"data": {"type": "object"}}', properties=["type"])[1:] == [{"type": "object"}]


def test_at_most_four_wrappers_are_removed() -> None:
    assert len(values('{"data": ' * 50 + "1" + "}" * 50)) == 5


def test_a_list_is_not_unwrapped_if_no_object_is_expected() -> None:
    assert values('[{"a": 1}]') == [[{"a": 1}]]


def test_the_first_candidate_of_exact_json_costs_nothing_but_exact_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def count(_frame: Any, event: str, argument: Any) -> None:
        calls["all"] += event == "call"

    def calls_of(work: Callable[[], object]) -> int:
        gc.disable()  # a collection may call finalizers, which are not part of the work
        sys.setprofile(count)
        try:
            work()
        finally:
            sys.setprofile(None)
            gc.enable()
        return calls.pop("all")

    candidates = read_candidates(EXACT, name="Expected", properties=["a"])
    total = calls_of(lambda: next(candidates))
    assert total - calls_of(lambda: exact.read_json(EXACT)) <= 4  # the generators and the candidate itself


# Rejected text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot say.",
        "null and void",
        "3 or 4",
        "[see note 3]",
        # Rejected by exact parsing
        *(
            '{"a": NaN}',
            "{'a': -Infinity,}",
            "{'a': nan}",
            '{"a": 1e999}',
            "{'a': -1e999,}",
            '{"a": 1, "a": 2}',
            "{a: 1, 'a': 1}",
        ),
        *(
            '{"a": "\\ud800",}',
            "{'\\udc00': 1}",
            "{'a': '\ud800'}",
            f"{{'a': {'9' * 5000}}}",
            "{'a': {'b': 1, \"b\": 1}}",
        ),
        # A comment in the place of elements
        *(
            "[1, 2 // ... and so on\n]",
            "[1, /* \u2026 */ 9]",
            '{"a": 1, # ...\n}',
            '{"a": [/* 3 more items */]}',
            "[1, 2, // remaining items\n]",
            "[1, 2 # etc\n]",
            "[1, /* 5 others */ /* omitted */]",
            '{"a": 1, // more keys...\n "b": 2}',
            '{"a": 1 // and so on...\n}',
        ),
        # Truncated text
        *(
            '{"a": 1, "b": "cut he',
            '{"a": 1, "b": tr',
            '{"a": 1',
            '{"a": 1,',
            '{"a":',
            '{"a',
            "{",
            "[",
            "[[1], [2]",
            "[1, 2",
        ),
        *(
            "{'a': 1, b",
            "[1 // ]",
            "[1 /* ]",
            "[1 /",
            "['a\\']",
            '["a\\"]',
            '```json\n{"a": 1, "b": [\n```json',
            "{'a': 12",
        ),
        *(
            '<think>So {"a": 1}',
            '{"a": 1} <think> or {"a": 2}',
            'Draft {"a": 1}. Final {"a": 2, "b": "cu',
            '{"a": 1}\n{"a": 2',
        ),
        # Repairable only by guessing
        *(
            '{"a" 1}',
            '{"a": 1 "b": 2}',
            "[1 2]",
            '{"a":: 1}',
            '{"a": }',
            "[,]",
            "[1,,2]",
            "{,}",
            '{"a": 1;}',
            "{'a', 'b'}",
            "(1, 2)",
        ),
        *(
            '{"a": "5" screen"}',
            '{"a": "He said "yes", and left"}',
            '{"a": "x" "b": "y"}',
            '{"a": "x "b": "y"}',
            '{"a": "x, "b": "y"}',
            '{"a": "x" and "y"}',
            '{"a": ""x""}',
            "{'a': 'x, 'b': 'y'}",
            '["one" "two", "three"]',
            '{"a": "\\0"}',
            '{"a": "snake\\_case"}',
            '{"a": "one\\\ntwo"}',
            '{"a": "\\u12"}',
            "{'a': '\\U00110000'}",
            '{"a": undefined}',
        ),
        *(
            '{"a": 01}',
            '{"a": ++1}',
            '{"a": .}',
            '{"a": 1..}',
            '{"a": 0,123}',
            '{"a": 1,00}',
            '{"a": 1,2345}',
            "[1,000]",
            '{"a": """say "hi""""}',
            '{"a": """say',
            '{"a": 0x1F}',
            '{"a": 1_000}',
            '{"a": #fff\n}',
            '{"a": \u0661}',
            '{"a"\uff1a"x\uff0c"b"\uff1a1}',
            '{{"a": 1}',
            "\uff5b\u201ea\u201c\uff1aoops\uff0c\u201eb\u201c\uff1a[{\u201ec\u201c: 1}]\uff5d",
            '{{"a": 1}, "b": 2}',
            '{"a"\uff1a"x"\uff0c\uff0c"b"\uff1a1}',
            '{"a"\uff1a"x"\uff0c"b"\uff1a',
            '{"a": ["x"\u3001"y"]}',
            '{"a": \uff13\u5c81}',
            "{\u201ea\u201c: \u201ex, \u201eb\u201c: 1}",
            "{\u201ea\u201c: \u201ex\u201c y\u201c}",
            "{\u00aba\u00bb: \u00abx, \u00abb\u00bb: 1}",
            "{\u2018a\u2019: \u2018x, \u2018b\u2019: 1}",
        ),
        # An escape that is valid may not be meant as one where another one is invalid
        *(
            r'{"a": "C:\dir\new"}',
            r'{"a": "C:\dir", "b": "C:\temp"}',
            r'{"a": "\alpha", "b": "\beta"}',
            r'{"a": "\\server\share"}',
            r'{"a": "\d\/\d"}',
            r'{"a": "\d \u00e9"}',
        ),
        # No part of an incomplete document
        *('{"a": NaN, "b": {"c": 1}}', '{"a": {"c": 1}, "b": oops}', '{"a": oops, "b": {"c": 1}}', '[{"c": 1}, {"c": '),
        *(
            '[oops, {"c": 1}]',
            '{"a": "x" "b": "```", "c": {"c": 1}}',
            "{'a': ['b] it's', {'c': 1}]}",
            '{\n ...\n "b": [{"c": 1}]\n}',
        ),
    ],
)
def test_an_ambiguous_or_incomplete_text_has_no_candidates(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<think>", "</think>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
        ("<seed:think>", "</seed:think>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<unused94>", "<unused95>"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ],
)
@pytest.mark.parametrize("answer", ["", "I cannot tell.", '{"b": 2}'])
def test_a_draft_in_thinking_is_never_the_answer(start: str, end: str, answer: str) -> None:
    assert all(value == {"b": 2} for value in values(f'{start}Perhaps {{"a": 1}}{end}{answer}'))
    assert not values(f'{start}Perhaps {{"a": 1}}')
    assert all(value == {"b": 2} for value in values(f'Perhaps {{"a": 1}}, or not.{end}{answer}')) or "<|end|>" in end


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1, "a": 2}', "{'a': '\\ud800'}", "[1e999]"])
def test_a_rejected_document_does_not_hide_another_one(text: str) -> None:
    assert values(f"{text} No: {EXACT}") == [EXPECTED]


def test_text_that_needs_repairs_may_nest_a_hundred_levels() -> None:
    assert len(values("[" * 99 + "1," + "]" * 99)) == 1
    assert values("[" * 101 + "1," + "]" * 101) == []


def test_a_caller_with_a_deep_stack_gets_no_recursion_error() -> None:
    def call(times: int) -> list[Any]:
        return call(times - 1) if times else values("[" * 90 + "1," + "]" * 90)

    frame, depth = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        depth += 1
    assert call(sys.getrecursionlimit() - depth - 60) == []


HOSTILE = {
    "brackets": "[",
    "braces": "{",
    "objects open": '{"a":',
    "documents": '{"a":1}',
    "repaired documents": "{'a':1,}\n",
    "unrepairable documents": "[1 x ",
    "brackets of prose": "[a]",
    "brackets of prose open": "[a ",
    "double quotes": '"',
    "single quotes": "['",
    "strings open": '["',
    "backslashes": '["\\',
    "fences": "```json\n{\n",
    "fences around unrepairable documents": "```\n[1 x \n```\n",
    "fences in one line": "``` ",
    "tildes": "~~~ ",
    "blank lines after a fence": "``` \n \n",
    "comments open": "```\n[/*\n",
    "comments that close brackets": "[/*]",
    "thinking open": "<think>",
    "thinking ends": "x</think>\n",
    "comments in thinking": "x[/*</think>\n",
    "slashes": "/",
    "hashes": "[#",
    "digits": "[1",
    "byte order marks": "\ufeff",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("end", ["", "*/ x", "]", '"}'])
def test_hostile_text_takes_time_in_proportion_to_its_length(unit: str, end: str) -> None:
    def steps(times: int) -> int:
        """Count executed lines, since the characters that a regular expression visits cannot be counted."""
        lines = 0

        def count(_frame: Any, event: str, _argument: Any) -> Any:
            nonlocal lines
            lines += event == "line"
            return count

        text = unit * times + end
        before = sys.gettrace()
        sys.settrace(count)
        try:
            list(islice(read_candidates(text, name="Name", properties=["a"]), 10_000))
        finally:
            sys.settrace(before)
        return lines

    steps(1)  # imports
    assert steps(400) <= 2.5 * steps(200) + 100


@pytest.mark.parametrize("unit", ["{} ", "[1] ", "[1,]", "[a] ", "``` ", "<think></think>"])
def test_a_text_of_very_many_documents_is_not_an_answer(unit: str) -> None:
    assert len(values(EXACT + unit * 900)) > 0
    steps = Counter[str]()

    def count(_frame: Any, event: str, _argument: Any) -> None:
        steps[event] += 1

    sys.setprofile(count)
    try:
        assert values(EXACT + unit * 200_000) == []
    finally:
        sys.setprofile(None)
    assert steps["call"] < 500_000


def test_a_text_longer_than_any_reply_is_not_repaired() -> None:
    assert values(f"Sure! {EXACT}" + "." * 900_000) != []
    assert values(f"Sure! {EXACT}" + "." * 1_000_000) == []
    assert read_prefix('{"a": [1, ' + "1," * 600_000) is None
    assert values(json.dumps({"a": "x" * 2_000_000})) != []


def test_long_hostile_text_is_parsed_without_a_crash_or_a_delay() -> None:
    program = (
        "import sys, json\n"
        "from structkit.parsing import read_candidates\n"
        "for unit in json.load(sys.stdin):\n"
        "    for _ in read_candidates(unit * (200_000 // len(unit)) + '*/ x', name='x', properties=['a']): pass\n"
    )
    units = json.dumps([*HOSTILE.values()])
    done = subprocess.run(
        [sys.executable, "-c", program], input=units, text=True, timeout=600, check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, "")


# Arbitrary text

FRAGMENTS = [
    *("{", "}", "[", "]", ":", ",", '"', "'", "\\", "\n", " ", "a", "1", "-", ".", "e", "true", "None", "NaN", "null"),
    *(
        "```",
        "```json\n",
        "~~~",
        "<think>",
        "</think>",
        "</think>\n",
        "//",
        "/*",
        "*/",
        "#",
        "\ufeff",
        "\\u00e9",
        "\\ud800",
        "\\x",
    ),
    *('{"a": 1}', "{'a': [", '"a": ', '"data": ', "properties", "\x00", "\ud800", "é", "1e999"),
]
random_texts = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text()
texts = random_texts.map(lambda text: text.replace("\ud800", ""))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
any_value = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
containers = st.lists(any_value, max_size=4) | st.dictionaries(st.text(), any_value, max_size=4)
indents = st.sampled_from([None, 2])


def is_same(first: Any, second: Any) -> bool:
    """Compare strictly: True is not 1, and 1 is not 1.0."""
    return json.dumps(first) == json.dumps(second)


@given(any_value, st.booleans(), indents)
def test_exact_json_is_returned_unchanged(value: Any, escaped: bool, indent: int | None) -> None:
    candidate = first(json.dumps(value, ensure_ascii=escaped, indent=indent), name="Value", properties=["a"])
    assert candidate is not None
    assert is_same(candidate.value, value)
    assert candidate.repairs == ()


DECORATIONS = [
    "```json\n{}\n```",
    "``` \n{}",
    "Here you are: {}",
    "{}\n\nIt's done; see the note [x].",
    "<think>It could be [1], {{a}} or {{\n</think>{}",
    "It could be [1, ... or {{'a\n</think>\n\n{}",
    "<think>Hm.</think>Sure:\n```json5\n{}\n```\nBye.",
    "\ufeff{}",
    "// first\n{} // last",
]


@given(containers, st.sampled_from(DECORATIONS), st.booleans(), indents)
def test_decorations_are_removed_and_the_value_is_unchanged(
    value: Any, decoration: str, escaped: bool, indent: int | None
) -> None:
    candidate = first(decoration.format(json.dumps(value, ensure_ascii=escaped, indent=indent)))
    assert candidate is not None
    assert is_same(candidate.value, value)
    assert candidate.repairs


@given(containers, st.sampled_from(["{}", *DECORATIONS]))
def test_a_python_literal_in_any_decoration_is_the_same_value(value: Any, decoration: str) -> None:
    candidate = first(decoration.format(repr(value)))
    assert candidate is not None
    assert is_same(candidate.value, value)


@given(st.lists(st.sampled_from([*"acdeghijklmopqsvwyzACDPQSWZ.*+-()[]{}$&%#,; 123456789"])))
def test_where_no_backslash_is_doubled_every_backslash_stays(characters: list[str]) -> None:
    text = "".join(f"\\{character}" for character in characters)
    assert first(f'{{"a": "{text}"}}') == Candidate({"a": text}, ("invalid escape",) if text else ())


def sloppy(value: Any) -> str:
    """Write the value with a comma after each element, a comment before it, and raw newlines."""
    if isinstance(value, dict):
        return "{ // object\n" + "".join(f"{sloppy(key)}: {sloppy(item)}, " for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[ /* list */" + "".join(f"{sloppy(item)}, # item\n" for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)


@given(containers)
def test_trailing_commas_comments_and_raw_newlines_do_not_change_a_value(value: Any) -> None:
    candidate = first(sloppy(value))
    assert candidate is not None
    assert is_same(candidate.value, value)


@given(
    containers,
    st.sampled_from([json.dumps, repr, sloppy]),
    st.sampled_from(
        ["", "Sure: ", "```json\n", 'Draft {"a": 1}. Final: ', "<think>[1]</think>\n", "so [1] it is\n</think>\n"]
    ),
    st.data(),
)
def test_truncated_text_has_no_candidates(value: Any, write: Any, before: str, data: st.DataObject) -> None:
    text = write(value)
    assume(write is not sloppy or "</think>" not in text)  # with raw newlines, it may be in a string or not
    end = data.draw(st.integers(1, len(text) - 1))
    assert values(before + text[:end], name="Value", properties=["a"]) == []


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *(leaf for item in value.values() for leaf in leaves(item))]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


def occurs_in(leaf: Any, text: str) -> bool:
    if isinstance(leaf, str):
        return leaf in text or "\\" in text
    if isinstance(leaf, bool) or leaf is None:
        return str(leaf).lower() in text or str(leaf) in text or json.dumps(leaf) in text
    return any(digit in text for digit in str(leaf) if digit.isdigit())


def is_exact(text: str) -> bool:
    try:
        exact.read_json(text)
    except exact.NotJSON:
        return False
    return True


@given(random_texts)
def test_for_any_text_nothing_is_raised_and_no_value_is_invented(text: str) -> None:
    candidates = list(read_candidates(text, name="a", properties=["a", "b"]))
    assert [candidate for candidate in candidates[is_exact(text) :] if not candidate.repairs] == []
    assert len({json.dumps(candidate.value) for candidate in candidates}) == len(candidates)
    for candidate in candidates:
        assert set(candidate.repairs) <= set(get_args(Repair))
        json.dumps(candidate.value, allow_nan=False, ensure_ascii=False).encode()
        assert all(occurs_in(leaf, text) for leaf in leaves(candidate.value))


@given(containers, st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.data())
def test_the_candidates_of_a_corrupted_document_are_valid_json(
    value: Any, fragments: list[str], data: st.DataObject
) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    for candidate in read_candidates(text[:at] + "".join(fragments) + text[at:]):
        json.dumps(candidate.value, allow_nan=False, ensure_ascii=False).encode()


# Numbers in text

NUMBER, INTEGER, BOOLEAN = {"type": "number"}, {"type": "integer"}, {"type": "boolean"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[
            ("12", 12),
            ("-12", -12),
            ("+5", 5),
            ("0", 0),
            ("1.5", 1.5),
            (".5", 0.5),
            ("1e3", 1000.0),
            (" 7 ", 7),
            ("\u22125", -5),
        ],
        *[("1.234", 1.234), ("1,234", 1234), ("1,234.50", 1234.5), ("1.234,50", 1234.5), ("12,345,678", 12345678)],
        *[("1.234.567", 1234567), ("1 234", 1234), ("1 234,5", 1234.5), ("1'234", 1234), ("1\u2019234.5", 1234.5)],
        *[("1_000", 1000), ("1\u202f234", 1234), ("1\u00a0234\u00a0€", 1234)],
        *[
            ("$12.50", 12.5),
            ("-$5", -5),
            ("$-5", -5),
            ("$ 1,200", 1200),
            ("US$3", 3),
            ("EUR 12", 12),
            ("12 EUR", 12),
            ("12€", 12),
        ],
        *[
            ("12 kg", 12),
            ("0.125 kg", 0.125),
            ("1.25 kg", 1.25),
            ("1.2345 kg", 1.2345),
            ("1,250 kg", 1250),
            ("12kg", 12),
            ("20 °C", 20),
            ("3 hours", 3),
            ("90 km/h", 90),
        ],
    ],
)
def test_a_text_that_can_mean_only_one_number_is_replaced_by_it(text: str, number: float) -> None:
    result, repairs = repair_values(
        {"a": [text]}, {"type": "object", "properties": {"a": {"type": "array", "items": NUMBER}}}
    )
    assert is_same(result, {"a": [number]})
    assert repairs == ("number in text at a[0]",)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "-", "%", "kg", "twelve", "null", "NaN", "Infinity", "1e999", "1" * 65, "\u00b9\u00b2", "0x10"],
        *[
            "1,5",
            "12,50",
            "0,123",
            "1,23,456",
            "1,2345",
            "1.234.56",
            "1,234,5.6",
            "1 2",
            "12 34",
            "1__000",
            "007",
            "5.",
        ],
        *["12k", "12 m", "5M", "3 bn", "2 million", "12 k€", "5 t", "5 MM", "5 pm", "3rd", "12 May", "2 dozen"],
        *[
            "10-12",
            "1/2",
            "10:30",
            "2024-01-01",
            "5'10",
            "~5",
            "<5",
            "5+",
            "(5)",
            "5-",
            "--5",
            "-$-5",
            "No. 5",
            "5 of 6",
            "about 5",
        ],
        *["1.250 €", "€1.250", "-$1.250", "12.500 EUR", "1.250 kg", "999.000 km"],
        *["25%", "2.5 %", "25 percent", "25 pct", "2.5 km %"],
    ],
)
def test_an_ambiguous_text_is_not_replaced(text: str) -> None:
    value = {"a": text}
    result, repairs = repair_values(value, {"type": "object", "properties": {"a": NUMBER}})
    assert result is value
    assert repairs == ()


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("3.0", INTEGER, 3),
        ("3.5", INTEGER, "3.5"),
        ("25%", INTEGER, 25),
        ("25 percent", INTEGER, 25),
        ("2.5%", INTEGER, "2.5%"),
        ("1.234", INTEGER, "1.234"),
        ("1e3", INTEGER, "1e3"),
        ("12345678901234567890.0", INTEGER, 12345678901234567890),
        ("12", {"type": ["integer", "null"]}, 12),
        ("12", {"type": ["integer", "string"]}, "12"),
        ("12", {"anyOf": [NUMBER, {"type": "null"}]}, 12),
        ("12", {"anyOf": [NUMBER, {"type": "string"}]}, "12"),
        ("12", {"$ref": "#/$defs/Price"}, 12),
        ("12", {"anyOf": [{"$ref": "#/$defs/Loop"}, {"type": "null"}]}, 12),
        ("12", {"$ref": "#/$defs/Missing"}, "12"),
        ("12", {"type": "integer", "enum": [12]}, 12),
        ("12", {"type": "integer", "const": 12}, 12),
        ("13", {"type": "integer", "const": 12}, "13"),
        ("12", {"anyOf": [INTEGER, {"enum": ["12"]}]}, "12"),
        ("12", {}, "12"),
        ("12", {"anyOf": [INTEGER, {}]}, "12"),
        ("12", {"type": "object"}, "12"),
        ("true", BOOLEAN, True),
        ("False", BOOLEAN, False),
        ("yes", BOOLEAN, True),
        ("1", BOOLEAN, "1"),
        ("true", {"type": "string"}, "true"),
        ("true", INTEGER, "true"),
        ("true", {"type": ["boolean", "integer"]}, True),
        ("12", {"type": ["boolean", "integer"]}, 12),
    ],
)
def test_a_text_is_replaced_only_by_a_type_that_the_schema_allows(text: str, schema: Any, expected: Any) -> None:
    loop = {"anyOf": [{"$ref": "#/$defs/Loop"}, INTEGER]}
    root = {"type": "object", "properties": {"a": schema}, "$defs": {"Price": NUMBER, "Loop": loop}}
    result, repairs = repair_values({"a": text}, root)
    assert is_same(result, {"a": expected})
    kind = "boolean" if isinstance(expected, bool) else "number"
    assert repairs == (() if expected == text else (f"{kind} in text at a",))


ITEM = {"type": "object", "properties": {"n": INTEGER}}
ITEMS = {"type": "array", "items": ITEM}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("text", "schema", "expected", "repairs"),
    [
        ("[1, 2]", {"type": "array", "items": INTEGER}, [1, 2], ["JSON in text at a"]),
        ('{"n": 1}', ITEM, {"n": 1}, ["JSON in text at a"]),
        ('{"n": 1}', {"anyOf": [ITEM, {"type": "null"}]}, {"n": 1}, ["JSON in text at a"]),
        ('[{"n": "1"}]', ITEMS, [{"n": 1}], ["JSON in text at a", "number in text at a[0].n"]),
        ('["{\\"n\\": 1}"]', ITEMS, [{"n": 1}], ["JSON in text at a", "JSON in text at a[0]"]),
        ("{'n': 1,}", ITEM, {"n": 1}, ["JSON in text at a", "single quotes", "trailing comma"]),
        ("```json\n[]\n```", ITEMS, "```json\n[]\n```", []),
        ("Here: [1]", ITEMS, "Here: [1]", []),
        ("[1] or [2]", ITEMS, "[1] or [2]", []),
        ('[{"n": 1}, {"n": ', ITEMS, '[{"n": 1}, {"n": ', []),
        ("[1]", {"anyOf": [ITEMS, TEXT]}, "[1]", []),
        ("[1]", {"anyOf": [ITEMS, {"const": "[1]"}]}, "[1]", []),
        ("[1]", INTEGER, "[1]", []),
        ("null", {"type": ["integer", "null"]}, None, ["null in text at a"]),
        ("tea", {"type": "array", "items": TEXT}, ["tea"], ["item for list at a"]),
        (5, {"type": "array", "items": INTEGER}, [5], ["item for list at a"]),
        ("x", {"type": "array", "items": {"enum": ["x", "y"]}}, ["x"], ["item for list at a"]),
        ("z", {"type": "array", "items": {"enum": ["x", "y"]}}, "z", []),
        ("tea, milk", {"type": "array", "items": TEXT}, "tea, milk", []),
        ("tea and milk", {"type": "array", "items": TEXT}, "tea and milk", []),
        ("", {"type": "array", "items": TEXT}, "", []),
        ("None", {"type": "array", "items": TEXT}, "None", []),
        (None, {"type": "array", "items": TEXT}, None, []),
        ("tea", {"type": "array", "items": INTEGER}, "tea", []),
        ("tea", {"anyOf": [{"type": "array", "items": TEXT}, TEXT]}, "tea", []),
        (True, {"type": "array", "items": INTEGER}, True, []),
        (12345, TEXT, "12345", ["number for text at a"]),
        (12345, {"type": ["string", "null"]}, "12345", ["number for text at a"]),
        (1.5, TEXT, 1.5, []),
        (True, TEXT, True, []),
        (1, {"type": "string", "format": "date-time"}, 1, []),
        (1, {"anyOf": [TEXT, INTEGER]}, 1, []),
        (1, {"enum": ["1"]}, "1", ["number for text at a"]),
        (2024, {"type": "string", "enum": ["2024", "2025"]}, "2024", ["number for text at a"]),
        (5, {"anyOf": [{"enum": ["4", "5"]}, {"type": "null"}]}, "5", ["number for text at a"]),
        (5, {"type": ["string", "null"], "enum": ["4", "5", None]}, "5", ["number for text at a"]),
        (3, {"enum": ["1", "2"]}, 3, []),
        (7, {"enum": ["007"]}, 7, []),
        (1, {"enum": ["1", 1]}, 1, []),
        (1, {"anyOf": [{"enum": ["1"]}, INTEGER]}, 1, []),
        (1.0, {"enum": ["1.0"]}, 1.0, []),
        (True, {"enum": ["true", "True"]}, True, []),
        (True, {"enum": ["true", "false"]}, "true", ["boolean for text at a"]),
        (False, {"enum": ["True", "False", "Unknown"]}, "False", ["boolean for text at a"]),
        (True, {"type": ["string", "null"], "enum": ["TRUE", None]}, "TRUE", ["boolean for text at a"]),
        ([True], {"type": "array", "items": {"const": "true"}}, ["true"], ["boolean for text at a[0]"]),
        (True, {"enum": ["yes", "no"]}, True, []),
        (True, {"enum": ["1", "0"]}, True, []),
        (1, {"enum": ["true", "false"]}, 1, []),
        (True, {"enum": ["true", 1]}, True, []),
        (True, {"anyOf": [{"enum": ["true"]}, {"type": "boolean"}]}, True, []),
        (True, {"anyOf": [{"enum": ["true"]}, TEXT]}, True, []),
        ({"type": "object", "value": 5}, INTEGER, 5, ["wrapped value at a"]),
        ({"type": "object", "value": [5]}, {"type": "array", "items": INTEGER}, [5], ["wrapped value at a"]),
        ({"type": "array", "value": 5}, INTEGER, {"type": "array", "value": 5}, []),
        ({"type": "object", "value": 5, "unit": "kg"}, INTEGER, {"type": "object", "value": 5, "unit": "kg"}, []),
        ([1], {"type": "array", "items": {"enum": ["1", "2"]}}, ["1"], ["number for text at a[0]"]),
        ("None", {"anyOf": [ITEM, {"type": "null"}]}, None, ["null in text at a"]),
        ("null", {"type": ["string", "null"]}, "null", []),
        ("n/a", {"type": ["integer", "null"]}, "n/a", []),
    ],
)
def test_a_value_is_replaced_where_the_schema_leaves_one_reading_of_it(
    text: Any, schema: Any, expected: Any, repairs: list[str]
) -> None:
    result, names = repair_values({"a": text}, {"type": "object", "properties": {"a": schema}})
    assert is_same(result, {"a": expected})
    assert [*names] == repairs


@given(st.dictionaries(st.sampled_from("ab"), st.lists(st.integers())))
def test_a_value_that_was_encoded_again_at_any_place_is_the_same_value(value: Any) -> None:
    schema = {"type": "object", "properties": {key: {"type": "array", "items": INTEGER} for key in "ab"}}
    for encoded in ({key: json.dumps(item) for key, item in value.items()}, json.dumps(value)):
        assert repair_values(encoded, schema)[0] == value


def tagged(tag: str, type_: str) -> Any:
    return {"type": "object", "properties": {"kind": {"const": tag}, "x": {"type": type_}}}


def test_branches_of_a_union_that_a_constant_rules_out_are_ignored() -> None:
    schema = {"anyOf": [tagged("number", "number"), tagged("text", "string")]}
    assert repair_values({"kind": "number", "x": "1,000"}, schema)[0] == {"kind": "number", "x": 1000}
    assert repair_values({"kind": "text", "x": "1,000"}, schema)[1] == ()
    assert repair_values({"kind": "other", "x": "1,000"}, schema)[1] == ()
    assert repair_values({"x": "1,000"}, schema)[1] == ()


def test_a_recursive_schema_is_followed_as_deep_as_the_value() -> None:
    node = {"type": "object", "properties": {"size": INTEGER, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}
    value = {"size": "1", "next": {"size": "2 kg", "next": None}}
    assert repair_values(value, node) == (
        {"size": 1, "next": {"size": 2, "next": None}},
        ("number in text at size", "number in text at next.size"),
    )
    assert value["size"] == "1", "the argument is not changed"


def test_a_value_that_is_nested_too_deep_is_returned_unchanged() -> None:
    value: Any = "1"
    for _ in range(100_000):
        value = [value]
    nested = {"type": "array", "items": {"$ref": "#"}}
    result, repairs = repair_values(value, nested)
    assert result is value
    assert repairs == ()
    while isinstance(value, list):  # freed level by level, because freeing it at once would recurse
        value = value.pop()


@given(
    st.integers(-(10**12), 10**12) | st.decimals(-(10**9), 10**9, places=2),
    st.sampled_from(["{}", "{} kg", "${}", "EUR {}", "{}\u00a0\u20ac"]),
    st.sampled_from([",.", "_.", " .", "'.", ".,", " ,"]),
)
def test_a_number_is_read_from_any_notation(number: Any, template: str, separators: str) -> None:
    assume(separators[1] == "." or abs(number) >= 10**6)  # "1.234" is read as JSON, and "1,5" is ambiguous
    text = template.format(f"{number:,}".translate(str.maketrans(",.", separators)))
    assert repair_values([text], {"type": "array", "items": NUMBER})[0] == [float(number)]


@given(st.text(alphabet="0123456789.,-+' _%$\u20ackgemE") | st.text())
def test_for_any_text_a_number_is_finite_and_its_first_digit_occurs_in_the_text(text: str) -> None:
    (number,), repairs = repair_values([text], {"type": "array", "items": NUMBER})
    assert (number == text) == (not repairs)
    if repairs:
        assert math.isfinite(number)
        assert repr(abs(number))[0] in text or number == 0


@given(any_value)
def test_a_value_that_needs_no_repair_is_returned_itself(value: Any) -> None:
    text = {"type": ["string", "integer"]}
    schema = {"anyOf": [{"type": "object", "properties": {"a": text}}, {"type": "array", "items": {}}]}
    result, repairs = repair_values(value, schema)
    assert result is value
    assert repairs == ()


@pytest.mark.parametrize(
    "text",
    [
        f"[1, 2%, {EXACT}",
        f"[oops, {EXACT}",
        f"[[1, 2) {EXACT}",
        f"Values: [1, 2. {EXACT}",
        f"It is [1, 2%. {EXACT}, {EXACT}]",
        f"It is [1, 2). [{EXACT}",
        f"It is [1, 2). {EXACT[:-1]}",
        f"It is ]0, 1[. {EXACT[:-1]}",
        f"It is [0, 1[ {EXACT}",
        f"The list is [1, 2), {EXACT}",
        f"{EXACT} It is [1, 2). {EXACT[:-1]}",
    ],
)
def test_a_bracket_that_may_open_a_truncated_answer_is_not_prose(text: str) -> None:
    assert list(read_candidates(text, properties=["a", "b"])) == []


def test_a_list_after_an_interval_is_read() -> None:
    assert [each.value for each in read_candidates("It lies in [1, 2). [3, 4]")] == [[3, 4]]
    assert [each.value for each in read_candidates('In [0, 1[: [{"a": 1}]', is_list=True)] == [[{"a": 1}]]
