"""Gold out of what reviewers have saved: validated, never stale, and only where they agree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from structkit.errors import JobError
from structkit.review import GoldEntry, MergedGold, merge_gold, read_gold_entries
from structkit.schema.cache import response_format

TYPE = response_format(
    {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["mood", "tags"],
    }
)
DIGESTS = {"1": "d1", "2": "d2", "3": "d3"}


def entry(key: str, value: Any = None, **fields: Any) -> dict[str, Any]:
    decision = "rejected" if value is None else "approved"
    base = {"key": key, "decision": decision, "by": "ann", "at": "2026-01-01T00:00:00Z", "row_digest": f"d{key}"}
    return {**base, **({} if value is None else {"value": value, "changes": []}), **fields}


def mood(name: str, *tags: str) -> dict[str, Any]:
    return {"mood": name, "tags": [*tags]}


def read(*entries: dict[str, Any], file: str = "gold.jsonl") -> list[GoldEntry]:
    return [*read_gold_entries([json.dumps(each) for each in entries], file, TYPE)]


def merge(*entries: dict[str, Any]) -> MergedGold:
    return merge_gold(read(*entries), DIGESTS)


def test_approved_values_are_gold_in_the_order_of_the_table() -> None:
    gold = merge(entry("3", mood("bad")), entry("1", mood("good", "x")), entry("2"))
    assert [*gold.values.items()] == [("1", mood("good", "x")), ("3", mood("bad"))]
    assert (gold.rejected, gold.stale, gold.disagreements, gold.agreement) == (("2",), (), (), ())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "gold.jsonl, line 2: "),
        ("[]", "line 2: not an entry of a review: it has no decision"),
        ('{"decision": "approved"}', "line 2: not an entry of a review: it has no key and no row_digest"),
        (json.dumps(entry("7", mood("fair"))), "line 2: key '7': not a value of .*mood"),
        (json.dumps(entry("7", {"mood": "good"})), "line 2: key '7': not a value of .*tags"),
    ],
)
def test_a_line_that_is_not_valid_is_an_error_with_its_number(line: str, message: str) -> None:
    with pytest.raises(JobError, match=message) as error:
        list(read_gold_entries([json.dumps(entry("1", mood("good"))), line, ""], "gold.jsonl", TYPE))
    assert (error.value.file, error.value.line) == ("gold.jsonl", 2)


def test_an_entry_about_a_row_that_was_edited_since_is_stale_and_not_gold() -> None:
    gold = merge(entry("1", mood("good"), row_digest="old"), entry("2", mood("bad")))
    assert [*gold.values] == ["2"]
    assert [(each.key, each.line) for each in gold.stale] == [("1", 1)]


def test_an_entry_about_another_table_is_an_error() -> None:
    with pytest.raises(JobError, match=r"gold\.jsonl, line 2: the table has no row with the key '9'"):
        merge(entry("1", mood("good")), entry("9", mood("good")))


def test_the_latest_entry_of_a_reviewer_counts() -> None:
    late = entry("1", mood("bad"), at="2026-02-01T00:00:00Z")
    gold = merge(late, entry("1", mood("good")))
    assert (gold.values, gold.rows_of_several) == ({"1": mood("bad")}, 0)


def test_rows_on_which_reviewers_disagree_are_listed_and_not_gold() -> None:
    gold = merge(
        entry("1", mood("good", "x")),
        entry("1", mood("good", "x"), by="bob"),
        entry("2", mood("good", "x", "y")),
        entry("2", mood("bad", "x"), by="bob"),
        entry("3", mood("good")),
        entry("3", by="bob"),
    )
    assert gold.values == {"1": mood("good", "x")}
    assert [each[:2] for each in gold.disagreements] == [("2", "mood"), ("2", "tags[1]"), ("3", "(root)")]
    assert gold.disagreements[0].values == {"ann": '"good"', "bob": '"bad"'}
    assert gold.disagreements[1].values == {"ann": '"y"', "bob": "absent"}
    assert gold.disagreements[2].values == {"ann": '{"mood":"good","tags":[]}', "bob": "rejected"}
    assert [(each.field, each.pairs, each.equal) for each in gold.agreement] == [("mood", 2, 1), ("tags[]", 3, 2)]
    assert (gold.reviewers, gold.rows_of_several) == (("ann", "bob"), 3)


def test_a_reviewer_without_a_name_is_the_file() -> None:
    nameless = [*read(entry("1", mood("good"), by=""), file="a.jsonl")]
    nameless += read(entry("1", mood("bad"), by=""), file="b.jsonl")
    assert merge_gold(nameless, DIGESTS).disagreements[0].values == {"a.jsonl": '"good"', "b.jsonl": '"bad"'}


def test_numbers_of_gold_are_exact() -> None:
    numbers = response_format({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    line = '{"key": "1", "decision": "approved", "value": {"n": 12345678901234567890}, "row_digest": "d1"}'
    assert merge_gold(read_gold_entries([line], "g", numbers), DIGESTS).values == {"1": {"n": 12345678901234567890}}
