"""`evaluate`: values, tables and functions against gold."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import structkit
from structkit import BudgetExceeded, Compare, ConfigError, InvalidOutput, JobError, compare, evaluate
from structkit.evaluation.labelled_rows import LabelledTable
from structkit.evaluation.trust_curve import read_row_confidence, trust_curve
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, Reply, assert_score, completion


class Line(BaseModel):
    name: str
    price: Decimal


class Bill(BaseModel):
    seller: str
    total: Decimal
    kind: Literal["net", "gross"] | None = None
    lines: list[Line] = []


GOLD = [
    {"id": "a", "seller": "Acme", "total": "9.50", "kind": "net", "lines": [{"name": "Lamp", "price": "1"}]},
    {"id": "b", "seller": "Beta", "total": "3", "kind": "gross", "lines": []},
    {"id": "c", "seller": "Gamma", "total": "4", "kind": "net", "lines": []},
]
GOT = [
    {"id": "a", "seller": "ACME", "total": "9.5", "kind": "gross", "lines": [{"name": "lamp", "price": "2"}]},
    {"id": "b", "seller": "Beta", "total": "3", "kind": None, "lines": []},
    {"id": "d", "seller": "Delta", "total": "4", "kind": "net", "lines": []},
]


def to_csv(path: Path, rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(key for row in rows for key in row), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return str(path)


def to_jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(path)


def test_the_score_of_a_field_has_its_counts_and_shares() -> None:
    gold = [{"city": "Oslo", "zip": "1"}, {"city": "Bonn", "zip": None}, {"city": "Graz", "zip": "3"}]
    score = evaluate(gold, [{"city": "oslo", "zip": "1"}, {"city": "Kiel", "zip": "2"}, {"city": "Graz"}])
    city, zip_code = score.fields["city"], score.fields["zip"]
    assert (city.n, city.right, city.wrong, city.precision, city.f1) == (
        3,
        2,
        1,
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    )
    assert (zip_code.right, zip_code.invented, zip_code.missed, zip_code.precision, zip_code.recall) == (
        1,
        1,
        1,
        0.5,
        0.5,
    )
    assert (score.total.right, score.total.counts.gold, score.total.counts.got) == (3, 5, 5)
    assert (score.exact_rows, score.accuracy) == (1, pytest.approx(1 / 3))
    low, high = city.interval or (0, 0)
    assert 0 <= low < 2 / 3 < high <= 1


def test_values_of_a_type_may_be_results_and_errors_which_have_missed_all() -> None:
    gold = [Bill(seller="a", total=Decimal(1)), Bill(seller="b", total=Decimal(2))]
    score = evaluate(gold, [gold[0], InvalidOutput("no")])
    assert score.failed == ("2",)
    assert (score.fields["seller"].right, score.fields["seller"].missed) == (1, 1)


def test_lists_of_different_lengths_are_an_error() -> None:
    with pytest.raises(ConfigError, match="gold has 1 values, and there are 2 others"):
        evaluate([{}], [{}, {}])


def test_a_gold_value_that_is_not_one_of_the_type_is_an_error_with_its_number() -> None:
    with pytest.raises(ConfigError, match=r"gold's value 2 is not one of the type: .*total"):
        evaluate([Bill(seller="a", total=Decimal(1)), {"seller": "x"}], [{}, {}])


class Rating(BaseModel):
    stars: Literal[1, 2, "unknown"]
    words: list[str] | str
    age: str | int
    is_new: bool | Literal["n/a"]
    size: bool | str


@pytest.mark.parametrize("gold_format", [to_csv, to_jsonl])
@pytest.mark.parametrize("got_format", [to_csv, to_jsonl])
def test_a_cell_of_csv_is_a_value_of_the_branch_of_a_union_that_was_written(
    tmp_path: Path, gold_format: Callable[..., str], got_format: Callable[..., str]
) -> None:
    rows = [
        {"id": 1, "stars": 2, "words": ["a"], "age": 5, "is_new": "true", "size": "true"},
        {"id": 2, "stars": "unknown", "words": "[a]", "age": "007", "is_new": "n/a", "size": "big"},
        {"id": 3, "stars": 1, "words": "1", "age": "1.50", "is_new": "false", "size": "Truely"},
    ]
    words = {"true": True, "false": False}
    typed = [{key: words.get(str(value), value) for key, value in row.items()} for row in rows]
    gold, got = (
        write(tmp_path / f"{name}.{write.__name__[3:]}", rows if write is to_csv else typed)
        for name, write in (("gold", gold_format), ("got", got_format))
    )
    assert evaluate(gold, got, Rating, key="id").accuracy == 1


@pytest.mark.parametrize("text", ["1.0", "007", "1e3", "+5", "5 ", "NaN"])
def test_a_cell_of_csv_that_is_not_an_integer_as_it_is_written_is_a_text(tmp_path: Path, text: str) -> None:
    table = to_csv(tmp_path / "got.csv", [{"id": 1, "value": text}])
    (row,) = LabelledTable(open_source(table, key="id"), structkit.ResponseFormat(str | int))
    assert row.value == text


def test_a_text_of_a_typed_table_that_looks_like_a_number_is_a_text(tmp_path: Path) -> None:
    gold = to_jsonl(tmp_path / "gold.jsonl", [{"id": 1, "value": "5"}])
    (row,) = LabelledTable(open_source(gold, key="id"), structkit.ResponseFormat(str | int))
    assert row.value == "5"


@pytest.mark.parametrize("write", [to_csv, to_jsonl])
def test_tables_of_all_formats_have_the_same_score(write: Callable[..., str], tmp_path: Path) -> None:
    suffix = ".csv" if write is to_csv else ".jsonl"
    paths = [write(tmp_path / f"{name}{suffix}", rows) for name, rows in (("gold", GOLD), ("got", GOT))]
    expected = evaluate(GOLD, GOT, Bill, key="id")
    score = evaluate(*paths, Bill, key="id")
    assert score.to_dict() == expected.to_dict()
    assert score.fields["seller"].counts[:4] == (2, 0, 0, 1)
    assert score.fields["kind"].counts[:4] == (0, 1, 0, 2)
    assert score.fields["lines[].price"].counts[:4] == (0, 1, 0, 0)


def test_rows_in_one_table_only_are_named_and_those_of_gold_are_missed() -> None:
    score = evaluate(GOLD, GOT, Bill, key="id")
    assert (score.only_in_gold, score.only_in_got) == (("c",), ("d",))
    report = score.to_markdown()
    assert "1 row only in gold; their values are missed: c" in report
    assert "1 row not in gold, and not counted: d" in report


@pytest.mark.parametrize(("key", "other"), [("7", 7.0), ("7.0", 7), ("7", "7.00")])
def test_keys_that_are_the_same_whole_number_are_one_row(key: Any, other: Any) -> None:
    gold, got = [{**GOLD[0], "id": key}], [{**GOLD[0], "id": other}, {**GOLD[0], "id": 8.5}]
    score = evaluate(gold, got, Bill, key="id")
    assert (score.only_in_gold, score.only_in_got, score.accuracy) == ((), ("8.5",), 1)
    assert trust_curve(score, {"8.5": 0.1, str(other): 0.9}).unknown_rows == 0


def test_a_number_that_two_rows_may_have_as_key_is_not_guessed() -> None:
    gold, got = [{**GOLD[0], "id": "7"}], [{**GOLD[0], "id": "7.0"}, {**GOLD[0], "id": "7.00"}]
    score = evaluate(gold, got, Bill, key="id")
    assert (score.only_in_gold, score.only_in_got) == (("7",), ("7.0", "7.00"))


def test_a_duplicate_key_is_an_error_with_both_lines(tmp_path: Path) -> None:
    gold, double = to_csv(tmp_path / "gold.csv", GOLD), to_csv(tmp_path / "double.csv", [GOLD[0], GOLD[1], GOLD[0]])
    for pair in ((gold, double), (double, gold)):
        with pytest.raises(JobError, match=r"double.csv, line 4: duplicate key 'a' \(lines 2 and 4\)"):
            evaluate(*pair, Bill, key="id")


def test_gold_that_is_not_valid_is_an_error_with_its_line(tmp_path: Path) -> None:
    text = 'id,seller,total\na,"two\nlines",1\nb,x,many\n'
    (tmp_path / "gold.csv").write_text(text, encoding="utf-8")
    with pytest.raises(JobError, match=r"gold.csv, line 4: not a value of bill: total: .*many"):
        evaluate(tmp_path / "gold.csv", GOT, Bill, key="id")


def test_failed_rows_of_a_job_are_missed(tmp_path: Path) -> None:
    got = [{**GOT[0], "status": "done"}, {"id": "b", "status": "failed"}, {"id": "c", "status": "open"}]
    score = evaluate(to_csv(tmp_path / "gold.csv", GOLD), to_csv(tmp_path / "got.csv", got), Bill, key="id")
    assert score.failed == ("b", "c")
    assert score.fields["seller"].missed == 2


def test_columns_that_gold_lacks_are_not_scored(tmp_path: Path) -> None:
    gold = [{"id": row["id"], "kind": row["kind"]} for row in GOLD]
    score = evaluate(to_csv(tmp_path / "gold.csv", gold), GOT, Bill, key="id")
    assert [*score.fields] == ["kind"]
    assert score.unscored == ("seller", "total", "lines")
    with pytest.raises(ConfigError, match="gold has no column of the type: expected 'seller', 'total'"):
        evaluate(to_csv(tmp_path / "gold.csv", [{"id": "a", "x": 1}]), GOT, Bill, key="id")


def test_a_column_that_the_job_has_renamed_is_scored_and_not_the_gold_that_it_was_made_from() -> None:
    gold = [{"id": "1", "kind": "net"}, {"id": "2", "kind": "net"}]
    got = [{**row, "kind_output": "gross"} for row in gold]
    schema = {"type": "object", "properties": {"kind": {"enum": ["net", "gross"]}}, "required": ["kind"]}
    assert evaluate(gold, got, schema, key="id").f1 == 0


def test_formulas_that_were_escaped_in_a_csv_file_are_the_texts_of_gold(tmp_path: Path) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    got = to_csv(tmp_path / "got.csv", [{"id": 1, "name": "'=SUM(A1)"}])
    assert evaluate([{"id": 1, "name": "=SUM(A1)"}], got, schema, key="id").f1 == 1


def test_a_key_that_was_escaped_in_a_csv_file_is_that_of_gold(tmp_path: Path) -> None:
    got = to_csv(tmp_path / "got.csv", [{"id": f"'{key}", "value": "a", "lowest_confidence": 1} for key in KEYS])
    gold = [{"id": key, "value": "a"} for key in KEYS]
    score = evaluate(gold, got, str, key="id")
    assert (score.f1, read_row_confidence(got, "id")) == (1, dict.fromkeys(KEYS, 1.0))
    assert evaluate(got, gold, str, key="id").f1 == 1


KEYS = ("=1", "-milk", "@SUM(A1)")


def test_tables_need_a_key_and_a_type(tmp_path: Path) -> None:
    gold = to_csv(tmp_path / "gold.csv", GOLD)
    with pytest.raises(ConfigError, match="evaluate needs key="):
        evaluate(gold, gold, Bill)
    with pytest.raises(ConfigError, match="evaluate needs output_type="):
        evaluate(gold, gold, key="id")
    with pytest.raises(ConfigError, match="for a decorated function"):
        evaluate(GOLD, GOT, Bill, key="id", budget="1")


REVIEWS = [("love it", "positive"), ("broke", "negative"), ("great", "positive"), ("never again", "negative")]


def answer(body: dict[str, Any]) -> Reply:
    text = body["messages"][-1]["content"]
    word = "negative" if "again" in text else "positive"
    return Reply(completion(json.dumps({"value": word}))) if "broke" not in text else Reply(completion("no JSON"))


def make_function(endpoint: Endpoint) -> Any:
    client = structkit.Client("m", base_url=endpoint.base_url, api_key="k", policy=structkit.Policy(attempts=1))

    @structkit.prompt(Literal["positive", "negative"], client=client, mode="json_schema")
    def read_mood(text: str) -> str:
        return text

    return read_mood


def test_a_function_is_run_over_pairs_and_what_fails_is_missed() -> None:
    with Endpoint(answer) as endpoint:
        score = evaluate(REVIEWS, make_function(endpoint))
    assert (score.fields["value"].right, score.fields["value"].missed, score.failed) == (3, 1, ("2",))
    assert score.tokens is not None
    assert score.tokens > 0
    assert score.seconds is not None


def test_a_function_is_run_over_a_gold_table_as_a_job_that_resumes(tmp_path: Path) -> None:
    gold = to_csv(
        tmp_path / "gold.csv", [{"id": n, "text": text, "value": mood} for n, (text, mood) in enumerate(REVIEWS)]
    )
    with Endpoint(answer) as endpoint:
        scores = [evaluate(gold, make_function(endpoint), key="id", output=tmp_path / "run.jsonl") for _ in range(2)]
        assert len(endpoint.requests) == 4
    assert [score.to_dict()["fields"] for score in scores] == [scores[0].to_dict()["fields"]] * 2
    assert scores[0].failed == ("1",)
    assert scores[0].fields["value"].f1 == pytest.approx(6 / 7)
    assert all("positive" not in str(body["messages"]) for body in endpoint.requests), "gold is not in the prompt"


def test_gold_that_is_not_valid_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    gold = to_csv(tmp_path / "gold.csv", [{"id": 1, "text": "x", "value": "angry"}])
    with Endpoint(answer) as endpoint, pytest.raises(JobError, match="line 2: not a value"):
        evaluate(gold, make_function(endpoint), key="id")
    assert endpoint.requests == []


def test_a_function_that_would_read_gold_itself_is_an_error_before_anything_is_sent() -> None:
    client = structkit.Client("m", base_url="http://127.0.0.1:9", api_key="k")

    @structkit.prompt(Literal["a", "b"], client=client)
    def read_all(**cells: str) -> str:
        return str(cells)

    @structkit.prompt(Literal["a", "b"], client=client)
    def read_value(value: str) -> str:
        return value

    for function in (read_all, read_value):
        with pytest.raises(ConfigError, match="the function would read gold itself, from 'value'"):
            evaluate([{"text": "x", "value": "a"}], function)


def test_a_run_that_its_budget_ends_has_no_score(tmp_path: Path) -> None:
    with Endpoint(answer) as endpoint, pytest.raises((BudgetExceeded, ConfigError)):
        evaluate(REVIEWS, make_function(endpoint), budget="0.000001", output=tmp_path / "run.jsonl")


def test_the_report_and_the_files_of_a_job_have_its_costs(tmp_path: Path) -> None:
    gold = [{"id": str(n), "text": text, "value": mood} for n, (text, mood) in enumerate(REVIEWS)]
    with Endpoint(answer) as endpoint:
        job = make_function(endpoint).job(gold, tmp_path / "labels.csv", key="id", progress=False)
        scores = [evaluate(gold, job), evaluate(gold, job.run(), job.output_type, key="id")]
    scores.append(evaluate(gold, tmp_path / "labels.csv", job.output_type, key="id"))
    assert len({score.tokens for score in scores}) == 1
    assert scores[2].tokens
    assert [score.f1 for score in scores] == [scores[0].f1] * 3


def test_an_enum_has_a_confusion_matrix_and_kappa() -> None:
    schema: dict[str, Any] = {"enum": ["good", "bad"]}
    first, second = ["good"] * 10 + ["bad"] * 10, ["good"] * 8 + ["bad"] * 12
    field = evaluate(first, second, schema).fields["value"]
    assert field.confusion == {("good", "good"): 8, ("good", "bad"): 2, ("bad", "bad"): 10}
    assert field.kappa == pytest.approx(0.8)
    assert "| gold | bad | good |" in evaluate(first, second, schema).to_markdown()


@pytest.mark.parametrize("schema", [{"type": ["boolean", "null"]}, {"anyOf": [{"type": "boolean"}, {"type": "null"}]}])
def test_null_is_one_of_the_choices_of_a_nullable_boolean(schema: dict[str, Any]) -> None:
    field = evaluate([True, None, None, False], [True, None, True, None], schema).fields["value"]
    none = "(none)"
    assert field.confusion == {("true", "true"): 1, (none, none): 1, (none, "true"): 1, ("false", none): 1}
    assert field.kappa == pytest.approx(1 / 5)


def test_an_empty_list_is_no_choice_of_its_items() -> None:
    score = evaluate([[], ["a"]], [[], ["a"]], {"type": "array", "items": {"enum": ["a", "b"]}})
    assert score.fields["[]"].confusion == {("a", "a"): 1}


def test_a_comparison_is_paired_by_row_and_corrected() -> None:
    gold = [{"id": n, "city": "x", "zip": n} for n in range(60)]
    a = [{**row, "city": "y" if row["id"] % 2 else "x"} for row in gold]
    schema: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}}}
    comparison = compare(evaluate(gold, a, schema, key="id"), evaluate(gold[::-1], gold, schema, key="id"))
    city, zip_code = comparison.fields["city"], comparison.fields["zip"]
    assert (city.difference, city.differing_rows, city.conclusion) == (0.5, 30, "better")
    assert city.p_corrected == pytest.approx(2 * city.p)
    assert (zip_code.difference, zip_code.p, zip_code.conclusion) == (0, 1, "too few rows")
    assert comparison.total.conclusion == "better"
    assert "b is better than a, beyond chance" in comparison.to_markdown()


def test_a_comparison_says_when_rows_are_too_few_to_tell() -> None:
    gold = [{"city": "x"}] * 5
    comparison = compare(evaluate(gold, [{"city": "y"}] * 5), evaluate(gold, gold))
    assert comparison.total.conclusion == "too few rows"
    assert "too few rows to tell: 5 of 5 differ" in comparison.to_markdown()


def test_scores_against_different_gold_or_rows_are_not_compared() -> None:
    one, other = [{"city": "x"}] * 2, [{"city": "x"}, {"city": None}]
    with pytest.raises(ConfigError, match="different gold: city has"):
        compare(evaluate(one, one), evaluate(other, one))
    rows = [{"id": 1, "city": "x"}], [{"id": 2, "city": "x"}]
    with pytest.raises(ConfigError, match="no row in common"):
        compare(*(evaluate(each, each, {"properties": {"city": {"type": "string"}}}, key="id") for each in rows))


HOSTILE = "</script><img src=x onerror=alert(1)>|`\x1b[2J\u202e"


def test_no_text_of_the_data_becomes_markup_or_a_terminal_escape() -> None:
    gold = [{HOSTILE: HOSTILE}] * 3
    score = evaluate(gold, [{HOSTILE: "x"}] * 3)
    pages = [score.to_html(), score._repr_html_(), compare(score, score).to_html(), score.to_svg()]
    assert all("<img" not in page and "<script" not in page for page in pages)
    texts = [score.table(), score.to_markdown(), compare(score, score).to_markdown(), *pages]
    assert all("\x1b" not in text and "\u202e" not in text for text in texts)
    assert all(
        line.count(" | ") == score.table().splitlines()[0].count(" | ") for line in score.table().splitlines()[2:]
    )
    assert [each["n"] for each in json.loads(json.dumps(score.to_dict()))["fields"].values()] == [3]


def test_a_score_is_shown_with_its_figures() -> None:
    score = evaluate(GOLD, GOT, Bill, key="id")
    assert repr(score).startswith("Score(f1=0.")
    assert repr(score.fields["seller"]).startswith("FieldScore('seller', f1=0.800 [")
    assert score.to_svg().startswith("<svg ")
    assert "default-src 'none'" in score.to_html()


def test_a_comparator_for_a_field_is_an_argument_too() -> None:
    assert evaluate([{"n": 1.0}], [{"n": 1.05}], comparators={"n": Compare.within(0.1)}).f1 == 1


def test_a_test_fails_if_a_function_is_worse_than_it_should_be() -> None:
    with Endpoint(answer) as endpoint:
        function = make_function(endpoint)
        assert assert_score(function, REVIEWS, f1=0.8, fields={"value": 0.8}).failed == ("2",)
        with pytest.raises(AssertionError, match=r"recall is 0.75, below 0.9\n\n\| field \|"):
            assert_score(function, REVIEWS, recall=0.9)
        with pytest.raises(ConfigError, match="no field mood; it has value"):
            assert_score(function, REVIEWS, fields={"mood": 0.8})


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"id;stars\n1;2\n", "if its cells are separated by ';', save it with ',', or put a line sep=; first"),
        (b"id,stars\n1,gr\xfcn\n", "save it as UTF-8"),
        ("id,stars\n1,1\n".encode("utf-16-le"), "save it as UTF-8"),
    ],
)
def test_an_error_about_gold_in_another_form_advises_no_setting_that_does_not_exist(
    tmp_path: Path, data: bytes, advice: str
) -> None:
    (tmp_path / "gold.csv").write_bytes(data)
    with pytest.raises(JobError) as info:
        evaluate(tmp_path / "gold.csv", [{"id": 1, "stars": 2}], Rating, key="id")
    assert str(info.value).endswith(advice)
