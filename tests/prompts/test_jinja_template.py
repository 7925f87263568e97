"""Jinja templates as prompts: values are data, and a template that does not fit its rows is rejected."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit import JinjaTemplate
from structkit.errors import PromptError
from structkit.testing import Endpoint

ROW = {
    "text": "{{ secret }} <b>",
    "secret": "s3",
    "tags": ["a", None],
    "price": 1.5,
    "sold": date(2026, 1, 2),
    "Review Text": "Fits.",
    "note": None,
    "object": {"items": "inner"},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ text }}", "{{ secret }} <b>"),
        ("{{ text }}{{ text }}", "{{ secret }} <b>{{ secret }} <b>"),
        ("{{ tags }} {{ price }} {{ sold }} {{ note }}|", '["a",null] 1.5 2026-01-02 |'),
        ("{{ column('Review Text') }}", "Fits."),
        ("{{ tags | join(', ') }}|{{ [note, true, sold] | join }}{{ secret }}", "a, |true2026-01-02s3"),
        ("{% for tag in tags if tag %}{{ loop.index }}. {{ tag | upper }}{% endfor %}", "1. A"),
        ("{% if note %}x{% else %}y{% endif %}{{ secret }}", "ys3"),
        ("{% if other is defined %}{{ other }}{% endif %}{{ other | default('-') }}{{ secret }}", "-s3"),
        ("{% macro mark(a) %}<{{ a }}>{% endmacro %}{{ mark(secret) }}", "<s3>"),
        ("{% set name = text %}{{ name }}", "{{ secret }} <b>"),
        ("{{ text | truncate(9, true) }}", "{{ sec..."),
        ('{{ object | tojson }} {{ text | tojson }} {{ "é" | tojson }}', '{"items": "inner"} "{{ secret }} <b>" "é"'),
        ("{% if true %}\nyes\n{% endif %}\n{{ secret }}", "yes\ns3"),
    ],
)
def test_a_template_is_filled_in_as_jinja_does_and_values_as_in_any_prompt(source: str, expected: str) -> None:
    assert JinjaTemplate(source)(ROW) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ text.upper() }}",
        "{{ text.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ text[0] }}",
        "{{ object['items'] }}",
        "{{ text | attr('__class__') }}",
        "{{ [object] | map(attribute='items') | list }}",
        "{{ [object] | selectattr('items') | list }}",
        "{{ [object] | sum(attribute='items') }}",
        "{{ [object] | sort(attribute='items') }}",
        "{{ [object] | groupby('items') | list }}",
        "{{ text() }}",
        "{{ '{0.__class__}'.format(text) }}",
        "{{ self._TemplateReference__context }}",
        "{{ range.__globals__ }}",
        "{{ cycler('a').next() }}",
        "{% include 'secrets' %}",
        "{% extends text %}",
        "{{ loop.index }}",
        "{{ nothing }}",
        "{{ column('nothing') }}",
        "{{ 1 / 0 }}",
        "{{ text + 1 }}",
    ],
)
def test_nothing_reads_an_attribute_an_item_or_a_name_that_is_no_column(source: str) -> None:
    with pytest.raises(structkit.PromptError):
        JinjaTemplate(source)({**ROW, "loop": object()})


@pytest.mark.parametrize(
    "value", [object(), map(str, [1]), (number for number in [1])], ids=["object", "map", "generator"]
)
def test_a_value_without_a_text_is_rejected_and_not_sent_as_its_address(value: Any) -> None:
    templates = [JinjaTemplate("{{ value }}"), JinjaTemplate("{{ [value] | map('string') }}")]
    for fill in (*templates, lambda row: structkit.prompts.fill_template("{value}", row)):
        with pytest.raises(structkit.PromptError, match="has no text for a prompt"):
            fill({"value": value})


def test_a_column_called_self_is_read_by_its_name() -> None:
    assert JinjaTemplate('{{ column("self") }}')({"self": "me"}) == "me"


def test_a_value_that_can_be_called_is_never_called() -> None:
    calls: list[Any] = []
    with pytest.raises(structkit.PromptError, match="not safely callable"):
        JinjaTemplate("{{ value() }}")({"value": lambda: calls.append(1)})
    assert calls == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ text", "invalid, line 1: unexpected end of template"),
        ("a\n{{ text | nofilter }}", "line 2: No filter named 'nofilter'"),
        ("a\nb {{ text.strip() }}", r"line 2: \.strip reads an attribute .* a filter such as"),
        ("{{ text[:9] }}", r"line 1: \[\.\.\.\] reads an item .* truncate"),
        ("{% import 'a' as a %}", "line 1: a prompt is one file"),
        ("{{ Review Text }}", r'got \'Text\'; {{ column\("Review Text"\) }} is a column whose name'),
        ("{% if Review Text %}a{% endif %}", r'got \'Text\'; {{ column\("Review Text"\) }} is a column whose name'),
        ("{{ a.b }}", r'line 1: \.b reads .* {{ column\("Review Text"\) }} is a column whose name'),
        ("{{ self }}", r"line 1: self is .* write {{ column\('self'\) }}"),
    ],
)
def test_an_invalid_template_is_rejected_where_it_is_declared(source: str, message: str) -> None:
    with pytest.raises(structkit.PromptError, match=message):
        JinjaTemplate(source)


@pytest.mark.parametrize("source", ["{{ Review_Text }}", "Is it good?"])
def test_a_template_that_does_not_fit_is_told_how_to_write_a_name_that_is_no_identifier(source: str) -> None:
    with pytest.raises(structkit.PromptError, match=r'write {{ column\("Review Text"\) }}'):
        JinjaTemplate(source).validate(["id", "Review Text"])


def test_a_template_knows_the_columns_that_it_reads_and_needs() -> None:
    template = JinjaTemplate("{{ a }}{% if b is defined %}{{ b }}{% endif %}{{ column('c d') }}{% set x = 1 %}{{ x }}")
    assert (template.columns, template.needs) == ({"a", "b", "c d"}, {"a", "c d"})


def run(folder: Path, source: str, rows: list[dict[str, Any]]) -> list[str]:
    with Endpoint() as endpoint:
        job = structkit.Job(
            rows,
            folder / "out.jsonl",
            output_type=int,
            prompt=JinjaTemplate(source),
            model="fake",
            base_url=endpoint.base_url,
            api_key="none",
            progress=False,
        )
        job.run().raise_for_status()
    return sorted(body["messages"][-1]["content"] for body in endpoint.requests)


def test_a_job_sends_the_rendered_prompt_of_each_row(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "{{ id }}"}, {"id": 2, "text": "b"}, {"id": 3, "text": " "}]
    assert run(tmp_path, "Rate: {{ text }}", rows) == ["Rate: b", "Rate: {{ id }}"]  # the blank row is skipped


def test_a_changed_template_is_another_job(tmp_path: Path) -> None:
    run(tmp_path, "Rate: {{ text }}", [{"text": "a"}])
    with pytest.raises(structkit.JobError, match="prompt"):
        run(tmp_path, "Judge: {{ text }}", [{"text": "a"}])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Rate it.", r"reads no column.* write \{\{ text \}\} .*the names are: 'id', 'text'"),
        ("{{ txt }}", "asks for 'txt', but the names are: 'id', 'text'"),
        ("{% if other is defined %}{{ other }}{% endif %}", "reads no column"),
    ],
)
def test_a_template_that_does_not_send_the_row_is_rejected(tmp_path: Path, source: str, message: str) -> None:
    (tmp_path / "rows.csv").write_text("id,text\n1,a\n", encoding="utf-8")
    job = structkit.Job(
        tmp_path / "rows.csv",
        tmp_path / "out.csv",
        output_type=int,
        prompt=JinjaTemplate(source),
        model="fake",
        base_url="http://127.0.0.1:9",
        api_key="none",
    )
    with pytest.raises(structkit.PromptError, match=message):
        job.run()


def test_without_the_extra_the_error_names_it(fresh_python: list[str]) -> None:
    program = "import sys; sys.modules['jinja2'] = None; import structkit; structkit.JinjaTemplate('{{ text }}')"
    done = subprocess.run([*fresh_python, program], capture_output=True, text=True, check=False)
    assert "ConfigError: a Jinja template needs Jinja2: pip install 'structkit-llm[jinja]'" in done.stderr


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Is it {{ text }}?", r"\{\{ text \}\} is Jinja, .*write \{text\} .*JinjaTemplate \(--prompt-file NAME\.j2\)"),
        ("Is it {{ text | upper }}?", r"is Jinja, .*write \{text\}"),
        ("Is it {{ text[:9] }}?", "is Jinja"),
        ("{% if text %}{text}{% endif %}", r"\{% if text %\} in the prompt is Jinja"),
        ("{# a comment #}{text}", r"\{# a comment #\} in the prompt is Jinja"),
    ],
)
def test_jinja_in_another_template_is_recognised(tmp_path: Path, template: str, message: str) -> None:
    (tmp_path / "rows.csv").write_text("text\na\n", encoding="utf-8")
    job = structkit.Job(
        tmp_path / "rows.csv",
        tmp_path / "out.csv",
        output_type=int,
        prompt=template,
        model="fake",
        base_url="http://127.0.0.1:9",
        api_key="none",
    )
    with pytest.raises(structkit.PromptError, match=message):
        job.run()


def test_braces_that_are_not_jinja_stay_as_they_are() -> None:
    from structkit.prompts import fill_template, validate_template

    template = 'As {{"text": "...", "n": [1]}} or {{text: ...}}: {text}'
    validate_template(template, ["text"])
    assert fill_template(template, {"text": "a"}) == 'As {"text": "...", "n": [1]} or {text: ...}: a'


def test_the_tabs_of_a_prompt_are_sent_and_the_indentation_of_the_code_is_not() -> None:
    from structkit.prompts import fill_template

    template = """name\tcity
    Ada\tLondon
      {a\tb}
    """
    assert fill_template(template, {"a\tb": "x\ty"}) == "name\tcity\nAda\tLondon\n  x\ty"


@pytest.mark.parametrize(
    "filters", ["attr('x')", "map(attribute='x') | list", "selectattr('x') | list", "groupby('x')"]
)
def test_a_filter_that_reads_an_attribute_is_rejected_where_it_is_declared(filters: str) -> None:
    with pytest.raises(structkit.PromptError, match=r"line 1: the filter .* reads an attribute of a value"):
        structkit.JinjaTemplate("{{ text | " + filters + " }}")


@pytest.mark.parametrize(
    "source",
    ["{% macro again() %}{{ again() }}{% endmacro %}{{ text }}{{ again() }}", "{{ text * 2**62 }}"],
    ids=["a macro that calls itself", "a text longer than memory"],
)
def test_a_template_that_asks_for_too_much_is_a_prompt_error(source: str) -> None:
    with pytest.raises(PromptError, match="the Jinja template cannot be rendered: "):
        JinjaTemplate(source)({"text": "ab"})
