"""Patterns of JSON Schemas: lookaround and back-references work, and no pattern can hang the caller."""

import contextlib
import json
import time

import pytest

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.schema.json_schema import backtracking
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
    monkeypatch.setattr(backtracking, "MAX_MATCH_S", LIMIT_S)


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
        (r"(a(?1)?b)(?<!c)", "a group that calls itself"),
    ],
)
def test_a_pattern_that_cannot_be_compiled_is_a_schema_error(pattern, reason):
    with pytest.raises(SchemaError, match=reason) as caught:
        ResponseFormat({"type": "object", "properties": {"x": {"type": "string", "pattern": pattern}}})
    assert caught.value.path == ("properties", "x", "pattern")
