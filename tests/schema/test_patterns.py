"""Patterns of JSON Schemas: lookaround and back-references work, and no pattern can hang the caller."""

import contextlib
import json
import time
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.schema.json_schema import match_time
from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.patterns import matches

HOSTILE_PATTERNS = {
    # pattern: (what a text starts with, what is repeated, what it ends with)
    r"(.*)\1b": ("", "a", ""),
    r"(.+)\1b": ("b", "a", ""),
    r"^(.*)\1b$": ("b", "a", ""),
    r"^(a*)*\1$": ("", "a", "!"),
    r"(.+?)\1+?b": ("", "ab", "a"),
    r"^(.*)(.*)(.*)(.*)(.*)(.*)\1$": ("", "a", "!"),
    r"(?<!b)(a+)+$": ("", "a", "!"),
    r"^(?=(a+)+$)a": ("", "a", "!"),
    r"(?=(a+)+$)a": ("", "a", "!"),
    r"(?<=(?:a|aa)+)!$": ("", "a", "b"),
    r"(?<!b)(a|aa)+$": ("", "a", "!"),
    r"^(?!b)(a|a)*(?<!b)$": ("", "a", "!"),
    r"^(\w+\s?)*(?<!b)$": ("", "ab ", "!"),
    r"^(?:a?){40}a{40}(?!b)": ("", "a", ""),
    r"^(.*?,){12}P(?<!x)": ("", "1,", ""),
    r".*.*.*=.*(?<!b)$": ("=", "a", "b"),
    r"(?<!b)[^b]*b": ("b", "a", ""),
    r"(?=.*b)(?<!c)c": ("", "a", ""),
    r"^(?:(?=.*b)a|.)*(?<!b)$": ("", "a", "b"),
    r"((?!.*foo).)*bar(?<!x)": ("bar", "fo", "ba"),
    r"^(a)?(?(1)(a+)+|b)$": ("", "a", "!"),
    r"^([a-z0-9])(([-.]|_+)?([a-z0-9]+))*@[a-z]+(?<!x)$": ("@", "a", "!"),
}

LIMIT_S = 0.2
"""The limit while these tests run."""


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(match_time, "MAX_MATCH_S", LIMIT_S)


@pytest.mark.parametrize("length", [30, 12_000, 100_000])
@pytest.mark.parametrize("pattern", HOSTILE_PATTERNS)
def test_a_pattern_takes_no_more_than_its_limit_of_cpu_time(pattern, length, short_limit):
    start, repeated, end = HOSTILE_PATTERNS[pattern]
    text = start + repeated * (length // len(repeated)) + end
    begin = time.process_time()  # CPU time, so that a loaded machine changes nothing
    with contextlib.suppress(PatternTimeout):
        matches(pattern, text)
    assert time.process_time() - begin < 20 * LIMIT_S


SLOW = {"pattern": r"^(.*)(.*)(.*)(.*)(.*)(.*)\1$"}
SLOW_TEXT = "a" * 12_000 + "!"


@pytest.mark.parametrize(
    "schema",
    [
        SLOW,
        {"not": SLOW},
        {"anyOf": [SLOW, {"type": "string"}]},
        {"oneOf": [SLOW, {"type": "string"}]},
        {"if": SLOW, "then": {"minLength": 1}},
        {"if": {"not": SLOW}, "else": {"minLength": 1}},
    ],
    ids=str,
)
def test_a_pattern_that_takes_too_long_is_an_issue_wherever_it_is(schema, short_limit):
    response_format = ResponseFormat({"type": "object", "properties": {"x": {"type": "string", **schema}}})
    with pytest.raises(InvalidOutput, match=r"takes more than 0\.2 s of CPU") as caught:
        response_format.parse(json.dumps({"x": SLOW_TEXT}))
    [issue] = caught.value.issues
    assert issue.got.startswith('"aaa')


@pytest.mark.parametrize("pattern", [r"^(a*)*\1$", "^(a+)+(?!b)", "(?<!x)(a|aa)+"])
def test_a_pattern_that_could_take_forever_works_on_texts_on_which_it_does_not(pattern):
    response_format = ResponseFormat({"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}})
    assert response_format.parse('{"x": "aa"}') == {"x": "aa"}


def test_a_key_that_takes_too_long_is_an_issue(short_limit):
    response_format = ResponseFormat(
        {"type": "object", "patternProperties": {SLOW["pattern"]: {"type": "integer"}}, "additionalProperties": False}
    )
    with pytest.raises(InvalidOutput, match="takes more than"):
        response_format.parse(json.dumps({"value": [{"key": SLOW_TEXT, "value": 1}]}))


def test_the_first_pattern_that_takes_too_long_ends_the_validation(short_limit):
    response_format = ResponseFormat({"type": "object", "additionalProperties": {"type": "string", **SLOW}})
    begin = time.process_time()
    with pytest.raises(InvalidOutput, match="takes more than"):
        response_format.parse(json.dumps({"value": [{"key": str(n), "value": SLOW_TEXT} for n in range(1_000)]}))
    assert time.process_time() - begin < 50 * LIMIT_S


NEARLY_SLOW_TEXT = "a" * 1_500 + "!"
"""A text on which the slow pattern takes much less than the limit."""


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string", **SLOW}},
        {"type": "array", "items": {"anyOf": [{"type": "string", **SLOW}, {"type": "string", "maxLength": 3}]}},
        {"type": "object", "patternProperties": {SLOW["pattern"]: {"type": "integer"}}, "additionalProperties": False},
    ],
)
@pytest.mark.parametrize("repairs", [False, True])
def test_all_matches_of_a_reply_share_the_limit(schema, repairs, short_limit):
    texts = [f"{n}{NEARLY_SLOW_TEXT}" for n in range(600)]
    reply = texts if schema["type"] == "array" else [{"key": text, "value": 1} for text in texts]
    response_format = ResponseFormat(schema)
    begin = time.process_time()
    answer = response_format.read(json.dumps({"value": reply}) + "," * repairs, repairs=repairs)
    assert time.process_time() - begin < 50 * LIMIT_S
    assert any("takes more than 0.2 s of CPU" in issue.message for issue in answer.issues)


def test_the_next_reply_has_the_whole_limit_again(short_limit):
    response_format = ResponseFormat({"type": "array", "items": {"type": "string", **SLOW}})
    assert not response_format.read(json.dumps({"value": [SLOW_TEXT]})).valid
    assert response_format.read('{"value": ["aa"]}').value == ["aa"]


LARGE = r"^[ab]*a[ab]{5000}c"
"""A pattern for the linear engine, which takes thousands of steps for each character."""


def test_a_large_pattern_on_a_long_text_takes_no_more_than_the_limit(short_limit):
    text = "".join("ab"[n % 7 % 2] for n in range(200_000))
    begin = time.process_time()
    with contextlib.suppress(PatternTimeout):
        matches(LARGE, text)
    assert time.process_time() - begin < 20 * LIMIT_S


def test_a_large_pattern_on_many_texts_takes_no_more_than_the_limit(short_limit):
    response_format = ResponseFormat({"type": "array", "items": {"type": "string", "pattern": LARGE}})
    texts = ["".join("ab"[n % m % 2] for n in range(3_000)) for m in range(3, 303)]
    begin = time.process_time()
    answer = response_format.read(json.dumps({"value": texts}))
    assert time.process_time() - begin < 50 * LIMIT_S
    assert not answer.valid


@pytest.mark.parametrize(
    ("pattern", "match", "other"),
    [
        (r"^[\w\s]{1,20000}$", "word " * 4_000, "word " * 4_000 + "w"),
        (r"^[^,]*,x$", "a" * 999 + ",x", "a" * 999),
        (" " + "]" * 5_000 + r"*\S", " " + "]" * 20_000 + "a", "a-b" * 20_000),
    ],
)
def test_a_large_pattern_means_the_same_on_long_texts(pattern, match, other):
    assert matches(pattern, match)
    assert not matches(pattern, other)


@pytest.mark.parametrize("unit", ["[", r"[\]", "(?!b)[", "[[a]", "{,}"])
@pytest.mark.parametrize("end", ["\\", "(?<!b)"])
def test_a_long_pattern_is_compiled_or_rejected_in_linear_time(unit, end):
    begin = time.process_time()
    with contextlib.suppress(SchemaError):
        ResponseFormat({"type": "string", "pattern": unit * (50_000 // len(unit)) + end})
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("pattern", "match", "other"),
    [
        (r"^(?!x)\p{L}+$", "é", "x"),
        (r"^(?=a).*(?<!b)$", "a", "a\n"),
        (r"^(?!x)a{e}$", "a{e}", "b"),
        (r"^(?<quote>['\"]).*\1$", "'a'", "'a\""),
        (r"^(?P<quote>['\"]).*(?P=quote)$", "'a'", "'a\""),
        (r"(?<=a+)b", "aab", "b"),
        (r"^(?!.*\$)[$a]*$", "a", "$"),
        (r"(?m)^a$(?!\n\n)", "b\na\nb", "b"),
    ],
)
def test_lookaround_and_back_references_mean_what_they_mean_in_ecma_262(pattern, match, other):
    assert matches(pattern, match)
    assert not matches(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(?<!b)[a", "is not a regular expression"),
        ("(?<!b)(a", "is not a regular expression"),
        (r"(?<!b)(?(2)a|b)", "is not a regular expression"),
        ("(?V1)a(?<!b)", "is not a regular expression"),
        ("a{99999999999999999999}", "more than 100,000 items"),
        ("(?:(?:(?:a{1000}){1000}){1000}){1000}(?<!b)", "more than 100,000 items"),
        ("(" * 90 + "a" + ")+" * 90 + "(?<!b)", "more than 100,000 items"),
        ("(?<!b)(?R)?a", "a group that calls itself"),
        ("a" * 100_001, "more than 100,000 characters"),
        ("(?<!x) " + "]" * 501 + r"*\S", "more than 500 characters without a choice"),
        (r"(?<!x)\S?" + "(?:aaaa){1}" * 60, "more than 500 characters without a choice"),
        ("(" * 20_000 + "a" + ")" * 20_000, "the pattern"),
        (r"(a(?1)?b)(?<!c)", "a group that calls itself"),
    ],
)
def test_a_pattern_that_cannot_be_compiled_is_a_schema_error(pattern, reason):
    with pytest.raises(SchemaError, match=reason) as caught:
        ResponseFormat({"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}})
    assert caught.value.path == ("properties", "x", "pattern")


ECMA_PATTERNS = [
    # pattern, a text that it matches, one that it does not match
    ("^[+--]$", ",", "."),
    ("^[--/]$", ".", "+"),
    ("^[&&]$", "&", "a"),
    ("^[a-c&&b]$", "a", "d"),
    ("^[a~~b]$", "~", "c"),
    ("^[[]$", "[", "]"),
    ("^[a[b]$", "[", "c"),
    ("^[^[]$", "a", "["),
    (r"^(?=[[])[[]a$", "[a", "a"),
    (r"^\cA$", "\x01", "A"),
    (r"^[\cA\cj]$", "\n", "c"),
    ("^[^]$", "\n", ""),
    ("^a|[]$", "a", "]"),
    (r"^\<b\>$", "<b>", "b"),
    (r"^\ud83d\ude00$", "\U0001f600", "?"),
    (r"^[\w-.]$", "-", "+"),
    (r"^[\b]$", "\b", "b"),
    (r"^([[])\1$", "[[", "["),
]


@pytest.mark.parametrize(("pattern", "text", "other"), ECMA_PATTERNS, ids=[repr(row[0]) for row in ECMA_PATTERNS])
def test_a_pattern_of_a_json_schema_has_the_meaning_of_ecma_262_and_is_sent_unchanged(pattern, text, other):
    response_format = ResponseFormat({"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}})
    assert response_format.parse(json.dumps({"x": text})) == {"x": text}
    with pytest.raises(InvalidOutput, match="pattern"):
        response_format.parse(json.dumps({"x": other}))
    assert json.dumps(pattern)[1:-1] in json.dumps(response_format.schema)


def test_a_key_fits_a_pattern_as_ecma_262_reads_it():
    schema = {"type": "object", "patternProperties": {"^[[]$": {"type": "integer"}}, "additionalProperties": False}
    assert ResponseFormat(schema).parse('{"value": [{"key": "[", "value": 1}]}') == {"[": 1}


def test_a_pattern_of_a_pydantic_type_has_the_meaning_of_its_engine():
    letter = Annotated[str, Field(pattern="^[a-c&&[^b]]$")]
    response_format = ResponseFormat[Any](letter | list[int])
    assert response_format.load(response_format.dump("a")) == "a"
    assert not ResponseFormat(letter).read('{"value": "b"}').valid


@pytest.mark.parametrize(
    ("pattern", "text", "other"),
    [
        ("^[[:digit:]]{3}$", "123", ":]]]"),
        ("^[[:upper:]][[:lower:]]+$", "Ada", "u]"),
        ("^[^[:space:]]+$", "a", " "),
        (r"^[\w--\d]+$", "ab", "12"),
        ("^[a-z&&[^aeiou]]+$", "xyz", "a]"),
        ("^[a-z~~[aeiou]]+$", "xyz", "a]"),
        ("^[a-f[0-9]]+$", "a1", "g]"),
        (r"^\x{41}$", "A", "x" * 41),
    ],
)
def test_a_pattern_that_only_the_engine_of_pydantic_reads_so_is_stated_and_not_sent(pattern, text, other):
    form = ResponseFormat(Annotated[str, Field(pattern=pattern)])
    assert form.schema["properties"]["value"] == {
        "type": "string",
        "description": f"Matches the regular expression `{pattern}`.",
    }
    assert [form.read(json.dumps({"value": each})).valid for each in (text, other)] == [True, False]
    assert "checked locally" in str(form.explain())


@pytest.mark.parametrize(
    "pattern", ["^[a-z0-9._-]+$", r"^[\w.-]+$", r"^[\[\]]$", r"^[\\-]$", r"^\[x\]{2}$", "^[^&~-]$"]
)
def test_a_pattern_that_every_engine_reads_the_same_way_is_sent(pattern):
    assert ResponseFormat(Annotated[str, Field(pattern=pattern)]).schema["properties"]["value"]["pattern"] == pattern


@pytest.mark.parametrize("pattern", ["[" * 50_000, r"\p{" * 20_000, "[a-"])
def test_a_pattern_that_does_not_end_is_named_at_once(pattern):
    with pytest.raises(SchemaError, match="not a regular expression"):
        ResponseFormat({"type": "string", "pattern": pattern})


@pytest.mark.parametrize(
    "reference", [{"$ref": "#"}, {"$dynamicRef": "#node"}, {"$ref": "https://example.org/tree"}], ids=str
)
def test_rules_below_a_reference_to_a_document_that_names_its_draft_are_the_same(reference: dict[str, str]) -> None:
    form = ResponseFormat(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.org/tree",
            "$dynamicAnchor": "node",
            "type": "object",
            "properties": {
                "child": reference,
                "upper": {"type": "string", "pattern": r"^\p{Lu}+$"},
                "slow": {"type": "string", "pattern": "^(a+)+$"},
            },
            "unevaluatedProperties": False,
        }
    )
    assert form.read('{"child": {"upper": "É"}}').valid
    started = time.perf_counter()
    assert not form.read(json.dumps({"child": {"slow": "a" * 40 + "b"}})).valid
    assert time.perf_counter() - started < 5  # seconds; `re` alone takes days
    (issue,) = form.read('{"child": {"other": 1}}').issues
    assert issue.message == 'the key "other" is not allowed here; leave it out'


@pytest.mark.parametrize(
    ("pattern", "bare"),
    [
        ("/^[A-Z]+$/", "^[A-Z]+$"),
        ("/^[a-z]+$/i", "(?i)^[a-z]+$"),
        ("/^a|b$/", "^a|b$"),
        ("/^id-/", "^id-"),
        ("/\\d$/u", "\\d$"),
        ("#^a$#", "^a$"),
        ("~^a$~i", "(?i)^a$"),
        ("r'^a$'", "^a$"),
        ('"^a$"', "^a$"),
    ],
)
def test_a_pattern_with_the_delimiters_of_a_program_is_rejected_before_a_request(pattern: str, bare: str) -> None:
    class Item(BaseModel):
        code: Annotated[str, Field(pattern=pattern)] | None = None

    schema = {"type": "string", "pattern": pattern}
    keys = {"type": "object", "patternProperties": {pattern: {"type": "string"}}, "additionalProperties": False}
    for output_type in (Annotated[str, Field(pattern=pattern)], Item, schema, {"pattern": pattern}, keys):
        with pytest.raises(SchemaError, match="delimiters") as error:
            ResponseFormat(output_type)
        assert str(error.value).endswith(f"write {json.dumps(bare)}")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("/a/", "x/a/b"),
        ("^/a/$", "/a/"),
        ("^'a'$", "'a'"),
        (r"/\$/", "/$/"),
        ("/api/[^/]+/", "/api/x/"),
        ("@.+$", "@a"),
    ],
)
def test_a_pattern_of_a_text_with_slashes_and_quotes_is_no_literal(pattern: str, text: str) -> None:
    for output_type in (Annotated[str, Field(pattern=pattern)], {"type": "string", "pattern": pattern}):
        assert ResponseFormat(output_type).parse(json.dumps({"value": text})) == text
